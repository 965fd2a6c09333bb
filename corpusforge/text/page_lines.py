"""What C4 asks of the lines of a web page: words, how it ends, phrases in it (Raffel et al. 2020, section 2.2).

Lines are those of str.splitlines, without the blanks at both ends. Citation marks are taken out of a line after its words are
counted and before anything else is asked, as datatrove does it; where they leave blanks at an end, those stay.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from corpusforge.text.characters import SPACE, TABLE_SIZE, character_flags, flags_at
from corpusforge.text.kernels import kernel
from corpusforge.text.phrases import Phrases, frozen, phrases_at, phrases_of
from corpusforge.text.spans import CARRIAGE_RETURN, LINE_FEED, Spans, Words, size_at
from corpusforge.text.view import TextView
from corpusforge.text.word_facts import class_of

LOREM_IPSUM, JAVASCRIPT, POLICY, CURLY_BRACKET = 1, 2, 4, 8
"""Phrases, as bits."""

_PHRASES = (
    ("lorem ipsum", LOREM_IPSUM), ("javascript", JAVASCRIPT), ("{", CURLY_BRACKET), ("terms of use", POLICY),
    ("privacy policy", POLICY), ("cookie policy", POLICY), ("uses cookies", POLICY), ("use of cookies", POLICY),
    ("use cookies", POLICY),
)  # fmt: skip
_MARKS = (("[edit]", 1), ("[citation needed]", 1))

_BREAKS = "\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"
_BREAK, _DIGIT, _END = 1, 2, 4
_OPENING, _CLOSING, _DOT = 0x5B, 0x5D, 0x2E


class PageLines(NamedTuple):
    """Document i has the lines first[i] <= j < first[i + 1]; line j is view.data[begin[j] : end[j]]; all int64.

    What ends the line lies from breaks[j] to stop[j], where the next one begins.
    """

    first: NDArray[np.int64]
    begin: NDArray[np.int64]
    end: NDArray[np.int64]
    breaks: NDArray[np.int64]
    stop: NDArray[np.int64]


class CleanLines(NamedTuple):
    """Line j without citation marks is data[bounds[j] : bounds[j + 1]]; mark k was view.data[begin[k] : end[k]]."""

    data: NDArray[np.uint8]
    bounds: NDArray[np.int64]
    begin: NDArray[np.int64]
    end: NDArray[np.int64]


class LineFacts(NamedTuple):
    """Of each line: words, characters of the longest one (int64), whether a sentence ends at its end, its phrases (uint8)."""

    num_words: NDArray[np.int64]
    longest: NDArray[np.int64]
    is_ended: NDArray[np.bool_]
    phrases: NDArray[np.uint8]


def page_lines(view: TextView) -> PageLines:
    """Where the lines lie; ask `view.once(page_lines)`."""
    return frozen(PageLines(*_lines(view.data, view.offsets, character_flags(), _classes(""))))


def chunks(view: TextView) -> Words:
    """The words that str.split gives; ask `view.once(chunks)`. Their hashes are 0."""
    first, begin, end, num_chars = _chunks(view.data, view.offsets, character_flags())
    return Words(Spans(first, begin, end), np.zeros(len(begin), np.uint64), num_chars)


def clean_lines(view: TextView) -> CleanLines:
    """The lines without "[1]", "[]", "[edit]" and "[citation needed]"; ask `view.once(clean_lines)`."""
    lines = view.once(page_lines)
    return frozen(CleanLines(*_clean(view.data, lines.begin, lines.end, _classes(""), phrases_of(_MARKS))))


def whole_lines(view: TextView) -> CleanLines:
    """The lines with their citation marks; ask `view.once(whole_lines)`."""
    lines = view.once(page_lines)
    return frozen(CleanLines(*_clean(view.data, lines.begin, lines.end, _classes("")[:0], phrases_of(()))))


def line_facts(words: Words, lines: PageLines, clean: CleanLines, ends: str) -> LineFacts:
    """Facts of every line; a line ends a sentence when its last character is one of `ends`, "..." apart."""
    num_words, longest = _words_of_lines(words.spans.first, words.spans.begin, words.num_chars, lines.first, lines.end)
    is_ended, phrases = _ends_andphrases_of(clean.data, clean.bounds, _classes(ends), phrases_of(_PHRASES))
    return LineFacts(num_words, longest, is_ended, phrases)


@lru_cache(maxsize=4)
def _classes(ends: str) -> NDArray[np.uint8]:
    """Flags of the code points below TABLE_SIZE, uint8: line breaks, decimal digits, and the given ends."""
    classes = np.zeros(TABLE_SIZE, np.uint8)
    classes[:0x20000] = [_DIGIT * chr(point).isdecimal() for point in range(0x20000)]
    for flag, characters in ((_BREAK, _BREAKS), (_END, ends)):
        classes[[ord(character) for character in characters]] |= flag
    classes.flags.writeable = False
    return classes


@kernel
def _lines(
    data: NDArray[np.uint8], offsets: NDArray[np.int64], table: NDArray[np.uint16], classes: NDArray[np.uint8]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    room = len(offsets)
    for position in range(offsets[0], offsets[-1]):
        room += data[position] < 0x20 or data[position] in (0x85, 0xA8, 0xA9)  # bytes that a break ends with
    first = np.zeros(len(offsets), np.int64)
    begin, end = np.empty(room, np.int64), np.empty(room, np.int64)
    breaks, stops = np.empty(room, np.int64), np.empty(room, np.int64)
    used = 0
    for document in range(len(offsets) - 1):
        position, stop = offsets[document], offsets[document + 1]
        while position < stop:
            begin[used], end[used], breaks[used], stops[used] = _line_at(data, position, stop, table, classes)
            position = stops[used]
            used += 1
        first[document + 1] = used
    return first, begin[:used], end[:used], breaks[:used], stops[:used]


@kernel
def _line_at(
    data: NDArray[np.uint8], begin: int, stop: int, table: NDArray[np.uint16], classes: NDArray[np.uint8]
) -> tuple[int, int, int, int]:
    """The line that starts at `begin`: its text without blanks around it, its break, and the start of the next one."""
    position, first, last = begin, -1, begin
    while position < stop:
        flags, size = flags_at(data, position, table)
        if not flags & SPACE:
            first = position if first < 0 else first
            last = position + size
        elif class_of(data, position, size, classes) & _BREAK:
            size += data[position] == CARRIAGE_RETURN and position + 1 < stop and data[position + 1] == LINE_FEED
            return (begin if first < 0 else first), last, position, position + size
        position += size
    return (begin if first < 0 else first), last, stop, stop


@kernel
def _chunks(
    data: NDArray[np.uint8], offsets: NDArray[np.int64], table: NDArray[np.uint16]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int32]]:
    room = (offsets[-1] - offsets[0] + len(offsets)) // 2
    begin, end, num_chars = np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room, np.int32)
    first = np.zeros(len(offsets), np.int64)
    used = 0
    for document in range(len(offsets) - 1):
        position, stop, is_inside = offsets[document], offsets[document + 1], False
        while position < stop:
            flags, size = flags_at(data, position, table)
            if flags & SPACE:
                is_inside = False
            else:
                if not is_inside:
                    begin[used], num_chars[used], is_inside = position, 0, True
                    used += 1
                end[used - 1] = position + size
                num_chars[used - 1] += 1
            position += size
        first[document + 1] = used
    return first, begin[:used], end[:used], num_chars[:used]


@kernel
def _clean(
    data: NDArray[np.uint8], begin: NDArray[np.int64], end: NDArray[np.int64], classes: NDArray[np.uint8], marks: Phrases
) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    bounds = np.zeros(len(begin) + 1, np.int64)
    size, num_marks = 0, 0
    for line in range(len(begin)):
        size += end[line] - begin[line]
        if len(classes):
            for position in range(begin[line], end[line]):
                num_marks += data[position] == _OPENING
    clean, begins, ends = np.empty(size, np.uint8), np.empty(num_marks, np.int64), np.empty(num_marks, np.int64)
    size, num_marks = 0, 0
    for line in range(len(begin)):
        position = begin[line]
        while position < end[line]:
            if len(classes) and data[position] == _OPENING:
                stop = _mark_end(data, position, end[line], classes, marks)
                if stop > position:
                    begins[num_marks], ends[num_marks] = position, stop
                    num_marks += 1
                    position = stop
                    continue
            clean[size] = data[position]
            size += 1
            position += 1
        bounds[line + 1] = size
    return clean[:size], bounds, begins[:num_marks], ends[:num_marks]


@kernel
def _mark_end(data: NDArray[np.uint8], begin: int, stop: int, classes: NDArray[np.uint8], marks: Phrases) -> int:
    """Where the citation mark that opens at `begin` ends; `begin` where there is none."""
    position = begin + 1
    while position < stop and data[position] != _CLOSING:
        size = size_at(data, position)
        if not class_of(data, position, size, classes) & _DIGIT:
            break
        position += size
    if position < stop and data[position] == _CLOSING:
        return position + 1
    for mark in range(len(marks.bits)):
        size = int(marks.bounds[mark + 1] - marks.bounds[mark])
        same = begin + size <= stop
        for place in range(size if same else 0):
            same &= data[begin + place] == marks.data[marks.bounds[mark] + place]
        if same:
            return begin + size
    return begin


@kernel
def _words_of_lines(
    first: NDArray[np.int64], begin: NDArray[np.int64], num_chars: NDArray[np.int32], lines: NDArray[np.int64],
    line_end: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:  # fmt: skip
    counts, longest = np.zeros(len(line_end), np.int64), np.zeros(len(line_end), np.int64)
    for document in range(len(first) - 1):
        word = first[document]
        for line in range(lines[document], lines[document + 1]):
            while word < first[document + 1] and begin[word] < line_end[line]:
                counts[line] += 1
                longest[line] = max(longest[line], num_chars[word])
                word += 1
    return counts, longest


@kernel
def _ends_andphrases_of(
    data: NDArray[np.uint8], bounds: NDArray[np.int64], classes: NDArray[np.uint8], phrases: Phrases
) -> tuple[NDArray[np.bool_], NDArray[np.uint8]]:
    is_ended, found = np.zeros(len(bounds) - 1, np.bool_), np.zeros(len(bounds) - 1, np.uint8)
    for line in range(len(bounds) - 1):
        begin, stop = bounds[line], bounds[line + 1]
        if begin == stop:
            continue
        last = stop - 1
        while data[last] & 0xC0 == 0x80:
            last -= 1
        is_ellipsis = stop - begin >= 3 and data[stop - 1] == data[stop - 2] == data[stop - 3] == _DOT
        is_ended[line] = not is_ellipsis and class_of(data, last, stop - last, classes) & _END != 0
        for position in range(begin, stop):
            if phrases.starts[data[position]]:
                found[line] |= phrases_at(data, position, stop, phrases)
    return is_ended, found
