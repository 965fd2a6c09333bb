"""Blocks to Markdown: headings, nested lists, pipe tables, quotations, fenced code, formulas on lines of their own."""

from corpusforge.extract.html_code import fenced
from corpusforge.extract.html_formulas import dollars
from corpusforge.extract.html_tables import table_markdown
from corpusforge.extract.html_tree import HEADINGS, Node, nodes
from corpusforge.extract.plain import indent, join_blocks, join_items, list_item, one_line

# Whether it is a list, and its text.
Block = tuple[bool, str]

_LISTS = frozenset(("ul", "ol", "dir"))
# Lists and quotations deeper than this are not indented further, or a hostile page would grow with its depth.
_MAX_INDENTS = 6


def markdown(main: Node, *, keeps_tables: bool = True) -> str:
    """The text of a part of a page without what is marked as junk in it."""
    return join_blocks(text for _, text in _Writer(keeps_tables).inside(main, 0))


class _Writer:
    """Turns blocks into text, one method for each kind."""

    def __init__(self, keeps_tables: bool) -> None:
        self.keeps_tables = keeps_tables

    def inside(self, node: Node, indents: int) -> list[Block]:
        """What is in a block, one after another."""
        found: list[Block] = []
        self.add_inside(node, indents, found)
        return found

    def add_inside(self, node: Node, indents: int, found: list[Block]) -> None:
        for child in node.children:
            if not child.is_junk:
                self.add(child, indents, found)

    def add(self, node: Node, indents: int, found: list[Block]) -> None:
        tag = node.tag
        if node.text:
            found.append((False, self.leaf(node)))
        elif tag in HEADINGS:
            found.append((False, self.heading(node)))
        elif tag in _LISTS and indents < _MAX_INDENTS:
            found.append((True, self.items(node, indents + 1)))
        elif tag == "table":
            found.append((False, table_markdown(node) if self.keeps_tables else ""))
        elif tag == "blockquote" and indents < _MAX_INDENTS:
            found.append((False, self.quotation(node, indents + 1)))
        elif tag == "dl" and indents < _MAX_INDENTS:
            found.append((False, self.definitions(node, indents + 1)))
        else:
            self.add_inside(node, indents, found)

    def heading(self, node: Node) -> str:
        text = " ".join(one_line(leaf.text) for leaf in nodes(node) if leaf.text and not leaf.is_junk)
        return f"{'#' * int(node.tag[1])} {dollars(text)}" if text else ""

    def leaf(self, leaf: Node) -> str:
        if leaf.tag == "pre":
            return fenced(leaf.text, leaf.attributes.get("language", ""))
        return leaf.text if "`" in leaf.text else dollars(leaf.text)

    def one(self, node: Node, indents: int) -> list[Block]:
        found: list[Block] = []
        self.add(node, indents, found)
        return found

    def items(self, node: Node, indents: int) -> str:
        start = node.attributes.get("start", "")
        number = int(start) if start.isascii() and start.isdigit() and len(start) < 6 else 1
        items = []
        for child in node.children:
            if child.is_junk:
                continue
            if child.tag == "li":
                found = self.inside(child, indents)
                marker = f"{number}. " if node.tag == "ol" else "- "
                number += 1
                items.append(list_item(marker, found))
            else:  # what some pages put between items, such as a list without an item of its own
                items += [indent(text, "  ") for _, text in self.one(child, indents)]
        return join_items(items)

    def quotation(self, node: Node, indents: int) -> str:
        text = join_blocks(text for _, text in self.inside(node, indents))
        return "\n".join(f"> {line}".rstrip() for line in text.split("\n")) if text else ""

    def definitions(self, node: Node, indents: int) -> str:
        lines = []
        for child in node.children:
            if not child.is_junk:
                text = join_blocks(text for _, text in self.one(child, indents))
                lines.append(f": {indent(text, '  ')[2:]}" if child.tag == "dd" and text else text)
        return "\n".join(line for line in lines if line)
