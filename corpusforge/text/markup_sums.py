"""Sums over a tree of blocks: words, words in links, words of running text; and which blocks say something.

Marks come with the blocks, from the names that the author of a page gave them; what is inside adds to some of them.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from corpusforge.text.kernels import kernel
from corpusforge.text.markup_blocks import CONTAINER

JUNK = 1
COMMENTS = 2
NOT_MAIN = JUNK | COMMENTS
BODY = 4
HEADER = 8
"""Of a table and what is in it: whether it has header cells or a caption."""
TABLE = 16
"""A table is inside."""
CAPTION = 32
"""What describes a picture."""
QUOTATION = 64
"""It holds a quotation and little else."""
LEAD = 128
"""A summary before a text."""

HEADING, CELL, HEADS, QUOTES, TABULAR = 1, 2, 4, 8, 16
"""Roles of tags: h1 to h6; td and th; th and caption; blockquote; table."""

# Words of a line that is running text; one that ends as a sentence needs fewer.
_RUNNING_WORDS = 12
_SENTENCE_WORDS = 4
# From here on a line may have links in half of its words.
_LONG_WORDS = 20
# A heading with more words is one that was never closed.
_MAX_HEADING_WORDS = 60
# On a page with unclosed links, a line with more linked words is text.
_LONGEST_LINK = 25


class Sums(NamedTuple):
    """Of the blocks that say something, in the order of the page; `block` (int64) is the number among all.

    `parent` (int64) counts among those here, `tag` (uint8) and `mark` (int64) are what they are in the end; `words`, `linked`
    (words in links), `running` (words of running text) and `content` (those outside of what is NOT_MAIN) are int64.
    """

    block: NDArray[np.int64]
    parent: NDArray[np.int64]
    tag: NDArray[np.uint8]
    mark: NDArray[np.int64]
    words: NDArray[np.int64]
    linked: NDArray[np.int64]
    running: NDArray[np.int64]
    content: NDArray[np.int64]


class Tree(NamedTuple):
    """Blocks before those inside: `form` and `parent` as of Blocks, `tag` (uint8) and `mark` (int64), what is said of each."""

    form: NDArray[np.uint8]
    parent: NDArray[np.int64]
    tag: NDArray[np.uint8]
    mark: NDArray[np.int64]


class Leaves(NamedTuple):
    """By block, of those that hold no others, `words`, `linked`, `is_link` and `is_ended` as of Paragraphs."""

    words: NDArray[np.int64]
    linked: NDArray[np.int64]
    is_link: NDArray[np.bool_]
    is_ended: NDArray[np.bool_]


@kernel
def sums_of(tree: Tree, leaves: Leaves, roles: NDArray[np.uint8], plain: int, trusts_links: bool) -> Sums:
    """Sums of a tree, by the rules of add_up in html_tree; `roles` by tag, `plain` is the tag for a heading that is none.

    Without trust in links, as on a page where one was never closed, only short lines can be links.
    """
    form, parent, count = tree.form, tree.parent, len(tree.form)
    tag, mark, words, linked = tree.tag.copy(), tree.mark.copy(), leaves.words.copy(), np.zeros(count, np.int64)
    running, content, quoted = np.zeros(count, np.int64), np.zeros(count, np.int64), np.zeros(count, np.int64)
    for block in range(count - 1, -1, -1):
        role = roles[tag[block]] if form[block] == CONTAINER else 0
        if form[block] != CONTAINER:
            linked[block] = _linked(words[block], leaves.linked[block], leaves.is_link[block], trusts_links)
            if _is_running(words[block], linked[block], leaves.is_ended[block]):
                running[block] = content[block] = words[block]
        elif role & HEADING and words[block] > _MAX_HEADING_WORDS:
            tag[block] = plain
        elif role & HEADING:
            running[block] = content[block] = 0
        elif role & TABULAR and mark[block] & HEADER and linked[block] * 2 <= words[block]:
            running[block] = content[block] = words[block]  # its cells are short, and none is running text by itself
        if mark[block] & JUNK and quoted[block] * 5 > words[block] * 4:
            mark[block] = mark[block] & ~JUNK | QUOTATION
        around = parent[block]
        if around < 0 or (words[block] == 0 and not role & CELL):
            continue
        words[around] += words[block]
        linked[around] += linked[block]
        running[around] += running[block]
        content[around] += 0 if mark[block] & NOT_MAIN else content[block]
        mark[around] |= TABLE if role & TABULAR else mark[block] & (HEADER | TABLE)
        mark[around] |= HEADER if role & HEADS else 0
        if role & QUOTES or mark[block] & QUOTATION:
            quoted[around] = max(quoted[around], words[block])
    place, kept = np.full(count, -1, np.int64), np.empty(count, np.int64)
    used = 0
    for block in range(count):
        is_cell = form[block] == CONTAINER and roles[tag[block]] & CELL
        if block == 0 or (place[parent[block]] >= 0 and (words[block] or is_cell)):
            place[block], kept[used] = used, block
            used += 1
    found = kept[:used].copy()
    around = np.empty(used, np.int64)
    for index in range(used):
        around[index] = place[parent[found[index]]] if index else -1
    return Sums(found, around, tag[found], mark[found], words[found], linked[found], running[found], content[found])


@kernel
def _linked(words: int, linked: int, is_link: bool, trusts_links: bool) -> int:
    if not trusts_links:
        return min(linked, words) if linked <= _LONGEST_LINK else 0
    return words if is_link else min(linked, words)


@kernel
def _is_running(words: int, linked: int, is_ended: bool) -> bool:
    """Whether a line is running text."""
    if words < _SENTENCE_WORDS or linked * (2 if words >= _LONG_WORDS else 3) > words:
        return False
    return words >= _RUNNING_WORDS or is_ended
