"""The learning rate of each step, by hand."""

import pytest

from corpusforge.recipe.training import Schedule
from corpusforge.train.schedule import learning_rate


@pytest.mark.parametrize(
    ("schedule", "steps", "rates"),
    [
        ({"shape": "constant"}, 3, [1, 1, 1]),
        ({"shape": "constant", "warmup_steps": 2}, 4, [0.5, 1, 1, 1]),
        ({"shape": "constant", "warmup_share": 0.5, "warmup_from": 0.2}, 4, [0.6, 1, 1, 1]),
        ({"shape": "linear"}, 4, [1, 0.75, 0.5, 0.25]),
        ({"shape": "linear", "floor": 0.2}, 4, [1, 0.8, 0.6, 0.4]),
        ({"shape": "cosine"}, 4, [1, 0.853553, 0.5, 0.146447]),
        ({"shape": "cosine", "warmup_steps": 1, "floor": 0.1}, 3, [1, 1, 0.55]),
        ({"shape": "wsd", "decay_share": 0.5}, 4, [1, 1, 1, 0.5]),
        ({"shape": "wsd", "decay_share": 0.5, "decay_shape": "sqrt"}, 8, [1, 1, 1, 1, 1, 0.5, 0.292893, 0.133975]),
        ({"shape": "decay", "floor": 0.5}, 2, [1, 0.75]),
        ({"shape": "linear", "warmup_steps": 9}, 3, [1 / 3, 2 / 3, 1]),
    ],
)
def test_rates_are_those_worked_out_by_hand(schedule: dict, steps: int, rates: list[float]) -> None:
    found = [learning_rate(Schedule(**schedule), 2.0, step, steps) for step in range(steps)]
    assert found == pytest.approx([2.0 * rate for rate in rates], abs=1e-5)


def test_a_branch_decays_from_the_rate_at_which_the_stable_part_went_on() -> None:
    stable, branch = Schedule(shape="wsd", decay_share=0.0), Schedule(shape="decay")
    assert learning_rate(stable, 3e-4, 5, 10) == learning_rate(branch, 3e-4, 0, 4) == 3e-4
