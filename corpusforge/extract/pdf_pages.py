"""The pages of a PDF file: their runs, what the text layer is worth, what the file says of itself.

pdfium is not safe with threads and keeps a file's memory until it is closed, so one file is open at a time, page by page.
"""

import ctypes
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from corpusforge.errors import MissingExtra
from corpusforge.extract.pdf_chars import INVISIBLE, OUTSIDE, UNMAPPED, Characters, page_characters
from corpusforge.extract.pdf_glyphs import is_unreadable
from corpusforge.extract.pdf_runs import Run, page_runs

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument, PdfPage

_PASSWORD, _SECURITY = 4, 5  # FPDF_ERR_*
_MAX_OBJECTS = 200  # looked at in search for a picture
_BOLD_WEIGHT = 600
_BOLD_NAMES = ("bold", "heavy", "black", "simhei", "heiti", "cmbx", "-medi", "demi")


class PdfRefused(Exception):
    """A file that cannot be read: `drop` is the reason, with the value and the threshold it was judged by."""

    def __init__(self, drop: str, message: str, value: float | None = None, threshold: float | None = None) -> None:
        super().__init__(message)
        self.drop, self.message, self.value, self.threshold = drop, message, value, threshold


@dataclass(frozen=True)
class PageCounts:
    """What was seen on a page, in characters that are not white space."""

    shown: int
    turned: int = 0
    outside: int = 0
    invisible: int = 0
    unreadable: int = 0
    has_picture: bool = False


@dataclass(frozen=True)
class PdfPages:
    """Runs and counts of each page that could be read; `about` is the file's own table of facts."""

    runs: list[list[Run]]
    counts: list[PageCounts]
    num_pages: int
    about: Mapping[str, str] = field(default_factory=dict)


def check_installed() -> None:
    """Raise MissingExtra without pypdfium2."""
    try:
        import pypdfium2  # noqa: F401
    except ImportError as error:
        raise MissingExtra("extract.pdf", "pypdfium2", "pdf") from error


class Limits(NamedTuple):
    """How large a file may be: in pages, in characters of one page, in characters of all."""

    pages: int
    page_characters: int
    characters: int


def read_pages(raw: bytes, limits: Limits) -> PdfPages:
    """All pages of a file; raises PdfRefused where it is damaged, encrypted, without pages or beyond the limits."""
    from pypdfium2 import PdfDocument, PdfiumError

    try:
        document = PdfDocument(raw)
    except PdfiumError as error:
        if error.err_code in (_PASSWORD, _SECURITY):
            raise PdfRefused("encrypted", f"a password is needed: {error}") from error
        raise PdfRefused("invalid_pdf", str(error)) from error
    with closing(document):
        num_pages = len(document)
        if num_pages > limits.pages:
            raise PdfRefused("too_many_pages", "raise max_pages, or split the file", num_pages, limits.pages)
        pages = list(_pages(document, limits))
        about = document.get_metadata_dict(skip_empty=True)
    if not pages:
        raise PdfRefused("invalid_pdf", f"none of its {num_pages} pages can be loaded", 0, 1)
    return PdfPages([runs for runs, _ in pages], [counts for _, counts in pages], num_pages, about)


def _pages(document: "PdfDocument", limits: Limits) -> Iterator[tuple[list[Run], PageCounts]]:
    from pypdfium2 import PdfiumError

    total = 0
    for number in range(len(document)):
        try:
            with closing(document[number]) as page:
                runs, counts = _page(page, number, limits.page_characters)
        except PdfiumError:
            continue
        total += counts.shown
        if total > limits.characters:
            raise PdfRefused("too_many_characters", "raise max_characters, or split the file", total, limits.characters)
        yield runs, counts


def _page(page: "PdfPage", number: int, max_characters: int) -> tuple[list[Run], PageCounts]:
    with closing(page.get_textpage()) as text:
        num_characters = text.count_chars()
        if num_characters > max_characters:
            message = f"page {number + 1} has too many characters; raise max_page_characters"
            raise PdfRefused("page_too_large", message, num_characters, max_characters)
        found = page_characters(text, page.get_bbox())
        return page_runs(found, _is_shown(found), _bold_fonts(found)), _counts(page, found)


def _is_shown(found: Characters) -> np.ndarray:
    return np.asarray((found.turns == 0) & (found.flags & OUTSIDE == 0), np.bool_)


def _counts(page: "PdfPage", found: Characters) -> PageCounts:
    is_glyph = (found.fonts != 0) & (found.codes > 32)
    is_shown = is_glyph & _is_shown(found)
    is_bad = is_unreadable(found.codes) | (found.flags & UNMAPPED != 0)
    num_shown = int(is_shown.sum())
    return PageCounts(
        shown=num_shown,
        turned=int((is_glyph & (found.turns != 0)).sum()),
        outside=int((is_glyph & (found.flags & OUTSIDE != 0)).sum()),
        invisible=int((is_shown & (found.flags & INVISIBLE != 0)).sum()),
        unreadable=int((is_shown & is_bad).sum()),
        has_picture=num_shown < 500 and _has_picture(page),
    )


def _has_picture(page: "PdfPage") -> bool:
    from pypdfium2 import raw

    objects = page.get_objects(filter=(raw.FPDF_PAGEOBJ_IMAGE,), max_depth=3)
    return any(True for _, _ in zip(range(_MAX_OBJECTS), objects, strict=False))


def _bold_fonts(found: Characters) -> set[int]:
    from pypdfium2 import raw

    bold = set()
    name = ctypes.create_string_buffer(128)
    for handle in np.unique(found.fonts[found.fonts != 0]).tolist():
        font = ctypes.cast(handle, raw.FPDF_FONT)
        raw.FPDFFont_GetBaseFontName(font, name, len(name))
        words = name.value.decode("utf-8", "replace").lower()
        if raw.FPDFFont_GetWeight(font) >= _BOLD_WEIGHT or any(each in words for each in _BOLD_NAMES):
            bold.add(handle)
    return bold
