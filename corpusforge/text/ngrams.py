"""Repeated runs of words: how much of a text its most frequent n-gram covers, and how much repeats an earlier n-gram.

The rules are Gopher's (Rae et al. 2021, table A1) as datatrove computes them: a top n-gram counts all its occurrences with one
blank between words; repeated n-grams are found from left to right, a repeated one is skipped as a whole, its characters are
counted without blanks, and only n-grams that were not skipped are remembered.

A run can only occur twice where the runs of one word less at its two ends do, and it is known by these two. So every bigram is
looked up once, and longer runs only where the shorter ones repeat: in ordinary text one table does the work of nine. Bigrams
that have a place of a table for themselves occur once, so most are left out by counting places, without a branch to guess.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from corpusforge.text.kernels import kernel
from corpusforge.text.spans import Words

TOP = (2, 3, 4)
REPEATED = (5, 6, 7, 8, 9, 10)

_SMALLEST, _TOP_LARGEST, _LARGEST = TOP[0], TOP[-1], REPEATED[-1]
_SPREAD = np.uint64(0xFF51AFD7ED558CCD)  # not the BASE of the words' hashes: "1 23" and "2 13" would be the same
_STEP = np.uint64(0xD6E8FEB86659FD93)
_REMEMBERED, _FREE = -1, -1


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
def _chars(num_chars: NDArray[np.int32], begin: int, size: int) -> int:
    chars = 0
    for word in range(begin, begin + size):
        chars += num_chars[word]
    return chars


@kernel
def _most_frequent(runs: NDArray[np.int32], twins: NDArray[np.int32], seen: NDArray[np.int32], often: int) -> tuple[int, int]:
    """Where the first run begins that occurs more than `often` times and most, and how often; else 0, as often."""
    best = 0
    for index in range(len(runs)):
        times = int(seen[twins[runs[index]]])
        if times > often:
            best, often = int(runs[index]), times
    return best, often


@kernel
def _runs(
    first: NDArray[np.int64], hashes: NDArray[np.uint64], num_chars: NDArray[np.int32]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    count, longest, room = len(first) - 1, 2, 4
    for document in range(count):
        longest = max(longest, first[document + 1] - first[document])
    while room < 4 * longest:
        room *= 2
    covered, times = np.zeros(count * 3, np.int64), np.zeros(count * 3, np.int64)
    repeated = np.zeros(count * 6, np.int64)
    owners, places = np.empty(room, np.int32), np.empty(room, np.uint8)
    runs, seen, slot_of = np.empty(longest, np.int32), np.empty(longest, np.int32), np.empty(longest, np.int32)
    twins, shorter = np.empty(longest, np.int32), np.empty(longest, np.int32)
    for document in range(count):
        start, num_words = first[document], first[document + 1] - first[document]
        slots, shift = 4, 62
        while slots < 4 * num_words:
            slots, shift = slots * 2, shift - 1
        places[:slots] = 0
        for index in range(num_words - 1):
            one, other = hashes[start + index], hashes[start + index + 1]
            slot_of[index] = np.int64((one * _SPREAD + other) * _STEP >> np.uint64(shift))
            places[slot_of[index]] += np.uint8(places[slot_of[index]] < 2)
        num_runs = 0
        for index in range(num_words - 1):
            runs[num_runs] = index
            num_runs += places[slot_of[index]] > 1
        for size in range(_SMALLEST, _LARGEST + 1):
            # runs[:num_runs] are where runs begin that may occur twice; twins[begin] becomes where the same run begins first,
            # as shorter[begin] is for the run of one word less
            shorter, twins = twins, shorter
            slots, shift = 4, 62  # of a table no larger than the document needs: it stays in the cache
            while slots < 2 * num_runs:
                slots, shift = slots * 2, shift - 1
            owners[:slots] = _FREE
            for index in range(num_runs):
                begin = int(runs[index])
                if size == _SMALLEST:
                    one, other = hashes[start + begin], hashes[start + begin + 1]
                else:
                    one, other = np.uint64(shorter[begin]), np.uint64(shorter[begin + 1])
                slot = int(np.int64((one * _SPREAD + other) * _STEP >> np.uint64(shift)))
                owner = int(owners[slot])
                while owner != _FREE:
                    if size == _SMALLEST:
                        is_same = (hashes[start + owner] == one) & (hashes[start + owner + 1] == other)
                    else:
                        is_same = (shorter[owner] == shorter[begin]) & (shorter[owner + 1] == shorter[begin + 1])
                    if is_same:
                        break
                    slot = (slot + 1) & (slots - 1)
                    owner = int(owners[slot])
                if owner == _FREE:
                    owner = begin
                    owners[slot], seen[begin] = begin, 0
                twins[begin] = owner
                seen[owner] += 1
            if size <= _TOP_LARGEST:
                best, often = _most_frequent(runs[:num_runs], twins, seen, int(num_words >= size))
                if often:
                    times[document * 3 + size - 2] = often
                    covered[document * 3 + size - 2] = often * (_chars(num_chars, start + best, size) + size - 1)
            used = 0
            for index in range(num_runs):
                begin = runs[index]
                runs[used] = begin
                used += seen[twins[begin]] > 1
            free = 0
            for index in range(used if size > _TOP_LARGEST else 0):
                begin = runs[index]
                if begin >= free and seen[twins[begin]] == _REMEMBERED:
                    repeated[document * 6 + size - 5] += _chars(num_chars, start + begin, size)
                    free = begin + size
                elif begin >= free:
                    seen[twins[begin]] = _REMEMBERED
            num_runs = 0  # of the next size: runs whose two ends repeat
            for index in range(used - 1):
                is_next = runs[index] + 1 == runs[index + 1]
                runs[num_runs] = runs[index]
                num_runs += is_next
            if num_runs == 0 and size >= _TOP_LARGEST:
                break
    return covered, times, repeated
