"""Repeated lines and paragraphs inside one text, after the first of each: how many, and how many characters they have.

Paragraphs are what two or more line feeds part, of the text without blanks at its ends; lines are what one or more part, of the
text as it is (Gopher's rules as datatrove computes them).
"""

import numpy as np
from numpy.typing import NDArray

from corpusforge.text.characters import SPACE, character_flags, flags_at, flags_before
from corpusforge.text.kernels import kernel
from corpusforge.text.line_facts import Repeats, hash_line, lines, repeats
from corpusforge.text.shingles import mixed
from corpusforge.text.view import TextView

_PRIME = np.uint64(0x9E3779B97F4A7C15)


def repeated_lines(view: TextView) -> Repeats:
    """Lines that are not empty, and an empty one where the text begins or ends with a line feed, or is empty."""
    found = view.once(lines)
    filled = found.num_chars > 0
    at_end = np.zeros(len(filled), np.bool_)
    at_end[found.first[:-1]] = True
    at_end[found.first[1:] - 1] = True
    chosen = np.flatnonzero(filled | at_end)
    first = np.concatenate([np.zeros(1, np.int64), np.cumsum(filled | at_end)])[found.first]
    repeated, num_chars = repeats(first, found.hashes[chosen], found.num_chars[chosen])
    return Repeats(np.diff(first), repeated, num_chars)


def repeated_paragraphs(view: TextView) -> Repeats:
    """Paragraphs; an empty text has one, which is empty."""
    found = view.once(lines)
    first, hashes, chars = _paragraphs(
        view.data, found.first, found.begin, found.end, found.hashes, found.num_chars, character_flags()
    )
    repeated, num_chars = repeats(first, hashes, chars)
    return Repeats(np.diff(first), repeated, num_chars)


@kernel
def _paragraphs(
    data: NDArray[np.uint8], first: NDArray[np.int64], begin: NDArray[np.int64], end: NDArray[np.int64],
    line_hashes: NDArray[np.uint64], line_chars: NDArray[np.int64], table: NDArray[np.uint16],
) -> tuple[NDArray[np.int64], NDArray[np.uint64], NDArray[np.int64]]:  # fmt: skip
    """Hash and characters of each paragraph: runs of lines that are not empty, the outermost ones without blanks outside."""
    hashes, chars = np.zeros(len(begin), np.uint64), np.zeros(len(begin), np.int64)
    bounds = np.zeros(len(first), np.int64)
    used = 0
    for document in range(len(first) - 1):
        top, bottom = first[document], first[document + 1] - 1
        while top < bottom and _is_blank(data, begin[top], end[top], table):
            top += 1
        while bottom > top and _is_blank(data, begin[bottom], end[bottom], table):
            bottom -= 1
        is_inside = False
        for line in range(top, bottom + 1):
            hashed, length = line_hashes[line], line_chars[line]
            if line in (top, bottom):
                left = skip_blanks(data, begin[line], end[line], table) if line == top else begin[line]
                right = skip_back(data, left, end[line], table) if line == bottom else end[line]
                if left > begin[line] or right < end[line]:
                    hashed, length = hash_line(data[left:right])
            elif length == 0:
                is_inside = False
                continue
            if not is_inside:
                used += 1
                hashes[used - 1], chars[used - 1] = hashed, length
            else:
                hashes[used - 1] = mixed(hashes[used - 1] * _PRIME + hashed)
                chars[used - 1] += length + 1
            is_inside = True
        bounds[document + 1] = used
    return bounds, hashes[:used], chars[:used]


@kernel
def skip_blanks(data: NDArray[np.uint8], begin: int, end: int, table: NDArray[np.uint16]) -> int:
    """Where the first character that is no whitespace begins, or the end."""
    position = begin
    while position < end:
        flags, size = flags_at(data, position, table)
        if not flags & SPACE:
            break
        position += size
    return position


@kernel
def skip_back(data: NDArray[np.uint8], begin: int, end: int, table: NDArray[np.uint16]) -> int:
    """Where the last character that is no whitespace ends, or the begin."""
    position = end
    while position > begin and flags_before(data, position, begin, table) & SPACE:
        position -= 1
        while data[position] & 0xC0 == 0x80:
            position -= 1
    return position


@kernel
def _is_blank(data: NDArray[np.uint8], begin: int, end: int, table: NDArray[np.uint16]) -> bool:
    return skip_blanks(data, begin, end, table) == end
