import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[1]))
import strategies

from corpusforge.text.cut import cut_spans
from corpusforge.text.page_cuts import CITATION, FIRST_FATE, KEPT, WHITESPACE, Cuts, kept_texts, line_cuts, page_cuts
from corpusforge.text.page_lines import clean_lines, page_lines
from corpusforge.text.view import TextView

GOOD, BAD = "good", "bad"
pieces = st.sampled_from(
    [
        "good",
        "good line",
        "bad",
        "bad one",
        "good [1]",
        "[1][2]",
        "good.[edit] x",
        " ",
        "\t",
        "\u3000",
        "砂岩good",
        "\n",
        "\n",
        "\r\n",
    ]
)
pages = st.lists(pieces, max_size=25).map("".join)
odd_pages = st.lists(pieces | st.sampled_from(["\r", "\x0b", "\x0c", "\x85", "\u2028"]), max_size=25).map("".join)


def view_of(texts: Sequence[str]) -> TextView:
    return TextView(pa.array(["before [1]\n", *texts, "after"], pa.large_string()).slice(1, len(texts)))


def is_bad(line: str) -> bool:
    return BAD in line


def is_bad_or_blank(line: str) -> bool:
    return BAD in line or GOOD not in line


def cut(texts: Sequence[str], is_cut: Callable[[str], bool] = is_bad) -> tuple[list[str], list[str], Cuts]:
    """Texts after cutting lines, the kept texts, and the cuts."""
    view = view_of(texts)
    lines, clean = page_lines(view), clean_lines(view)
    fates = np.array([FIRST_FATE * is_cut(line) for text in texts for line in text.splitlines()], np.uint8)
    cuts = page_cuts(view, lines, clean, fates)
    spans = list(zip(cuts.begin.tolist(), cuts.end.tolist(), strict=True))
    left = [cut_spans(text, spans[cuts.first[i] : cuts.first[i + 1]])[0] for i, text in enumerate(texts)]
    return left, kept_texts(lines, clean, fates).to_pylist(), cuts


def expected(text: str, is_cut: Callable[[str], bool] = is_bad) -> str:
    kept = [line.strip() for line in text.splitlines() if not is_cut(line)]
    return "\n".join(line.replace("[1]", "").replace("[2]", "").replace("[edit]", "") for line in kept)


@settings(deadline=None, max_examples=500)
@given(st.lists(pages, max_size=4))
def test_what_is_left_are_the_kept_lines_joined_by_line_feeds(texts: list[str]) -> None:
    left, kept, _ = cut(texts)
    assert kept == list(map(expected, texts))
    assert left == [expected(text).strip() for text in texts]


@settings(deadline=None, max_examples=500)
@given(st.lists(odd_pages, max_size=4))
def test_other_breaks_stay_only_where_no_line_feed_lies_between_kept_lines(texts: list[str]) -> None:
    left, _, _ = cut(texts, is_bad_or_blank)
    assert ["\n".join(text.splitlines()) for text in left] == [expected(text, is_bad_or_blank).strip() for text in texts]


@settings(deadline=None, max_examples=300)
@given(st.lists(strategies.documents, max_size=4))
def test_spans_lie_apart_in_their_document_and_hold_something(texts: list[str]) -> None:
    _, _, cuts = cut(texts)
    sizes = [len(text.encode()) for text in texts]
    for document, size in enumerate(sizes):
        edges = [
            edge
            for span in range(cuts.first[document], cuts.first[document + 1])
            for edge in (int(cuts.begin[span]), int(cuts.end[span]))
        ]
        assert edges == sorted(edges)
        assert all(0 <= edge <= size for edge in edges)
    assert (cuts.begin < cuts.end).all()


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("", []),
        ("good line", []),
        ("good\ngood", []),
        ("good\r\ngood", [(4, 5, WHITESPACE)]),
        ("good\rgood", []),
        ("good\n bad\ngood", [(5, 6, WHITESPACE), (6, 9, FIRST_FATE), (9, 10, WHITESPACE)]),
        ("good\rbad\ngood", [(4, 5, WHITESPACE), (5, 8, FIRST_FATE)]),
        ("good[1] x\n", [(4, 7, CITATION), (9, 10, WHITESPACE)]),
        ("[1] good", [(0, 3, CITATION), (3, 4, WHITESPACE)]),
        ("bad [1]", [(0, 7, FIRST_FATE)]),
    ],
)
def test_each_span_says_why_it_is_cut(text: str, spans: list[tuple[int, int, int]]) -> None:
    _, _, cuts = cut([text])
    assert list(zip(cuts.begin.tolist(), cuts.end.tolist(), cuts.fates.tolist(), strict=True)) == spans
    assert KEPT not in cuts.fates


def laid_out(text: str) -> str:
    """The text without bad lines, and without the blank lines that would then stand together."""
    kept: list[str] = []
    is_behind_cut = False
    for line in text.splitlines(keepends=True):
        is_blank = not line.strip()
        if is_bad(line):
            is_behind_cut = True
        elif not (is_blank and is_behind_cut and (not kept or not kept[-1].strip())):
            kept.append(line)
            is_behind_cut = False
    left = "".join(kept)
    return left.rstrip() if BAD in text else left


@settings(deadline=None, max_examples=500)
@given(st.lists(odd_pages.filter(lambda text: "[" not in text), max_size=4))
def test_lines_go_whole_and_the_layout_stays(texts: list[str]) -> None:
    view = view_of(texts)
    fates = np.array([FIRST_FATE * is_bad(line) for text in texts for line in text.splitlines()], np.uint8)
    cuts = line_cuts(view, page_lines(view), clean_lines(view), fates)
    spans = list(zip(cuts.begin.tolist(), cuts.end.tolist(), strict=True))
    left = [cut_spans(text, spans[cuts.first[i] : cuts.first[i + 1]])[0] for i, text in enumerate(texts)]
    assert left == list(map(laid_out, texts))
