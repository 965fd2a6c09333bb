"""Which part of a page is its main text.

Running text decides, the words of class and id help: the smallest part that holds most of the running text outside of
what is named as boilerplate, or the part that is named as the body of an article, if it holds enough of it.
"""

from corpusforge.extract.html_tree import Node, add_up, merged
from corpusforge.text.markup_sums import BODY, COMMENTS, JUNK, LEAD, NOT_MAIN

# A part with this share of the running text around it takes its place.
_MOST = 0.7
# A part that is named as the body of an article needs only this share of the page's.
_NAMED = 0.3
_NAMED_WORDS = 60
# What is named boilerplate and holds this share of all running text is named wrongly.
_SPARED = 0.4
_SPARED_WORDS = 50
# Blocks that hold other blocks for the sake of layout.
_CONTAINERS = frozenset(("html", "body", "div", "section", "article", "main", "form", "center", "fieldset", "details"))
# A number or a label beside a text.
_FEW_WORDS = 3
# How far outside of the body a summary may stand.
_LEAD_LEVELS = 3


def main_part(root: Node) -> Node:
    """The block that holds the main text of a page."""
    _spare(root)
    parents: dict[int, Node] = {}
    named, stack = [], [root]
    while stack:
        node = stack.pop()
        if node.mark & BODY and not node.is_junk:
            named.append(node)
        for child in reversed(node.children):
            if child.running and child.children:  # the others cannot be chosen
                parents[id(child)] = node
                stack.append(child)
    most = max((node.content for node in named), default=0)
    if most >= max(_NAMED * root.content, _NAMED_WORDS):
        body = [node for node in named if node.content >= 0.85 * most][-1]
        return _led(_joined(body, named, parents), body, parents)
    part = _climb(_descend(root), parents)
    return _led(part, part, parents)


def comment_parts(root: Node) -> list[Node]:
    """The outermost blocks that hold comments of readers."""
    found, stack = [], [root]
    while stack:
        node = stack.pop()
        if node.mark & COMMENTS and node.content:
            found.append(node)
        else:
            stack.extend(reversed(node.children))
    return found


def _joined(body: Node, named: list[Node], parents: dict[int, Node]) -> Node:
    """The body with other parts named so beside it, as where an advertisement parts a text in two."""
    known = {id(node) for node in named}
    place = parents[id(body)]
    beside = _named_in(place, known)
    if len(beside) == 1 and place.tag != "article" and id(place) in parents:
        beside = _named_in(parents[id(place)], known)
    return merged(beside) if len(beside) > 1 else body


def _named_in(place: Node, known: set[int]) -> list[Node]:
    """Named parts among the children and grandchildren of a block; each <article> is a text of its own."""
    found = []
    for child in place.children:
        parts = (child,) if id(child) in known else () if child.tag == "article" else child.children
        found += [part for part in parts if id(part) in known and part.content]
    return found


def _led(part: Node, inside: Node, parents: dict[int, Node]) -> Node:
    """The part with a summary that stands before it, as in newspapers and journals; `inside` is a block of the part."""
    leads: list[Node] = []
    for _ in range(_LEAD_LEVELS):
        if id(inside) not in parents:
            break
        around = parents[id(inside)]
        before = around.children[: next(index for index, child in enumerate(around.children) if child is inside)]
        leads = [node for node in before if node.mark & LEAD and node.content and not node.is_junk] + leads
        inside = around
    return merged([*leads, part]) if leads else part


def _spare(root: Node) -> None:
    """Take marks of boilerplate off what cannot be, since most running text is inside."""
    limit = max(_SPARED * root.running, _SPARED_WORDS)
    large, stack = [], [root]
    while stack:
        node = stack.pop()
        large.append(node)
        node.mark &= ~NOT_MAIN
        marked = [child for child in node.children if child.mark & NOT_MAIN]
        if len(marked) > 1 and sum(child.running for child in marked) >= limit:
            for child in marked:
                child.mark &= ~JUNK
        stack.extend(child for child in node.children if child.children and child.running >= limit)
    for node in reversed(large):
        add_up(node)


def _descend(node: Node) -> Node:
    while True:
        parts = [child for child in node.children if child.tag in _CONTAINERS and not child.is_junk]
        best = max(parts, key=lambda child: child.content, default=None)
        if best is None or best.content < _MOST * node.content:
            return node
        node = best


def _climb(node: Node, parents: dict[int, Node]) -> Node:
    """Take in what is around, as long as that is running text too."""
    while id(node) in parents:
        around = parents[id(node)]
        words, linked, content = (around.words - node.words, around.linked - node.linked, around.content - node.content)
        if words > _FEW_WORDS and (linked > 0.2 * words or content < 0.6 * words):
            return node
        node = around
    return node
