"""From the parsed page to the tree of blocks.

lxml takes two thirds of a microsecond to hand over an element, and a page has many hundreds. So the page is written out again,
which libxml2 does in one go, and kernels read that: tags, blocks, text, sums. Python sees what depends on names (of classes,
formulas, code, text that is written otherwise) and the blocks that are left.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from lxml import etree
from numpy.typing import NDArray

from corpusforge.extract.html_alone import Fates, Leaf, fates_of
from corpusforge.extract.html_elements import TAGS, PageElements
from corpusforge.extract.html_formulas import is_display_tex
from corpusforge.extract.html_inline import ends_sentence, finished, inline_classes
from corpusforge.extract.html_names import HIDDEN, OF_ELEMENTS
from corpusforge.extract.html_tables import settle_table
from corpusforge.extract.html_tree import HEADINGS, Node, num_words
from corpusforge.extract.plain import names
from corpusforge.text.markup_blocks import CONTAINER, LEAF, PARAGRAPH, Blocks, Reading, blocks_of
from corpusforge.text.markup_sums import (
    CELL,
    HEADING,
    HEADS,
    JUNK,
    NOT_MAIN,
    QUOTES,
    TABULAR,
    Leaves,
    Sums,
    Tree,
    sums_of,
)
from corpusforge.text.markup_text import Pieces, paragraphs_of, raw_texts
from corpusforge.text.phrases import frozen

_MANY_WORDS = 200
# What the names of these say of the whole page or text is no reason to leave it out.
_NAMELESS = names("html body article main blockquote")
_ROLES = dict.fromkeys(HEADINGS, HEADING)
_ROLES |= {"td": CELL, "th": CELL | HEADS, "caption": HEADS, "blockquote": QUOTES, "table": TABULAR}
# Tags whose attributes the text depends on.
_WITH_ATTRIBUTES = names("td th ol pre")
_DIV = TAGS.index("div")


class _ByTag(NamedTuple):
    """By the number of a tag: its roles in sums, whether its names are no reason to leave it out, if its attributes matter."""

    roles: NDArray[np.uint8]
    is_nameless: NDArray[np.bool_]
    has_attributes: NDArray[np.bool_]


def read_tree(page: etree._Element, read: PageElements, *, keeps_formulas: bool = True) -> Node:
    """The blocks of a parsed page; where nearly all is in a link that was never closed, long lines are no links."""
    fates = fates_of(page, read, keeps_formulas=keeps_formulas)
    reading, data = _reading(read, fates)
    found = blocks_of(data, read.elements, read.events, reading, inline_classes())
    blocks, pieces = frozen(found[0]), frozen(found[1])
    texts, leaves = _leaves(data, blocks, pieces, fates.alone)
    tree, roles = _marked(read, blocks, fates.alone), _by_tag().roles
    sums = sums_of(tree, leaves, roles, _DIV, True)
    if sums.words[0] > _MANY_WORDS and sums.linked[0] > 0.9 * sums.words[0]:
        sums = sums_of(tree, leaves, roles, _DIV, False)
    languages = {element: {"language": leaf.language} for element, leaf in fates.alone.items()}
    return _tree(sums, texts, blocks.element[sums.block], {**read.attributes, **languages})


def _reading(read: PageElements, fates: Fates) -> tuple[Reading, NDArray[np.uint8]]:
    """What blocks_of asks, and the page with the inserted texts behind it."""
    begin, end = np.zeros(len(read.kinds), np.int64), np.zeros(len(read.kinds), np.int64)
    texts = [read.raw]
    size = len(read.raw)
    for element, text in fates.inserted.items():
        texts.append(text.encode())
        begin[element], end[element] = size, size + len(texts[-1])
        size += len(texts[-1])
    reading = Reading(read.kinds, fates.fates, read.is_link, begin, end)
    return frozen(reading), np.frombuffer(b"".join(texts), np.uint8)


def _leaves(data: NDArray[np.uint8], blocks: Blocks, pieces: Pieces, alone: Mapping[int, Leaf]) -> tuple[Sequence[str], Leaves]:
    """The texts of all blocks, "" for those that hold others, and what of them is summed up."""
    count, numbers = len(blocks.form), np.flatnonzero(blocks.form == PARAGRAPH)
    first, last = blocks.first[numbers], blocks.last[numbers]
    buffer, found = paragraphs_of(data, pieces, first, last, inline_classes())
    texts = [""] * count
    for block, text in zip(numbers.tolist(), _cut(buffer, found.begin, found.end), strict=True):
        texts[block] = text
    leaves = Leaves(np.zeros(count, np.int64), np.zeros(count, np.int64), np.zeros(count, np.bool_), np.zeros(count, np.bool_))
    for column, values in zip(leaves, (found.words, found.linked, found.is_link, found.is_ended), strict=True):
        column[numbers] = values
    raw = np.flatnonzero(found.is_raw)
    if len(raw):
        unready = _cut(*raw_texts(data, pieces, first[raw], last[raw], inline_classes()))
        for block, (text, words) in zip(numbers[raw].tolist(), map(finished, unready), strict=True):
            texts[block], leaves.words[block], leaves.is_ended[block] = text, words, ends_sentence(text)
    for block in np.flatnonzero(blocks.form == LEAF).tolist():
        text = alone[int(blocks.element[block])].text
        texts[block], leaves.words[block], leaves.is_ended[block] = text, num_words(text), ends_sentence(text)
    return texts, frozen(leaves)


def _cut(buffer: NDArray[np.uint8], begin: NDArray[np.int64], end: NDArray[np.int64]) -> list[str]:
    """The texts buffer[begin[i] : end[i]]."""
    encoded, bounds = buffer.tobytes(), zip(begin.tolist(), end.tolist(), strict=True)
    if encoded.isascii():
        text = encoded.decode()
        return [text[first:last] for first, last in bounds]
    return [encoded[first:last].decode() for first, last in bounds]


def _marked(read: PageElements, blocks: Blocks, alone: Mapping[int, Leaf]) -> Tree:
    """The blocks with their tags, 0 for a paragraph, and with what their elements say of them."""
    is_made_of = (blocks.form == CONTAINER) & (blocks.element >= 0)
    tags = np.where(is_made_of, read.elements.tag[blocks.element], 0).astype(np.uint8)
    for block in np.flatnonzero(blocks.form == LEAF).tolist():
        tags[block] = TAGS.index(alone[int(blocks.element[block])].tag)
    marks = np.where(is_made_of, read.marks[blocks.element], 0)
    marks = marks & ~OF_ELEMENTS | np.where(marks & HIDDEN, JUNK, 0)
    marks = np.where(_by_tag().is_nameless[tags], marks & ~NOT_MAIN, marks)
    return frozen(Tree(blocks.form, blocks.parent, tags, marks))


def _tree(sums: Sums, texts: Sequence[str], elements: NDArray[np.int64], attributes: Mapping[int, Mapping[str, str]]) -> Node:
    """The blocks as they are from here on; `elements` are what they were made of."""
    said = [texts[block] for block in sums.block.tolist()]
    counted = (sums.mark.tolist(), sums.words.tolist(), sums.linked.tolist(), sums.running.tolist(), sums.content.tolist())
    made = list(map(Node, [TAGS[tag] for tag in sums.tag.tolist()], said, *counted))
    for node, parent in zip(made[1:], sums.parent.tolist()[1:], strict=True):
        made[parent].children.append(node)
        if node.text and not node.tag and is_display_tex(node.text):
            node.tag = "math"
    for block in np.flatnonzero(_by_tag().has_attributes[sums.tag]).tolist():
        made[block].attributes = attributes.get(int(elements[block]), made[block].attributes)
    for node in reversed(made):  # tables inside of others first
        if node.tag == "table":
            settle_table(node)
    return made[0]


@lru_cache(maxsize=1)
def _by_tag() -> _ByTag:
    return frozen(
        _ByTag(
            np.array([_ROLES.get(tag, 0) for tag in TAGS], np.uint8),
            np.array([tag in _NAMELESS for tag in TAGS]),
            np.array([tag in _WITH_ATTRIBUTES for tag in TAGS]),
        )
    )
