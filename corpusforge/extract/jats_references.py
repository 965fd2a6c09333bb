"""References of a paper in JATS: their titles, for citations, and their text, for the list."""

from lxml import etree

from corpusforge.extract.xml_tree import child, elements, name_of, words_of

_TITLES = ("article-title", "chapter-title", "data-title", "part-title", "trans-title", "source")
_CITATIONS = ("mixed-citation", "element-citation", "citation", "nlm-citation")
_AUTHORS = ("name", "string-name", "collab")
_PARTS = ("year", *_TITLES, "publisher-name", "volume", "issue", "fpage", "lpage", "elocation-id")


def titles(root: etree._Element) -> dict[str, str]:
    """The title of the work behind the id of each reference; the book or journal where the work has none."""
    known: dict[str, str] = {}
    for reference in elements(root, "ref"):
        title = next((words for name in _TITLES for words in map(words_of, elements(reference, name)) if words), "")
        for identifier in (reference.get("id"), *(part.get("id") for part in reference)):
            if identifier and title:
                known.setdefault(identifier, title)
    return known


def labels(root: etree._Element) -> dict[str, str]:
    """The printed label behind the id of anything that has one; that of a reference in brackets."""
    known: dict[str, str] = {}
    for label in elements(root, "label"):
        parent = label.getparent()
        identifier, words = parent.get("id"), words_of(label)
        if identifier and words:
            known[identifier] = f"[{words.strip('[].() ')}]" if name_of(parent) == "ref" else words
    return known


def reference_text(reference: etree._Element) -> str:
    """A reference as it is printed; one that is only marked up gets the punctuation that its makers left to others."""
    printed = [_citation(part) for part in reference if name_of(part) in _CITATIONS]
    alternatives = child(reference, "citation-alternatives")
    if alternatives is not None:
        printed += [_citation(part) for part in alternatives][:1]
    return " ".join(filter(None, printed)) or words_of(reference)


def _citation(citation: etree._Element) -> str:
    is_bare = all(not (part.tail or "").strip() for part in citation) and not (citation.text or "").strip()
    if not is_bare or len(citation) < 2:
        return words_of(citation)
    authors = ", ".join(_spaced(part) for part in citation.iter() if name_of(part) in _AUTHORS)
    rest = [words_of(part) for name in _PARTS for part in elements(citation, name)]
    return ". ".join(part.rstrip(".") for part in [authors, *rest] if part) + "."


def _spaced(author: etree._Element) -> str:
    return " ".join(" ".join(map(str, author.itertext())).split())
