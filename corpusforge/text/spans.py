"""Where words, lines and paragraphs lie in a text: begins and ends in its bytes, for kernels that look at each.

Words are those of corpusforge.text.words. A line ends at a line feed (a carriage return before it belongs to neither line),
and text that ends with one has no empty line behind it. A paragraph is a run of lines that are not blank.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from corpusforge.text.characters import LETTER, MARK, NUMBER, SPACE, character_flags, flags_at
from corpusforge.text.kernels import kernel
from corpusforge.text.shingles import ASCII_A, ASCII_Z, mixed
from corpusforge.text.view import TextView
from corpusforge.text.words import AFTER_LETTER, step

_CHARACTER = np.uint64(0x9E3779B97F4A7C15)
_FOLD = np.uint64(29)
_EIGHT = np.uint64(8)

LINE_FEED, CARRIAGE_RETURN = 0x0A, 0x0D


class Spans(NamedTuple):
    """Document i has the spans first[i] <= j < first[i + 1]; span j is view.data[begin[j] : end[j]]; all int64."""

    first: NDArray[np.int64]
    begin: NDArray[np.int64]
    end: NDArray[np.int64]


class HashedWords(NamedTuple):
    """The words of a view, and a 64-bit hash of the bytes of each."""

    spans: Spans
    hashes: NDArray[np.uint64]


def hashed_words(view: TextView) -> HashedWords:
    """Words and their hashes in one pass; ask `view.once(hashed_words)`."""
    first, begin, end, hashes = _words(view.data, view.offsets, character_flags())
    return HashedWords(Spans(first, begin, end), hashes)


def word_spans(view: TextView) -> Spans:
    """Where the words lie."""
    return view.once(hashed_words).spans


def word_hashes(view: TextView) -> NDArray[np.uint64]:
    """A hash for each word's bytes, as they are: uint64[num_words], no seed."""
    return view.once(hashed_words).hashes


def line_spans(view: TextView) -> Spans:
    """Where the lines lie."""
    return Spans(*_lines(view.data, view.offsets))


def paragraph_spans(view: TextView) -> Spans:
    """Where the paragraphs lie: from their first line's begin to their last line's end."""
    lines = view.once(line_spans)
    return Spans(*_paragraphs(view.data, lines.first, lines.begin, lines.end, character_flags()))


@kernel
def _words(
    data: NDArray[np.uint8], offsets: NDArray[np.int64], table: NDArray[np.uint16]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.uint64]]:
    room = (offsets[-1] - offsets[0] + len(offsets)) // 2  # no word takes less than two bytes, but the last of a text
    begin, end, hashes = np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room, np.uint64)
    first = np.zeros(len(offsets), np.int64)
    used = 0
    for document in range(len(offsets) - 1):
        position, stop = offsets[document], offsets[document + 1]
        left, hashed = 0, np.uint64(0)
        while position < stop:
            flags, size = flags_at(data, position, table)
            starts, left = step(flags, left)
            if starts:
                begin[used] = position
                hashed = np.uint64(0)
                used += 1
            if starts or left:
                packed = np.uint64(data[position])
                for offset in range(1, size):
                    packed = packed << _EIGHT | np.uint64(data[position + offset])
                hashed = _hashed(hashed, packed)
            position += size
            if starts or (left and flags & (LETTER | NUMBER | MARK)):  # a joiner is part of a word only where letters follow
                while left == AFTER_LETTER and position < stop and ASCII_A <= (data[position] | 0x20) <= ASCII_Z:
                    hashed = _hashed(hashed, np.uint64(data[position]))  # most of Latin text is inside a word
                    position += 1
                end[used - 1], hashes[used - 1] = position, mixed(hashed)
        first[document + 1] = used
    return first, begin[:used], end[:used], hashes[:used]


@kernel
def _hashed(hashed: np.uint64, character: np.uint64) -> np.uint64:
    hashed = (hashed ^ character) * _CHARACTER
    return hashed ^ (hashed >> _FOLD)


@kernel
def _lines(
    data: NDArray[np.uint8], offsets: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    room = len(offsets)
    for position in range(offsets[0], offsets[-1]):
        room += data[position] == LINE_FEED
    begin, end = np.empty(room, np.int64), np.empty(room, np.int64)
    first = np.zeros(len(offsets), np.int64)
    used = 0
    for document in range(len(offsets) - 1):
        start, stop = offsets[document], offsets[document + 1]
        for position in range(start, stop + 1):
            if (position < stop and data[position] != LINE_FEED) or position == stop == start:
                continue
            begin[used], end[used] = start, position - (position > start and data[position - 1] == CARRIAGE_RETURN)
            used += 1
            start = position + 1
        first[document + 1] = used
    return first, begin[:used], end[:used]


@kernel
def _paragraphs(
    data: NDArray[np.uint8], first: NDArray[np.int64], begin: NDArray[np.int64], end: NDArray[np.int64],
    table: NDArray[np.uint16],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:  # fmt: skip
    begins, ends = np.empty(len(begin), np.int64), np.empty(len(begin), np.int64)
    bounds = np.zeros(len(first), np.int64)
    used = 0
    for document in range(len(first) - 1):
        is_inside = False
        for line in range(first[document], first[document + 1]):
            if is_blank(data, begin[line], end[line], table):
                is_inside = False
                continue
            if not is_inside:
                begins[used] = begin[line]
                used += 1
            ends[used - 1] = end[line]
            is_inside = True
        bounds[document + 1] = used
    return bounds, begins[:used], ends[:used]


@kernel
def is_blank(data: NDArray[np.uint8], begin: int, end: int, table: NDArray[np.uint16]) -> bool:
    """Whether a span holds nothing but whitespace."""
    position = begin
    while position < end:
        flags, size = flags_at(data, position, table)
        if not flags & SPACE:
            return False
        position += size
    return True
