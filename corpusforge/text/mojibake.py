"""Characters that come from decoding bytes with the wrong character set, in text that is valid UTF-8 all the same.

Four kinds are known: UTF-8 read as Latin-1 or Windows-1252 ("Ã©", "ä¸­æ–‡"), another 8-bit or a double-byte set read so ("ÖÐ¹ú",
"Ïðèâåò"), UTF-8 read as GBK, of which six characters stand for the frequent first bytes ("锛" is half of "，"), and
"锟斤拷", the replacement character read as GBK. Kept apart from the replacement character itself, which a census counts.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from corpusforge.text.kernels import kernel
from corpusforge.text.view import TextView

MIN_LATIN_RUN = 4
"""So many characters from U+00A1 to U+00FF in a row stand in no language."""


def mojibake(view: TextView) -> NDArray[np.int64]:
    """Characters of each document that a wrong decoding made: int64[num_documents]; "锟斤拷" counts once."""
    return _count_mojibake(view.data, view.offsets, _continuations())


@lru_cache(maxsize=1)
def _continuations() -> NDArray[np.bool_]:
    """Which code points below U+2200 the bytes 0x80 to 0xBF become in Latin-1 or Windows-1252: bool[0x2200]."""
    table = np.zeros(0x2200, np.bool_)
    table[0x80:0xC0] = True
    table[[ord(character) for character in bytes(range(0x80, 0xA0)).decode("cp1252", "ignore")]] = True
    table.flags.writeable = False
    return table


@kernel
def _count_mojibake(data: NDArray[np.uint8], offsets: NDArray[np.int64], continuations: NDArray[np.bool_]) -> NDArray[np.int64]:
    counts = np.zeros(len(offsets) - 1, np.int64)
    for document in range(len(counts)):
        position, stop = offsets[document], offsets[document + 1]
        counts[document] = _num_gbk_marks(data[position:stop])
        is_latin = False
        for byte in data[position:stop]:  # all at once, which is far faster than to stop at the first
            is_latin |= (byte == 0xC2) | (byte == 0xC3)
        while is_latin and position < stop:
            size = 1
            if data[position] in (0xC2, 0xC3):
                size, count = _latin(data, position, stop, continuations)
                counts[document] += count
            position += size
    return counts


@kernel
def _num_gbk_marks(text: NDArray[np.uint8]) -> int:
    """How often one of 锛銆鐨鍦鏄鍙锟 occurs; their bytes are written out, so that many places are compared at once."""
    count = 0
    second, third = text[1:], text[2:]
    for index in range(len(third)):
        two, three = second[index], third[index]
        is_mark = ((two == 0x94) & ((three == 0x9B) | (three == 0x9F))) | ((two == 0x8A) & (three == 0x86))
        is_mark |= ((two == 0x90) & (three == 0xA8)) | ((two == 0x8D) & ((three == 0xA6) | (three == 0x99)))
        is_mark |= (two == 0x8F) & (three == 0x84)
        count += (text[index] == 0xE9) & is_mark
    return count


@kernel
def _latin(data: NDArray[np.uint8], position: int, stop: int, continuations: NDArray[np.bool_]) -> tuple[int, int]:
    """Bytes to go on by and wrongly decoded characters among them, at a character from U+0080 to U+00FF."""
    point = _point(data, position, stop)
    wanted = (point >= 0xC2) + (point >= 0xE0) + (point >= 0xF0) if point <= 0xF4 else 0
    end = position + 2
    for _ in range(wanted):
        point = _point(data, end, stop)
        if not 0 <= point < len(continuations) or not continuations[point]:
            return _latin_run(data, position, stop)
        end += 1 + (point >= 0x80) + (point >= 0x800)
    return (end - position, 1 + wanted) if wanted else _latin_run(data, position, stop)


@kernel
def _latin_run(data: NDArray[np.uint8], position: int, stop: int) -> tuple[int, int]:
    """The run of characters from U+00A1 to U+00FF at `position`, if it is long enough to be one of wrong decoding."""
    end = position
    while 0xA1 <= _point(data, end, stop) <= 0xFF:
        end += 2
    count = (end - position) // 2
    return (end - position, count) if count >= MIN_LATIN_RUN else (2, 0)


@kernel
def _point(data: NDArray[np.uint8], position: int, stop: int) -> int:
    """Code point of the character at `position`, -1 at the end and for characters of four bytes."""
    if position >= stop:
        return -1
    first = int(data[position])
    if first < 0x80:
        return first
    if first < 0xE0:
        return (first & 0x1F) << 6 | int(data[position + 1] & 0x3F)
    if first < 0xF0:
        return (first & 0x0F) << 12 | int(data[position + 1] & 0x3F) << 6 | int(data[position + 2] & 0x3F)
    return -1
