"""Tables that hold data and tables that only lay out a page, and the former as pipe tables of Markdown."""

from collections.abc import Sequence

from corpusforge.extract.article import Cell, Grid, Row
from corpusforge.extract.html_names import HEADER, TABLE
from corpusforge.extract.html_tree import Node, nodes
from corpusforge.extract.pipe_table import pipe_table
from corpusforge.extract.plain import join_blocks, one_line

_GROUPS = frozenset(("thead", "tbody", "tfoot"))
_CELLS = frozenset(("td", "th"))
# A cell with more words is a column of a page, unless the table has headers.
_MAX_CELL_WORDS = 80


def _rows(table: Node) -> list[tuple[list[Node], bool]]:
    """The cells of each row, and whether it is part of the head."""
    rows = []
    for part in table.children:
        for row in part.children if part.tag in _GROUPS else (part,):
            if row.tag == "tr":
                rows.append(([cell for cell in row.children if cell.tag in _CELLS], part.tag == "thead"))
    return rows


def settle_table(table: Node) -> None:
    """Turn a table that only lays out the page into plain blocks; called when all that is inside has been read."""
    rows = [cells for cells, _ in _rows(table)]
    if _is_data(table, rows):
        return
    for part in (table, *table.children):
        part.tag = "div"
    for row in rows:
        for cell in row:
            cell.tag = "div"
    for part in table.children:
        for row_node in part.children:
            row_node.tag = "div" if row_node.tag == "tr" else row_node.tag


def _is_data(table: Node, rows: Sequence[Sequence[Node]]) -> bool:
    if table.mark & TABLE or len(rows) < 2 or max(map(len, rows)) < 2:
        return False
    longest = max(cell.words for row in rows for cell in row)
    return bool(table.mark & HEADER) or longest <= _MAX_CELL_WORDS


def table_markdown(table: Node) -> str:
    """A pipe table, its caption before it; "" where nothing is in it."""
    caption = " ".join(_text(part) for part in table.children if part.tag == "caption")
    return join_blocks([caption, pipe_table(_grid(table))])


def _grid(table: Node) -> Grid:
    return Grid(tuple(Row(tuple(map(_cell, cells)), is_header=is_head) for cells, is_head in _rows(table)))


def _cell(node: Node) -> Cell:
    return Cell(_text(node), _span(node, "colspan"), _span(node, "rowspan"), is_header=node.tag == "th")


def _span(cell: Node, name: str) -> int:
    given = cell.attributes.get(name, "").strip()
    return max(int(given), 1) if given.isascii() and given.isdigit() and len(given) < 4 else 1


def _text(node: Node) -> str:
    return " ".join(one_line(leaf.text) for leaf in nodes(node) if leaf.text)
