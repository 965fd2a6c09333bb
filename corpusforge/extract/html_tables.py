"""Tables that hold data and tables that only lay out a page, and the former as pipe tables of Markdown."""

from collections.abc import Sequence

from corpusforge.extract.html_names import HEADER, TABLE
from corpusforge.extract.html_tree import Node, nodes
from corpusforge.extract.plain import one_line

_GROUPS = frozenset(("thead", "tbody", "tfoot"))
_CELLS = frozenset(("td", "th"))
# A cell with more words is a column of a page, unless the table has headers.
_MAX_CELL_WORDS = 80
_MAX_SPAN = 50
# Cells of the widest table: where spans would make more, rows are only as long as they are.
_MAX_CELLS = 200_000


def rows_of(table: Node) -> list[list[Node]]:
    """Its cells, row by row; header rows of <thead> first, as they stand."""
    rows = []
    for part in table.children:
        for row in part.children if part.tag in _GROUPS else (part,):
            if row.tag == "tr":
                rows.append([cell for cell in row.children if cell.tag in _CELLS])
    return rows


def settle_table(table: Node) -> None:
    """Turn a table that only lays out the page into plain blocks; called when all that is inside has been read."""
    rows = rows_of(table)
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
    """A pipe table with a line below its first row, caption before it; "" where nothing is in it."""
    caption = " ".join(_cell_text(part) for part in table.children if part.tag == "caption")
    rows = [row for row in _grid(rows_of(table)) if any(row)]
    if not rows:
        return caption
    width = max(map(len, rows)) if len(rows) * max(map(len, rows)) <= _MAX_CELLS else 0
    lines = [f"| {' | '.join(row + [''] * (width - len(row)))} |" for row in rows]
    rule = f"|{' --- |' * max(width, len(rows[0]))}"
    return "\n".join([*([caption, ""] if caption else []), lines[0], rule, *lines[1:]])


def _grid(rows: Sequence[Sequence[Node]]) -> list[list[str]]:
    """Texts of the cells, each in its column: a cell that spans several leaves the further ones empty."""
    grid: list[list[str]] = []
    hanging: dict[int, int] = {}  # column -> how many further rows a cell above reaches into it
    budget = _MAX_CELLS
    for row in rows:
        texts: list[str] = []
        for cell in row:
            while hanging.get(len(texts), 0) and budget > 0:
                _use(hanging, len(texts))
                texts.append("")
                budget -= 1
            columns = min(_span(cell, "colspan"), max(budget, 1))
            depth = _span(cell, "rowspan") - 1
            for column in range(len(texts), len(texts) + columns):
                if depth:
                    hanging[column] = depth
            texts += [_cell_text(cell), *[""] * (columns - 1)]
            budget -= columns
        for column in [column for column in hanging if column >= len(texts)]:
            _use(hanging, column)
        grid.append(texts)
    return grid


def _use(hanging: dict[int, int], column: int) -> None:
    hanging[column] -= 1
    if not hanging[column]:
        del hanging[column]


def _span(cell: Node, name: str) -> int:
    given = cell.attributes.get(name, "").strip()
    return min(max(int(given), 1), _MAX_SPAN) if given.isascii() and given.isdigit() and len(given) < 6 else 1


def _cell_text(cell: Node) -> str:
    text = " ".join(one_line(leaf.text) for leaf in nodes(cell) if leaf.text)
    return text.replace("|", "\\|").replace("\n", " ")
