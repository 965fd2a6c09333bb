"""Characters as PDFs encode them, to characters as people write them: ligatures, Chinese radicals, symbol fonts,
italic letters of formulas.

Only what stands for something else is replaced: compatibility forms such as "²" or "Å" stay, as they are part of the text.
"""

import re
import unicodedata

import numpy as np
from numpy.typing import NDArray

from corpusforge.extract.plain import RESERVED

_FORMS = ("ff", "fi", "fl", "ffi", "ffl")
_LIGATURES = dict(zip(range(0xFB00, 0xFB07), (*_FORMS, "st", "st"), strict=True))
_PRIVATE_LIGATURES = {0xF001: "fi", 0xF002: "fl", 0xF003: "ffi", 0xF004: "ffl"}  # as Adobe's older fonts have them
# control characters where TeX's encodings OT1 and T1 have ligatures
_TEX_LIGATURES = dict(zip("\x0b\x0c\x0d\x0e\x0f\x1b\x1c\x1d\x1e\x1f", 2 * _FORMS, strict=True))
_TEX = re.compile("(?<=[A-Za-z])[\x0b\x0c\x0e\x0f\x1b-\x1f]|[\x0b\x0c\x0e\x0f\x1b-\x1f](?=[a-z])")
# radicals that are simplified forms, which Unicode does not map to the characters they look like
_RADICALS = "⺠民⻄西⻅见⻆角⻉贝⻋车⻓长⻔门⻘青⻙韦⻚页⻛风⻜飞⻝食⻢马⻣骨⻤鬼⻥鱼⻦鸟⻨麦⻩黄⻬齐⻮齿⻰龙"
# the Symbol font as Word writes it, from U+F020 and U+F0A1 on, and the bullets of Wingdings
_SYMBOLS = " !∀#∃%&∍()∗+,−./0123456789:;<=>?≅ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ[∴]⊥_‾αβχδεφγηιϕκλμνοπθρστυϖωξψζ{|}∼"
_HIGH_SYMBOLS = "ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓°±″≥×∝∂•÷≠≡≈…"
_BULLETS = dict.fromkeys([0xF0A7, 0xF0D8, 0xF0FC, 0xF06E, 0xF076, 0xF0A8], "•")
# TeX's older fonts set an accent, then the letter below it
_ACCENTS = dict(zip("´¨ˆ˜ˇ˘˚˙˝`", "\u0301\u0308\u0302\u0303\u030c\u0306\u030a\u0307\u030b\u0300", strict=True))
_ACCENTED = re.compile("(?<!\\d)([´¨ˆ˜ˇ˘˚˙˝])([A-Za-zı])|(?<=[A-Za-z])(`)([aeiou])")
_HYPHEN = 2  # as pdfium writes one at the end of a line; hyphens.py reads it
_WHITE = (9, 10, 13)


def _table() -> dict[int, str | None]:
    controls = {*range(32), *range(0x7F, 0xA0)} - {_HYPHEN, *_WHITE}
    table: dict[int, str | None] = dict.fromkeys([*controls, 0xFEFF, 0x200B, *RESERVED])
    table |= {0x2028: " ", 0x2029: " "}
    table |= {code: bytes([code]).decode("cp1252", "ignore") for code in range(0x80, 0xA0)}
    table[0x88] = "•"  # what pdfium makes of the bullet of TeX's cmsy10
    table |= {0xF020 + i: mark for i, mark in enumerate(_SYMBOLS)}
    table |= {0xF0A1 + i: mark for i, mark in enumerate(_HIGH_SYMBOLS)}
    table |= {ord(a): b for a, b in zip(_RADICALS[::2], _RADICALS[1::2], strict=True)}
    # radicals, compatibility ideographs, letters of formulas
    styled = (chr(code) for code in (*range(0x2E80, 0x2FD6), *range(0xF900, 0xFAFF), *range(0x1D400, 0x1D800)))
    table |= {ord(each): unicodedata.normalize("NFKC", each) for each in styled if ord(each) not in table}
    return table | _BULLETS | _LIGATURES | _PRIVATE_LIGATURES


_TABLE = _table()
_KNOWN_PRIVATE = np.array(sorted(code for code in _TABLE if 0xE000 <= code < 0xF900))


def readable(text: str) -> str:
    """Text with ligatures as letters, radicals as characters, symbols of symbol fonts in Unicode, without control characters.

    readable("e\\ufb03cient") -> "efficient"; readable("\\u2f2d") -> "山"
    """
    if text.isascii() and text.isprintable():
        return text
    text = _TEX.sub(lambda match: _TEX_LIGATURES[match[0]], text).translate(_TABLE)
    return _ACCENTED.sub(_accented, text)


def _accented(match: re.Match[str]) -> str:
    accent, letter = (each for each in match.groups() if each)
    composed = unicodedata.normalize("NFC", letter.replace("ı", "i") + _ACCENTS[accent])
    return composed if len(composed) == 1 else match[0]


def is_unreadable(codes: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Whether characters stand for nothing: U+FFFD, private use without a meaning known here, control characters."""
    is_private = (codes >= 0xE000) & (codes < 0xF900) | (codes >= 0xF0000)
    is_known = np.isin(codes, _KNOWN_PRIVATE)
    is_control = (codes < 32) & ~np.isin(codes, (0, _HYPHEN, *_WHITE))
    return np.asarray((codes == 0xFFFD) | (is_private & ~is_known) | is_control, np.bool_)
