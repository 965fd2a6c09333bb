from collections.abc import Sequence

from corpusforge.extract.page_furniture import without_furniture
from corpusforge.extract.pdf_runs import Run

LINES = ["Clay and silt", "Sand and gravel", "Marl and chalk", "Loess and loam", "Till and drift", "Peat and gyttja"]


def run(text: str, y: float, left: float = 50, size: float = 10) -> Run:
    return Run(text, left, left + 5 * len(text), y, size, False, False)


def page(number: int, *more: Run) -> list[Run]:
    body = [run(f"{line} {'abcdefgh'[number]}", 700 - 12 * i) for i, line in enumerate(LINES)]
    return [*more, *body]


def gone(pages: Sequence[Sequence[Run]]) -> list[list[str]]:
    kept = without_furniture(pages, 10)
    return [[run.text for run in before if run not in after] for before, after in zip(pages, kept, strict=True)]


def test_headers_that_repeat_go() -> None:
    assert gone([page(i, run("Journal of Sand", 760)) for i in range(3)]) == [["Journal of Sand"]] * 3


def test_headers_may_hold_the_page_number_and_change_from_left_to_right() -> None:
    heads = ["2 Journal of Sand", "A. Smith 3", "4 Journal of Sand", "A. Smith 5"]
    assert gone([page(i, run(head, 760)) for i, head in enumerate(heads)]) == [[head] for head in heads]


def test_headers_that_change_with_each_chapter_go_by_their_page_numbers() -> None:
    heads = ["Clay 11", "Silt 12", "Sand 13"]
    assert gone([page(i, run(head, 760)) for i, head in enumerate(heads)]) == [[head] for head in heads]


def test_page_numbers_go_also_roman_ones_and_those_of_one_page() -> None:
    assert gone([page(i, run(number, 40)) for i, number in enumerate(["iii", "iv", "v"])]) == [["iii"], ["iv"], ["v"]]
    assert gone([page(0, run("- 7 -", 40))]) == [["- 7 -"]]
    assert gone([page(0, run("第 3 页 共 9 页", 40))]) == [["第 3 页 共 9 页"]]


def test_a_line_between_lines_of_text_stays() -> None:
    assert gone([page(i, run("See the map", 646)) for i in range(3)]) == [[], [], []]


def test_the_first_line_of_text_stays_even_with_a_number() -> None:
    assert gone([page(i, run(f"In {1990 + 7 * i} rain fell", 712)) for i in range(3)]) == [[], [], []]


def test_a_large_title_that_slides_repeat_stays() -> None:
    assert gone([page(i, run("Results", 760, size=20)) for i in range(3)]) == [[], [], []]


def test_line_numbers_in_the_margin_go() -> None:
    numbers = [run(str(i + 1), 700 - 12 * i, 20, 6) for i in range(6)]
    assert gone([page(0, *numbers)]) == [["1", "2", "3", "4", "5", "6"]]


def test_numbers_of_rows_inside_the_text_stay() -> None:
    numbers = [run(str(i + 1), 700 - 12 * i, 200, 6) for i in range(6)]
    wide = [run("x" * 60, 700 - 12 * i, 50) for i in range(6)]
    assert gone([[*numbers, *wide]]) == [[]]


def test_numbers_in_the_margin_that_do_not_grow_stay() -> None:
    numbers = [run(text, 700 - 12 * i, 20, 6) for i, text in enumerate(["3", "9", "2", "40", "7", "1"])]
    assert gone([page(0, *numbers)]) == [[]]
