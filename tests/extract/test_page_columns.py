from collections.abc import Sequence

import pytest

from corpusforge.extract.page_columns import columns
from corpusforge.extract.pdf_runs import Run


def run(text: str, left: float, y: float, width: float = 200) -> Run:
    return Run(text, left, left + width, y, 10, False, False)


def stack(name: str, left: float, count: int, *, top: float = 700, width: float = 200) -> list[Run]:
    return [run(f"{name}{i}", left, top - 12 * i, width) for i in range(count)]


def order(runs: Sequence[Run]) -> str:
    return " ".join(run.text for group in columns(runs) for run in group)


A, B, C = "a0 a1 a2 a3 a4", "b0 b1 b2 b3 b4", "c0 c1 c2 c3 c4"


def test_the_left_column_is_read_before_the_right_one() -> None:
    assert order([*stack("a", 50, 5), *stack("b", 260, 5)]) == f"{A} {B}"


def test_the_order_of_the_content_does_not_matter() -> None:
    assert order([*stack("b", 260, 5), *stack("a", 50, 5)]) == f"{A} {B}"


def test_three_columns_are_read_from_left_to_right() -> None:
    runs = [*stack("b", 260, 5, width=150), *stack("c", 420, 5, width=150), *stack("a", 100, 5, width=150)]
    assert order(runs) == f"{A} {B} {C}"


def test_a_title_over_both_columns_comes_first() -> None:
    title = run("title", 150, 740, 220)
    assert order([*stack("a", 50, 5), *stack("b", 260, 5), title]) == f"title {A} {B}"


def test_the_short_last_line_of_an_abstract_stays_with_it() -> None:
    abstract = [run("abstract", 50, 760, 410), run("end", 50, 748, 100)]
    assert order([*abstract, *stack("a", 50, 5), *stack("b", 260, 5)]) == f"abstract end {A} {B}"


def test_what_spans_the_middle_of_the_page_parts_it_into_bands() -> None:
    upper = [*stack("a", 50, 5), *stack("b", 260, 5)]
    lower = [*stack("c", 50, 5, top=500), *stack("d", 260, 5, top=500)]
    assert order([*upper, *lower, run("wide", 50, 560, 410)]) == f"{A} {B} wide {C} d0 d1 d2 d3 d4"


def test_an_overfull_line_spans_nothing() -> None:
    runs = [*stack("a", 50, 5), *stack("b", 260, 5)]
    runs[2] = run("a2", 50, 676, 215)
    assert order(runs) == f"{A} {B}"


def test_one_column_stays_one() -> None:
    runs = stack("a", 50, 5, width=410)
    assert columns(runs) == [runs]


def test_rows_of_a_table_are_read_across() -> None:
    rows = [cell for i in range(5) for cell in (run(f"a{i}", 50, 700 - 12 * i), run(f"b{i}", 260, 700 - 12 * i))]
    assert order(rows) == "a0 b0 a1 b1 a2 b2 a3 b3 a4 b4"


def test_columns_that_were_written_line_by_line_are_told_apart_when_they_are_long() -> None:
    rows = [cell for i in range(9) for cell in (run(f"a{i}", 50, 700 - 12 * i), run(f"b{i}", 260, 700 - 12 * i))]
    assert order(rows) == " ".join([*(f"a{i}" for i in range(9)), *(f"b{i}" for i in range(9))])


@pytest.mark.parametrize("runs", [[], [run("a", 50, 700)], [run("a", 0, 0, 0), run("b", 1e9, 0, 0)]])
def test_few_runs_are_one_column(runs: list[Run]) -> None:
    assert columns(runs) == [runs]
