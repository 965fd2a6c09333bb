"""From the begins and ends of elements to a tree of blocks, and to the pieces of text that each paragraph is made of.

A paragraph ends where a block begins or ends, and at two line breaks in a row; what stands inside of sentences leaves nothing
but pieces of text. The loop has a stack of its own, so a page that nests a hundred thousand deep is like any other.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from corpusforge.text.kernels import kernel
from corpusforge.text.markup_tags import LEFT_OUT, Elements, Events
from corpusforge.text.markup_text import CHANGE, GIVEN, LINE_END, LINKED, TEXT, Pieces, is_blank

BLOCK, LINK, BREAK, CHANGED = 1, 2, 3, 4
"""What an element is, 0 for a part of a sentence that changes nothing.

CHANGED and each number behind it stand for one way in which the text of an element is written otherwise, as that of <sup> is.
"""

READ, PASSED_OVER, INSERTED, ALONE = 0, 1, 2, 3
"""What becomes of an element: it is read, or left out with all inside, for nothing, a given text or a leaf of its own."""

CONTAINER, PARAGRAPH, LEAF = 0, 1, 2
"""Blocks: with blocks inside, with pieces, or of an element that stands ALONE."""

# Depth of the tree: of 421 real news pages the deepest has 40.
_MAX_DEPTH = 120


class Blocks(NamedTuple):
    """Blocks in the order of the page; the first holds all others.

    `form` (uint8) is CONTAINER, PARAGRAPH or LEAF, `parent` (int64) the block around, -1 for none, `element` (int64) what it
    was made of, -1 for none; the pieces of a paragraph are first[i] <= j < last[i] (int64).
    """

    form: NDArray[np.uint8]
    parent: NDArray[np.int64]
    element: NDArray[np.int64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]


class Reading(NamedTuple):
    """How to read the elements of a page; by element.

    `kinds` and `fates` (uint8) as named above, `is_link` (bool) for a LINK that leads somewhere, data[begin:end] (int64) is the
    text to insert.
    """

    kinds: NDArray[np.uint8]
    fates: NDArray[np.uint8]
    is_link: NDArray[np.bool_]
    begin: NDArray[np.int64]
    end: NDArray[np.int64]


@kernel
def blocks_of(
    data: NDArray[np.uint8], elements: Elements, events: Events, reading: Reading, classes: NDArray[np.uint8]
) -> tuple[Blocks, Pieces]:
    """The blocks of a page and their pieces; `classes` has those of code points.

    Longer than others, since all of it is one walk and each branch needs most of what the walk knows.
    """
    room = 2 * len(events.element) + 2
    form, parent, of = np.empty(room, np.uint8), np.empty(room, np.int64), np.empty(room, np.int64)
    first, last = np.zeros(room, np.int64), np.zeros(room, np.int64)
    kind, begin, end = np.empty(room, np.uint8), np.empty(room, np.int64), np.empty(room, np.int64)
    stack = np.empty(_MAX_DEPTH + 2, np.int64)
    form[0], parent[0], of[0], stack[0] = CONTAINER, -1, -1, 0
    num_blocks, depth, too_deep, num_links = 1, 1, 0, 0
    opened = used = 0  # the first piece of the paragraph that is read, and the next one
    has_text = is_blank_last = is_behind_break = False
    event = 0
    while event <= len(events.element):
        is_over = event == len(events.element)
        element = LEFT_OUT if is_over else events.element[event]
        is_end = element < 0
        element = ~element if is_end else element
        fate = READ if is_end or element == LEFT_OUT else reading.fates[element]
        what = 0 if element == LEFT_OUT else reading.kinds[element]
        if fate != READ:
            event = elements.last[element]
        if fate == INSERTED:
            kind[used], begin[used], end[used] = GIVEN, reading.begin[element], reading.end[element]
            used, has_text, is_blank_last, is_behind_break = used + 1, True, False, False
        is_second_break = what == BREAK and fate == READ and not is_end and is_behind_break
        if is_over or fate == ALONE or is_second_break or (fate == READ and what == BLOCK):
            if has_text:
                form[num_blocks], parent[num_blocks], of[num_blocks] = PARAGRAPH, stack[depth - 1], -1
                first[num_blocks], last[num_blocks] = opened, used
                num_blocks, opened = num_blocks + 1, used
            has_text = is_blank_last = is_behind_break = False
        if is_over:
            break
        if fate == ALONE:
            form[num_blocks], parent[num_blocks], of[num_blocks] = LEAF, stack[depth - 1], element
            num_blocks += 1
        elif fate != READ or what == 0:
            pass
        elif what == BLOCK and is_end:
            depth, too_deep = (depth, too_deep - 1) if too_deep else (depth - 1, 0)
        elif what == BLOCK:
            if depth > _MAX_DEPTH:
                too_deep += 1
            else:
                form[num_blocks], parent[num_blocks], of[num_blocks] = CONTAINER, stack[depth - 1], element
                stack[depth] = num_blocks
                depth, num_blocks = depth + 1, num_blocks + 1
        elif what == LINK:
            num_links += (-1 if is_end else 1) * reading.is_link[element]
        elif what == BREAK:
            if not is_end and not is_second_break:
                kind[used], begin[used], end[used] = LINE_END, 0, 0
                used, has_text, is_blank_last, is_behind_break = used + 1, True, False, True
        else:
            kind[used], begin[used], end[used] = CHANGE + 1 + what - CHANGED if is_end else CHANGE, 0, 0
            used += 1
        if events.begin[event] < events.end[event]:
            if not is_blank(data, events.begin[event], events.end[event], classes):
                kind[used] = LINKED if num_links else TEXT
                begin[used], end[used] = events.begin[event], events.end[event]
                used, has_text, is_blank_last, is_behind_break = used + 1, True, False, False
            elif has_text and not is_blank_last:
                kind[used], begin[used], end[used] = TEXT, events.begin[event], events.end[event]
                used, is_blank_last = used + 1, True
        event += 1
    return (
        Blocks(form[:num_blocks], parent[:num_blocks], of[:num_blocks], first[:num_blocks], last[:num_blocks]),
        Pieces(kind[:used], begin[:used], end[:used]),
    )
