"""Runs of a PDF page: characters that stand on one baseline, in one size, without a wide gap, in the order of the content.

A run is what layout works with: about one for each line of a column, more where a line has raised digits or table cells.
"""

import re
from collections.abc import Collection
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from corpusforge.extract.pdf_chars import Characters
from corpusforge.extract.pdf_glyphs import readable

_WIDE_GAP = 0.9  # of the size; the narrowest space between columns, TeX's, is 1
_WHITE = re.compile("[ \t\r\n\x00\xa0]+")


class Run(NamedTuple):
    """Text between `left` and `right` on the baseline `y`, in points; y grows upwards.

    `is_spaced`: whether white space stands before it in the content.
    """

    text: str
    left: float
    right: float
    y: float
    size: float
    is_bold: bool
    is_spaced: bool

    @property
    def top(self) -> float:
        """About the height of capitals."""
        return self.y + 0.75 * self.size

    @property
    def bottom(self) -> float:
        """About how deep letters hang."""
        return self.y - 0.22 * self.size


def page_runs(found: Characters, shown: NDArray[np.bool_], bold_fonts: Collection[int]) -> list[Run]:
    """The runs of a page, of the characters that are `shown`; white space of the content only parts words."""
    codes = found.codes
    is_white = (codes <= 32) & ((codes == 32) | (codes == 9) | (codes == 10) | (codes == 13) | (codes == 0)) | (codes == 0xA0)
    glyphs = np.flatnonzero(~is_white & shown & (found.fonts != 0))
    if not len(glyphs):
        return []
    begins = np.concatenate(([0], np.flatnonzero(_breaks(found, glyphs, ~shown & ~is_white)) + 1))
    ends = np.append(begins[1:], len(glyphs))
    text, places = _text(found, glyphs, is_white)
    firsts, lasts = glyphs[begins], glyphs[ends - 1]
    left = np.minimum.reduceat(found.left[glyphs], begins).tolist()
    right = np.maximum.reduceat(found.right[glyphs], begins).tolist()
    middles = glyphs[(begins + ends) // 2]
    # small capitals among letters, and Latin letters in Chinese, are of another size
    sizes = np.add.reduceat(found.sizes[glyphs], begins) / (ends - begins)
    is_spaced = np.append(False, is_white[firsts[1:] - 1])
    columns = (
        [_text_of(text[a:b]) for a, b in zip(places[firsts].tolist(), (places[lasts] + 1).tolist(), strict=True)],
        left,
        right,
        found.y[middles].tolist(),
        sizes.tolist(),
        [font in bold_fonts for font in found.fonts[middles].tolist()],
        is_spaced.tolist(),
    )
    return [run for run in map(Run._make, zip(*columns, strict=True)) if run.text.strip()]


def _text_of(piece: str) -> str:
    return piece if piece.isascii() and piece.isprintable() and "  " not in piece else readable(_WHITE.sub(" ", piece))


def _breaks(found: Characters, glyphs: NDArray[np.int64], is_hidden: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether a run ends between each glyph and the next one."""
    sizes, y = found.sizes[glyphs], found.y[glyphs]
    larger, smaller = np.maximum(sizes[1:], sizes[:-1]), np.minimum(sizes[1:], sizes[:-1])
    gaps = found.left[glyphs[1:]] - found.right[glyphs[:-1]]
    num_hidden = np.cumsum(is_hidden)[glyphs]
    is_moved = np.abs(np.diff(y)) > 0.12 * larger
    return is_moved | (larger > 1.12 * smaller) | (gaps > _WIDE_GAP * larger) | (gaps < -larger) | (np.diff(num_hidden) > 0)


def _text(found: Characters, glyphs: NDArray[np.int64], is_white: NDArray[np.bool_]) -> tuple[str, NDArray[np.int64]]:
    """The text of the page, and where in it each character stands; white space that pdfium saw inside Chinese is left out."""
    codes = found.codes
    is_wide = (codes >= 0x2E80) & (codes < 0xFB00) | (codes >= 0xFF00) & (codes < 0xFFF0) | (codes >= 0x20000)
    position = np.cumsum(~is_white)
    # of each white character: the glyphs before and behind it
    solid = np.flatnonzero(~is_white)
    before = solid[np.maximum(position - 1, 0)]
    behind = solid[np.minimum(position, len(solid) - 1)]
    is_false = is_white & (found.fonts == 0) & is_wide[before] & is_wide[behind]
    codes, is_second = _without_surrogates(codes)
    is_kept = ~is_false & ~is_second
    return codes[is_kept].astype("<u4").tobytes().decode("utf-32-le"), np.cumsum(is_kept) - 1


def _without_surrogates(codes: NDArray[np.uint32]) -> tuple[NDArray[np.uint32], NDArray[np.bool_]]:
    """Code points where pdfium gives two halves of one, and which are second halves; halves that are alone become U+FFFD."""
    is_half = (codes >= 0xD800) & (codes < 0xE000)
    if not is_half.any():
        return np.where(codes >= 0x110000, 0xFFFD, codes), np.zeros(len(codes), np.bool_)
    following = np.append(codes[1:], 0)
    is_first = (codes >= 0xD800) & (codes < 0xDC00) & (following >= 0xDC00) & (following < 0xE000)
    is_second = np.append(False, is_first[:-1])
    whole = 0x10000 + ((codes - 0xD800) << 10) + (following - 0xDC00)
    return np.where(is_first, whole, np.where(is_half | (codes >= 0x110000), 0xFFFD, codes)), is_second
