"""Markdown, reStructuredText, R Markdown and plain text, as bytes in any charset, to clean text for training."""

from collections.abc import Callable, Mapping
from typing import ClassVar

from corpusforge.extract.base import Extracted
from corpusforge.extract.decoding import TextExtractor
from corpusforge.extract.plain import tidy
from corpusforge.text.charsets import Decoded


def _markdown(text: str) -> str:
    from corpusforge.extract.markdown import markdown_text

    return markdown_text(text, is_knitr=False)


def _rmarkdown(text: str) -> str:
    from corpusforge.extract.markdown import markdown_text

    return markdown_text(text, is_knitr=True)


def _restructured(text: str) -> str:
    from corpusforge.extract.restructured import restructured_text

    return restructured_text(text)


_READERS: Mapping[str, Callable[[str], str] | None] = {
    "text/markdown": _markdown,
    "text/x-markdown": _markdown,
    "text/x-rst": _restructured,
    "text/x-rmarkdown": _rmarkdown,
    "text/plain": tidy,
    # Tags are not text: these have extractors of their own.
    "text/html": None,
    "text/xml": None,
}


def reader_of(mime: str) -> Callable[[str], str] | None:
    """The function that reads a media type, whatever its parameters; text/* is plain text, None for what is not text."""
    essence = mime.partition(";")[0].strip().lower()
    return _READERS.get(essence, tidy if essence.startswith("text/") else None)


class Markup(TextExtractor):
    """Reads Markdown, MyST, R Markdown, reStructuredText and plain text; nothing is run, no other file is read.

    Headings, paragraphs on one line, "- " lists, code without fences, tables as "a | b", formulas between dollars. Columns
    in: raw (large_binary), mime (string). Out: text (large_string, "" where dropped) and the verdict, whose drop is
    unsupported_mime, undecodable (value: share of bad characters), nul_bytes (value: how many) or empty_text.
    """

    revision: ClassVar[int] = 2

    def refusal(self, mime: str) -> str:
        """Why documents of a media type are not read at all, "" where they are."""
        return "" if reader_of(mime) else f"media type {mime!r} is not Markdown, reStructuredText or plain text"

    def read(self, decoded: Decoded, mime: str, url: str) -> Extracted:
        """Text of one document; raises what a library raises on it, and RuntimeError where it nests too deeply."""
        text = decoded.text
        num_nul = text.count("\0")
        if num_nul:
            return Extracted(drop="nul_bytes", value=num_nul, threshold=0, message="NUL characters: not a text file")
        reader = reader_of(mime)
        assert reader is not None, "refused before"
        try:
            clean = reader(text)
        except RecursionError as error:
            what = f"{mime} of {len(text)} characters nests too deeply to be read; flatten it or leave it out"
            raise RuntimeError(what) from error
        if not clean.strip():
            return Extracted(drop="empty_text", value=0, threshold=1, message="no text is left after the markup")
        return Extracted(text=clean)
