"""Repeated runs of words: how much of a text its most frequent n-gram covers, and how much repeats an earlier n-gram.

The rules are Gopher's (Rae et al. 2021, table A1) as datatrove computes them: a top n-gram counts all its occurrences with one
blank between words; repeated n-grams are found from left to right, a repeated one is skipped as a whole, its characters are
counted without blanks, and only n-grams that were not skipped are remembered.

A run can only occur twice where the runs of one word less at its two ends do. So every bigram is looked up once, and longer
runs only where the shorter ones repeat: in ordinary text one table does the work of nine.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from corpusforge.text.kernels import kernel
from corpusforge.text.shingles import mixed
from corpusforge.text.spans import Words

TOP = (2, 3, 4)
REPEATED = (5, 6, 7, 8, 9, 10)

_SMALLEST, _LARGEST = TOP[0], REPEATED[-1]
_STEP = np.uint64(0x9E3779B97F4A7C15)
_HIGH = np.uint64(20)


class RepeatedRuns(NamedTuple):
    """Of each document, by n of TOP: characters that the most frequent n-gram covers (of equally frequent ones the first),
    and how often it occurs, 0 without n words; by n of REPEATED: characters in repeated n-grams. All int64, a row a document.
    """

    covered: NDArray[np.int64]
    times: NDArray[np.int64]
    repeated_chars: NDArray[np.int64]


def repeated_runs(words: Words) -> RepeatedRuns:
    """All of it, in one walk."""
    covered, times, repeated = _runs(words.spans.first, words.hashes, words.num_chars)
    return RepeatedRuns(covered.reshape(-1, len(TOP)), times.reshape(-1, len(TOP)), repeated.reshape(-1, len(REPEATED)))


@kernel
def _run_key(hashes: NDArray[np.uint64], begin: int, size: int) -> np.uint64:
    key = np.uint64(size)
    for word in range(begin, begin + size):
        key = (key ^ hashes[word]) * _STEP
        key ^= key >> _HIGH
    return mixed(key)


@kernel
def _chars(num_chars: NDArray[np.int32], begin: int, size: int) -> int:
    chars = 0
    for word in range(begin, begin + size):
        chars += num_chars[word]
    return chars


@kernel
def _runs(
    first: NDArray[np.int64], hashes: NDArray[np.uint64], num_chars: NDArray[np.int32]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    count, longest, slots = len(first) - 1, 2, 4
    for document in range(count):
        longest = max(longest, first[document + 1] - first[document])
    while slots < 2 * longest:
        slots *= 2
    covered, times = np.zeros(count * 3, np.int64), np.zeros(count * 3, np.int64)
    repeated = np.zeros(count * 6, np.int64)
    keys, owner = np.zeros(slots, np.uint64), np.full(slots, -1, np.int64)
    seen, where = np.zeros(slots, np.int32), np.zeros(slots, np.int64)
    runs, place = np.empty(longest, np.int64), np.empty(longest, np.int64)
    for document in range(count):
        num_runs = max(first[document + 1] - first[document] - 1, 0)
        for index in range(num_runs):
            runs[index] = first[document] + index
        for size in range(_SMALLEST, _LARGEST + 1):
            turn, best = document * 16 + size, -1
            for index in range(num_runs):
                key = _run_key(hashes, runs[index], size)
                slot = int(np.int64(key & np.uint64(slots - 1)))
                while owner[slot] == turn and keys[slot] != key:
                    slot = (slot + 1) & (slots - 1)
                if owner[slot] != turn:
                    owner[slot], keys[slot], seen[slot], where[slot] = turn, key, 0, runs[index]
                seen[slot] += 1
                place[index] = slot
                if best < 0 or seen[slot] > seen[best] or (seen[slot] == seen[best] and where[slot] < where[best]):
                    best = slot
            if size <= 4:
                begin, often = first[document], int(first[document + 1] - first[document] >= size)
                if best >= 0 and seen[best] > 1:
                    begin, often = where[best], int(seen[best])
                if often:
                    times[document * 3 + size - 2] = often
                    covered[document * 3 + size - 2] = often * (_chars(num_chars, begin, size) + size - 1)
            used, free = 0, first[document]
            for index in range(num_runs):
                if seen[place[index]] > 1:
                    begin = runs[index]
                    if size > 4 and begin >= free:
                        slot = place[index]
                        if where[slot] < 0:  # remembered before
                            repeated[document * 6 + size - 5] += _chars(num_chars, begin, size)
                            free = begin + size
                        else:
                            where[slot] = -1
                    runs[used] = begin
                    used += 1
            num_runs = 0  # of the next size: runs whose two ends repeat
            for index in range(used - 1):
                if runs[index] + 1 == runs[index + 1]:
                    runs[num_runs] = runs[index]
                    num_runs += 1
            if num_runs == 0 and size >= 4:
                break
    return covered, times, repeated
