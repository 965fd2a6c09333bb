"""What inside the main part is not main text: lists of links, notices, captions of photographs, what follows the end."""

import re
from collections.abc import Iterator

from corpusforge.extract.html_inline import ends_sentence
from corpusforge.extract.html_lines import begins_comments, begins_others, is_notice, is_numbered_caption
from corpusforge.extract.html_tree import HEADINGS, Node, nodes, num_words
from corpusforge.text.markup_sums import CAPTION, HEADER, JUNK

_LISTS = frozenset(("ul", "ol", "dl", "table"))
# Where short lines are the rule: their place says that they belong to the text.
_SHORT_BY_NATURE = frozenset(("li", "td", "th", "dt", "dd", "pre", "math", "caption", "figcaption"))
_NOT_NOTICES = frozenset(("td", "th", "pre", "math", "figcaption", "caption"))
_WHOLE = frozenset(("td", "th", "pre"))
_KINDS = HEADINGS | _SHORT_BY_NATURE
# Longer lines that say the same twice are one line shown twice.
_REPEATED_WORDS = 6
# Words outside of links that make a sentence.
_SENTENCE_WORDS = 8
# Running words that a text has before comments on it begin.
_TEXT_WORDS = 60
# More words are no caption, whatever they are named.
_CAPTION_WORDS = 100
_LETTERS = re.compile(r"\w+")

Leaf = tuple[Node, str]


def prune(main: Node, title: str, *, keeps_comments: bool = False) -> int:
    """Mark as junk what in the main part is not main text, as lines before it that repeat `title`.

    Gives the words of running text, code and tables of data that are left.
    """
    _drop_link_lists(main)
    leaves = list(_leaves(main))
    _drop_after_end(leaves, keeps_comments)
    _drop_notices(leaves, title)
    leaves = [leaf for leaf in leaves if not leaf[0].mark & JUNK]
    _drop_edges(leaves, title)
    leaves = [leaf for leaf in leaves if not leaf[0].mark & JUNK]
    _drop_repeats(leaves)
    leaves = [leaf for leaf in leaves if not leaf[0].mark & JUNK]
    _drop_empty_headings(leaves)
    return sum(leaf.words if kind in _WHOLE else leaf.content for leaf, kind in leaves)


def letters(text: str) -> str:
    """Letters and digits alone, to compare titles by."""
    return "".join(_LETTERS.findall(text.lower()))


def _drop_link_lists(main: Node) -> None:
    for node in nodes(main):
        if node is main:
            continue
        if node.tag in _LISTS:
            if node.linked * 2 > node.words and not node.mark & HEADER:
                node.mark |= JUNK
        elif node.tag == "figcaption" or (node.mark & CAPTION and node.words <= _CAPTION_WORDS):
            if not is_numbered_caption(" ".join(leaf.text for leaf in nodes(node) if leaf.text)):
                node.mark |= JUNK
        elif node.text and node.linked * 2 > node.words and node.words < 30 and not _is_sentence(node):
            node.mark |= JUNK


def _is_sentence(leaf: Node) -> bool:
    """Whether a line full of links is a sentence nevertheless, as the first one of an article in an encyclopedia."""
    return leaf.words - leaf.linked >= _SENTENCE_WORDS and ends_sentence(leaf.text)


def _leaves(main: Node) -> Iterator[Leaf]:
    """Leaves that are left, each with the tag that says what it is: a heading, a list item, a cell, or ""."""
    stack = [(main, "")]
    while stack:
        node, kind = stack.pop()
        if node.is_junk and node is not main:
            continue
        if node.text:
            yield node, node.tag or kind
        kind = node.tag if node.tag in _KINDS else kind
        stack.extend((child, kind) for child in reversed(node.children))


def _drop_after_end(leaves: list[Leaf], keeps_comments: bool) -> None:
    """Drop what follows the first line that introduces comments, or related stories if the greater part is before."""
    total = sum(leaf.content for leaf, _ in leaves)
    before = 0
    for index, (leaf, kind) in enumerate(leaves):
        if kind not in ("td", "th", "pre") and _is_end(leaf, before, total, keeps_comments):
            for late, _ in leaves[index:]:
                late.mark |= JUNK
            return
        before += leaf.content


def _is_end(leaf: Node, before: int, total: int, keeps_comments: bool) -> bool:
    if before * 2 > total and begins_others(leaf.text, leaf.words):
        return True
    return not keeps_comments and before >= _TEXT_WORDS and begins_comments(leaf.text, leaf.words)


def _drop_notices(leaves: list[Leaf], title: str) -> None:
    """Drop notices, and of paragraphs with several lines those lines that are notices or, before any text, the title."""
    known, is_before = letters(title), True
    for leaf, kind in leaves:
        if kind in _NOT_NOTICES:
            continue
        if "\n" in leaf.text:
            kept = [line for line in leaf.text.split("\n") if not (is_before and known and letters(line) == known)]
            leaf.text = "\n".join(line for line in kept if not is_notice(line, num_words(line)))
        if not leaf.text or is_notice(leaf.text, leaf.words):
            leaf.mark |= JUNK
        is_before = is_before and not leaf.content


def _drop_edges(leaves: list[Leaf], title: str) -> None:
    """Drop short lines before the first and after the last running text, and the title where it stands before."""
    running = [index for index, (leaf, kind) in enumerate(leaves) if leaf.content and kind not in HEADINGS]
    first, last = (running[0], running[-1]) if running else (len(leaves), len(leaves))
    known = letters(title)
    for index, (leaf, kind) in enumerate(leaves):
        is_short = bool(running) and not first <= index <= last and not (index < first and kind in HEADINGS)
        is_title = index <= first and bool(known) and letters(leaf.text) in known
        if kind not in _SHORT_BY_NATURE and (is_short or is_title):
            leaf.mark |= JUNK


def _drop_repeats(leaves: list[Leaf]) -> None:
    seen: set[str] = set()
    for leaf, kind in leaves:
        if leaf.words >= _REPEATED_WORDS and kind not in _SHORT_BY_NATURE:
            if leaf.text in seen:
                leaf.mark |= JUNK
            seen.add(leaf.text)


def _drop_empty_headings(leaves: list[Leaf]) -> None:
    """A heading with nothing below it heads what was dropped."""
    below = "h1"
    for leaf, kind in reversed(leaves):
        if kind in HEADINGS:
            if kind >= below:
                leaf.mark |= JUNK
                continue
            below = kind
        else:
            below = "h9"
