"""Tables that hold data and tables that only lay out a page, and the former as pipe tables of Markdown."""

from collections.abc import Sequence

from corpusforge.extract.article import Cell, Grid, Row
from corpusforge.extract.html_tree import Node, add_up, nodes
from corpusforge.extract.pipe_table import pipe_table
from corpusforge.extract.plain import join_blocks, one_line
from corpusforge.text.markup_sums import HEADER, TABLE

_GROUPS = frozenset(("thead", "tbody", "tfoot"))
CELLS = frozenset(("td", "th"))
_PARTS = frozenset((*_GROUPS, "tr", *CELLS))
# A cell with more words is a column of a page, unless the table has headers.
_MAX_CELL_WORDS = 80


def settle_table(table: Node) -> None:
    """Give a table its rows, or turn one that only lays out the page into plain blocks; called when all inside was read."""
    _flatten(table)
    rows = _rows(table)
    if not _is_data(table, rows):
        for node in (table, *table.children, *(cell for row in rows for cell in row.children)):
            node.tag = "div"


def _flatten(table: Node) -> None:
    """Put rows right below the table and cells right below rows, also those that unclosed tags left inside of others."""
    parts: list[Node] = []
    rows: list[Node] = []
    waiting = [(child, False) for child in reversed(table.children)]
    while waiting:
        node, is_head = waiting.pop()
        inside: list[Node] = []
        if node.tag in _GROUPS:
            is_head, inside = node.tag == "thead", node.children
        elif node.tag == "tr":
            inside, node.children = node.children, []
            parts.append(node)
            rows.append(node)
        elif node.tag in CELLS and rows:
            inside = [child for child in node.children if child.tag in _PARTS]
            node.children = [child for child in node.children if child.tag not in _PARTS]
            node.tag = "th" if is_head else node.tag
            rows[-1].children.append(node)
        else:
            parts.append(node)
        waiting.extend((child, is_head) for child in reversed(inside))
    for node in (*(cell for row in rows for cell in row.children if cell.children), *rows):
        add_up(node)
    table.children = parts


def _rows(table: Node) -> list[Node]:
    return [node for node in table.children if node.tag == "tr"]


def _is_data(table: Node, rows: Sequence[Node]) -> bool:
    if table.mark & TABLE or len(rows) < 2 or max(len(row.children) for row in rows) < 2:
        return False
    longest = max(cell.words for row in rows for cell in row.children)
    return bool(table.mark & HEADER) or longest <= _MAX_CELL_WORDS


def table_markdown(table: Node) -> str:
    """A pipe table, its caption before it; "" where nothing is in it."""
    caption = " ".join(_text(part) for part in table.children if part.tag == "caption")
    return join_blocks([caption, pipe_table(_grid(table))])


def _grid(table: Node) -> Grid:
    return Grid(tuple(Row(tuple(map(_cell, row.children))) for row in _rows(table)))


def _cell(node: Node) -> Cell:
    return Cell(_text(node), _span(node, "colspan"), _span(node, "rowspan"), is_header=node.tag == "th")


def _span(cell: Node, name: str) -> int:
    given = cell.attributes.get(name, "").strip()
    return max(int(given), 1) if given.isascii() and given.isdigit() and len(given) < 4 else 1


def _text(node: Node) -> str:
    return " ".join(one_line(leaf.text) for leaf in nodes(node) if leaf.text)
