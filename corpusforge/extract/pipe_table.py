"""Tables as pipe tables of Markdown, with cells that span columns or rows put where a reader of one line expects them.

A header repeats over all columns it stands above, and several header rows become one, so that each column has its whole name; a
cell that spans rows repeats in each of them; one that spans columns stands in the first. Numbers are never repeated sideways.
"""

from collections.abc import Mapping, Sequence
from itertools import takewhile

from corpusforge.extract.article import Grid, Row

# Cells that a table may grow to by repeating what spans; beyond, each cell stands once.
_MAX_CELLS = 200_000


def pipe_table(grid: Grid) -> str:
    """A table with its header and a rule below it; "" where no cell has text."""
    rows = [(texts, is_header) for texts, is_header in _laid_out(grid.rows) if texts]
    columns = sorted({column for texts, _ in rows for column in texts})
    if not columns:
        return ""
    num_header = sum(1 for _ in takewhile(lambda row: row[1], rows)) or 1
    header, body = _merged([texts for texts, _ in rows[:num_header]]), [texts for texts, _ in rows[num_header:]]
    is_padded = len(rows) * len(columns) <= _MAX_CELLS
    lines = [_line(header, columns), f"|{' --- |' * len(columns)}"]
    return "\n".join(lines + [_line(texts, columns if is_padded else sorted(texts)) for texts in body])


def _line(texts: Mapping[int, str], columns: Sequence[int]) -> str:
    return "| " + " | ".join(texts.get(column, "").replace("|", "\\|") for column in columns) + " |"


def _merged(headers: Sequence[dict[int, str]]) -> dict[int, str]:
    """One header from several: the different texts of a column from top to bottom."""
    merged: dict[int, list[str]] = {}
    for texts in headers:
        for column, text in texts.items():
            if text not in merged.setdefault(column, [])[-1:]:
                merged[column].append(text)
    return {column: " / ".join(texts) for column, texts in merged.items()}


def _laid_out(rows: Sequence[Row]) -> list[tuple[dict[int, str], bool]]:
    """Texts by column of each row, and whether it is a header; columns without text are left out."""
    laid: list[tuple[dict[int, str], bool]] = []
    below: dict[int, tuple[int, str]] = {}  # column -> rows that a cell still reaches down, and its text
    num_left = _MAX_CELLS
    for row in rows:
        is_header = row.is_header or (bool(row.cells) and all(cell.is_header for cell in row.cells))
        texts = {column: text for column, (_, text) in below.items()}
        below = {column: (depth - 1, text) for column, (depth, text) in below.items() if depth > 1}
        column = 0
        for cell in row.cells:
            while column in texts:
                column += 1
            width, depth = (cell.columns, cell.rows - 1) if num_left > 0 else (1, 0)
            for offset in range(width):
                text = cell.text if not offset or is_header else ""
                texts[column + offset] = text
                if depth:
                    below[column + offset] = (depth, text)
            num_left -= width
            column += width
        num_left -= len(below)
        below = below if num_left > 0 else {}
        laid.append(({column: text for column, text in texts.items() if text}, is_header))
    return laid
