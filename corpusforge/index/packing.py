"""Which pieces share a row: best-fit decreasing over the histogram of lengths, not over the pieces.

Best fit takes pieces from the longest to the shortest and puts each into the fullest row that still has room. Rows with
the same room are alike to it, so whole classes of rows are filled at once: the plan costs at most row_length^2 steps, whatever
the number of pieces. Then the pieces, in their order, take the places of the plan. Ding et al. (ICML 2024) show what such
rows are worth: no piece is cut, and next to no token is fill.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from corpusforge.text.kernels import kernel


class Rows(NamedTuple):
    """Rows of pieces: `pieces` are their numbers, row after row, and row i is pieces[bounds[i]:bounds[i + 1]]; int64.

    Pieces of a row are in ascending order, and rows in that of their first pieces.
    """

    pieces: NDArray[np.int64]
    bounds: NDArray[np.int64]


class _Plan(NamedTuple):
    """How rows are filled, as chains: `repeats` pieces of `length` behind what node `before` holds (-1: nothing).

    `rows` is how many rows end with each node; all int64 [nodes].
    """

    length: NDArray[np.int64]
    repeats: NDArray[np.int64]
    before: NDArray[np.int64]
    rows: NDArray[np.int64]


def best_fit(lengths: NDArray[np.int32], row_length: int) -> Rows:
    """Pieces of `lengths`, each 1 to row_length, in rows of at most row_length; the same lengths give the same rows.

    best_fit([5, 3, 2, 4], 7) -> rows [0 2] and [1 3].
    """
    lengths = np.ascontiguousarray(lengths, np.int32)
    if len(lengths) and not 1 <= int(lengths.min()) <= int(lengths.max()) <= row_length:
        raise ValueError(f"pieces have {int(lengths.min())} to {int(lengths.max())} tokens, rows hold 1 to {row_length}")
    histogram = np.bincount(lengths, minlength=row_length + 1)
    histogram.flags.writeable = False
    plan = _Plan(*_plan(histogram, row_length))
    for column in plan:
        column.flags.writeable = False  # as kernels want what comes in a NamedTuple
    return Rows(*_by_row(_take_places(lengths, histogram, plan)))


@kernel
def _plan(
    histogram: NDArray[np.int64], row_length: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    # A length makes at most four new classes of rows, and a class that is filled on keeps less than half of its room.
    capacity = 4 * len(histogram) * (int(np.log2(row_length)) + 2)
    length, repeats, before = np.empty(capacity, np.int64), np.empty(capacity, np.int64), np.empty(capacity, np.int64)
    rows, following = np.empty(capacity, np.int64), np.empty(capacity, np.int64)
    by_room = np.full(row_length, -1, np.int64)  # first class of the rows with so much room, the next in `following`
    num_nodes = 0
    for piece in range(len(histogram) - 1, 0, -1):
        left, room = histogram[piece], piece
        while left > 0:
            while room < row_length and by_room[room] < 0:
                room += 1
            last = by_room[room] if room < row_length else -1
            available = rows[last] if last >= 0 else left
            fit = room // piece
            whole = min(available, left // fit)
            rest = left % fit if whole < available else 0
            if last >= 0:
                rows[last] = available - whole - min(rest, 1)
                if rows[last] == 0:
                    by_room[room] = following[last]
            for number, filled in ((fit, whole), (rest, min(rest, 1))):
                if filled > 0:
                    length[num_nodes], repeats[num_nodes], before[num_nodes] = piece, number, last
                    rows[num_nodes], following[num_nodes] = filled, by_room[room - number * piece]
                    by_room[room - number * piece] = num_nodes
                    num_nodes += 1
            left -= whole * fit + rest
    return length[:num_nodes].copy(), repeats[:num_nodes].copy(), before[:num_nodes].copy(), rows[:num_nodes].copy()


@kernel
def _take_places(lengths: NDArray[np.int32], histogram: NDArray[np.int64], plan: _Plan) -> NDArray[np.int64]:
    """The row of each piece: of those of a length, the first in order takes the first place of the plan."""
    free = np.zeros(len(histogram) + 1, np.int64)
    free[1:] = np.cumsum(histogram)
    row_at = np.empty(len(lengths), np.int64)
    row = 0
    for last in range(len(plan.rows)):
        for _ in range(plan.rows[last]):
            node = last
            while node >= 0:
                begin = free[plan.length[node]]
                row_at[begin : begin + plan.repeats[node]] = row
                free[plan.length[node]] += plan.repeats[node]
                node = plan.before[node]
            row += 1
    taken = np.zeros(len(histogram) + 1, np.int64)
    taken[1:] = np.cumsum(histogram)
    row_of = np.empty(len(lengths), np.int64)
    for piece in range(len(lengths)):
        row_of[piece] = row_at[taken[lengths[piece]]]
        taken[lengths[piece]] += 1
    return row_of


@kernel
def _by_row(row_of: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows renumbered in the order of their first pieces, and the pieces by row."""
    num_rows = 0
    for piece in range(len(row_of)):
        num_rows = max(num_rows, row_of[piece] + 1)
    number = np.full(num_rows, -1, np.int64)
    bounds = np.zeros(num_rows + 1, np.int64)
    met = 0
    for piece in range(len(row_of)):
        if number[row_of[piece]] < 0:
            number[row_of[piece]] = met
            met += 1
        bounds[number[row_of[piece]] + 1] += 1
    bounds = np.cumsum(bounds)
    free = bounds[:-1].copy()
    pieces = np.empty(len(row_of), np.int64)
    for piece in range(len(row_of)):
        row = number[row_of[piece]]
        pieces[free[row]] = piece
        free[row] += 1
    return pieces, bounds
