"""What a page says of itself: title, authors, site, date, licence, address, language.

Only what is stated is taken: metadata, JSON-LD, marked links and times. Nothing is guessed from the text, and no clock asked.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from corpusforge.extract.creative_commons import commons_address
from corpusforge.extract.html_dates import iso_date
from corpusforge.extract.html_elements import PageElements
from corpusforge.extract.html_linked_data import linked_facts
from corpusforge.extract.html_said import MAX_CHARACTERS, Said, said_of, short
from corpusforge.extract.html_tree import num_words

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


def facts_of(page: PageElements, address: str = "") -> Facts:
    """Facts of a page that was found at `address`, "" where that is not known."""
    said = said_of(page)
    linked = linked_facts(said.scripts)
    site = said.first(_SITES) or linked.get("publisher", "")
    canonical = said.links.get("canonical", "") or said.first(("og:url",))
    return Facts(
        title=_title(said, linked.get("headline", ""), site),
        author=_author(said, linked.get("author", "")),
        site=short(site),
        date=_date(said, linked.get("datePublished", "")),
        license=_license(said, linked.get("license", ""), address),
        url=_address(canonical, address),
        language=_language(
            (said.language, said.first(("content-language", "og:locale", "dc.language")), linked.get("inLanguage", ""))
        ),
    )


def _title(said: Said, headline: str, site: str) -> str:
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


def _author(said: Said, linked: str) -> str:
    for name in _AUTHORS:
        values = [value for value in said.meta.get(name, []) if "://" not in value]
        if values:
            return "; ".join(dict.fromkeys(_BY.sub("", value) for value in values))[:MAX_CHARACTERS]
    return short(_BY.sub("", linked)) or next((_BY.sub("", each) for each in said.authors if each), "")


def _date(said: Said, linked: str) -> str:
    stated = [value for name in _DATES for value in said.meta.get(name, ())]
    times = [value for is_published, value in sorted(said.times, key=lambda each: not each[0])]
    return next((found for value in (*stated[:10], linked, *times[:1]) if (found := iso_date(value))), "")


def _license(said: Said, linked: str, address: str) -> str:
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
