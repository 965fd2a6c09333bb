"""The lines of a text, as line feeds part them, each with a hash: one pass that all rules about lines and paragraphs share."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from corpusforge.text.kernels import kernel
from corpusforge.text.shingles import mixed
from corpusforge.text.view import TextView

LINE_FEED, CARRIAGE_RETURN = 0x0A, 0x0D
_DOT, _NUMBER_SIGN = 0x2E, 0x23
_PRIME = np.uint64(0x100000001B3)


class Lines(NamedTuple):
    """Document i has the lines first[i] <= j < first[i + 1], one more than line feeds; line j is data[begin[j] : end[j]].

    `hashes` (uint64) and `num_chars` (int64) are of the line as it is. By document: `number_signs`, `ellipses` ("..." without
    overlap, or the one character), and whether str.splitlines finds another break than a line feed in it, `is_odd`.
    """

    first: NDArray[np.int64]
    begin: NDArray[np.int64]
    end: NDArray[np.int64]
    hashes: NDArray[np.uint64]
    num_chars: NDArray[np.int64]
    number_signs: NDArray[np.int64]
    ellipses: NDArray[np.int64]
    is_odd: NDArray[np.bool_]


class Repeats(NamedTuple):
    """Of each document: pieces in all, pieces that repeat an earlier one, and the characters of those; int64."""

    pieces: NDArray[np.int64]
    repeated: NDArray[np.int64]
    num_chars: NDArray[np.int64]


def lines(view: TextView) -> Lines:
    """Ask `view.once(lines)`."""
    return Lines(*_lines(view.data, view.offsets))


@kernel
def _lines(
    data: NDArray[np.uint8], offsets: NDArray[np.int64]
) -> tuple[
    NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.uint64], NDArray[np.int64],
    NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_],
]:  # fmt: skip
    feeds = _line_feeds(data[offsets[0] : offsets[-1]])
    count, room = len(offsets) - 1, len(offsets) - 1 + len(feeds)
    first, begin, end = np.zeros(count + 1, np.int64), np.empty(room, np.int64), np.empty(room, np.int64)
    hashes, chars = np.empty(room, np.uint64), np.empty(room, np.int64)
    signs, ellipses, is_odd = np.zeros(count, np.int64), np.zeros(count, np.int64), np.zeros(count, np.bool_)
    used = feed = 0
    for document in range(count):
        position, stop = offsets[document], offsets[document + 1]
        signs[document], ellipses[document], is_odd[document] = _signs(data[position:stop])
        while position <= stop:
            begin[used], end[used] = position, stop
            if feed < len(feeds) and offsets[0] + feeds[feed] < stop:
                end[used] = offsets[0] + feeds[feed]
                feed += 1
            hashes[used], chars[used] = hash_line(data[position : end[used]])
            position = end[used] + 1
            used += 1
        first[document + 1] = used
    return first, begin, end, hashes, chars, signs, ellipses, is_odd


@kernel
def _line_feeds(text: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Where the line feeds are."""
    count = 0
    for byte in text:
        count += byte == LINE_FEED
    found, used = np.empty(count, np.int64), 0
    for position in range(len(text)):
        if text[position] == LINE_FEED:
            found[used] = position
            used += 1
    return found


@kernel
def hash_line(line: NDArray[np.uint8]) -> tuple[np.uint64, int]:
    """A hash that is never 0, and how many characters there are.

    Four hashes, each of every fourth byte, are computed side by side: one alone would wait for each product.
    """
    size = len(line) & ~3
    a, b, c, d = np.uint64(1), np.uint64(2), np.uint64(3), np.uint64(4)
    for position in range(0, size, 4):
        a = (a ^ np.uint64(line[position])) * _PRIME
        b = (b ^ np.uint64(line[position + 1])) * _PRIME
        c = (c ^ np.uint64(line[position + 2])) * _PRIME
        d = (d ^ np.uint64(line[position + 3])) * _PRIME
    for byte in line[size:]:
        a = (a ^ np.uint64(byte)) * _PRIME
    hashed = mixed(mixed(mixed(a) * _PRIME + b) * _PRIME + mixed(c) * _PRIME + d)
    chars = 0
    for byte in line:
        chars += byte & 0xC0 != 0x80
    return mixed(hashed + np.uint64(len(line))) | np.uint64(1), chars


@kernel
def _signs(text: NDArray[np.uint8]) -> tuple[int, int, bool]:
    """Number signs, ellipses, and whether there is a break beside line feeds (of which carriage returns are a part).

    Loops that never stop early, since these look at sixteen and more bytes at once.
    """
    signs, ellipses, is_odd, has_dots = 0, 0, False, False
    for byte in text:
        signs += byte == _NUMBER_SIGN
        is_odd |= (byte == 0x0B) | (byte == 0x0C) | ((byte >= 0x1C) & (byte <= 0x1E))
    second, third = text[1:], text[2:]
    for index in range(len(second)):
        one, two = text[index], second[index]
        is_odd |= ((one == CARRIAGE_RETURN) & (two != LINE_FEED)) | ((one == 0xC2) & (two == 0x85))
        has_dots |= (one == _DOT) & (two == _DOT)
    for index in range(len(third)):
        is_general = (text[index] == 0xE2) & (second[index] == 0x80)
        ellipses += is_general & (third[index] == 0xA6)
        is_odd |= is_general & ((third[index] == 0xA8) | (third[index] == 0xA9))
    return signs, ellipses + (_num_dots(text) if has_dots else 0), is_odd


@kernel
def _num_dots(text: NDArray[np.uint8]) -> int:
    """Ellipses of three dots, without overlap."""
    found = dots = 0
    for byte in text:
        dots = dots + 1 if byte == _DOT else 0
        if dots == 3:
            found, dots = found + 1, 0
    return found


@kernel
def repeats(first: NDArray[np.int64], hashes: NDArray[np.uint64], num_chars: NDArray[np.int64]) -> tuple[
    NDArray[np.int64], NDArray[np.int64]
]:  # fmt: skip
    """Pieces whose hash an earlier one of the same document has, and their characters: int64[num_documents] each."""
    count, longest, slots = len(first) - 1, 1, 2
    for document in range(count):
        longest = max(longest, first[document + 1] - first[document])
    while slots < 2 * longest:
        slots *= 2
    keys, owner = np.zeros(slots, np.uint64), np.full(slots, -1, np.int64)
    repeated, chars = np.zeros(count, np.int64), np.zeros(count, np.int64)
    for document in range(count):
        for piece in range(first[document], first[document + 1]):
            slot = np.int64(hashes[piece] >> np.uint64(8)) & (slots - 1)
            while owner[slot] == document and keys[slot] != hashes[piece]:
                slot = (slot + 1) & (slots - 1)
            if owner[slot] == document:
                repeated[document] += 1
                chars[document] += num_chars[piece]
            owner[slot], keys[slot] = document, hashes[piece]
    return repeated, chars
