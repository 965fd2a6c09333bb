"""References of a paper in JATS: their titles, for citations, and their text, for the list."""

from lxml import etree

from corpusforge.extract.xml_tree import child, elements, name_of, words_of

_TITLES = ("article-title", "chapter-title", "data-title", "part-title", "trans-title", "source")
_CITATIONS = ("mixed-citation", "element-citation", "citation", "nlm-citation")
_AUTHORS = ("name", "string-name", "collab")


def titles(root: etree._Element) -> dict[str, str]:
    """The title of the work behind the id of each reference; the book or journal where the work has none."""
    known: dict[str, str] = {}
    for reference in elements(root, "ref"):
        title = next((words for name in _TITLES for words in map(words_of, elements(reference, name)) if words), "")
        for identifier in (reference.get("id"), *(part.get("id") for part in reference)):
            if identifier and title:
                known.setdefault(identifier, title.rstrip(". "))
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
        return _printed(citation)
    authors = ", ".join(_spaced(part) for part in citation.iter() if name_of(part) in _AUTHORS)
    works = [words_of(part) for name in _TITLES[:-1] for part in elements(citation, name)]
    parts = [authors, _first(citation, "year"), *works, _place(citation), _first(citation, "publisher-name")]
    return "".join(f"{part.rstrip('.')}. " for part in parts if part).strip()


def _printed(citation: etree._Element) -> str:
    """Its text, with a space between names that the publisher sets apart by style alone."""
    text = ""
    for event, part in etree.iterwalk(citation, events=("start", "end")):
        if event == "start":
            text += part.text or ""
        elif part is not citation:
            text += part.tail or (" " if name_of(part) == "surname" else "")
    return " ".join(text.split())


def _first(citation: etree._Element, name: str) -> str:
    return words_of(next(elements(citation, name), None))


def _place(citation: etree._Element) -> str:
    """Journal or book, volume and pages: "Earth 12(3): 45–67"."""
    source, volume, issue, first, last = (_first(citation, name) for name in ("source", "volume", "issue", "fpage", "lpage"))
    pages = f"{first}–{last}" if last and last != first else first or _first(citation, "elocation-id")
    within = volume + (f"({issue})" if issue else "")
    where = f"{source} {within}".strip()
    return f"{where}: {pages}" if where and pages else where or pages


def _spaced(author: etree._Element) -> str:
    return " ".join(" ".join(map(str, author.itertext())).split())
