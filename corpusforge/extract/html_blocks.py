"""Blocks to Markdown: headings, nested lists, pipe tables, quotations, fenced code, formulas on lines of their own."""

from collections.abc import Iterator

from corpusforge.extract.html_code import fenced
from corpusforge.extract.html_formulas import dollars
from corpusforge.extract.html_tables import table_markdown
from corpusforge.extract.html_tree import HEADINGS, Node, nodes
from corpusforge.extract.plain import indent, join_blocks, join_items, list_item, one_line

_LISTS = frozenset(("ul", "ol", "dir"))
# Lists and quotations deeper than this are not indented further, or a hostile page would grow with its depth.
_MAX_INDENTS = 6


def markdown(main: Node, *, keeps_tables: bool = True) -> str:
    """The text of a part of a page without what is marked as junk in it."""
    return join_blocks(text for _, text in _Writer(keeps_tables).inside(main, 0))


class _Writer:
    """Turns blocks into pairs (is it a list?, text)."""

    def __init__(self, keeps_tables: bool) -> None:
        self.keeps_tables = keeps_tables

    def inside(self, node: Node, indents: int) -> Iterator[tuple[bool, str]]:
        for child in node.children:
            if not child.is_junk:
                yield from self.blocks(child, indents)

    def blocks(self, node: Node, indents: int) -> Iterator[tuple[bool, str]]:
        tag = node.tag
        if node.text:
            yield False, self.leaf(node)
        elif tag in HEADINGS:
            text = " ".join(one_line(leaf.text) for leaf in nodes(node) if leaf.text and not leaf.is_junk)
            yield False, f"{'#' * int(tag[1])} {dollars(text)}" if text else ""
        elif tag in _LISTS and indents < _MAX_INDENTS:
            yield True, self.items(node, indents + 1)
        elif tag == "table":
            yield False, table_markdown(node) if self.keeps_tables else ""
        elif tag == "blockquote" and indents < _MAX_INDENTS:
            yield False, self.quotation(node, indents + 1)
        elif tag == "dl":
            yield False, self.definitions(node, indents)
        else:
            yield from self.inside(node, indents)

    def leaf(self, leaf: Node) -> str:
        if leaf.tag == "pre":
            return fenced(leaf.text, leaf.attributes.get("language", ""))
        return leaf.text if "`" in leaf.text else dollars(leaf.text)

    def items(self, node: Node, indents: int) -> str:
        start = node.attributes.get("start", "")
        number = int(start) if start.isascii() and start.isdigit() and len(start) < 6 else 1
        items = []
        for child in node.children:
            if child.is_junk:
                continue
            if child.tag == "li":
                found = list(self.inside(child, indents))
                marker = f"{number}. " if node.tag == "ol" else "- "
                number += 1
                items.append(list_item(marker, found))
            else:  # what some pages put between items, such as a list without an item of its own
                items += [indent(text, "  ") for _, text in self.blocks(child, indents)]
        return join_items(items)

    def quotation(self, node: Node, indents: int) -> str:
        text = join_blocks(text for _, text in self.inside(node, indents))
        return "\n".join(f"> {line}".rstrip() for line in text.split("\n")) if text else ""

    def definitions(self, node: Node, indents: int) -> str:
        lines = []
        for child in node.children:
            if not child.is_junk:
                text = join_blocks(text for _, text in self.blocks(child, indents))
                lines.append(f": {indent(text, '  ')[2:]}" if child.tag == "dd" and text else text)
        return "\n".join(line for line in lines if line)
