"""In which order groups take turns: at every prefix each group has had its share of rows to within one row.

The j-th row of a group with `count` of `total` rows may come from position floor((j - 1) total / count) on, and must have
come by position ceil(j total / count). Taking the one that must come first, of those that may, meets every such window (one
processor's case of proportionate fairness: Baruah, Cohen, Plaxton and Varvel 1996). Taking the group that is furthest behind,
as Megatron's blend does, or drawing lots, does not. What the rule needs to go on is only how many rows each group has had,
so these numbers are kept before every BLOCK-th position, and no position is reached by walking further than that.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from corpusforge.text.kernels import kernel

BLOCK = 2**18

# Products of positions and counts stay below 2^63.
MAX_ROWS = 2**31


def turns_before_blocks(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rows that each group has had before positions 0, BLOCK, 2 BLOCK ...: int64 [blocks, groups]; counts are 1 or more."""
    num_blocks = -(-int(counts.sum()) // BLOCK)
    if num_blocks < 2:  # most builds: nothing to walk, and no kernel to load
        return np.zeros((num_blocks, len(counts)), np.int64)
    return _marks(counts, BLOCK, num_blocks).reshape(num_blocks, len(counts))


class Interleaving:
    """The turns of groups with `counts` rows each, from the numbers that `turns_before_blocks` gave."""

    def __init__(self, counts: NDArray[np.int64], before_blocks: NDArray[np.int64]) -> None:
        self._counts, self._before, self._total = counts, before_blocks, int(counts.sum())
        self._block = lru_cache(maxsize=2)(self._walked)

    def turns(self, start: int, stop: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """For positions start <= x < stop: whose turn it is, and the how manieth of that group (from 0), int64 each."""
        parts = []
        for block in range(start // BLOCK, -(-stop // BLOCK)):
            begin = block * BLOCK
            parts.append([each[max(0, start - begin) : stop - begin] for each in self._block(block)])
        if not parts:
            return np.empty(0, np.int64), np.empty(0, np.int64)
        groups, ordinals = zip(*parts, strict=True)
        return np.concatenate(groups), np.concatenate(ordinals)

    def _walked(self, block: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        begin = block * BLOCK
        return _turns(self._counts, np.ascontiguousarray(self._before[block]), begin, min(begin + BLOCK, self._total))


@kernel
def _next_turn(position: int, earliest: NDArray[np.int64], latest: NDArray[np.int64]) -> int:
    """The group whose next row must come first, of those whose next row may come now; of equals the first."""
    chosen = -1
    for group in range(len(latest)):
        if earliest[group] <= position and (chosen < 0 or latest[group] < latest[chosen]):
            chosen = group
    return chosen


@kernel
def _turns(
    counts: NDArray[np.int64], before: NDArray[np.int64], start: int, stop: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    total = counts.sum()
    had = before.copy()
    earliest, latest = had * total // counts, -(-(had + 1) * total // counts)
    groups, ordinals = np.empty(stop - start, np.int64), np.empty(stop - start, np.int64)
    for position in range(start, stop):
        group = _next_turn(position, earliest, latest)
        groups[position - start], ordinals[position - start] = group, had[group]
        had[group] += 1
        earliest[group] = had[group] * total // counts[group]
        latest[group] = -(-(had[group] + 1) * total // counts[group])
    return groups, ordinals


@kernel
def _marks(counts: NDArray[np.int64], block: int, num_blocks: int) -> NDArray[np.int64]:
    num_groups = len(counts)
    marks = np.zeros(num_blocks * num_groups, np.int64)
    had = np.zeros(num_groups, np.int64)
    total = counts.sum()
    for index in range(num_blocks):
        marks[index * num_groups : (index + 1) * num_groups] = had
        groups, _ = _turns(counts, had, index * block, min((index + 1) * block, total))
        for group in groups:
            had[group] += 1
    return marks
