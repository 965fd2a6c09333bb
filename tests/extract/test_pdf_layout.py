"""From runs to text: lines, paragraphs, headings, lists, tables, notes."""

from collections.abc import Sequence

import pytest

from corpusforge.extract.pdf_layout import layout
from corpusforge.extract.pdf_runs import Run

WIDTH = 300


def line(text: str, y: float, left: float = 50, right: float | None = None, size: float = 10, bold: bool = False) -> Run:
    return Run(text, left, left + 5 * len(text) if right is None else right, y, size, bold, False)


def full(text: str, y: float, left: float = 50) -> Run:
    return line(text, y, left, 50 + WIDTH)


def text(*runs: Run) -> str:
    return layout([runs])


def body(top: float, count: int = 4) -> list[Run]:
    return [full("words of the text that fill a whole line", top - 12 * i) for i in range(count)]


BODY = " ".join(["words of the text that fill a whole line"] * 4)


def test_a_short_line_ends_a_paragraph() -> None:
    assert text(full("the first line is full", 700), line("and ends.", 688), full("Another begins", 676)) == (
        "the first line is full and ends.\n\nAnother begins"
    )


def test_an_indent_begins_a_paragraph() -> None:
    lines = [full("one two three", 700), full("four five six.", 688), full("Seven eight", 676, 70), full("nine", 664)]
    assert text(*lines) == "one two three four five six.\n\nSeven eight nine"


def test_hanging_lines_belong_to_the_line_above() -> None:
    pairs = [(full(f"Author{i} wrote a long", 700 - 24 * i), full("book on sand.", 688 - 24 * i, 70)) for i in range(3)]
    wanted = "\n\n".join(f"Author{i} wrote a long book on sand." for i in range(3))
    assert text(*[each for pair in pairs for each in pair]) == wanted


def test_chinese_lines_join_without_a_space() -> None:
    assert text(full("黄土是第四纪的风成", 700), line("堆积。", 688, right=80)) == "黄土是第四纪的风成堆积。"


def test_space_between_lines_begins_a_paragraph() -> None:
    assert text(*body(700), *body(640)) == f"{BODY}\n\n{BODY}"


def test_larger_letters_are_headings_by_size() -> None:
    runs = [
        line("The Title", 760, size=20),
        *body(720),
        line("First part", 660, size=14),
        *body(640),
        line("Second part", 580, size=14),
    ]
    assert text(*runs, *body(560)) == f"# The Title\n\n{BODY}\n\n## First part\n\n{BODY}\n\n## Second part\n\n{BODY}"


def test_authors_between_title_and_text_are_no_heading() -> None:
    runs = [line("The Title", 760, size=20), line("Anna Smith", 740, size=14), line("Abstract", 725, size=14), *body(700)]
    assert text(*runs) == f"# The Title\n\nAnna Smith\n\n## Abstract\n\n{BODY}"


def test_bold_numbered_lines_are_headings_other_bold_lines_are_not() -> None:
    runs = [line("2.1 Methods", 720, bold=True), *body(700), line("Mind this", 640, bold=True), *body(620)]
    assert text(*runs) == f"# 2.1 Methods\n\n{BODY}\n\nMind this\n\n{BODY}"


def test_items_are_marked_and_stand_together() -> None:
    runs = [*body(700), full("• first of the items", 640), full("goes on here", 628, 60), full("▪ second one", 616)]
    assert text(*runs) == f"{BODY}\n\n- first of the items goes on here\n- second one"


def test_aligned_cells_are_a_table() -> None:
    rows = [
        (line(a, 700 - 12 * i), line(b, 700 - 12 * i, 150), line(c, 700 - 12 * i, 220))
        for i, (a, b, c) in enumerate([("Rock", "Density", "Speed"), ("Granite", "2.65", "5.8"), ("A|B", "2.95", "6.2")])
    ]
    wanted = "| Rock | Density | Speed |\n| --- | --- | --- |\n| Granite | 2.65 | 5.8 |\n| A\\|B | 2.95 | 6.2 |"
    assert text(*body(760), *[cell for row in rows for cell in row]) == f"{BODY}\n\n{wanted}"


def test_raised_and_lowered_digits_stay_so() -> None:
    host = [line("10", 700, 50, 62), line("−3", 704, 62, 70, 7), line("mol of CO", 700, 73, 120), line("2", 697, 120, 124, 7)]
    assert text(*host) == "10⁻³ mol of CO₂"


def test_a_raised_ring_is_a_degree() -> None:
    assert text(line("at 25", 700, 50, 75), line("◦", 704, 75, 79, 7), line("C", 700, 79, 86)) == "at 25°C"


def test_small_marked_lines_at_the_foot_come_behind_the_text_of_their_page() -> None:
    note = [line("1", 63, 50, 53, 5), line("A note.", 60, 54, 90, 8)]
    first = [full("the page ends before the", 724), full("sentence", 712), *note]
    assert layout([first, [line("does.", 760), *body(736)]]) == f"the page ends before the sentence does.\n\n¹A note.\n\n{BODY}"


def test_text_goes_on_behind_a_caption_at_the_head_of_a_column() -> None:
    first = [full("a sentence that ends on the", 724), full("next page with the", 712)]
    second = [line("Figure 2: a map.", 760), line("last word.", 700), *body(676)]
    assert layout([first, second]) == f"a sentence that ends on the next page with the last word.\n\nFigure 2: a map.\n\n{BODY}"


def test_leaders_of_a_table_of_contents_are_short_and_its_lines_apart() -> None:
    runs = [full("1 Clay . . . . . . . . . . . . . 3", 700), full("2 Sand ............... 14", 688)]
    assert text(*runs) == "1 Clay ... 3\n\n2 Sand ... 14"


@pytest.mark.parametrize("pages", [[], [[]], [[], []]])
def test_no_runs_give_no_text(pages: Sequence[Sequence[Run]]) -> None:
    assert layout(pages) == ""
