"""XML elements to pieces of an article, by a rule for each name, children before parents.

The document is walked backwards, so that nothing is called inside itself and no nesting can exhaust the stack. What has no rule
gives what is inside it: an element that we do not know loses its name, never its text.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field

from lxml import etree

from corpusforge.extract.article import Pieces
from corpusforge.extract.plain import newlines
from corpusforge.extract.xml_tree import attribute, bare_name

_FEW = 8
_SHORT = 80
_TO_CLEAN = re.compile("[\r\x85\u2028\u2029\ufdd0-\ufdd2]")


@dataclass(slots=True)
class Node:
    """An element: name and attributes without namespaces, its text and children in order, and the pieces it gives."""

    name: str
    element: etree._Element
    parts: list["str | Node"]
    pieces: Pieces = field(default_factory=list)

    def get(self, name: str) -> str:
        """Value of an attribute in whatever namespace, "" for none."""
        value = self.element.get(name)
        return str(value).strip() if value is not None else attribute(self.element, name)

    def children(self, *names: str) -> Iterator["Node"]:
        """Child elements of these names."""
        return (part for part in self.parts if isinstance(part, Node) and part.name in names)

    def inside(self, *without: str) -> Pieces:
        """Pieces of all that is in the element, except children of these names."""
        pieces: Pieces = []
        for part in self.parts:
            if isinstance(part, str):
                pieces.append(part)
            elif part.name not in without:
                pieces += part.pieces
        return pieces


def is_short(node: Node) -> bool:
    """Whether an element holds no more than what can be raised or lowered: a few strings without blocks."""
    return len(node.parts) <= _FEW and all(isinstance(piece, str) and len(piece) <= _SHORT for piece in node.inside())


Rule = Callable[[Node], Pieces]


def nothing(node: Node) -> Pieces:
    """The rule of elements that hold no text of the article."""
    return []


def read(root: etree._Element, rules: Mapping[str, Rule], *, skipped: Collection[str]) -> Pieces:
    """Pieces of an element; what is in elements with a name in `skipped` is not visited, and <math> is read as TeX."""
    rules = {**rules, **dict.fromkeys(skipped, nothing)}
    elements, waiting = [], [root]
    while waiting:
        element = waiting.pop()
        elements.append(element)
        name = bare_name(element.tag)
        if name != "math" and name not in skipped:
            waiting.extend(element)
    done: dict[etree._Element, Node] = {}
    for element in reversed(elements):
        done[element] = _node(element, rules, done)
    return done[root].pieces


def _node(element: etree._Element, rules: Mapping[str, Rule], done: dict[etree._Element, Node]) -> Node:
    parts: list[str | Node] = [_clean(element.text)] if element.text else []
    for child in element:
        if child in done:
            parts.append(done.pop(child))
        if child.tail:
            parts.append(_clean(child.tail))
    node = Node(bare_name(element.tag), element, parts)
    node.pieces = rules[node.name](node) if node.name in rules else node.inside()
    return node


def _clean(text: str) -> str:
    """Text with one kind of line end, and without the noncharacters that plain text is marked with."""
    return newlines(text) if _TO_CLEAN.search(text) else text
