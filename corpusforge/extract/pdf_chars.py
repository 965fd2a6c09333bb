"""The characters of a PDF page with their boxes, as arrays.

pdfium answers one question about one character a call; asked from Python, the eight questions about each of 4,000 characters
would take longer than all the rest. So a kernel asks, in a tenth of a microsecond a character.
"""

import ctypes
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, get_type_hints

import numpy as np
from numpy.typing import NDArray

from corpusforge.text.kernels import foreign, kernel

if TYPE_CHECKING:
    from pypdfium2 import PdfTextPage

INVISIBLE, UNMAPPED, OUTSIDE = 1, 2, 4


class Pdfium(NamedTuple):
    """What pdfium can be asked of a character (page, index) or of the text object it is part of; pointers are int64."""

    unicode_of: Callable[[np.int64, np.int32], np.uint32]
    object_of: Callable[[np.int64, np.int32], np.int64]
    size_of: Callable[[np.int64, np.int32], np.float64]
    is_generated: Callable[[np.int64, np.int32], np.int32]
    is_unmapped: Callable[[np.int64, np.int32], np.int32]
    fill_box: Callable[[np.int64, np.int32, np.int64], np.int32]
    fill_matrix: Callable[[np.int64, np.int32, np.int64], np.int32]
    fill_origin: Callable[[np.int64, np.int32, np.int64, np.int64], np.int32]
    font_of: Callable[[np.int64], np.int64]
    mode_of: Callable[[np.int64], np.int32]


_NAMES = (
    "FPDFText_GetUnicode",
    "FPDFText_GetTextObject",
    "FPDFText_GetFontSize",
    "FPDFText_IsGenerated",
    "FPDFText_HasUnicodeMapError",
    "FPDFText_GetLooseCharBox",
    "FPDFText_GetMatrix",
    "FPDFText_GetCharOrigin",
    "FPDFTextObj_GetFont",
    "FPDFTextObj_GetTextRenderMode",
)


class Characters(NamedTuple):
    """Characters in the order of the page's content, in points; y grows upwards.

    `fonts` are pdfium's handles, 0 for white space that pdfium put in where it saw a gap; `turns` are quarter turns against
    the clock, -1 for text at another angle; `flags` are INVISIBLE, UNMAPPED
    and OUTSIDE (of the part of the page that is shown).
    """

    codes: NDArray[np.uint32]
    left: NDArray[np.float32]
    right: NDArray[np.float32]
    x: NDArray[np.float32]
    y: NDArray[np.float32]
    sizes: NDArray[np.float32]
    fonts: NDArray[np.int64]
    turns: NDArray[np.int8]
    flags: NDArray[np.uint8]


def page_characters(page: "PdfTextPage", box: tuple[float, float, float, float]) -> Characters:
    """All characters of a page, turned so that most of its text is upright; `box` (left, bottom, right, top) is shown."""
    found = Characters(*_read(_pdfium(), np.int64(ctypes.addressof(page.raw.contents)), max(page.count_chars(), 0)))
    low_x, low_y, high_x, high_y = box
    is_outside = (found.x < low_x - 1) | (found.x > high_x + 1) | (found.y < low_y - 1) | (found.y > high_y + 1)
    return _upright(found._replace(flags=np.where(is_outside, found.flags | OUTSIDE, found.flags)))


@lru_cache(maxsize=1)
def _pdfium() -> Pdfium:
    from pypdfium2 import raw

    hints = get_type_hints(Pdfium).values()
    return Pdfium(*(foreign(getattr(raw, name), hint) for name, hint in zip(_NAMES, hints, strict=True)))


@kernel
def _read(
    pdfium: Pdfium, page: np.int64, count: int
) -> tuple[
    NDArray[np.uint32],
    NDArray[np.float32],
    NDArray[np.float32],
    NDArray[np.float32],
    NDArray[np.float32],
    NDArray[np.float32],
    NDArray[np.int64],
    NDArray[np.int8],
    NDArray[np.uint8],
]:
    codes, fonts = np.empty(count, np.uint32), np.zeros(count, np.int64)
    left, right = np.empty(count, np.float32), np.empty(count, np.float32)
    xs, ys, sizes = np.empty(count, np.float32), np.empty(count, np.float32), np.zeros(count, np.float32)
    turns, flags = np.zeros(count, np.int8), np.zeros(count, np.uint8)
    box, matrix, origin = np.empty(4, np.float32), np.empty(6, np.float32), np.empty(2, np.float64)
    to_box, to_matrix, to_origin = np.int64(box.ctypes.data), np.int64(matrix.ctypes.data), np.int64(origin.ctypes.data)
    last, font, mode, turn, scale = np.int64(0), np.int64(0), np.int32(0), 0, 1.0
    for i in range(count):
        index = np.int32(i)
        codes[i] = pdfium.unicode_of(page, index)
        pdfium.fill_box(page, index, to_box)
        pdfium.fill_origin(page, index, to_origin, to_origin + 8)
        left[i], right[i], xs[i], ys[i] = box[0], box[2], origin[0], origin[1]
        each = pdfium.object_of(page, index)
        if each == 0 or pdfium.is_generated(page, index) == 1:
            continue
        if each != last:
            last, font, mode = each, pdfium.font_of(each), pdfium.mode_of(each)
            pdfium.fill_matrix(page, index, to_matrix)
            a, b, c, d = matrix[0], matrix[1], matrix[2], matrix[3]
            scale = np.sqrt(c * c + d * d)  # of heights: TeX's microtypography widens and narrows letters
            turn = -1
            if abs(b) <= 0.05 * abs(a):
                turn = 0 if a > 0 else 2
            elif abs(a) <= 0.05 * abs(b):
                turn = 1 if b > 0 else 3
        sizes[i], fonts[i], turns[i] = pdfium.size_of(page, index) * scale, font, turn
        flags[i] = (mode == 3) * 1 + (pdfium.is_unmapped(page, index) == 1) * 2
        if turn in {1, 3}:
            left[i], right[i] = box[3], box[1]
    return codes, left, right, xs, ys, sizes, fonts, turns, flags


def _upright(found: Characters) -> Characters:
    """The page turned by quarters until most of its characters stand upright."""
    counts = np.bincount(found.turns[(found.fonts != 0) & (found.turns >= 0)], minlength=4)
    turn = int(counts.argmax())
    if turn == 0:
        return found
    x, y = found.x, found.y
    turns = np.where(found.turns >= 0, (found.turns - turn) % 4, -1).astype(np.int8)
    x, y, sign = {1: (y, -x, 1), 2: (-x, -y, -1), 3: (-y, x, -1)}[turn]
    left, right = (found.left, found.right) if sign > 0 else (-found.right, -found.left)
    return found._replace(x=x, y=y, left=left, right=right, turns=turns)
