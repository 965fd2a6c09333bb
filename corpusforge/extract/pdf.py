"""Born-digital PDFs to text in reading order; scans are told apart by their text layer, and can be sent to a server.

pdfium gives characters and boxes, the modules beside this one find columns, furniture and paragraphs in them: plain text of
pdfium runs across columns and keeps headers, line breaks and hyphens. pdfium is BSD; PyMuPDF is as fast but AGPL, pypdf 20
times slower.
"""

from dataclasses import replace
from pathlib import Path

from pydantic import Field

from corpusforge.core import Artifacts
from corpusforge.extract.base import Extracted, Extractor
from corpusforge.extract.ocr_server import OcrFailed, OcrServer
from corpusforge.extract.pdf_facts import date_of, doi_address, named_facts
from corpusforge.extract.pdf_layout import layout
from corpusforge.extract.pdf_pages import Limits, PdfPages, PdfRefused, check_installed, read_pages
from corpusforge.extract.pdf_quality import TextLayer, text_layer
from corpusforge.extract.plain import tidy

_MAGIC = b"%PDF-"
_MAGIC_WITHIN = 1024  # bytes: what readers allow before it
_MEDIA_TYPES = ("application/pdf", "application/x-pdf", "application/octet-stream", "")


class Pdf(Extractor):
    """Reads PDFs: columns in order, words whole, headers, footers, page and line numbers out, paragraphs on one line.

    Headings as "# ", items as "- ", tables as pipe tables; footnotes behind the text of their page, text that is turned left
    out. Drops are unsupported_mime, invalid_pdf, encrypted, too_many_pages, page_too_large, too_many_characters, needs_ocr
    (value: the share that was too large), ocr_failed, empty_text. meta gets title, author, num_pages and what was left out.
    """

    max_scanned_share: float = Field(default=0.5, ge=0, le=1)
    """Documents with a larger share of pages that are pictures without text are rejected as needs_ocr."""
    max_unreadable_share: float = Field(default=0.2, ge=0, le=1)
    """The same for the share of characters whose meaning the file does not tell."""
    min_page_characters: int = Field(default=40, ge=1, le=500)
    """A page with a picture and fewer characters than this counts as scanned."""
    max_pages: int = Field(default=2000, gt=0)
    """Longer documents are rejected as too_many_pages."""
    max_page_characters: int = Field(default=100_000, gt=0)
    """A document with a fuller page is rejected as page_too_large: it is a drawing or an attack, and slow."""
    max_characters: int = Field(default=20_000_000, gt=0)
    """A document with more is rejected as too_many_characters: what is packed small could fill the memory."""
    ocr: OcrServer | None = None
    """A server that reads what has no usable text layer (kind: ocr), or everything (kind: grobid); none is asked by default."""

    def prepare(self, artifacts: Artifacts, folder: Path) -> None:
        """Raises MissingExtra without pypdfium2."""
        check_installed()

    def remarks(self) -> tuple[str, ...]:
        """That answers of a server are not ours to repeat."""
        return (f"extract.pdf asks {self.ocr.url}, so another build may give other text",) if self.ocr else ()

    def extract(self, raw: bytes, mime: str, url: str) -> Extracted:
        """Text and facts of one document."""
        check_installed()
        if _MAGIC not in raw[:_MAGIC_WITHIN]:
            if mime.partition(";")[0].strip().lower() not in _MEDIA_TYPES:
                return Extracted(drop="unsupported_mime", message=f"media type {mime!r} is not PDF")
            return Extracted(drop="invalid_pdf", message=f"no {_MAGIC.decode()} in the first {_MAGIC_WITHIN} bytes")
        if self.ocr and self.ocr.kind == "grobid":
            return _from_grobid(self.ocr, raw, url)
        try:
            pages = read_pages(raw, Limits(self.max_pages, self.max_page_characters, self.max_characters))
        except PdfRefused as refused:
            return Extracted(drop=refused.drop, message=refused.message, value=refused.value, threshold=refused.threshold)
        layer = text_layer(pages.counts, self.min_page_characters)
        verdict = self._verdict(layer)
        if verdict and self.ocr:
            return _from_ocr(self.ocr, raw, pages)
        return verdict or _from_layer(pages, layer)

    def _verdict(self, layer: TextLayer) -> Extracted | None:
        """Why the text layer cannot be used, if it cannot."""
        for share, most, what in (
            (layer.scanned_share, self.max_scanned_share, "of the pages are pictures without text"),
            (layer.unreadable_share, self.max_unreadable_share, "of the characters have no known meaning"),
        ):
            if share > most:
                return Extracted(drop="needs_ocr", value=share, threshold=most, message=f"{share:.0%} {what}")
        return None


def _from_layer(pages: PdfPages, layer: TextLayer) -> Extracted:
    text = layout(pages.runs)
    if not text.strip():
        return Extracted(drop="empty_text", value=0, threshold=1, message="no text on its pages")
    counts = {
        "turned_characters": sum(page.turned for page in pages.counts),
        "outside_characters": sum(page.outside for page in pages.counts),
        "damaged_pages": pages.num_pages - len(pages.counts),
    }
    meta: dict[str, object] = {**_facts(pages), **{name: count for name, count in counts.items() if count}}
    if layer.invisible_share > 0.5:
        meta["text_layer"] = "recognised"
    first_page = " ".join(run.text for run in pages.runs[0])
    return Extracted(text=text, url=doi_address(first_page), date=date_of(pages.about), meta=meta)


def _facts(pages: PdfPages) -> dict[str, object]:
    return {**named_facts(pages.about), "num_pages": pages.num_pages}


def _from_ocr(server: OcrServer, raw: bytes, pages: PdfPages) -> Extracted:
    try:
        answer = server.ask(raw)
    except OcrFailed as error:
        return Extracted(drop="ocr_failed", message=str(error))
    text = tidy(answer.text)
    if not text.strip():
        return Extracted(drop="empty_text", value=0, threshold=1, message=f"{server.url} found no text")
    return Extracted(text=text, date=date_of(pages.about), meta={**_facts(pages), **answer.about})


def _from_grobid(server: OcrServer, raw: bytes, url: str) -> Extracted:
    """What GROBID makes of the file, read as extract.tei reads any TEI."""
    try:
        answer = server.ask(raw)
    except OcrFailed as error:
        return Extracted(drop="ocr_failed", message=str(error))
    from corpusforge.extract.tei import Tei

    found = Tei().extract(answer.text.encode(), "application/tei+xml", url)
    return replace(found, meta={**found.meta, **answer.about})
