"""What a page says of itself: title, authors, site, date, licence, address, language.

Only what is stated is taken: metadata, JSON-LD, marked links and times. Nothing is guessed from the text, and no clock asked.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import unescape
from urllib.parse import urljoin, urlsplit

from lxml import etree

from corpusforge.extract.creative_commons import commons_address
from corpusforge.extract.html_dates import iso_date
from corpusforge.extract.html_linked_data import linked_facts
from corpusforge.extract.html_tree import num_words
from corpusforge.extract.plain import without_marks

_MAX_CHARACTERS = 300
_MAX_HEADINGS = 20
# What links to a heading itself are drawn as; the last is an icon of a font.
_HEADING_LINKS = " \u00b6#\uf0c1"
_TITLES = ("citation_title", "og:title", "dc.title", "dcterms.title", "twitter:title")
_AUTHORS = (
    "citation_author",
    "author",
    "dc.creator",
    "dcterms.creator",
    "article:author",
    "parsely-author",
    "sailthru.author",
    "byl",
)
_SITES = ("og:site_name", "citation_journal_title", "dc.publisher", "application-name")
_DATES = (
    "article:published_time", "citation_publication_date", "citation_date", "datepublished", "dc.date.issued",
    "dcterms.issued", "dcterms.date", "dc.date", "pubdate", "publishdate", "publish-date", "sailthru.date", "parsely-pub-date",
    "date", "og:published_time", "weibo: article:create_at",
)  # fmt: skip
_LICENSES = ("dcterms.license", "dc.rights", "dcterms.rights", "citation_license")
_BY = re.compile(r"(?i)^by\s+")
_SEPARATOR = re.compile(r"\s+[|\u2013\u2014\u00b7\u00bb\u00ab:-]{1,2}\s+|\s*[_|]\s*")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,2}")
_LETTERS = re.compile(r"\w+")


@dataclass(frozen=True)
class Facts:
    """Facts of a page, each "" where it does not say; `date` as ISO 8601, `license` and `url` as addresses."""

    title: str = ""
    author: str = ""
    site: str = ""
    date: str = ""
    license: str = ""
    url: str = ""
    language: str = ""

    def meta(self) -> dict[str, object]:
        """What has no column of its own, by name."""
        named = {"title": self.title, "author": self.author, "site": self.site, "lang": self.language}
        return {name: value for name, value in named.items() if value}


@dataclass
class _Said:
    """What the elements of a page say, before one of several is chosen."""

    meta: dict[str, list[str]] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    headings: list[str] = field(default_factory=list)
    titles: list[str] = field(default_factory=list)
    times: list[tuple[bool, str]] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)
    licenses: list[str] = field(default_factory=list)
    commons: set[str] = field(default_factory=set)
    authors: list[str] = field(default_factory=list)

    def first(self, names: Iterable[str]) -> str:
        """The value of the first of these names of <meta>."""
        return next((values[0] for name in names if (values := self.meta.get(name))), "")


def facts_of(page: etree._Element, address: str = "") -> Facts:
    """Facts of a parsed page that was found at `address`, "" where that is not known."""
    said = _said(page)
    linked = linked_facts(said.scripts)
    site = said.first(_SITES) or linked.get("publisher", "")
    canonical = said.links.get("canonical", "") or said.first(("og:url",))
    language = page.get("lang") or page.get("{http://www.w3.org/XML/1998/namespace}lang") or page.get("xml:lang") or ""
    return Facts(
        title=_title(said, linked.get("headline", ""), site),
        author=_author(said, linked.get("author", "")),
        site=_short(site),
        date=_date(said, linked.get("datePublished", "")),
        license=_license(said, linked.get("license", ""), address),
        url=_address(canonical, address),
        language=_language(
            (language, said.first(("content-language", "og:locale", "dc.language")), linked.get("inLanguage", ""))
        ),
    )


def _said(page: etree._Element) -> _Said:
    said, links = _Said(), list[etree._Element]()
    for element in page.iter("a", "meta", "link", "h1", "title", "time", "script"):
        tag = element.tag
        if tag == "a":
            _hear_link(said, element)
        elif tag == "meta":
            _hear_meta(said, element)
        elif tag == "link":
            links.append(element)
        elif tag == "h1" and len(said.headings) < _MAX_HEADINGS:
            said.headings.append(_short("".join(element.itertext())).rstrip(_HEADING_LINKS))
        elif tag == "title":
            said.titles.append(_short(element.text or ""))
        elif tag == "time":
            is_published = element.get("itemprop") == "datePublished" or element.get("pubdate") is not None
            said.times.append((is_published, element.get("datetime") or element.text or ""))
        elif element.get("type") == "application/ld+json" and element.text:
            said.scripts.append(element.text)
    for element in links:  # behind those that readers see
        _hear_link(said, element)
    return said


def _hear_meta(said: _Said, meta: etree._Element) -> None:
    name = meta.get("property") or meta.get("name") or meta.get("itemprop") or meta.get("http-equiv")
    value = _short(meta.get("content") or "")
    if name and value:
        said.meta.setdefault(name.strip().lower(), []).append(value)


def _hear_link(said: _Said, element: etree._Element) -> None:
    address, rel = (element.get("href") or "").strip(), element.get("rel")
    if not rel and "creativecommons.org/" not in address:
        return
    if rel and address:
        names = rel.lower().split()
        if "license" in names:
            said.licenses.append(address)
        if "canonical" in names:
            said.links.setdefault("canonical", address)
        if "author" in names and element.tag == "a":
            said.authors.append(_short("".join(element.itertext())))
    commons = commons_address(address)
    if commons:
        said.commons.add(commons)


def _title(said: _Said, headline: str, site: str) -> str:
    """The heading of the page if its metadata confirm it, else the title they give, without the name of the site."""
    stated = [each for each in (said.first(_TITLES), headline, *said.titles[:1]) if each]
    known = [_letters(each) for each in stated]
    for heading in said.headings if known else ():
        letters = _letters(heading)
        is_confirmed = letters in known[0] or any(each.startswith(letters) for each in known)
        if len(letters) >= 4 and letters != _letters(site) and is_confirmed:
            return heading
    if stated:
        return _without_site(stated[0], site)
    return next((heading for heading in said.headings if heading), "")


def _without_site(title: str, site: str) -> str:
    parts = [part.strip() for part in _SEPARATOR.split(title) if part.strip()]
    kept = [part for part in parts if _letters(part) != _letters(site)]
    if len(parts) < 2 or not kept:
        return title
    first = kept[0]
    longest = max(kept, key=num_words)
    return first if num_words(first) * 2 >= num_words(longest) else longest


def _author(said: _Said, linked: str) -> str:
    for name in _AUTHORS:
        values = [value for value in said.meta.get(name, []) if "://" not in value]
        if values:
            return "; ".join(dict.fromkeys(_BY.sub("", value) for value in values))[:_MAX_CHARACTERS]
    return _short(_BY.sub("", linked)) or next((_BY.sub("", each) for each in said.authors if each), "")


def _date(said: _Said, linked: str) -> str:
    stated = [value for name in _DATES for value in said.meta.get(name, ())]
    times = [value for is_published, value in sorted(said.times, key=lambda each: not each[0])]
    return next((found for value in (*stated[:10], linked, *times[:1]) if (found := iso_date(value))), "")


def _license(said: _Said, linked: str, address: str) -> str:
    """What is marked as the licence; without a mark, the one Creative Commons licence that the page links to."""
    marked = (*said.licenses, linked, *(said.first((name,)) for name in _LICENSES))
    found = next((each for value in marked if (each := commons_address(value) or _address(value, address))), "")
    return found or (next(iter(said.commons)) if len(said.commons) == 1 else "")


def _address(value: str, base: str) -> str:
    """An absolute address of the web; "" where it is none."""
    try:
        joined = urljoin(base, value) if base else value
        parts = urlsplit(joined)
    except ValueError:
        return ""
    is_web = parts.scheme in ("http", "https") and bool(parts.netloc) and not any(each.isspace() for each in joined)
    return joined if value and is_web and len(joined) <= 2000 else ""


def _language(values: Sequence[str]) -> str:
    found = next((match[0] for value in values if (match := _LANGUAGE.fullmatch(value.strip()))), "")
    return found.replace("_", "-").lower()


def _letters(text: str) -> str:
    return "".join(_LETTERS.findall(text.lower()))


def _short(text: str) -> str:
    text = " ".join(without_marks(text[: 20 * _MAX_CHARACTERS]).split())
    return (unescape(text) if "&" in text else text)[:_MAX_CHARACTERS]  # some sites escape twice
