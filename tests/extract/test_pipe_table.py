import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpusforge.extract.article import Cell, Grid, Row
from corpusforge.extract.pipe_table import pipe_table


def table(*rows: list[Cell | str], num_header: int = 0) -> str:
    cells = [tuple(Cell(cell) if isinstance(cell, str) else cell for cell in row) for row in rows]
    return pipe_table(Grid(tuple(Row(row, number < num_header) for number, row in enumerate(cells))))


def test_the_first_row_is_the_header_where_none_is_marked() -> None:
    assert table(["a", "b"], ["1", "2"]) == "| a | b |\n| --- | --- |\n| 1 | 2 |"


def test_a_header_over_several_columns_is_part_of_the_name_of_each() -> None:
    header = [Cell("n", rows=2), Cell("size", columns=2)], ["min", "max"]
    assert table(*header, ["A", "1", "2"], num_header=2).splitlines()[0] == "| n | size / min | size / max |"


def test_a_cell_over_several_rows_stands_in_each_and_one_over_several_columns_in_the_first() -> None:
    rows = table(["site", "x", "y"], [Cell("A", rows=2), "1", "2"], [Cell("none", columns=2)])
    assert rows.splitlines()[2:] == ["| A | 1 | 2 |", "| A | none |  |"]


@pytest.mark.parametrize("rows", [[], [[]], [["", ""], [""]]])
def test_a_table_without_text_is_nothing(rows: list[list[Cell | str]]) -> None:
    assert table(*rows) == ""


def test_columns_and_rows_without_text_go_and_bars_are_escaped() -> None:
    assert table(["a", "", "b"], ["", "", ""], ["x|y", "", "z"]) == "| a | b |\n| --- | --- |\n| x\\|y | z |"


CELLS = st.builds(Cell, st.sampled_from(["", "a", "b", "c d", "1", "x|y"]), st.integers(1, 4), st.integers(1, 4), st.booleans())


@given(st.lists(st.builds(Row, st.lists(CELLS, max_size=4).map(tuple), st.booleans()), max_size=6).map(tuple))
def test_no_cell_is_lost_and_all_rows_are_equally_wide(rows: tuple[Row, ...]) -> None:
    lines = pipe_table(Grid(rows)).splitlines()
    shown = {part for line in lines for cell in re.split(r"(?<!\\)\|", line) for part in cell.strip().split(" / ")}
    assert {cell.text.replace("|", "\\|") for row in rows for cell in row.cells} - {""} <= shown
    assert len({len(re.findall(r"(?<!\\)\|", line)) for line in lines}) <= 1
