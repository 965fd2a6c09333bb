"""What a page is turned into first: a tree of blocks, whose leaves are paragraphs with all inline tags already text.

The tree has far fewer nodes than the page has elements, and each carries what the choice of the main text needs: words, words
in links, words of running text.
"""

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from corpusforge.extract.plain import HARD, has_cjk, names, unwrap
from corpusforge.text.markup_sums import HEADER, NOT_MAIN

HEADINGS = names("h1 h2 h3 h4 h5 h6")

IDEOGRAPHS = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
"""Characters that are words, as inside the brackets of a pattern."""
_IDEOGRAPH = re.compile(f"[{IDEOGRAPHS}]")
_IDEOGRAPHS = re.compile(f"{_IDEOGRAPH.pattern}+")

# Of most blocks; there are some hundreds in a page.
_NO_ATTRIBUTES: Mapping[str, str] = MappingProxyType({})


class Node:
    """A block. A leaf has `text` and no children; `words`, `linked`, `running` and `content` are sums over all leaves inside.

    `linked` are words in links, `running` words of running text, `content` those of them outside of what the names of the page
    call boilerplate; `mark` holds the bits of markup_sums. `tag` of a leaf is "", "pre" or "math".
    """

    __slots__ = ("attributes", "children", "content", "linked", "mark", "running", "tag", "text", "words")

    def __init__(  # noqa: PLR0913, PLR0917 - a record, made of columns by the hundred
        self, tag: str, text: str = "", mark: int = 0, words: int = 0, linked: int = 0, running: int = 0, content: int = 0
    ) -> None:
        self.tag = tag
        self.text = text
        self.children: list[Node] = []
        self.attributes = _NO_ATTRIBUTES
        self.mark = mark
        self.words = words
        self.linked = linked
        self.running = running
        self.content = content

    @property
    def is_junk(self) -> bool:
        """Whether it is boilerplate or holds comments of readers."""
        return bool(self.mark & NOT_MAIN)


def add_up(node: Node) -> None:
    """Set the sums of a block from those of its children; sums_of in markup_sums has the same rules for a whole page."""
    words = linked = running = content = 0
    for child in node.children:
        words += child.words
        linked += child.linked
        running += child.running
        if not child.mark & NOT_MAIN:
            content += child.content
    if node.tag in HEADINGS:
        running = content = 0
    elif node.tag == "table" and node.mark & HEADER and linked * 2 <= words:
        running = content = words  # its cells are short, and none is running text by itself
    node.words, node.linked, node.running, node.content = words, linked, running, content


def merged(parts: list[Node]) -> Node:
    """A block that holds these."""
    node = Node("div")
    node.children = parts
    add_up(node)
    return node


def nodes(node: Node) -> Iterator[Node]:
    """All blocks from `node` on, in the order of the page."""
    stack = [node]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(reversed(node.children))


def num_words(text: str) -> int:
    """Words between spaces; a Chinese character or kana is a word."""
    if text.isascii() or not _IDEOGRAPH.search(text):
        return len(text.split())
    others = _IDEOGRAPHS.split(text)
    return len(text) - sum(map(len, others)) + len(" ".join(others).split())


def paragraph(text: str) -> tuple[str, int]:
    """Inline text of a page as a paragraph on one line, HARD as a line feed, and its words."""
    words = text.split()
    if text.isascii() or not (HARD in text or has_cjk(text)):
        return " ".join(words), len(words)
    if HARD in text or "\n" in text.strip():
        text = unwrap("\n".join(" ".join(line.split()) for line in text.split("\n")))
    else:
        text = " ".join(words)
    return text, num_words(text)
