"""What the readers of papers in XML share: settings, safe parsing, the verdicts, and the way from blocks to text."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from lxml import etree

from corpusforge.extract.article import Block
from corpusforge.extract.article_text import article_text
from corpusforge.extract.base import Extracted
from corpusforge.extract.decoding import TextExtractor
from corpusforge.extract.xml_tree import InvalidXml, bare_name, parse
from corpusforge.text.charsets import Decoded
from corpusforge.text.declarations import charset_parameter, declared_in_xml

MAX_AUTHORS = 50
_XML_TYPES = ("application/xml", "text/xml")


@dataclass(frozen=True)
class Facts:
    """What a paper says of itself; "" where it says nothing. `date` is year, year-month or year-month-day."""

    doi: str = ""
    license: str = ""
    date: str = ""
    meta: Mapping[str, object] = field(default_factory=dict)


def is_xml(mime: str) -> bool:
    """Whether a media type, whatever its parameters, is XML."""
    essence = mime.partition(";")[0].strip().lower()
    return essence in _XML_TYPES or (essence.startswith("application/") and essence.endswith("+xml"))


class PaperExtractor(TextExtractor):
    """A paper in XML. Verdicts: unsupported_mime, undecodable, invalid_xml (value: the line), of another root, empty_text."""

    other_root: ClassVar[str]

    citations: Literal["text", "title"] = "text"
    """Citations as they are printed, or the title of the work in their place where the list of references has it."""

    references: Literal["drop", "list"] = "drop"
    """Whether the list of references is part of the text."""

    tags: Literal["none", "sciparser"] = "none"
    """sciparser: [START_REF] ... [END_REF] around citations, and FIGURE, TABLE, FORMULA, NOTE alike."""

    @staticmethod
    @abstractmethod
    def is_root(root: etree._Element) -> bool:
        """Whether a document with this root element is one of ours."""

    @abstractmethod
    def blocks(self, root: etree._Element) -> tuple[Block, ...]:
        """The paper in reading order."""

    @abstractmethod
    def facts(self, root: etree._Element) -> Facts:
        """What it says of itself."""

    def refusal(self, mime: str) -> str:
        """That a media type is no XML."""
        return "" if is_xml(mime) else f"media type {mime!r} is not XML"

    def declared(self, raw: bytes, mime: str) -> tuple[str, ...]:
        """What the server says, then the XML declaration."""
        return (charset_parameter(mime), declared_in_xml(raw))

    def read(self, decoded: Decoded, mime: str, url: str) -> Extracted:
        """Text and facts of one paper."""
        try:
            root = parse(decoded.text)
        except InvalidXml as error:
            return Extracted(drop="invalid_xml", value=error.line, message=f"line {error.line}: {error}")
        if not self.is_root(root):
            return Extracted(drop=self.other_root, message=f"root element is <{bare_name(root.tag)}>")
        found = article_text(self.blocks(root), is_tagged=self.tags == "sciparser")
        if not found.strip():
            return Extracted(drop="empty_text", value=0, threshold=1, message="no text in title, abstract, body and back")
        facts = self.facts(root)
        address = f"https://doi.org/{facts.doi}" if facts.doi else ""
        return Extracted(text=found, url=address, license=facts.license, date=facts.date, meta=facts.meta)
