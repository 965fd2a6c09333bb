"""The lines of a text, as line feeds part them, each with a hash: one pass that all rules about lines and paragraphs share."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from corpusforge.text.kernels import kernel
from corpusforge.text.shingles import mixed
from corpusforge.text.view import TextView

LINE_FEED, CARRIAGE_RETURN = 0x0A, 0x0D
_DOT, _NUMBER_SIGN = 0x2E, 0x23
LINE_PRIME = np.uint64(0x100000001B3)


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
    special = np.zeros(256, np.bool_)
    for byte in (0x0B, 0x0C, CARRIAGE_RETURN, 0x1C, 0x1D, 0x1E, _NUMBER_SIGN, _DOT, 0xC2, 0xE2):
        special[byte] = True
    count, room = len(offsets) - 1, len(offsets) - 1
    for position in range(offsets[0], offsets[-1]):
        room += data[position] == LINE_FEED
    first, begin, end = np.zeros(count + 1, np.int64), np.empty(room, np.int64), np.empty(room, np.int64)
    hashes, chars = np.empty(room, np.uint64), np.empty(room, np.int64)
    signs, ellipses, is_odd = np.zeros(count, np.int64), np.zeros(count, np.int64), np.zeros(count, np.bool_)
    used = 0
    for document in range(count):
        position, stop = offsets[document], offsets[document + 1]
        while position <= stop:
            begin[used] = position
            hashed, inside, dots, last_dot = np.uint64(0), 0, 0, -1
            while position < stop and data[position] != LINE_FEED:
                byte = data[position]
                hashed = (hashed ^ np.uint64(byte)) * LINE_PRIME
                inside += byte & 0xC0 == 0x80
                if special[byte]:
                    if byte == _DOT:
                        dots = dots % 3 + 1 if last_dot == position - 1 else 1
                        last_dot = position
                        ellipses[document] += dots == 3
                    signs[document] += byte == _NUMBER_SIGN
                    ellipses[document] += byte == 0xE2 and data[position + 1] == 0x80 and data[position + 2] == 0xA6
                    is_odd[document] |= _breaks(data, position, stop)
                position += 1
            end[used] = position
            chars[used] = position - begin[used] - inside
            hashes[used] = mixed(hashed + np.uint64(chars[used])) | np.uint64(1)
            used += 1
            position += 1
        first[document + 1] = used
    return first, begin, end, hashes, chars, signs, ellipses, is_odd


@kernel
def _breaks(data: NDArray[np.uint8], position: int, stop: int) -> bool:
    """Whether a special character is a break of its own, beside line feed and carriage return with line feed."""
    byte = int(data[position])
    if byte == CARRIAGE_RETURN:
        return position + 1 < stop and int(data[position + 1]) != LINE_FEED
    if byte == 0xE2:
        return int(data[position + 1]) == 0x80 and int(data[position + 2]) in (0xA8, 0xA9)
    return int(data[position + 1]) == 0x85 if byte == 0xC2 else byte < 0x20


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
