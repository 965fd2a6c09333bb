"""Which kinds of characters a text is made of: one count per document and class, from one pass that filters share.

Scripts go by block, like CJK in characters.py, so a count does not depend on the Unicode version of the interpreter. Which Han
characters tell simplified from traditional Chinese follows from two character sets that every Python carries: GB 2312 holds
simplified Chinese and Big5 traditional Chinese, so a character of one that the other lacks belongs to one side. Of Big5 only
the 5,401 frequent characters are asked, since a rare one may be missing from GB 2312 just because it is rare.
"""

import unicodedata
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from corpusforge.text.characters import CJK, LETTER, MARK, NUMBER, SPACE, TABLE_SIZE, WIDE, character_flags
from corpusforge.text.kernels import kernel
from corpusforge.text.view import TextView

INVISIBLE = 0
"""Control and format characters, and code points that are not assigned."""
BLANK = 1
DIGIT = 2
"""Any number: digits, full-width digits, fractions, circled numbers."""
PUNCTUATION = 3
"""Punctuation and symbols of any script but CJK's."""
WIDE_PUNCTUATION = 4
"""Punctuation and symbols of CJK, and full-width forms."""
COMBINING = 5
DAMAGED = 6
"""The replacement character and private use: what a wrong decoding or a missing font leaves behind."""
HAN = 7
"""Han characters that simplified and traditional Chinese share, and rare ones."""
SIMPLIFIED = 8
TRADITIONAL = 9
KANA = 10
HANGUL = 11
OTHER_LETTER = 12
FIRST_SCRIPT = 13

# Scripts by ISO 15924 code, with the blocks of their letters; class FIRST_SCRIPT + place in this table.
_BLOCKS = {
    "Latn": ((0x0041, 0x024F), (0x0250, 0x02AF), (0x1E00, 0x1EFF), (0x2C60, 0x2C7F), (0xA720, 0xA7FF), (0xFB00, 0xFB06),
             (0xFF21, 0xFF5A)),
    "Grek": ((0x0370, 0x03E1), (0x1F00, 0x1FFF)),
    "Cyrl": ((0x0400, 0x052F), (0x1C80, 0x1C8A), (0xA640, 0xA69F)),
    "Armn": ((0x0531, 0x0588),),
    "Hebr": ((0x05D0, 0x05F2), (0xFB1D, 0xFB4F)),
    "Arab": ((0x0620, 0x06FF), (0x0750, 0x077F), (0x08A0, 0x08FF), (0xFB50, 0xFDFB), (0xFE70, 0xFEFC)),
    "Deva": ((0x0900, 0x097F),),
    "Beng": ((0x0980, 0x09FF),),
    "Guru": ((0x0A00, 0x0A7F),),
    "Gujr": ((0x0A80, 0x0AFF),),
    "Orya": ((0x0B00, 0x0B7F),),
    "Taml": ((0x0B80, 0x0BFF),),
    "Telu": ((0x0C00, 0x0C7F),),
    "Knda": ((0x0C80, 0x0CFF),),
    "Mlym": ((0x0D00, 0x0D7F),),
    "Sinh": ((0x0D80, 0x0DFF),),
    "Thai": ((0x0E00, 0x0E7F),),
    "Laoo": ((0x0E80, 0x0EFF),),
    "Tibt": ((0x0F00, 0x0FFF),),
    "Mymr": ((0x1000, 0x109F), (0xA9E0, 0xA9FF), (0xAA60, 0xAA7F)),
    "Geor": ((0x10A0, 0x10FF), (0x1C90, 0x1CBF), (0x2D00, 0x2D2F)),
    "Ethi": ((0x1200, 0x139F), (0x2D80, 0x2DDF)),
    "Khmr": ((0x1780, 0x17FF),),
    "Mong": ((0x1820, 0x18AA),),
}  # fmt: skip
SCRIPTS = tuple(_BLOCKS)
LATIN = FIRST_SCRIPT + SCRIPTS.index("Latn")
NUM_CLASSES = FIRST_SCRIPT + len(SCRIPTS)

_KANA_BLOCKS = ((0x3041, 0x309F), (0x30A1, 0x30FF), (0x31F0, 0x31FF), (0xFF66, 0xFF9D), (0x1AFF0, 0x1B16F))
_HANGUL_BLOCKS = ((0x1100, 0x11FF), (0x3131, 0x318E), (0xA960, 0xA97C), (0xAC00, 0xD7FB))
_PRIVATE_USE = (0xE000, 0xF8FF)


