"""What a paper in JATS says of itself: DOI, journal, date, licence, authors, keywords, language."""

import re
from collections.abc import Iterator

from lxml import etree

from corpusforge.extract.creative_commons import commons_address, commons_licence
from corpusforge.extract.xml_paper import MAX_AUTHORS, Facts
from corpusforge.extract.xml_tree import attribute, child, elements, name_of, words_of

_METAS = ("article-meta", "book-part-meta", "book-meta", "front-stub")
_ELECTRONIC = ("epub", "epub-ppub", "epreprint")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DOI = re.compile(r"10\.\d{4,9}/\S+")
_OF_MEMBERS = frozenset({"contrib-group", "aff", "address", "email", "xref", "fn"})


def facts(article: etree._Element) -> Facts:
    """Facts of an article."""
    meta = next((found for name in _METAS if (found := next(elements(article, name), None)) is not None), None)
    if meta is None:
        return Facts()
    date, doi = _date(meta), _doi(meta)
    said = {
        "title": words_of(next(elements(meta, "article-title"), None)),
        "journal": words_of(next(elements(article, "journal-title"), None)),
        "doi": doi,
        "year": date[:4],
        "authors": list(_authors(meta))[:MAX_AUTHORS],
        "keywords": [words for word in elements(meta, "kwd") if (words := words_of(word))],
        "language": attribute(article, "lang").lower(),
        "formula_pictures": _num_formula_pictures(article),
    }
    return Facts(doi, _license(meta), date, {name: value for name, value in said.items() if value})


def _num_formula_pictures(article: etree._Element) -> int:
    """Formulas that the paper gives only as pictures, so that its text lacks them."""
    formulas = [each for name in ("inline-formula", "disp-formula") for each in elements(article, name)]
    wordless = (each for each in formulas if words_of(each) == words_of(child(each, "label")))
    return sum(1 for each in wordless if any("graphic" in name_of(part) for part in each.iter()))


def _doi(meta: etree._Element) -> str:
    stated = [words_of(each) for each in elements(meta, "article-id") if attribute(each, "pub-id-type") == "doi"]
    found = _DOI.search(" ".join(stated))
    return found[0] if found else ""


def _two_digits(text: str, most: int) -> str:
    return f"{int(text):02d}" if text.isascii() and text.isdigit() and 1 <= int(text) <= most else ""


def _month(text: str) -> str:
    named = [number for number, name in enumerate(_MONTHS, start=1) if text.lower().startswith(name)]
    return _two_digits(str(named[0]) if named else text, 12)


def _iso(date: etree._Element) -> str:
    """A date as far as it is given: year, year-month or year-month-day."""
    year, month, day = (words_of(child(date, name)) for name in ("year", "month", "day"))
    if not re.fullmatch(r"[12][0-9]{3}", year):
        return ""
    parts = [year, _month(month), _two_digits(day, 31)]
    return "-".join(parts[: parts.index("")] if "" in parts else parts)


def _is_electronic(date: etree._Element) -> bool:
    return attribute(date, "pub-type") in _ELECTRONIC or attribute(date, "publication-format") in ("electronic", "online")


def _date(meta: etree._Element) -> str:
    """The day it went online, else the earliest of the days it was published."""
    dates = [(each, iso) for each in meta.iterfind("{*}pub-date") if (iso := _iso(each))]
    online = [iso for each, iso in dates if _is_electronic(each)]
    return min(online or [iso for _, iso in dates], default="")


def _license(meta: etree._Element) -> str:
    """The address that the licence gives, the Creative Commons one first, else the one that its words clearly name."""
    licenses = list(elements(meta, "license"))
    addresses = [words_of(each) for each in elements(meta, "license_ref")]
    addresses += [attribute(each, "href") for each in licenses]
    addresses += [attribute(each, "href") for part in licenses for each in part.iter() if each is not part]
    statements = [words_of(each) for each in licenses] + [words_of(each) for each in elements(meta, "copyright-statement")]
    commons = next((found for text in [*addresses, *statements] if (found := commons_address(text))), "")
    named = next((found for text in statements if (found := commons_licence(text))), "")
    return commons or named or next((address for address in addresses if address.startswith("http")), "")


def _authors(meta: etree._Element) -> Iterator[str]:
    """Names of the authors, given name first but where names are eastern."""
    for contributor in elements(meta, "contrib"):
        if attribute(contributor, "contrib-type") not in ("author", ""):
            continue
        for name in contributor.iter():
            if name_of(name) in ("name", "string-name", "collab"):
                yield _name(name)
                break


def _name(name: etree._Element) -> str:
    given, surname = (words_of(child(name, part)) for part in ("given-names", "surname"))
    if not surname:
        return words_of(name) if name_of(name) != "collab" else _collective(name) or words_of(name)
    if attribute(name, "name-style") == "eastern":
        return surname + given if not surname.isascii() else f"{surname} {given}".strip()
    return f"{given} {surname}".strip()


def _collective(collab: etree._Element) -> str:
    """The name of a group of authors, without those of its members."""
    parts = [collab.text or ""]
    for part in collab:
        parts += ["" if name_of(part) in _OF_MEMBERS else "".join(map(str, part.itertext())), part.tail or ""]
    return " ".join("".join(parts).split())
