"""Which rows a step and a process take."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpusforge.errors import UserError
from corpusforge.recipe.training import TrainStage
from corpusforge.train.batches import Batches, batches, num_steps, pieces


def stage(**settings: Any) -> TrainStage:
    return TrainStage(
        **{"name": "a", "sequence_length": 8, "global_batch_tokens": 96, "learning_rate": 1.0, "steps": 2, **settings}
    )


@given(st.sampled_from([1, 2, 3, 4, 6, 12]), st.integers(0, 40), st.integers(0, 7))
def test_processes_share_out_the_rows_of_each_step_in_order(world: int, step: int, first_row: int) -> None:
    taken = [Batches(12, 1, 50, rank, world, first_row).of_step(step) for rank in range(world)]
    rows = [row for start, stop in taken for row in range(start, stop)]
    assert rows == list(range(first_row + 12 * step, first_row + 12 * step + 12))


@given(st.integers(0, 100), st.integers(0, 50), st.integers(1, 17))
def test_an_order_begins_anew_behind_its_end(start: int, length: int, num_rows: int) -> None:
    rows = [row for begin, end in pieces(start, start + length, num_rows) for row in range(begin, end)]
    assert rows == [row % num_rows for row in range(start, start + length)]


def test_a_batch_that_the_processes_cannot_share_names_the_nearest_that_they_can() -> None:
    with pytest.raises(UserError) as error:
        batches(stage(micro_batch_rows=4), 100, 0, 2)
    assert str(error.value) == (
        "train: stage 'a': global_batch_tokens 96 are 12 rows, which 2 processes with micro_batch_rows 4 cannot share evenly; "
        "nearest are global_batch_tokens 64 or 128, or micro_batch_rows 3"
    )


def test_steps_never_read_a_row_twice_but_epochs_may() -> None:
    assert num_steps(stage(steps=2), 24) == 2
    assert num_steps(stage(steps=None, epochs=2.5), 24) == 5
    with pytest.raises(UserError, match="3 steps are wanted, of the mix '' 24 rows of 8 tokens are there, 2 steps of 12 rows"):
        num_steps(stage(steps=3), 24)
    with pytest.raises(UserError, match="0 steps are wanted"):
        num_steps(stage(steps=None, epochs=0.1), 24)
