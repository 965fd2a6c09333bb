"""What the experiment compares, and the sums of its table; the training itself takes minutes."""

import pytest

pytest.importorskip("torch", reason="torch is not installed")

from measure.replay import RECIPE, STAGES, Score, table

from corpusforge.recipe import load_recipe
from corpusforge.recipe.load_training import load_training

FOUND = {"general": Score(3.0, 2.0), "plain": Score(2.5, 2.4), "replay": Score(2.55, 2.1)}


def test_its_two_continuations_differ_in_replay_alone():
    general, plain, replay = load_training(RECIPE).settings.stages
    assert plain.model_copy(update={"name": "replay", "mix": "replay"}) == replay
    assert plain.init_from == general.name
    of_mix = {stage.name: stage for stage in load_recipe(RECIPE).mix.stages}
    assert of_mix["plain"].model_copy(update={"name": "replay", "replay": of_mix["replay"].replay}) == of_mix["replay"]
    assert (list(of_mix), sum(of_mix["replay"].replay.values())) == (list(STAGES), 0.05)


def test_its_table_says_how_much_of_the_rise_replay_takes_back():
    assert list(table({7: FOUND}))[2:] == [
        "| 7 | general text | 3.000 | | 2.000 | | |",
        "| 7 | then geoscience | 2.500 | -0.500 | 2.400 | +0.400 | |",
        "| 7 | then geoscience with replay | 2.550 | -0.450 | 2.100 | +0.100 | 75 % |",
    ]
