"""References of a paper in TEI: their titles, for citations, and their text, for the list."""

from collections.abc import Iterator

from lxml import etree

from corpusforge.extract.article import Heading, Items, Paragraph, Pieces, Section
from corpusforge.extract.xml_flow import Node, Rule
from corpusforge.extract.xml_tree import attribute, elements, name_of, words_of

_REFERENCES = ("biblStruct", "bibl", "biblFull")


def _references(place: etree._Element) -> Iterator[etree._Element]:
    return (each for each in place.iter() if name_of(each) in _REFERENCES)


def titles(root: etree._Element) -> dict[str, str]:
    """The title of the work behind the id of each reference: that of the article or chapter before that of the whole."""
    found = ((attribute(each, "id"), map(words_of, elements(each, "title"))) for each in _references(root))
    return {
        identifier: title.rstrip(". ") for identifier, works in found if identifier and (title := next(filter(None, works), ""))
    }


def labels(root: etree._Element) -> dict[str, str]:
    """The label, or else the heading, behind the id of each figure and formula."""
    known: dict[str, str] = {}
    for name in ("head", "label"):
        for each in elements(root, name):
            identifier = attribute(each.getparent(), "id")
            if identifier and words_of(each):
                known[identifier] = words_of(each)
    return known


def reference_text(reference: etree._Element) -> str:
    """A reference as the paper prints it, where GROBID kept that, else its parts with points between them."""
    for note in reference.iterfind("{*}note"):
        if note.get("type") == "raw_reference" and words_of(note):
            return words_of(note)
    if name_of(reference) != "biblStruct":
        return words_of(reference)
    authors = ", ".join(_spaced(each) for each in elements(reference, "author"))
    dates = [each.get("when", "") or words_of(each) for each in elements(reference, "date")]
    parts = [authors, *(words_of(each) for each in elements(reference, "title")), *dates[:1]]
    return "".join(f"{part.rstrip('.')}. " for part in parts if part).strip()


def _spaced(author: etree._Element) -> str:
    return " ".join(" ".join(map(str, author.itertext())).split())


def reference_list(name: str) -> Rule:
    """The rule that lists references under a heading."""

    def rule(node: Node) -> Pieces:
        own = (part for part in node.parts if isinstance(part, Node) and part.name in _REFERENCES)
        texts = filter(None, (reference_text(part.element) for part in own))
        items = tuple((f"{number}. ", (Paragraph(text),)) for number, text in enumerate(texts, start=1))
        return [Section((Heading(name), Items(items)))] if items else []

    return rule
