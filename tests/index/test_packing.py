"""Best fit over the histogram fills rows as best fit over a list of them does, and every piece has one place."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpusforge.index.packing import Rows, best_fit


def rows_of(rows: Rows) -> list[list[int]]:
    bounds = rows.bounds.tolist()
    return [rows.pieces[begin:end].tolist() for begin, end in pairwise(bounds)]


def slow_best_fit(lengths: list[int], row_length: int) -> list[int]:
    """Tokens in each row when every piece, the longest first, goes into the fullest row that has room, ascending."""
    rows: list[int] = []
    for length in sorted(lengths, reverse=True):
        fitting = [filled for filled in rows if filled + length <= row_length]
        if fitting:
            rows.remove(max(fitting))
        rows.append(max(fitting, default=0) + length)
    return sorted(rows)


@st.composite
def problems(draw: st.DrawFn) -> tuple[list[int], int]:
    row_length = draw(st.integers(1, 40))
    longest = draw(st.integers(1, row_length))
    return draw(st.lists(st.integers(1, longest), max_size=80)), row_length


def test_the_longest_pieces_come_first_and_rows_in_the_order_of_their_first_piece() -> None:
    assert rows_of(best_fit(np.array([5, 3, 2, 4], np.int32), 7)) == [[0, 2], [1, 3]]
    assert rows_of(best_fit(np.array([2, 2, 7, 2, 2], np.int32), 7)) == [[0, 1, 3], [2], [4]]


@settings(max_examples=300, deadline=None)
@given(problems())
def test_rows_are_as_full_as_best_fit_over_a_list_makes_them(problem: tuple[list[int], int]) -> None:
    lengths, row_length = problem
    rows = rows_of(best_fit(np.array(lengths, np.int32), row_length))
    assert sorted(sum(lengths[piece] for piece in row) for row in rows) == slow_best_fit(lengths, row_length)
    assert sorted(piece for row in rows for piece in row) == list(range(len(lengths)))
    assert all(row == sorted(row) for row in rows)
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)


@pytest.mark.parametrize("row_length", [2048, 8192])
def test_rows_of_many_pieces_have_next_to_no_fill(row_length: int) -> None:
    lengths = np.random.default_rng(7).lognormal(6, 1.2, 300_000).clip(8, row_length).astype(np.int32)
    rows = best_fit(lengths, row_length)
    filled = np.add.reduceat(lengths[rows.pieces], rows.bounds[:-1])
    assert filled.max() <= row_length
    assert filled.sum() == lengths.sum()
    assert filled.sum() / (len(filled) * row_length) > 0.999


@pytest.mark.parametrize("length", [0, 8])
def test_a_piece_that_no_row_can_hold_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match="rows hold 1 to 7"):
        best_fit(np.array([3, length], np.int32), 7)
