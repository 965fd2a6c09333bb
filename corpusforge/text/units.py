"""Lines or paragraphs as what they say: 128 bits that are equal where two differ in blanks, case and width alone.

Punctuation and numbers count. Two running hashes of the folded characters, unlike each other, are mixed at the end: of 10^12
units the chance that any two that differ get the same 128 bits is 1.5e-15.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from corpusforge.text.characters import SPACE, TABLE_SIZE, character_flags, flags_at
from corpusforge.text.folding import folded_characters
from corpusforge.text.kernels import kernel
from corpusforge.text.shingles import ASCII_A, ASCII_Z, mixed
from corpusforge.text.spans import Spans
from corpusforge.text.view import TextView
from corpusforge.text.words import AFTER_LETTER, step

# Odd numbers with well-spread bits (of xxh3, Collet).
_HIGH, _LOW = np.uint64(0x9E3779B185EBCA87), np.uint64(0xC2B2AE3D27D4EB4F)
_HIGH_SHIFT, _LOW_SHIFT = np.uint64(32), np.uint64(29)
_BLANK = np.uint64(0x20)


class Units(NamedTuple):
    """Of each unit: `high` and `low` (uint64), together the hash of what it says, and `num_words` (int64)."""

    high: NDArray[np.uint64]
    low: NDArray[np.uint64]
    num_words: NDArray[np.int64]


def folded_units(view: TextView, spans: Spans) -> Units:
    """What the given spans of the view say: every run of whitespace is one blank there, at the ends none."""
    return Units(*_units(view.data, spans.begin, spans.end, character_flags(), folded_characters()))


@kernel
def _units(
    data: NDArray[np.uint8], begin: NDArray[np.int64], end: NDArray[np.int64], table: NDArray[np.uint16],
    folded: NDArray[np.uint32],
) -> tuple[NDArray[np.uint64], NDArray[np.uint64], NDArray[np.int64]]:  # fmt: skip
    highs, lows, words = np.empty(len(begin), np.uint64), np.empty(len(begin), np.uint64), np.zeros(len(begin), np.int64)
    for unit in range(len(begin)):
        high, low, num_points = _HIGH, _LOW, 0
        position, left, num_words, is_gap = begin[unit], 0, 0, False
        while position < end[unit]:
            if left == AFTER_LETTER and ASCII_A <= data[position] | 0x20 <= ASCII_Z:  # most of Latin text is inside a word
                high, low = _joined(high, low, np.uint64(data[position] | 0x20))
                num_points += 1
                position += 1
                continue
            flags, size = flags_at(data, position, table)
            starts, left = step(flags, left)
            num_words += starts
            if flags & SPACE:
                is_gap = num_points > 0
            else:
                if is_gap:
                    high, low = _joined(high, low, _BLANK)
                    num_points += 1
                    is_gap = False
                point = _point_at(data, position, size)
                high, low = _joined(high, low, np.uint64(folded[point] if point < TABLE_SIZE else point))
                num_points += 1
            position += size
        highs[unit], lows[unit], words[unit] = (
            mixed(high + np.uint64(num_points)),
            mixed(low ^ np.uint64(num_points)),
            num_words,
        )
    return highs, lows, words


@kernel
def _joined(high: np.uint64, low: np.uint64, point: np.uint64) -> tuple[np.uint64, np.uint64]:
    """Both hashes with one more character."""
    high = (high ^ point) * _HIGH
    low = (low + point) * _LOW
    return high ^ (high >> _HIGH_SHIFT), low ^ (low >> _LOW_SHIFT)


@kernel
def _point_at(data: NDArray[np.uint8], position: int, size: int) -> int:
    first = int(data[position])
    if size == 1:
        return first
    point = first & (0xFF >> (size + 1))
    for offset in range(1, size):
        point = (point << 6) | (int(data[position + offset]) & 0x3F)
    return point
