"""Tables in XML to grids: those of HTML, as JATS has them, of CALS (<entry>), and of TEI."""

import re
from dataclasses import replace

from corpusforge.extract.article import Cell, Grid, Pieces, Row, blocks_of, line_of
from corpusforge.extract.xml_flow import Node

_MAX_SPAN = 100


def _count(value: str) -> int:
    return min(int(value), _MAX_SPAN) if value.isascii() and value.isdigit() and len(value) < 6 else 1


def _cals_columns(node: Node) -> int:
    """Columns that a CALS entry spans, from the numbers in the names of its first and last ("col2", "col4")."""
    ends = [re.search(r"([0-9]{1,4})$", node.get(name)) for name in ("namest", "nameend")]
    first, last = (int(end[1]) if end else 0 for end in ends)
    return min(last - first + 1, _MAX_SPAN) if 0 < first <= last else 1


def cell(node: Node) -> Pieces:
    """A cell and how far it reaches."""
    is_cals = node.name == "entry"
    columns = _cals_columns(node) if is_cals else _count(node.get("colspan") or node.get("cols"))
    rows = (
        _count(node.get("morerows")) + 1
        if is_cals and node.get("morerows")
        else _count(node.get("rowspan") or node.get("rows"))
    )
    is_header = node.name == "th" or node.get("role") == "label"
    return [Cell(line_of(node.inside()), max(columns, 1), max(rows, 1), is_header)]


def row(node: Node) -> Pieces:
    """A row of cells; what stands beside them becomes a cell, too."""
    pieces = blocks_of(node.inside())
    cells = tuple(piece if isinstance(piece, Cell) else Cell(line_of([piece])) for piece in pieces)
    return [Row(cells, node.get("role") == "label")] if cells else []


def head(node: Node) -> Pieces:
    """Rows that are headers."""
    return [replace(piece, is_header=True) if isinstance(piece, Row) else piece for piece in node.inside()]


def table(node: Node) -> Pieces:
    """The grid of all rows, after whatever else is in the table."""
    pieces = node.inside()
    rows = tuple(piece for piece in pieces if isinstance(piece, Row))
    others = blocks_of(piece for piece in pieces if not isinstance(piece, Row))
    return [*others, *([Grid(rows)] if rows else [])]


RULES = {
    **dict.fromkeys(("td", "th", "entry", "cell"), cell),
    **dict.fromkeys(("tr", "row"), row),
    "thead": head,
    **dict.fromkeys(("table", "tgroup"), table),
}
