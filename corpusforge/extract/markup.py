"""Markdown, reStructuredText, R Markdown and plain text, as bytes, to clean text for training.

A document that is not text is rejected with the place where it stops being text; guessing encodings would put mojibake into
the corpus, so only UTF-8 and what a byte order mark declares are read.
"""

import codecs
from collections.abc import Callable, Mapping

from corpusforge.extract.base import Extracted, Extractor
from corpusforge.extract.plain import tidy

# UTF-32 first: its mark begins with the one of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


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


def decode(raw: bytes) -> str:
    """Strict UTF-8, or the encoding that a byte order mark declares; the mark is left out.

    Raises UnicodeDecodeError, whose `start` is the offset in `raw` of the first bad byte.
    """
    mark, encoding = next(((mark, name) for mark, name in _MARKS if raw.startswith(mark)), (b"", "utf-8"))
    try:
        return raw[len(mark) :].decode(encoding)
    except UnicodeDecodeError as error:
        start, end = error.start + len(mark), error.end + len(mark)
        raise UnicodeDecodeError(encoding, raw, start, end, error.reason) from None


def reader_of(mime: str) -> Callable[[str], str] | None:
    """The function that reads a media type, whatever its parameters; text/* is plain text, None for what is not text."""
    essence = mime.partition(";")[0].strip().lower()
    return _READERS.get(essence, tidy if essence.startswith("text/") else None)


def extract(raw: bytes, mime: str) -> Extracted:
    """Text of one document; raises what a library raises on it, and RuntimeError where it nests too deeply."""
    read = reader_of(mime)
    if read is None:
        return Extracted(
            drop="unsupported_mime", message=f"media type {mime!r} is not Markdown, reStructuredText or plain text"
        )
    try:
        text = decode(raw)
    except UnicodeDecodeError as error:
        bad = raw[error.start : error.start + 4].hex(" ")
        message = f"byte {error.start} is not {error.encoding}: {error.reason}, found {bad}"
        return Extracted(drop="undecodable", value=error.start, message=message)
    num_nul = text.count("\0")
    if num_nul:
        return Extracted(drop="nul_bytes", value=num_nul, threshold=0, message="NUL characters: not a text file")
    try:
        clean = read(text)
    except RecursionError as error:
        raise RuntimeError(f"{mime} of {len(raw)} bytes nests too deeply to be read; flatten it or leave it out") from error
    if not clean.strip():
        return Extracted(drop="empty_text", value=0, threshold=1, message="no text is left after the markup")
    return Extracted(text=clean)


class Markup(Extractor):
    """Reads Markdown, MyST, R Markdown, reStructuredText and plain text; nothing is run, no other file is read.

    Headings, paragraphs on one line, "- " lists, code without fences, tables as "a | b", formulas between dollars. Columns
    in: raw (large_binary), mime (string). Out: text (large_string, "" where dropped) and the verdict, whose drop is
    unsupported_mime, undecodable (value: offset of the first bad byte), nul_bytes (value: how many) or empty_text.
    """

    def extract(self, raw: bytes, mime: str, url: str) -> Extracted:
        """Text of one document; raises what a library raises on it, and RuntimeError where it nests too deeply."""
        return extract(raw, mime)
