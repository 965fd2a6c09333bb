"""What a recipe asks of a mix, in rows: weights by tokens, caps, replay that is new, and what is said where it cannot be."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from corpusforge.index.blend import MixSettings, StageSettings, plan_stages
from corpusforge.index.mix import MixGroup


def group(rows: int, tokens: int | None = None) -> MixGroup:
    return MixGroup(num_documents=rows, num_sequences=rows, num_tokens=100 * rows if tokens is None else tokens, shards=())


def stages(*each: dict[str, Any]) -> MixSettings:
    return MixSettings.model_validate({"stages": each})


GROUPS = {"general": group(1000), "geo": group(100)}


def rows(settings: MixSettings | None, groups: dict[str, MixGroup]) -> list[dict[str, int]]:
    return [{name: each.num_rows for name, each in plan.groups.items()} for plan in plan_stages(settings, groups)]


def test_without_a_mix_every_row_is_read_once() -> None:
    (plan,) = plan_stages(None, {"a": group(3, 299), "b": group(7, 650), "c": group(11, 1)})
    assert plan.name == "main"
    assert {name: (each.num_rows, each.epochs) for name, each in plan.groups.items()} == {
        "a": (3, 1.0), "b": (7, 1.0), "c": (11, 1.0)
    }  # fmt: skip
    assert plan.num_tokens == 950


def test_weights_are_of_tokens_and_a_group_with_more_fill_gives_more_rows() -> None:
    half_full = {"general": group(1000), "geo": group(1000, 50_000)}
    (plan,) = plan_stages(stages({"name": "s", "weights": {"general": 1, "geo": 1}, "tokens": 20_000}), half_full)
    assert {name: each.num_rows for name, each in plan.groups.items()} == {"general": 100, "geo": 200}
    assert plan.groups["geo"].share == pytest.approx(0.5)


def test_adaptation_then_specialisation_with_five_percent_of_new_replay() -> None:
    mix = stages(
        {"name": "adapt", "weights": {"general": 1}, "tokens": 90_000},
        {"name": "specialise", "weights": {"geo": 1}, "replay": {"general": 0.05}, "max_epochs": {"geo": 1.9}},
    )
    adapt, specialise = plan_stages(mix, GROUPS)
    assert (adapt.groups["general"].first_row, adapt.groups["general"].num_rows) == (0, 900)
    assert {name: each.num_rows for name, each in specialise.groups.items()} == {"general": 10, "geo": 190}
    assert specialise.groups["general"].first_row == 900
    assert specialise.groups["general"].share == pytest.approx(0.05)
    assert specialise.groups["geo"].epochs == pytest.approx(1.9)


def test_a_stage_that_would_read_a_group_too_often_becomes_shorter_and_says_so() -> None:
    mix = stages({"name": "s", "weights": {"geo": 1, "general": 1}, "tokens": 100_000, "max_epochs": 4})
    (plan,) = plan_stages(mix, GROUPS)
    assert {name: each.num_rows for name, each in plan.groups.items()} == {"general": 400, "geo": 400}
    (note,) = plan.notes
    assert note.startswith("100,000 tokens asked for, 80,000 planned: group geo has 10,000 and may be read 4 times; raise")


def test_a_group_without_rows_is_named_and_the_others_take_its_share() -> None:
    (plan,) = plan_stages(stages({"name": "s", "weights": {"geo": 1, "lost": 3}}), GROUPS)
    assert {name: each.num_rows for name, each in plan.groups.items()} == {"geo": 100}
    assert plan.notes == ("group lost has no rows; the others take its share",)


def test_a_stage_of_which_no_group_has_rows_has_none() -> None:
    (plan,) = plan_stages(stages({"name": "s", "weights": {"lost": 1}}), GROUPS)
    assert (plan.num_rows, plan.groups, plan.before_blocks) == (0, {}, ())


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(st.sampled_from("abcdef"), st.tuples(st.integers(1, 500), st.integers(1, 100)), min_size=1),
    st.lists(st.floats(0.01, 9), min_size=6, max_size=6), st.floats(0.1, 5),
)  # fmt: skip
def test_rows_are_the_weights_to_within_a_row_and_within_the_cap(
    sizes: dict[str, tuple[int, int]], weights: list[float], max_epochs: float
) -> None:
    groups = {name: group(count, count * per_row) for name, (count, per_row) in sizes.items()}
    asked = dict(zip(sorted(groups), weights, strict=False))
    (plan,) = plan_stages(stages({"name": "s", "weights": asked, "max_epochs": max_epochs}), groups)
    for name, weight in asked.items():
        count, per_row = sizes[name]
        num_rows = plan.groups[name].num_rows if name in plan.groups else 0
        wanted = weight / sum(asked.values()) * plan.num_tokens / per_row
        assert num_rows <= count * max_epochs + 1e-6
        assert abs(num_rows - wanted) <= 1 + sum(each[1] for each in sizes.values()) / per_row


WRONG = {
    "negative": ({"weights": {"geo": -1}}, "geo: -1.0 is no weight"),
    "zero cap": ({"weights": {"geo": 1}, "max_epochs": 0}, "max_epochs: 0.0 is no weight"),
    "all replay": ({"weights": {"geo": 1}, "replay": {"general": 1}}, "leaves nothing for weights"),
    "twice": ({"weights": {"geo": 1}, "replay": {"geo": 0.1}}, "geo: stands in weights and in replay"),
    "nothing": ({"weights": {}}, "at least 1"),
    "unknown": ({"weights": {"geo": 1}, "epochs": 3}, "epochs"),
}


@pytest.mark.parametrize(("settings", "message"), WRONG.values(), ids=WRONG)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        StageSettings.model_validate({"name": "s", **settings})


def test_groups_that_no_source_has_and_names_given_twice_are_told() -> None:
    mix = stages({"name": "s", "weights": {"goe": 1}, "max_epochs": {"web": 2}}, {"name": "s", "weights": {"geo": 1}})
    assert list(mix.problems(["geo", "general"])) == [
        "mix.stages.0: no source has group 'goe'; groups are: general, geo",
        "mix.stages.0: no source has group 'web'; groups are: general, geo",
        "mix.stages.1: a second stage is named 's'; give it a name of its own",
    ]
