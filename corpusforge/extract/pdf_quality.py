"""What the text layer of a PDF is worth: whether its pages are pictures of text, and whether its characters can be read."""

from collections.abc import Sequence
from typing import NamedTuple

from corpusforge.extract.pdf_pages import PageCounts


class TextLayer(NamedTuple):
    """Shares from 0 to 1: pages that are pictures without text, of those that are not blank; characters without a meaning;
    characters that are not painted, as recognised text lies behind a scan."""

    scanned_share: float
    unreadable_share: float
    invisible_share: float


def text_layer(pages: Sequence[PageCounts], min_page_characters: int) -> TextLayer:
    """The shares of a document; a picture page is one with fewer than `min_page_characters`."""
    pictures = sum(page.has_picture and page.shown < min_page_characters for page in pages)
    full = sum(page.has_picture or page.shown > 0 for page in pages)
    shown = sum(page.shown for page in pages)
    invisible, unreadable = sum(page.invisible for page in pages), sum(page.unreadable for page in pages)
    return TextLayer(pictures / max(full, 1), unreadable / max(shown, 1), invisible / max(shown, 1))
