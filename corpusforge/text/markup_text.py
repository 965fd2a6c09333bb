"""The text of paragraphs from their pieces: white space as one blank, characters that nobody sees left out, words counted.

What a kernel should not decide is left to the caller: a paragraph with line ends, with text to be changed or with Chinese that
is broken into lines is asked for raw.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from corpusforge.text.characters import TABLE_SIZE
from corpusforge.text.kernels import kernel

BLANK, INVISIBLE, WIDE, IDEOGRAPH, END, CLOSER = 1, 2, 4, 8, 16, 32
"""Classes of characters: a line break beside a WIDE one is no blank, an IDEOGRAPH is a word, an END ends a sentence, and a
CLOSER may stand behind it."""

TEXT, LINKED, GIVEN, LINE_END, CHANGE = 0, 1, 2, 3, 4
"""Pieces of a paragraph: LINKED is text of a link, GIVEN is not escaped, and a text to be changed lies from CHANGE to a piece
that is CHANGE and a number from 1 on for the way in which it is changed. One of both may be missing, where a block begins or
ends between them."""

MARK = 0xFDD0
"""In a raw text the character U+FDD0 and the kind of a piece, less LINE_END, stands for one that is no text."""

_MAX_CLOSERS = 3
_HARD_BREAK = 2  # beside 1 for a line feed
_LINE_FEED, _CARRIAGE_RETURN, _SPACE, _NUMBER_SIGN, _AND, _LESS, _GREATER, _A, _L, _X = map(ord, "\n\r #&<>alx")


class Pieces(NamedTuple):
    """Piece j is data[begin[j] : end[j]] (int64) of a `kind` (uint8)."""

    kind: NDArray[np.uint8]
    begin: NDArray[np.int64]
    end: NDArray[np.int64]


class Paragraphs(NamedTuple):
    """Paragraph i is text[begin[i] : end[i]] (int64).

    `words` and `linked` (int64) are its words and those in links; as bool: `is_link`, all of it is in links; `is_ended`, a
    sentence ends at its end; `is_raw`, its text and words are not right, ask for it raw.
    """

    begin: NDArray[np.int64]
    end: NDArray[np.int64]
    words: NDArray[np.int64]
    linked: NDArray[np.int64]
    is_link: NDArray[np.bool_]
    is_ended: NDArray[np.bool_]
    is_raw: NDArray[np.bool_]


@kernel
def paragraphs_of(
    data: NDArray[np.uint8], pieces: Pieces, first: NDArray[np.int64], last: NDArray[np.int64], classes: NDArray[np.uint8]
) -> tuple[NDArray[np.uint8], Paragraphs]:
    """Paragraphs of the pieces first[i] <= j < last[i], and the bytes of all; `classes` has those of code points."""
    count = len(first)
    text, size = np.empty(_room(pieces), np.uint8), 0
    begin, end = np.empty(count, np.int64), np.empty(count, np.int64)
    words, linked = np.zeros(count, np.int64), np.zeros(count, np.int64)
    is_link, is_ended, is_raw = np.zeros(count, np.bool_), np.zeros(count, np.bool_), np.zeros(count, np.bool_)
    for paragraph in range(count):
        begin[paragraph] = size
        num_words = num_linked = num_unlinked = breaks = inner_breaks = wide = 0
        is_spaced = in_word = False
        for piece in range(first[paragraph], last[paragraph]):
            kind = pieces.kind[piece]
            if kind == LINE_END:
                breaks, is_spaced, in_word = breaks | _HARD_BREAK, True, False
            is_raw[paragraph] |= kind >= CHANGE
            in_link = False
            position = pieces.begin[piece]
            while position < pieces.end[piece]:
                point, length, written = character_at(data, position, kind != GIVEN)
                flags = classes[point] if point < TABLE_SIZE else 0
                if flags & BLANK:
                    is_spaced, in_word, in_link = True, False, False
                    breaks |= point == _LINE_FEED
                elif not flags & INVISIBLE:
                    if is_spaced and size > begin[paragraph]:
                        text[size], size = _SPACE, size + 1
                        inner_breaks |= breaks
                    is_spaced, breaks, wide = False, 0, wide | flags & WIDE
                    is_word = flags & IDEOGRAPH != 0
                    num_words += is_word or not in_word
                    if kind == LINKED:
                        num_linked += is_word or not in_link
                    else:
                        num_unlinked += 1
                    in_word = in_link = not is_word
                    text[size] = point if written == 1 else data[position]
                    for place in range(1, written):
                        text[size + place] = data[position + place]
                    size += written
                position += length
        end[paragraph], words[paragraph], linked[paragraph] = size, num_words, num_linked
        is_link[paragraph] = num_linked > 0 and num_unlinked == 0
        is_raw[paragraph] |= inner_breaks & _HARD_BREAK != 0 or (inner_breaks != 0 and wide != 0)
        is_ended[paragraph] = _is_ended(text, begin[paragraph], size, classes)
    return text[:size], Paragraphs(begin, end, words, linked, is_link, is_ended, is_raw)


@kernel
def raw_texts(
    data: NDArray[np.uint8], pieces: Pieces, first: NDArray[np.int64], last: NDArray[np.int64], classes: NDArray[np.uint8]
) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64]]:
    """Texts of the pieces first[i] <= j < last[i] with all white space and MARKs: bytes, and where each begins and ends."""
    text, size = np.empty(_room(pieces), np.uint8), 0
    begin, end = np.empty(len(first), np.int64), np.empty(len(first), np.int64)
    for paragraph in range(len(first)):
        begin[paragraph] = size
        for piece in range(first[paragraph], last[paragraph]):
            kind = pieces.kind[piece]
            if kind > GIVEN:
                text[size], text[size + 1], text[size + 2] = 0xEF, 0xB7, 0x90 + kind - LINE_END
                size += 3
            position = pieces.begin[piece]
            while position < pieces.end[piece]:
                point, length, written = character_at(data, position, kind != GIVEN)
                if point >= TABLE_SIZE or not classes[point] & INVISIBLE:
                    text[size] = point if written == 1 else data[position]
                    for place in range(1, written):
                        text[size + place] = data[position + place]
                    size += written
                position += length
        end[paragraph] = size
    return text[:size], begin, end


@kernel
def is_blank(data: NDArray[np.uint8], begin: int, end: int, classes: NDArray[np.uint8]) -> bool:
    """Whether an escaped text is nothing but white space."""
    position = begin
    while position < end:
        point, length, _ = character_at(data, position, True)
        if point >= TABLE_SIZE or not classes[point] & BLANK:
            return False
        position += length
    return True


@kernel
def character_at(data: NDArray[np.uint8], position: int, is_escaped: bool) -> tuple[int, int, int]:
    """The code point at `position` of valid UTF-8, how many bytes stand for it, and how many it has itself.

    Escaped are, as libxml2 does it, & < > a carriage return, and what XML cannot say, here 0.
    """
    first = int(data[position])
    if first < 0x80:
        if first != _AND or not is_escaped:
            return first, 1, 1
        second = data[position + 1]
        if second != _NUMBER_SIGN:
            return (_AND, 5, 1) if second == _A else (_LESS, 4, 1) if second == _L else (_GREATER, 4, 1)
        return (0, 8, 1) if data[position + 2] == _X else (_CARRIAGE_RETURN, 5, 1)
    if first < 0xE0:
        return (first & 0x1F) << 6 | int(data[position + 1] & 0x3F), 2, 2
    point = (first & 0x0F) << 12 | int(data[position + 1] & 0x3F) << 6 | int(data[position + 2] & 0x3F)
    if first < 0xF0:
        return point, 3, 3
    return (point & 0x7FFF) << 6 | int(data[position + 3] & 0x3F), 4, 4


@kernel
def _room(pieces: Pieces) -> int:
    room = 3 * len(pieces.kind)
    for piece in range(len(pieces.kind)):
        room += pieces.end[piece] - pieces.begin[piece]
    return room


@kernel
def _is_ended(text: NDArray[np.uint8], begin: int, end: int, classes: NDArray[np.uint8]) -> bool:
    """Whether text[begin:end] ends with an END and at most three CLOSERs."""
    for _ in range(_MAX_CLOSERS + 1):
        if end <= begin:
            return False
        end -= 1
        while text[end] & 0xC0 == 0x80:
            end -= 1
        point, _, _ = character_at(text, end, False)
        flags = classes[point] if point < TABLE_SIZE else 0
        if flags & END:
            return True
        if not flags & CLOSER:
            return False
    return False
