"""Where a sentence that is longer than a piece may hold is best cut."""

import numpy as np
from numpy.typing import NDArray

from corpusforge.text.characters import CLAUSE, SPACE, character_flags, flags_at, flags_before
from corpusforge.text.kernels import kernel
from corpusforge.text.view import TextView

NEWLINE, AFTER_CLAUSE, BESIDE_SPACE, INSIDE = 4, 3, 2, 1
"""How good a place inside a sentence is for a cut, best first: after a newline (tables, code), after ，、；：,;: and the
space that the last three need, at white space, anywhere else between two characters."""


def cut_grades(view: TextView, positions: NDArray[np.int64]) -> NDArray[np.uint8]:
    """How good cuts of over-long sentences are: uint8[num_positions], NEWLINE to INSIDE.

    `positions` are absolute in view.data, on character boundaries, each strictly inside a document.
    """
    documents = np.searchsorted(view.offsets, positions, side="right") - 1
    return _grades(view.data, positions, view.offsets[documents], character_flags())


@kernel
def _grades(
    data: NDArray[np.uint8], positions: NDArray[np.int64], begins: NDArray[np.int64], table: NDArray[np.uint16]
) -> NDArray[np.uint8]:
    grades = np.empty(len(positions), np.uint8)
    for index in range(len(positions)):
        grades[index] = _grade(data, positions[index], begins[index], table)
    return grades


@kernel
def _grade(data: NDArray[np.uint8], position: int, begin: int, table: NDArray[np.uint16]) -> int:
    if data[position - 1] in (10, 13):
        return NEWLINE
    left = flags_before(data, position, begin, table)
    right, _ = flags_at(data, position, table)
    if left & CLAUSE:
        return AFTER_CLAUSE
    if not (left | right) & SPACE:
        return INSIDE
    mark = position - 2 if data[position - 1] == 32 else position - 1
    return AFTER_CLAUSE if mark >= begin and data[mark] in (44, 58, 59) else BESIDE_SPACE  # , : ;