def census(view: TextView) -> NDArray[np.int64]:
    """Characters of each class in each document: int64[num_documents, NUM_CLASSES]; to be asked by view.once(census)."""
    return _count_classes(view.data, view.offsets, character_classes())


def visible(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Characters of each document that are neither blank nor invisible: int64[num_documents]."""
    total: NDArray[np.int64] = counts.sum(axis=1) - counts[:, INVISIBLE] - counts[:, BLANK]
    return total


@lru_cache(maxsize=1)
def character_classes() -> NDArray[np.uint8]:
    """Class of the code points below TABLE_SIZE: uint8[TABLE_SIZE], read-only."""
    flags = character_flags()
    classes = np.zeros(TABLE_SIZE, dtype=np.uint8)
    categories = [unicodedata.category(chr(point))[0] for point in range(0x20000)]
    classes[:0x20000][np.isin(categories, ["P", "S"])] = PUNCTUATION
    classes[(flags & WIDE != 0) & (classes == PUNCTUATION)] = WIDE_PUNCTUATION
    for flag, name in ((NUMBER, DIGIT), (MARK, COMBINING), (SPACE, BLANK), (LETTER, OTHER_LETTER), (CJK, HAN)):
        classes[flags & flag != 0] = name
    letters = classes == OTHER_LETTER
    for place, blocks in enumerate(_BLOCKS.values()):
        _put(classes, blocks, FIRST_SCRIPT + place, letters)
    letters |= classes == HAN
    _put(classes, _KANA_BLOCKS, KANA, letters)
    _put(classes, _HANGUL_BLOCKS, HANGUL, letters)
    classes[_PRIVATE_USE[0] : _PRIVATE_USE[1] + 1] = DAMAGED
    classes[0xFFFD] = DAMAGED
    simplified, traditional = _frequent_han("gb2312", 0xB0, 0xF7), _frequent_han("big5", 0xA4, 0xC6)
    classes[sorted(simplified - _frequent_han("big5", 0xA4, 0xF9))] = SIMPLIFIED
    classes[sorted(traditional - simplified)] = TRADITIONAL
    classes.flags.writeable = False
    return classes


@kernel
def class_at(data: NDArray[np.uint8], position: int, classes: NDArray[np.uint8]) -> tuple[int, int]:
    """Class and size in bytes of the character that starts at `position` of valid UTF-8."""
    first = int(data[position])
    if first < 0x80:
        return int(classes[first]), 1
    if first < 0xE0:
        return int(classes[(first & 0x1F) << 6 | (data[position + 1] & 0x3F)]), 2
    point = (first & 0x0F) << 12 | (data[position + 1] & 0x3F) << 6 | (data[position + 2] & 0x3F)
    if first < 0xF0:
        return int(classes[point]), 3
    point = (point & 0x7FFF) << 6 | (data[position + 3] & 0x3F)
    if point < TABLE_SIZE:
        return int(classes[point]), 4
    if point >= 0xF0000:
        return DAMAGED, 4
    return COMBINING if 0xE0100 <= point <= 0xE01EF else INVISIBLE, 4


@kernel
def _count_classes(data: NDArray[np.uint8], offsets: NDArray[np.int64], classes: NDArray[np.uint8]) -> NDArray[np.int64]:
    counts = np.zeros((len(offsets) - 1, NUM_CLASSES), np.int64)
    turns = np.zeros((2, NUM_CLASSES), np.int64)  # by turns, since to add to the place just added to has to wait for it
    for document in range(len(counts)):
        position, stop, turn = offsets[document], offsets[document + 1], 0
        turns[:] = 0
        while position < stop:
            found, size = class_at(data, position, classes)
            turns[turn, found] += 1
            turn ^= 1
            position += size
        counts[document] = turns[0] + turns[1]
    return counts


def _put(classes: NDArray[np.uint8], blocks: tuple[tuple[int, int], ...], name: int, where: NDArray[np.bool_]) -> None:
    for first, last in blocks:
        classes[first : last + 1][where[first : last + 1]] = name


def _frequent_han(codec: str, first: int, last: int) -> set[int]:
    """Code points of the Han characters in the rows `first` to `last` of a double-byte character set."""
    rows = bytes(byte for lead in range(first, last + 1) for trail in range(0x40, 0xFF) for byte in (lead, trail))
    points = {ord(character) for pair in range(0, len(rows), 2) for character in rows[pair : pair + 2].decode(codec, "ignore")}
    return {point for point in points if 0x4E00 <= point <= 0x9FFF}
