"""What a TEI header says of its text: title, authors, journal, DOI, date, licence, keywords, language."""

import re
from collections.abc import Iterator

from lxml import etree

from corpusforge.extract.creative_commons import commons_address, commons_licence
from corpusforge.extract.xml_paper import MAX_AUTHORS, Facts
from corpusforge.extract.xml_tree import attribute, child, elements, words_of

_DATE = re.compile(r"[12][0-9]{3}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12][0-9]|3[01]))?)?")
_DOI = re.compile(r"10\.\d{4,9}/\S+")


def header_of(root: etree._Element) -> etree._Element | None:
    """The first header in a document."""
    return next(elements(root, "teiHeader"), None)


def title_of(header: etree._Element) -> str:
    """The main title, else the first one."""
    statement = child(header, "fileDesc", "titleStmt")
    titles = list(statement.iterfind("{*}title")) if statement is not None else []
    main = [each for each in titles if attribute(each, "type") == "main"]
    return next((words for each in [*main, *titles] if (words := words_of(each))), "")


def facts(root: etree._Element) -> Facts:
    """Facts of the first header."""
    header = header_of(root)
    if header is None:
        return Facts()
    date, doi = _date(header), _doi(header)
    said = {
        "title": title_of(header),
        "journal": next((words_of(each) for each in elements(header, "title") if attribute(each, "level") == "j"), ""),
        "doi": doi,
        "year": date[:4],
        "authors": list(dict.fromkeys(_authors(header)))[:MAX_AUTHORS],
        "keywords": _keywords(header),
        "language": _language(root, header),
    }
    return Facts(doi, _license(header), date, {name: value for name, value in said.items() if value})


def _language(root: etree._Element, header: etree._Element) -> str:
    text = next(elements(root, "text"), None)
    places = [*([text] if text is not None else []), root, header]
    return next((language.lower() for each in places if (language := attribute(each, "lang"))), "")


def _doi(header: etree._Element) -> str:
    stated = [words_of(each) for each in elements(header, "idno") if attribute(each, "type").upper() == "DOI"]
    found = _DOI.search(" ".join(stated))
    return found[0] if found else ""


def _date(header: etree._Element) -> str:
    """The date of publication: of this text, else of its source."""
    publication = child(header, "fileDesc", "publicationStmt")
    imprint = next(elements(header, "imprint"), None)
    dates = [each for place in (publication, imprint) if place is not None for each in elements(place, "date")]
    stated = (attribute(each, "when") or words_of(each) for each in dates)
    return next((match[0] for each in stated if (match := _DATE.match(each))), "")


def _license(header: etree._Element) -> str:
    """The licence that the statement on availability links to, else the one that its words clearly name."""
    publication = child(header, "fileDesc", "publicationStmt")
    if publication is None:
        return ""
    addresses = [attribute(each, "target") for each in publication.iter()]
    words = words_of(publication)
    commons = next((found for text in [*addresses, words] if (found := commons_address(text))), "")
    licences = (attribute(each, "target") for each in elements(publication, "licence"))
    return commons or commons_licence(words) or next((each for each in licences if each.startswith("http")), "")


def _keywords(header: etree._Element) -> list[str]:
    return [words for each in elements(header, "keywords") for term in elements(each, "term") if (words := words_of(term))]


def _authors(header: etree._Element) -> Iterator[str]:
    """Names of the authors; GROBID's entries that are only an affiliation have none."""
    statement, source = child(header, "fileDesc", "titleStmt"), child(header, "fileDesc", "sourceDesc")
    for place in (source, statement):
        for author in elements(place, "author") if place is not None else ():
            name = child(author, "persName")
            parts = [words_of(each) for each in name] if name is not None and len(name) else []
            written = " ".join(filter(None, parts)) or words_of(name) or ("" if len(author) else words_of(author))
            if written:
                yield written
