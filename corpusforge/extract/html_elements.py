"""The elements of a page: which tags count and for what, and what the attributes of each say."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from html import unescape
from typing import NamedTuple

import numpy as np
from lxml import etree
from numpy.typing import NDArray

from corpusforge.extract.html_names import FORMULA, HIDDEN, PARTS, PICTURE, SOURCE, WORDS, said_by
from corpusforge.extract.plain import names
from corpusforge.text.markup_blocks import BLOCK, BREAK, CHANGED, LINK
from corpusforge.text.markup_tags import Elements, Events, Values, elements_of, names_table, values_of
from corpusforge.text.markup_words import ASK, meanings_of
from corpusforge.text.phrases import frozen

_SKIPPED = names(
    """head style noscript template svg iframe frame frameset noframes noembed object embed applet audio video canvas map
    area select option optgroup datalist button input textarea label progress meter nav aside footer menu dialog rp param
    source track link meta base title"""
)
_BLOCKS = names(
    """html body address article blockquote caption center dd details dir div dl dt fieldset figcaption figure form h1 h2 h3
    h4 h5 h6 header hgroup hr legend li main ol p section summary table tbody td tfoot th thead tr ul"""
)
_CODE = names("code kbd samp tt")
SUBSCRIPT, SUPERSCRIPT, GLOSS, CODE = range(4)
"""The ways in which the text of an element is written otherwise."""
_KINDS = dict.fromkeys(_BLOCKS, BLOCK) | dict.fromkeys(_CODE, CHANGED + CODE)
_KINDS |= {"a": LINK, "br": BREAK, "sub": CHANGED + SUBSCRIPT, "sup": CHANGED + SUPERSCRIPT, "rt": CHANGED + GLOSS}
# What says of an element that it has to be looked at by itself, other than FORMULA; ANY needs no saying.
_ANY = 2**15
_ASKED = {
    "math": _ANY,
    "m:math": _ANY,
    "mml:math": _ANY,
    "mjx-container": _ANY,
    "pre": _ANY,
    "img": PICTURE | FORMULA,
    "script": SOURCE,
}

_NAMES = ("class", "id", "role")  # which the author of a page gave its parts
_MARKING = (*_NAMES, "style", "itemprop", "type")
_ATTRIBUTES = (
    *("", *_MARKING, "colspan", "rowspan", "start", "property", "name", "http-equiv", "content", "rel", "href", "datetime"),
    *("pubdate", "lang", "xml:lang", "hidden"),
)
# The attributes of these that are taken; of links those alone that say something of the page.
_TAKEN = {
    "html": ("lang", "xml:lang"),
    "meta": ("property", "name", "itemprop", "http-equiv", "content"),
    "link": ("rel", "href"),
    "a": ("rel", "href"),
    "time": ("itemprop", "pubdate", "datetime"),
    "script": ("type",),
    "title": (),
    "h1": (),
    "td": ("colspan", "rowspan"),
    "th": ("colspan", "rowspan"),
    "ol": ("start",),
}
_STATING = names("html meta link a time script title h1")

TAGS = ("", *sorted(_SKIPPED | _KINDS.keys() | _ASKED.keys() | _STATING))
"""Tags by number; 0 stands for all others, which are parts of sentences and change nothing."""
COMMONS = "creativecommons.org/"
"""Links to here may be licences, whatever else is said of them."""
_UNSAYABLE = b"&#xFFFD;"


class PageElements(NamedTuple):
    """A page as it is written out, and its elements.

    By element: `kinds` (uint8) as blocks_of takes them, `marks` (int64) what is said of it, bits of markup_sums and html_names;
    as bool: `is_link`, it is a link; `needs_lxml`, it may be a formula or is code; `states_facts`, it says what the page is.
    `attributes` are those by which the text or what is known of the page differs.
    """

    raw: bytes
    elements: Elements
    events: Events
    kinds: NDArray[np.uint8]
    marks: NDArray[np.int64]
    is_link: NDArray[np.bool_]
    needs_lxml: NDArray[np.bool_]
    states_facts: NDArray[np.bool_]
    attributes: Mapping[int, Mapping[str, str]]


class _Tables(NamedTuple):
    """Numbers of names, and by the number of a tag what is to be known of it."""

    tags: NDArray[np.int64]
    attributes: NDArray[np.int64]
    words: NDArray[np.int64]
    meanings: NDArray[np.int64]
    parts: NDArray[np.int64]
    leaves_out: NDArray[np.bool_]
    states_facts: NDArray[np.bool_]
    kinds: NDArray[np.uint8]
    asked: NDArray[np.int64]
    wanted: NDArray[np.int64]
    taken: NDArray[np.int64]


def page_elements(page: etree._Element) -> PageElements:
    """The elements of a parsed page: all but those inside of parts that never hold text and say nothing of the page."""
    raw, tables = etree.tostring(page, encoding="utf-8"), _tables()
    data = np.frombuffer(raw, np.uint8)
    elements, events = elements_of(data, tables.tags, tables.leaves_out, tables.states_facts)
    tag = elements.tag
    given, values = values_of(data, tag, elements.inside, tables.attributes, tables.wanted)
    marks = _marks(raw, data, values, len(tag))
    marks[given & (_HIDDEN | _STYLE) == _HIDDEN] |= HIDDEN  # a style, where there is one, counts instead
    kinds = tables.kinds[tag]
    is_link = kinds == LINK
    states_facts = tables.states_facts[tag] & (~is_link | (given & _REL != 0) | (COMMONS.encode() in raw))
    needs_lxml = ((marks | _ANY) & tables.asked[tag] != 0) & (elements.last >= 0)
    is_link &= given & _HREF != 0
    is_taken = tables.taken[tag[values.element]] >> values.attribute & 1 > 0
    taken = _taken(raw, _rows(values, is_taken & (states_facts | (kinds != LINK))[values.element]))
    return PageElements(raw, frozen(elements), frozen(events), kinds, marks, is_link, needs_lxml, states_facts, taken)


def unescaped(raw: bytes) -> str:
    """Text or a value as it was before it was written out; what XML cannot say is left out."""
    return unescape(raw.replace(_UNSAYABLE, b"").decode()) if b"&" in raw else raw.decode()


def _marks(raw: bytes, data: NDArray[np.uint8], values: Values, num_elements: int) -> NDArray[np.int64]:
    """What attributes say of each element."""
    tables, said = _tables(), _rows(values, _bits(*_MARKING) >> values.attribute & 1 > 0)
    meanings = meanings_of(data, said.begin, said.end, tables.words, tables.meanings, tables.parts)
    is_name = _bits(*_NAMES) >> said.attribute & 1 > 0
    is_asked = np.where(is_name, meanings & ASK, meanings) != 0
    marks = np.zeros(num_elements, np.int64)
    np.bitwise_or.at(marks, said.element, np.where(is_asked, 0, meanings))
    for element, attribute, begin, end in _listed(_rows(said, is_asked)):
        marks[element] |= said_by(_ATTRIBUTES[attribute], raw[begin:end])
    return marks


def _taken(raw: bytes, values: Values) -> dict[int, dict[str, str]]:
    """Names and values by element."""
    taken: dict[int, dict[str, str]] = {}
    for element, attribute, begin, end in _listed(values):
        taken.setdefault(element, {})[_ATTRIBUTES[attribute]] = unescaped(raw[begin:end])
    return taken


def _rows(values: Values, is_taken: NDArray[np.bool_]) -> Values:
    return Values(*(column[is_taken] for column in values))


def _listed(values: Values) -> Iterator[tuple[int, int, int, int]]:
    return zip(*(column.tolist() for column in values), strict=True)


def _bits(*attributes: str) -> int:
    return sum(1 << _ATTRIBUTES.index(name) for name in attributes)


_HIDDEN, _STYLE, _HREF, _REL = _bits("hidden"), _bits("style"), _bits("href"), _bits("rel")
assert len(TAGS) < 2**8  # their numbers are bytes
assert len(_ATTRIBUTES) < 63  # they are bits


@lru_cache(maxsize=1)
def _tables() -> _Tables:
    return frozen(
        _Tables(
            names_table(TAGS[1:]),
            names_table(_ATTRIBUTES[1:]),
            names_table(tuple(WORDS)),
            np.array([0, *WORDS.values()], np.int64),
            np.array([int.from_bytes(part.encode(), "little") for part in PARTS]),
            np.array([tag in _SKIPPED for tag in TAGS]),
            np.array([tag in _STATING for tag in TAGS]),
            np.array([_KINDS.get(tag, 0) for tag in TAGS], np.uint8),
            np.array([_ASKED.get(tag, FORMULA) for tag in TAGS], np.int64),
            np.array([_bits(*_wanted(tag)) for tag in TAGS], np.int64),
            np.array([_bits(*_TAKEN.get(tag, ())) for tag in TAGS], np.int64),
        )
    )


def _wanted(tag: str) -> tuple[str, ...]:
    """The attributes of a tag whose values matter."""
    said = ("class", "id", "role", "itemprop", "style") if tag in _BLOCKS else () if tag in _SKIPPED else ("class", "style")
    return tuple({*said, *_TAKEN.get(tag, ())})
