"""Whether a line is an entry of a reference list, by what entries hold: initials, volumes, pages, DOIs, "et al.", "[J]"."""

import numpy as np
from numpy.typing import NDArray

from corpusforge.text.kernels import kernel

MAX_REFERENCE_BYTES = 600
"""A longer line is a paragraph, however many works it cites."""
MIN_MARKS = 2
"""Kinds of marks that an entry has beside a year; running text seldom has more than one in a line."""

_NUMBERED, _INITIAL, _VOLUME, _PAGES, _LINK, _ET_AL, _KIND = 1, 2, 4, 8, 16, 32, 64

_ET_AL_SPELLED, _PP_SPELLED, _VOL_SPELLED, _DOI_SPELLED, _HTTP_SPELLED = (
    int.from_bytes(word, "big") for word in (b"et al", b"pp.", b"vol.", b"doi", b"http")
)


@kernel
def is_reference(data: NDArray[np.uint8], begin: int, end: int) -> bool:
    """Whether data[begin:end], a line in which a year was seen, is an entry of a reference list.

    Marks: a number at its start ("[12]", "12."), an initial ("J."), a volume ("84(3)", "vol."), pages ("59-65", "pp."), a link
    or DOI, "et al", and the kinds of GB/T 7714 ("[J]", "[M]", "[EB/OL]").
    """
    if end - begin > MAX_REFERENCE_BYTES:
        return False
    marks = _NUMBERED * _is_numbered(data, begin, end)
    for position in range(begin, end - 1):
        byte = data[position]
        if 48 <= byte <= 57:
            marks |= _number_mark(data, position, end)
        elif byte == 91:
            marks |= _KIND * _is_kind(data, position, end)
        elif _is_letter(byte) and (position == begin or not _is_letter(data[position - 1])):
            marks |= _INITIAL if byte <= 90 and data[position + 1] == 46 else _word_mark(data, position, end)
    num_marks = 0
    while marks:
        num_marks += marks & 1
        marks >>= 1
    return num_marks >= MIN_MARKS


@kernel
def _is_letter(byte: int) -> bool:
    return 97 <= byte | 0x20 <= 122


@kernel
def _is_digit(data: NDArray[np.uint8], position: int, end: int) -> bool:
    return position < end and 48 <= data[position] <= 57


@kernel
def _is_numbered(data: NDArray[np.uint8], begin: int, end: int) -> bool:
    """Whether a line starts with a number in brackets, or one that a full stop or bracket ends."""
    is_bracketed = data[begin] in (40, 91)
    position = begin + is_bracketed
    while _is_digit(data, position, end):
        position += 1
    if not 1 <= position - begin - is_bracketed <= 3 or position == end or _is_digit(data, position + 1, end):
        return False
    return data[position] in (41, 46, 93)  # ) . ]


@kernel
def _number_mark(data: NDArray[np.uint8], position: int, end: int) -> int:
    """The mark that begins with the last digit of a number at `position`: a range of pages, or a volume with its issue."""
    following = data[position + 1]
    if following == 45 and _is_digit(data, position + 2, end):  # 59-65
        return _PAGES
    is_dash = following == 0xE2 and position + 3 < end and data[position + 2] == 0x80 and data[position + 3] in (0x93, 0x94)
    if is_dash and _is_digit(data, position + 4, end):
        return _PAGES
    return _VOLUME * (following == 40 and _is_digit(data, position + 2, end))  # 84(3)


@kernel
def _is_kind(data: NDArray[np.uint8], position: int, end: int) -> bool:
    """Whether the bracket at `position` opens one or two capitals, then a closing bracket or "/OL"."""
    inside = position + 1
    while inside < min(end, position + 3) and 65 <= data[inside] <= 90:
        inside += 1
    return inside > position + 1 and inside < end and data[inside] in (47, 93)


@kernel
def _word_mark(data: NDArray[np.uint8], position: int, end: int) -> int:
    """The mark that a word at `position` is, in capitals or not."""
    if end - position < 5:
        return 0
    spelled = 0
    for place in range(position, position + 5):
        spelled = spelled << 8 | int(data[place] | 0x20)
    if spelled == _ET_AL_SPELLED:
        return _ET_AL
    if spelled >> 16 == _PP_SPELLED:
        return _PAGES
    if spelled >> 8 == _VOL_SPELLED:
        return _VOLUME
    return _LINK * (spelled >> 16 == _DOI_SPELLED or spelled >> 8 == _HTTP_SPELLED)
