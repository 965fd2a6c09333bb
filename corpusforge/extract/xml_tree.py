"""XML to a tree, safely: no network, no DTD, no external entity, bounded depth and expansion, no repair.

libxml2 stops at 256 levels, at text nodes of 10 MB, and where entities multiply what was written. Entities that a document
declares for itself are read; one that it declares elsewhere, and that HTML does not know, makes it invalid. A document that is
not well formed is refused whole: what a repair guesses would end up in the corpus unnoticed.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from lxml import etree

from corpusforge.extract.xml_entities import numbered

_DECLARATION = re.compile(r"\A\s*<\?xml\b[^>]*\?>")


class InvalidXml(Exception):
    """Why a text is not XML, with the line (from 1) where reading stopped."""

    def __init__(self, line: int, message: str):
        super().__init__(message)
        self.line = line


def parse(text: str) -> etree._Element:
    """The root element of an XML document; comments and processing instructions are left out; raises InvalidXml."""
    parser = etree.XMLParser(
        resolve_entities="internal", no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        # what it is declared to be encoded in no longer holds
        return etree.fromstring(numbered(_DECLARATION.sub("", text, count=1).encode()), parser)
    except etree.XMLSyntaxError as error:
        raise InvalidXml(error.lineno or 1, error.msg or "no XML") from error


@lru_cache(maxsize=4096)
def bare_name(name: str) -> str:
    """A name without its namespace: "{http://www.w3.org/1999/xlink}href" -> "href"."""
    return name.rpartition("}")[2]


def name_of(element: etree._Element) -> str:
    """Name of an element without its namespace."""
    return bare_name(element.tag)


def attribute(element: etree._Element, name: str) -> str:
    """Value of an attribute in whatever namespace, "" where there is none."""
    return next((str(value).strip() for key, value in element.attrib.items() if bare_name(key) == name), "")


def elements(element: etree._Element, name: str) -> Iterator[etree._Element]:
    """All elements of a name inside another, in whatever namespace, in the order of the document."""
    yield from element.iterfind(f".//{{*}}{name}")


def child(element: etree._Element, *path: str) -> etree._Element | None:
    """The first element down a path of names, in whatever namespace."""
    return element.find("/".join(f"{{*}}{name}" for name in path))


def words_of(element: etree._Element | None) -> str:
    """All text in an element on one line, "" for none."""
    return " ".join("".join(map(str, element.itertext())).split()) if element is not None else ""
