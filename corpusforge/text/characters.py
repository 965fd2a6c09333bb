"""What every kernel needs to know of a character: one table of flags, indexed by code point.

Built from `unicodedata` on first use (20 ms), since a generated table in the repository would be 250 kB that nobody can
review. Han, kana and hangul go by block, so their flags do not depend on the Unicode version of the interpreter.
"""

import unicodedata
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from corpusforge.text.kernels import kernel

LETTER = 1
LOWER = 2
NUMBER = 4
MARK = 8
CJK = 16
"""Han, kana or a hangul syllable: a word by itself."""
WIDE = 32
"""CJK, its punctuation and the full-width forms: where these stand, a newline ends a sentence."""
SPACE = 64
JOINER = 128
"""Apostrophes, hyphens and invisible joiners: between two letters they do not end a word."""
CLOSER = 256
"""Closing brackets and quotation marks."""
OPENER = 512
CLAUSE = 1024
"""Full-width punctuation at which a long sentence may be cut."""

# Code points from here on have no flags, except the variation selectors, which are marks (see flags_at).
TABLE_SIZE = 0x40000

_CJK_BLOCKS = (
    (0x2E80, 0x2FD5), (0x3005, 0x3007), (0x3021, 0x3029), (0x3031, 0x3035), (0x3038, 0x303B), (0x3041, 0x3096),
    (0x309D, 0x309F), (0x30A1, 0x30FA), (0x30FC, 0x30FF), (0x31F0, 0x31FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF),
    (0xA960, 0xA97C), (0xAC00, 0xD7A3), (0xF900, 0xFAD9), (0xFF66, 0xFF9D), (0x1AFF0, 0x1B16F), (0x20000, 0x3FFFD),
)  # fmt: skip
_WIDE_BLOCKS = (
    (0x3000, 0x303F), (0x30FB, 0x30FB), (0xFE10, 0xFE19), (0xFE30, 0xFE6B), (0xFF01, 0xFF65), (0xFFE0, 0xFFE6),
)  # fmt: skip
_JOINERS = "'\u2019-\u2010\u2011\u00ad\u200c\u200d"
_CLAUSE = "，、；：﹐﹑﹔﹕､"

_BY_CATEGORY = {
    "Lu": LETTER, "Ll": LETTER | LOWER, "Lt": LETTER, "Lm": LETTER, "Lo": LETTER,
    "Nd": NUMBER, "Nl": NUMBER, "No": NUMBER, "Mn": MARK, "Mc": MARK, "Me": MARK,
    "Pe": CLOSER, "Pf": CLOSER, "Ps": OPENER, "Pi": OPENER,
}  # fmt: skip


@lru_cache(maxsize=1)
def character_flags() -> NDArray[np.uint16]:
    """Flags of the code points below TABLE_SIZE: uint16[TABLE_SIZE], read-only."""
    flags = np.zeros(TABLE_SIZE, dtype=np.uint16)
    flags[:0x20000] = [_BY_CATEGORY.get(unicodedata.category(chr(point)), 0) for point in range(0x20000)]
    for first, last in _CJK_BLOCKS:
        flags[first : last + 1] = CJK | WIDE
    for first, last in _WIDE_BLOCKS:
        flags[first : last + 1] |= WIDE
    listed = ((JOINER, _JOINERS), (CLAUSE, _CLAUSE), (SPACE, _spaces()), (CLOSER, "＂＇"), (OPENER, "＂＇"))
    for flag, members in listed:
        flags[[ord(character) for character in members]] |= flag
    flags.flags.writeable = False
    return flags


@kernel
def flags_at(data: NDArray[np.uint8], position: int, table: NDArray[np.uint16]) -> tuple[int, int]:
    """Flags and size in bytes of the character that starts at `position` of valid UTF-8."""
    first = int(data[position])
    if first < 0x80:
        return int(table[first]), 1
    if first < 0xE0:
        return int(table[(first & 0x1F) << 6 | (data[position + 1] & 0x3F)]), 2
    point = (first & 0x0F) << 12 | (data[position + 1] & 0x3F) << 6 | (data[position + 2] & 0x3F)
    if first < 0xF0:
        return int(table[point]), 3
    point = (point & 0x7FFF) << 6 | (data[position + 3] & 0x3F)
    if point < TABLE_SIZE:
        return int(table[point]), 4
    return MARK if 0xE0100 <= point <= 0xE01EF else 0, 4


@kernel
def flags_before(data: NDArray[np.uint8], position: int, begin: int, table: NDArray[np.uint16]) -> int:
    """Flags of the character that ends before `position`, 0 where that is the `begin` of what counts."""
    if position <= begin:
        return 0
    start = position - 1
    while data[start] & 0xC0 == 0x80:
        start -= 1
    flags, _ = flags_at(data, start, table)
    return flags


def _spaces() -> str:
    return "".join(chr(point) for point in range(0x3001) if chr(point).isspace())
