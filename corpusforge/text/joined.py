"""Byte-pair merges applied to words, as an encoder does: by rank, leftmost of equals first."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from corpusforge.text.joins import Words, fixed
from corpusforge.text.kernels import kernel

# A prime of splitmix64's finaliser: spreads pair keys over a table.
_SPREAD = np.uint64(0xBF58476D1CE4E5B9)


class Joined(NamedTuple):
    """Words after merging, and how often each merge was done."""

    tokens: NDArray[np.int32]
    offsets: NDArray[np.int64]
    uses: NDArray[np.int64]


def joined_words(words: Words, left: NDArray[np.int64], right: NDArray[np.int64], made: NDArray[np.int64]) -> Joined:
    """Each word after merging as an encoder does: the pair of the lowest rank first, leftmost of equals.

    Merge k joins left[k] and right[k] to the symbol made[k]. Takes time quadratic in the length of a word.
    """
    return _joined(Words(*fixed(words)), left, right, made)


@kernel
def _joined(words: Words, left: NDArray[np.int64], right: NDArray[np.int64], made: NDArray[np.int64]) -> Joined:
    bits = 4
    while 1 << bits < 2 * len(left):
        bits += 1
    table = np.full(1 << bits, -1, np.int32)
    shift, mask = np.uint64(64 - bits), (1 << bits) - 1
    for rank in range(len(left)):
        at = np.int64(np.uint64(left[rank] << 32 | right[rank]) * _SPREAD >> shift)
        while table[at] >= 0:
            at = at + 1 & mask
        table[at] = rank
    longest = 0
    for word in range(len(words.offsets) - 1):
        longest = max(longest, words.offsets[word + 1] - words.offsets[word])
    symbols, ranks = np.empty(longest, np.int64), np.empty(longest, np.int64)
    tokens = np.empty(len(words.tokens), np.int32)
    offsets = np.zeros(len(words.offsets), np.int64)
    uses = np.zeros(len(left), np.int64)
    filled = 0
    for word in range(len(words.offsets) - 1):
        begin, size = words.offsets[word], words.offsets[word + 1] - words.offsets[word]
        for place in range(size):
            symbols[place] = words.tokens[begin + place]
        for place in range(size - 1):
            ranks[place] = _rank(symbols[place], symbols[place + 1], table, left, right, bits)
        while size > 1:
            best = 0
            for place in range(1, size - 1):
                if ranks[place] < ranks[best]:
                    best = place
            rank = ranks[best]
            if rank == len(left):
                break
            uses[rank] += words.times[word]
            symbols[best] = made[rank]
            for place in range(best + 1, size - 1):
                symbols[place], ranks[place] = symbols[place + 1], ranks[place + 1]
            size -= 1
            if best > 0:
                ranks[best - 1] = _rank(symbols[best - 1], symbols[best], table, left, right, bits)
            if best < size - 1:
                ranks[best] = _rank(symbols[best], symbols[best + 1], table, left, right, bits)
        for place in range(size):
            tokens[filled + place] = symbols[place]
        filled += size
        offsets[word + 1] = filled
    return Joined(tokens[:filled].copy(), offsets, uses)


@kernel
def _rank(a: int, b: int, table: NDArray[np.int32], left: NDArray[np.int64], right: NDArray[np.int64], bits: int) -> int:
    """Rank of a pair, the number of ranks for one that has none."""
    at = np.int64(np.uint64(a << 32 | b) * _SPREAD >> np.uint64(64 - bits))
    while table[at] >= 0:
        rank = int(table[at])
        if left[rank] == a and right[rank] == b:
            return rank
        at = at + 1 & (1 << bits) - 1
    return len(left)
