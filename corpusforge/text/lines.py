"""Line structure of plain text and Markdown, as far as sentences need it: white space, list items, headings, tables."""

import numpy as np
from numpy.typing import NDArray

from corpusforge.text.characters import SPACE, flags_at
from corpusforge.text.kernels import kernel


@kernel
def skip_spaces(data: NDArray[np.uint8], position: int, stop: int, table: NDArray[np.uint16]) -> tuple[int, int]:
    """Where the whitespace at `position` ends, and the newlines in it.

    A newline is LF, CR, CR LF or U+2028; U+2029 counts as two, since it parts paragraphs.
    """
    num_newlines = 0
    while position < stop:
        flags, size = flags_at(data, position, table)
        if not flags & SPACE:
            break
        if data[position] == 10:
            num_newlines += 1
        elif data[position] == 13:
            num_newlines += position + 1 == stop or data[position + 1] != 10
        elif size == 3 and data[position + 1] == 0x80 and data[position + 2] in (0xA8, 0xA9):
            num_newlines += data[position + 2] - 0xA7
        position += size
    return position, num_newlines


@kernel
def begins_block(data: NDArray[np.uint8], position: int, stop: int) -> bool:
    """Whether a list item, heading, quotation, table row or code fence begins at `position`, the first of its line.

    List items: "- a", "* a", "+ a", a bullet, "1. a", "2) a", "b) a", "(3) a".
    """
    byte = data[position]
    if byte in (35, 62, 124):  # # > |
        return True
    if byte in (42, 43, 45):  # * + -
        return _is_blank(data, position + 1, stop)
    if byte == 96:  # `
        return position + 2 < stop and data[position + 1] == 96 and data[position + 2] == 96
    if byte >= 0x80:
        return _is_bullet(data, position)
    begin = position + (byte == 40)
    end = begin
    while end < min(stop, begin + 4) and _is_digit(data[end]):
        end += 1
    is_number = begin < end < begin + 4
    if not is_number and begin < stop and 97 <= data[begin] | 0x20 <= 122:
        end = begin + 1
    if end == begin or end >= stop or not _is_blank(data, end + 1, stop):
        return False
    return bool(data[end] == 41 or (data[end] == 46 and is_number and byte != 40))


@kernel
def is_list_number(data: NDArray[np.uint8], begin: int, stop: int) -> bool:
    """Whether data[begin:stop], the start of a line up to a full stop, is the number of a list item or section.

    That is, after marks of lists, quotations and headings: "1", "3.2" (at most three digits between stops), one letter,
    or a small Roman number.
    """
    if stop - begin > 16:
        return False
    while begin < stop and data[begin] in (32, 35, 40, 42, 43, 45, 62, 95):  # space # ( * + - > _
        begin += 1
    num_digits = num_letters = longest = 0
    for position in range(begin, stop):
        byte = data[position]
        if byte == 46:
            num_digits = 0
        elif _is_digit(byte):
            num_digits += 1
        elif byte | 0x20 in (105, 118, 120):  # i v x
            num_letters += 1
        else:
            return stop - begin == 1 and 97 <= byte | 0x20 <= 122
        longest = max(longest, num_digits)
    return stop > begin and longest <= 3 and num_letters <= 5 and (num_letters in (0, stop - begin))


@kernel
def _is_blank(data: NDArray[np.uint8], position: int, stop: int) -> bool:
    """Whether a space or tab follows here, or the document ends."""
    return bool(position >= stop or data[position] in (9, 32))


@kernel
def _is_digit(byte: int) -> bool:
    return 48 <= byte <= 57


@kernel
def _is_bullet(data: NDArray[np.uint8], position: int) -> bool:
    """Whether the character is one of the bullets: middle dot, round, triangular, black circle, small black square."""
    if data[position] == 0xC2:
        return bool(data[position + 1] == 0xB7)
    if data[position] != 0xE2:
        return False
    code = int(data[position + 1]) << 8 | int(data[position + 2])
    return code in (0x80A2, 0x80A3, 0x978F, 0x96AA)
