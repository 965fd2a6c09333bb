"""Tables drawn with +---+ rules, by the parser that docutils has for them."""

from collections.abc import Sequence

from corpusforge.extract.plain import KEPT


def grid_rows(lines: Sequence[str]) -> list[list[str]]:
    """Source of the cells, row by row; when the rules do not meet, each line that is no rule is a row of one cell."""
    from docutils.parsers.rst.tableparser import GridTableParser, TableMarkupError
    from docutils.statemachine import StringList

    block = StringList([line.strip() for line in lines if line.strip()], "table")
    block.pad_double_width(KEPT)  # a place holder behind each double-width character, so that columns meet
    try:
        _, head, body = GridTableParser().parse(block)
    except (TableMarkupError, IndexError, AssertionError):  # the last two: ragged lines, which docutils sorts out before
        return [[line.strip(" |")] for line in lines if line.strip(" +-=:|")]
    rows = [*head, *body]
    return [["\n".join(cell[3]).replace(KEPT, "") for cell in row if cell is not None] for row in rows]
