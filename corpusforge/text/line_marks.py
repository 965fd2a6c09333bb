"""Marks of layout: number signs, ellipses, lines that begin with a bullet or end with an ellipsis, ends of sentences.

`marks` counts lines as str.splitlines does; `plain_lines` as parted by line feeds, blank ones left out.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from corpusforge.text.characters import TABLE_SIZE, character_flags
from corpusforge.text.kernels import kernel
from corpusforge.text.line_facts import CARRIAGE_RETURN, lines, repeats
from corpusforge.text.repeats import skip_back, skip_blanks
from corpusforge.text.view import TextView
from corpusforge.text.word_facts import class_of

_BREAKS = "\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"
_DOT, _HYPHEN = 0x2E, 0x2D


class Marks(NamedTuple):
    """Of each document, int64: number signs, ellipses ("..." or one character), lines, and lines of each kind."""

    number_signs: NDArray[np.int64]
    ellipses: NDArray[np.int64]
    lines: NDArray[np.int64]
    bullet_lines: NDArray[np.int64]
    ellipsis_lines: NDArray[np.int64]


class PlainLines(NamedTuple):
    """Of each document, int64: lines that are not blank, that end with a mark, that are short; characters of repeated ones."""

    lines: NDArray[np.int64]
    ended: NDArray[np.int64]
    short: NDArray[np.int64]
    repeated_chars: NDArray[np.int64]
    line_feeds: NDArray[np.int64]


def marks(view: TextView) -> Marks:
    """Marks of every document; blanks around a line do not count for how it begins and ends."""
    found = view.once(lines)
    counts, bullets, ellipses = _line_marks(
        view.data, found.first, found.begin, found.end, found.is_odd, character_flags(), _flagged(_BREAKS)
    )
    return Marks(found.number_signs, found.ellipses, counts, bullets, ellipses)


def plain_lines(view: TextView, ends: str, short: int) -> PlainLines:
    """Lines that end, blanks included, with one of the characters `ends`; that have at most `short` characters."""
    found = view.once(lines)
    is_blank, is_ended = _line_ends(view.data, found.begin, found.end, character_flags(), _flagged(ends))
    chosen = np.flatnonzero(~is_blank)
    first = np.concatenate([np.zeros(1, np.int64), np.cumsum(~is_blank)])[found.first]
    _, repeated_chars = repeats(first, found.hashes[chosen], found.num_chars[chosen])
    ended = _sums(first, is_ended[chosen])
    is_short = _sums(first, found.num_chars[chosen] <= short)
    return PlainLines(np.diff(first), ended, is_short, repeated_chars, np.diff(found.first) - 1)


def _sums(first: NDArray[np.int64], is_so: NDArray[np.bool_]) -> NDArray[np.int64]:
    """How many of each document's lines are so."""
    return np.diff(np.concatenate([np.zeros(1, np.int64), np.cumsum(is_so)])[first])


@lru_cache(maxsize=4)
def _flagged(characters: str) -> NDArray[np.uint8]:
    flagged = np.zeros(TABLE_SIZE, np.uint8)
    flagged[[ord(character) for character in characters]] = 1
    flagged.flags.writeable = False
    return flagged


@kernel
def _line_marks(
    data: NDArray[np.uint8], first: NDArray[np.int64], begin: NDArray[np.int64], end: NDArray[np.int64],
    is_odd: NDArray[np.bool_], table: NDArray[np.uint16], breaks: NDArray[np.uint8],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:  # fmt: skip
    """Lines of each document, those that begin with a bullet, those that end with an ellipsis."""
    count = len(first) - 1
    num_lines, bullets, ellipses = np.zeros(count, np.int64), np.zeros(count, np.int64), np.zeros(count, np.int64)
    for document in range(count):
        last = first[document + 1] - 1
        for line in range(first[document], last + 1):
            start, is_open = begin[line], True
            while is_open:
                stop, following = _next_break(data, start, end[line], breaks) if is_odd[document] else (end[line], end[line])
                if stop < end[line] or line < last or stop > start:
                    is_bullet, is_ellipsis = _ends_of(data, start, stop, table)
                    num_lines[document] += 1
                    bullets[document] += is_bullet
                    ellipses[document] += is_ellipsis
                # a break at the very end has an empty line behind it, but at the end of the text and before its line feed
                is_open = stop < end[line] and (following < end[line] or (line < last and data[stop] != CARRIAGE_RETURN))
                start = following
    return num_lines, bullets, ellipses


@kernel
def _next_break(data: NDArray[np.uint8], begin: int, end: int, breaks: NDArray[np.uint8]) -> tuple[int, int]:
    """Where a line ends at an odd break, and where the next one begins; both are the end where there is none."""
    position = begin
    while position < end:
        size = 1 + (data[position] >= 0xC0) + (data[position] >= 0xE0) + (data[position] >= 0xF0)
        if class_of(data, position, size, breaks):
            return position, position + size
        position += size
    return end, end


@kernel
def _ends_of(data: NDArray[np.uint8], begin: int, end: int, table: NDArray[np.uint16]) -> tuple[bool, bool]:
    """Whether a line begins with a bullet, and whether it ends with an ellipsis."""
    left = skip_blanks(data, begin, end, table)
    right = skip_back(data, left, end, table)
    is_bullet = left < right and (
        data[left] == _HYPHEN or (data[left] == 0xE2 and data[left + 1] == 0x80 and data[left + 2] == 0xA2)
    )
    is_ellipsis = right - left >= 3 and (
        (data[right - 1] == _DOT and data[right - 2] == _DOT and data[right - 3] == _DOT)
        or (data[right - 3] == 0xE2 and data[right - 2] == 0x80 and data[right - 1] == 0xA6)
    )
    return is_bullet, is_ellipsis


@kernel
def _line_ends(
    data: NDArray[np.uint8], begin: NDArray[np.int64], end: NDArray[np.int64], table: NDArray[np.uint16],
    ends: NDArray[np.uint8],
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:  # fmt: skip
    """Which lines are blank, and which end with one of the characters."""
    is_blank, is_ended = np.zeros(len(begin), np.bool_), np.zeros(len(begin), np.bool_)
    for line in range(len(begin)):
        is_blank[line] = skip_blanks(data, begin[line], end[line], table) == end[line]
        if not is_blank[line]:
            start = end[line] - 1
            while data[start] & 0xC0 == 0x80:
                start -= 1
            is_ended[line] = class_of(data, start, end[line] - start, ends) != 0
    return is_blank, is_ended
