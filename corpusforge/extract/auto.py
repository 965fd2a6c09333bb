"""Documents of all formats in one folder, archive or crawl: each goes to the stage for its format."""

from typing import ClassVar

from corpusforge.extract.base import Extracted, Extractor
from corpusforge.extract.formats import format_of
from corpusforge.extract.html import Html
from corpusforge.extract.jats import Jats
from corpusforge.extract.markup import Markup
from corpusforge.extract.pdf import Pdf
from corpusforge.extract.tei import Tei

_HTML_TYPE, _XML_TYPE = "text/html", "application/xml"


class Auto(Extractor):
    """Reads web pages, PDF, JATS, TEI and markup, by first bytes and media type, with the settings of their own stages.

    Drops are those of these stages; XML that is none of them is unknown_xml, anything else unsupported_mime.
    """

    revision: ClassVar[int] = 3

    html: Html = Html()
    """Settings of extract.html."""
    pdf: Pdf = Pdf()
    """Settings of extract.pdf, which needs the extra `pdf` only where there are PDFs."""
    jats: Jats = Jats()
    """Settings of extract.jats."""
    tei: Tei = Tei()
    """Settings of extract.tei."""
    markup: Markup = Markup()
    """Settings of extract.markup."""

    def remarks(self) -> tuple[str, ...]:
        """What follows from the settings for PDFs."""
        return self.pdf.remarks()

    def extract(self, raw: bytes, mime: str, url: str) -> Extracted:
        """Text and facts of one document."""
        match format_of(raw, mime):
            case "html":
                return self.html.extract(raw, _as(mime, _HTML_TYPE), url)
            case "pdf":
                return self.pdf.extract(raw, mime, url)
            case "xml":
                return self._paper(raw, _as(mime, _XML_TYPE), url)
            case _:
                return self.markup.extract(raw, mime, url)

    def _paper(self, raw: bytes, mime: str, url: str) -> Extracted:
        found = self.jats.extract(raw, mime, url)
        if found.drop == Jats.other_root:
            found = self.tei.extract(raw, mime, url)
        if found.drop == Tei.other_root:
            return Extracted(drop="unknown_xml", message=f"{found.message}, which is neither JATS nor TEI nor XHTML")
        return found


def _as(mime: str, essence: str) -> str:
    """A media type under another name, with its parameters: text/plain; charset=gbk -> text/html; charset=gbk."""
    _, semicolon, parameters = mime.partition(";")
    return f"{essence}{semicolon}{parameters}"
