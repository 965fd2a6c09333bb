"""What the elements of a page say of it: <meta>, links, titles, headings, times, JSON-LD, before one of several is chosen."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from html import unescape

import numpy as np

from corpusforge.extract.creative_commons import commons_address
from corpusforge.extract.html_elements import COMMONS, TAGS, PageElements, unescaped
from corpusforge.extract.plain import without_marks

MAX_CHARACTERS = 300
"""Of a title, a name and whatever else is taken from a page."""

# Headings, and names in links, beyond so many say nothing of the page.
_MAX_TEXTS = 20
# Bytes of an element that are looked at: short() keeps 6,000 characters of its text.
_MAX_BYTES = 2**16
# And before a title, which is the first that an icon has.
_MAX_BYTES_BEFORE = 2**12
# What links to a heading itself are drawn as; the last is an icon of a font.
_HEADING_LINKS = " \u00b6#\uf0c1"
_TAG = re.compile(b"<[^>]*>")
_PICTURE = re.compile(rb"<(/?)svg(?=[\s/>])[^>]*?(/?)>")

Given = Mapping[str, str]


@dataclass
class Said:
    """What a page says: values of <meta> by name, addresses of marked links by kind, and texts."""

    meta: dict[str, list[str]] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    headings: list[str] = field(default_factory=list)
    titles: list[str] = field(default_factory=list)
    times: list[tuple[bool, str]] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)
    licenses: list[str] = field(default_factory=list)
    commons: set[str] = field(default_factory=set)
    authors: list[str] = field(default_factory=list)
    language: str = ""

    def first(self, names: Iterable[str]) -> str:
        """The value of the first of these names of <meta>."""
        return next((values[0] for name in names if (values := self.meta.get(name))), "")


def said_of(page: PageElements) -> Said:
    """What the elements of a page say, those too of parts that hold no text of it."""
    said, links = Said(), list[Given]()
    stating = np.flatnonzero(page.states_facts)
    for element, number in zip(stating.tolist(), page.elements.tag[stating].tolist(), strict=True):
        tag, given = TAGS[number], page.attributes.get(element, {})
        if tag == "meta":
            _hear_meta(said, given)
        elif tag == "link":
            links.append(given)
        elif tag == "a":
            _hear_link(said, given)
            if "author" in _kinds(given) and _address(given) and len(said.authors) < _MAX_TEXTS:
                said.authors.append(short(_all_text(page, element, tag)))
        else:
            _hear_element(said, page, element, given)
    for given in links:  # behind those that readers see
        _hear_link(said, given)
    return said


def short(text: str) -> str:
    """At most 300 characters on one line; some sites escape twice."""
    text = " ".join(without_marks(text[: 20 * MAX_CHARACTERS]).split())
    return (unescape(text) if "&" in text else text)[:MAX_CHARACTERS]


def _hear_meta(said: Said, meta: Given) -> None:
    name = meta.get("property") or meta.get("name") or meta.get("itemprop") or meta.get("http-equiv")
    value = short(meta.get("content", ""))
    if name and value:
        said.meta.setdefault(name.strip().lower(), []).append(value)


def _hear_link(said: Said, link: Given) -> None:
    address, kinds = _address(link), _kinds(link)
    if not address or not (kinds or COMMONS in address):
        return
    if "license" in kinds:
        said.licenses.append(address)
    if "canonical" in kinds:
        said.links.setdefault("canonical", address)
    commons = commons_address(address)
    if commons:
        said.commons.add(commons)


def _hear_element(said: Said, page: PageElements, element: int, given: Given) -> None:
    tag = TAGS[page.elements.tag[element]]
    if tag == "h1" and len(said.headings) < _MAX_TEXTS:
        said.headings.append(short(_all_text(page, element, tag)).rstrip(_HEADING_LINKS))
    elif tag == "title" and len(said.titles) < 1 and not _is_in_picture(page, element):
        said.titles.append(short(_text(page, element)))
    elif tag == "time":
        is_published = given.get("itemprop") == "datePublished" or "pubdate" in given
        said.times.append((is_published, given.get("datetime") or _text(page, element)))
    elif tag == "script" and given.get("type") == "application/ld+json":
        said.scripts.append(_text(page, element))
    elif tag == "html":
        said.language = said.language or given.get("lang") or given.get("xml:lang") or ""


def _address(link: Given) -> str:
    return link.get("href", "").strip()


def _kinds(link: Given) -> list[str]:
    return link.get("rel", "").lower().split()


def _is_in_picture(page: PageElements, element: int) -> bool:
    """Whether an element is inside of an <svg>, as the title of an icon is."""
    end = int(page.elements.inside[element])
    before = _PICTURE.findall(page.raw[max(end - _MAX_BYTES_BEFORE, 0) : end])
    return sum(-1 if is_end else not is_empty for is_end, is_empty in before) > 0


def _text(page: PageElements, element: int) -> str:
    """Text of an element before the first one inside."""
    begin = page.raw.index(b">", page.elements.inside[element]) + 1
    return unescaped(page.raw[begin : page.raw.find(b"<", begin)]) if page.raw[begin - 2 : begin] != b"/>" else ""


def _all_text(page: PageElements, element: int, tag: str) -> str:
    """Text of an element and of those inside; in a part that is left out, up to the first end of such an element."""
    begin = page.raw.index(b">", page.elements.inside[element]) + 1
    if page.raw[begin - 2 : begin] == b"/>":
        return ""
    last = int(page.elements.last[element])
    end = int(page.events.begin[last]) if last >= 0 else page.raw.find(f"</{tag}>".encode(), begin)
    inside = _TAG.sub(b"", page.raw[begin : min(end, begin + _MAX_BYTES)]).partition(b"<")[0]
    return unescaped(inside.decode(errors="ignore").encode())  # the end may have cut a character
