"""Where words, lines and paragraphs lie in a text: begins and ends in its bytes, for kernels that look at each.

Words are those of corpusforge.text.words. A line ends at a line feed (a carriage return before it belongs to neither line),
and text that ends with one has no empty line behind it. A paragraph is a run of lines that are not blank.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from corpusforge.text.characters import CJK, JOINER, LETTER, MARK, NUMBER, SPACE, character_flags, flags_at
from corpusforge.text.kernels import kernel
from corpusforge.text.shingles import ASCII_A, ASCII_Z
from corpusforge.text.view import TextView
from corpusforge.text.words import AFTER_LETTER, step

BASE = np.uint64(0x9E3779B97F4A7C15)
_EIGHT = np.uint64(8)
_IN_WORDS = LETTER | NUMBER | MARK | JOINER | CJK

LINE_FEED, CARRIAGE_RETURN = 0x0A, 0x0D
HAN_FIRST, HAN_LAST = 0xE5, 0xE9


class Spans(NamedTuple):
    """Document i has the spans first[i] <= j < first[i + 1]; span j is view.data[begin[j] : end[j]]; all int64."""

    first: NDArray[np.int64]
    begin: NDArray[np.int64]
    end: NDArray[np.int64]


class Words(NamedTuple):
    """The words of a view, whoever says what a word is.

    `hashes` (uint64) are polynomials over the characters modulo 2**64, so that of words written together follows from theirs:
    hash(ab) = hash(a) * BASE ** num_chars(b) + hash(b). `num_chars` (int32) are code points.
    """

    spans: Spans
    hashes: NDArray[np.uint64]
    num_chars: NDArray[np.int32]


def view_words(view: TextView) -> Words:
    """Words as corpusforge.text.words defines them; ask `view.once(view_words)`."""
    first, begin, end, hashes, num_chars = _words(view.data, view.offsets, character_flags())
    view.learn_num_words(np.diff(first))
    return Words(Spans(first, begin, end), hashes, num_chars)


def words_at(view: TextView, spans: Spans) -> Words:
    """Any other spans as words."""
    return Words(spans, *_hash_spans(view.data, spans.begin, spans.end))


def word_spans(view: TextView) -> Spans:
    """Where the words lie."""
    return view.once(view_words).spans


def word_hashes(view: TextView) -> NDArray[np.uint64]:
    """A hash for each word, of its characters as they are: uint64[num_words]."""
    return view.once(view_words).hashes


def powers_of_base(count: int) -> NDArray[np.uint64]:
    """BASE ** i for i below `count`, modulo 2**64: uint64[count]."""
    return np.concatenate([np.ones(1, np.uint64), np.cumprod(np.full(max(count - 1, 0), BASE, np.uint64))])[:count]


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
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.uint64], NDArray[np.int32]]:
    room = (offsets[-1] - offsets[0] + len(offsets)) // 2  # no word takes less than two bytes, but the last of a text
    begin, end, hashes = np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room, np.uint64)
    num_chars = np.empty(room, np.int32)
    first = np.zeros(len(offsets), np.int64)
    used = 0
    for document in range(len(offsets) - 1):
        position, stop = offsets[document], offsets[document + 1]
        left, hashed, count = 0, np.uint64(0), 0
        while position < stop:
            byte = data[position]
            if byte < 0x80 and not table[byte] & _IN_WORDS:
                left = 0
                position += 1
            elif left == 0 and ASCII_A <= byte | 0x20 <= ASCII_Z:  # most of Latin text: letters after a blank
                begin[used], hashed, left = position, np.uint64(0), AFTER_LETTER
                while position < stop and ASCII_A <= data[position] | 0x20 <= ASCII_Z:
                    hashed = hashed * BASE + np.uint64(data[position])
                    position += 1
                count = position - begin[used]
                end[used], hashes[used], num_chars[used] = position, hashed, count
                used += 1
            elif HAN_FIRST <= byte <= HAN_LAST:  # most of Chinese text: U+5000 to U+9FFF
                begin[used], end[used], num_chars[used] = position, position + 3, 1
                hashes[used] = packed_at(data, position, 3)
                left = 0
                position += 3
                used += 1
            else:
                flags, size = flags_at(data, position, table)
                starts, left = step(flags, left)
                if starts:
                    begin[used], hashed, count = position, np.uint64(0), 0
                    used += 1
                hashed = hashed * BASE + packed_at(data, position, size)
                count += 1
                position += size
                if starts or (left and flags & (LETTER | NUMBER | MARK)):  # a joiner belongs to a word if letters follow
                    end[used - 1], hashes[used - 1], num_chars[used - 1] = position, hashed, count
        first[document + 1] = used
    return first, begin[:used], end[:used], hashes[:used], num_chars[:used]


@kernel
def packed_at(data: NDArray[np.uint8], position: int, size: int) -> np.uint64:
    """The `size` bytes of a character as one number."""
    packed = np.uint64(data[position])
    for offset in range(1, size):
        packed = packed << _EIGHT | np.uint64(data[position + offset])
    return packed


@kernel
def _hash_spans(
    data: NDArray[np.uint8], begin: NDArray[np.int64], end: NDArray[np.int64]
) -> tuple[NDArray[np.uint64], NDArray[np.int32]]:
    hashes, num_chars = np.zeros(len(begin), np.uint64), np.zeros(len(begin), np.int32)
    for span in range(len(begin)):
        position = begin[span]
        while position < end[span]:
            size = size_at(data, position)
            hashes[span] = hashes[span] * BASE + packed_at(data, position, size)
            num_chars[span] += 1
            position += size
    return hashes, num_chars


@kernel
def size_at(data: NDArray[np.uint8], position: int) -> int:
    """Bytes of the character that begins at `position`."""
    first = int(data[position])
    return 1 + int(first >= 0xC0) + int(first >= 0xE0) + int(first >= 0xF0)


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
