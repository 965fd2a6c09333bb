"""From the parsed page to the tree of blocks.

lxml takes two thirds of a microsecond to hand over an element, and a page has many hundreds. So the page is written out again,
which libxml2 does in one go, and kernels read that: tags, blocks, text, sums. Python sees what depends on names (of classes,
formulas, code, text that is written otherwise) and the blocks that are left.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache

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
    sums_of,
)
from corpusforge.text.markup_text import Pieces, paragraphs_of, raw_texts
from corpusforge.text.phrases import frozen

_MANY_WORDS = 200
# What the names of these say of the whole page or text is no reason to leave it out.
_NAMELESS = names("html body article main blockquote")
_ROLES = {
    **dict.fromkeys(HEADINGS, HEADING),
    **{"td": CELL, "th": CELL | HEADS, "caption": HEADS, "blockquote": QUOTES, "table": TABULAR},
}
_DIV = TAGS.index("div")


def read_tree(page: etree._Element, read: PageElements, *, keeps_formulas: bool = True) -> Node:
    """The blocks of a parsed page; where nearly all is in a link that was never closed, long lines are no links."""
    fates = fates_of(page, read, keeps_formulas=keeps_formulas)
    reading, data = _reading(read, fates)
    blocks, pieces = map(frozen, blocks_of(data, read.elements, read.events, reading, inline_classes()))
    texts, leaves = _leaves(data, blocks, pieces, fates.alone)
    tags, marks = _tags_and_marks(read, blocks, fates.alone)
    form, parent, roles = blocks.form, blocks.parent, _roles_and_nameless()[0]
    sums = sums_of(form, parent, tags, marks, leaves, roles, _DIV, True)
    if sums.words[0] > _MANY_WORDS and sums.linked[0] > 0.9 * sums.words[0]:
        sums = sums_of(form, parent, tags, marks, leaves, roles, _DIV, False)
    languages = {element: {"language": leaf.language} for element, leaf in fates.alone.items() if leaf.tag == "pre"}
    return _tree(sums, blocks, texts, {**read.attributes, **languages})


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


def _leaves(
    data: NDArray[np.uint8], blocks: Blocks, pieces: Pieces, alone: Mapping[int, Leaf]
) -> tuple[Sequence[str], Leaves]:
    """The texts of all blocks, "" for those that hold others, and what of them is summed up."""
    count, numbers = len(blocks.form), np.flatnonzero(blocks.form == PARAGRAPH)
    first, last = blocks.first[numbers], blocks.last[numbers]
    buffer, found = paragraphs_of(data, pieces, first, last, inline_classes())
    texts = [""] * count
    for block, text in zip(numbers.tolist(), _cut(buffer, found.begin, found.end), strict=True):
        texts[block] = text
    leaves = Leaves(*(np.zeros(count, np.int64) for _ in range(2)), *(np.zeros(count, np.bool_) for _ in range(2)))
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


def _tags_and_marks(
    read: PageElements, blocks: Blocks, alone: Mapping[int, Leaf]
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """By block the number of its tag, 0 for a paragraph, and what its element says of it."""
    is_made_of = (blocks.form == CONTAINER) & (blocks.element >= 0)
    tags = np.where(is_made_of, read.elements.tag[blocks.element], 0).astype(np.uint8)
    for block in np.flatnonzero(blocks.form == LEAF).tolist():
        tags[block] = TAGS.index(alone[int(blocks.element[block])].tag)
    marks = np.where(is_made_of, read.marks[blocks.element], 0)
    marks = marks & ~OF_ELEMENTS | np.where(marks & HIDDEN, JUNK, 0)
    return tags, np.where(_roles_and_nameless()[1][tags], marks & ~NOT_MAIN, marks)


def _tree(sums: Sums, blocks: Blocks, texts: Sequence[str], attributes: Mapping[int, Mapping[str, str]]) -> Node:
    """The blocks as they are from here on."""
    tags, said, around = sums.tag.tolist(), [texts[block] for block in sums.block.tolist()], sums.parent.tolist()
    numbers = (sums.mark.tolist(), sums.words.tolist(), sums.linked.tolist(), sums.running.tolist(), sums.content.tolist())
    made = list(map(Node, [TAGS[tag] for tag in tags], said, *numbers))
    for node, parent in zip(made[1:], around[1:], strict=True):
        made[parent].children.append(node)
        if node.text and not node.tag and is_display_tex(node.text):
            node.tag = "math"
    if attributes:
        for node, element in zip(made, blocks.element[sums.block].tolist(), strict=True):
            node.attributes = attributes.get(element, node.attributes)
    for node in reversed(made):  # tables inside of others first
        if node.tag == "table":
            settle_table(node)
    return made[0]


@lru_cache(maxsize=1)
def _roles_and_nameless() -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """By tag its roles in sums, and whether what its names say is no reason to leave it out."""
    roles, is_nameless = np.array([_ROLES.get(tag, 0) for tag in TAGS], np.uint8), np.array([tag in _NAMELESS for tag in TAGS])
    roles.flags.writeable = is_nameless.flags.writeable = False
    return roles, is_nameless
