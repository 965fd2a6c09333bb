import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[1]))
import page_oracle as slow
import strategies

from corpusforge.text.page_lines import (
    CURLY_BRACKET,
    JAVASCRIPT,
    LOREM_IPSUM,
    POLICY,
    CleanLines,
    chunks,
    clean_lines,
    line_facts,
    page_lines,
    whole_lines,
)
from corpusforge.text.view import TextView

ENDS = ".?!\"'。"
PIECES = (
    "word", "two words", "砂岩。", ".", "...", "..", '"', "'", "!", "…", " ", "  ", "\t", "\u3000", "\x1f", "{", "[", "]",
    "[1]", "[]", "[٣]", "[²]", "[12", "[edit]", "[Edit]", "[citation needed]", "[citation", "lorem", "Lorem ipsum",
    "LOREM \u0130PSUM", "java", "JavaScript", "Terms of Use", "privacy policy", "COOKIE POLICY", "we use coo\u212aies",
    "uses cookies", "use of", "\u212a",
    "\n", "\r", "\r\n", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029", "\n\n",
    "\x00", "\u00e9",
)  # fmt: skip
pages = st.lists(st.sampled_from(PIECES), max_size=25).map("".join) | strategies.documents


def view_of(texts: Sequence[str]) -> TextView:
    return TextView(pa.array(["before [1]\n", *texts, "after"], pa.large_string()).slice(1, len(texts)))


def texts_of(clean: CleanLines) -> list[str]:
    data, bounds = clean.data.tobytes(), clean.bounds.tolist()
    return [data[begin:end].decode() for begin, end in pairwise(bounds)]


def lines_of(texts: Sequence[str]) -> list[str]:
    return [line for text in texts for line in slow.lines(text)]


@settings(deadline=None, max_examples=400)
@given(st.lists(pages, max_size=4))
def test_lines_are_those_of_splitlines_without_blanks_around_them(texts: list[str]) -> None:
    view = view_of(texts)
    lines = page_lines(view)
    data = view.data.tobytes()
    found = [data[begin:end].decode() for begin, end in zip(lines.begin.tolist(), lines.end.tolist(), strict=True)]
    assert found == lines_of(texts)
    assert np.diff(lines.first).tolist() == [len(text.splitlines()) for text in texts]


@settings(deadline=None, max_examples=300)
@given(st.lists(pages, max_size=4))
def test_breaks_and_lines_cover_the_text(texts: list[str]) -> None:
    view = view_of(texts)
    lines = page_lines(view)
    data = view.data.tobytes()
    breaks = [data[begin:end].decode() for begin, end in zip(lines.breaks.tolist(), lines.stop.tolist(), strict=True)]
    kept = [line for text in texts for line in text.splitlines(keepends=True)]
    assert breaks == [line[len(line.splitlines()[0]) :] for line in kept]


@settings(deadline=None, max_examples=400)
@given(st.lists(pages, max_size=4))
def test_citation_marks_are_taken_out(texts: list[str]) -> None:
    view = view_of(texts)
    clean = clean_lines(view)
    data = view.data.tobytes()
    assert texts_of(clean) == list(map(slow.cleaned, lines_of(texts)))
    assert texts_of(whole_lines(view)) == lines_of(texts)
    marks = [data[begin:end].decode() for begin, end in zip(clean.begin.tolist(), clean.end.tolist(), strict=True)]
    assert marks == [mark for line in lines_of(texts) for mark in slow.CITATION.findall(line)]


@settings(deadline=None, max_examples=400)
@given(st.lists(pages, max_size=4))
def test_facts_of_lines_are_those_of_the_definitions(texts: list[str]) -> None:
    view = view_of(texts)
    facts = line_facts(chunks(view), page_lines(view), clean_lines(view), ENDS)
    columns = (facts.num_words, facts.longest, facts.is_ended, facts.phrases)
    found = list(zip(*(column.tolist() for column in columns), strict=True))
    assert found == [slow.facts(line, ENDS) for line in lines_of(texts)]


@pytest.mark.parametrize(
    ("line", "bits"),
    [
        ("plain text", 0),
        ("Lorem IPSUM dolor", LOREM_IPSUM),
        ("lorem[1] ipsum", LOREM_IPSUM),
        ("var JavaScript = {", JAVASCRIPT | CURLY_BRACKET),
        ("see our Privacy Policy", POLICY),
        ("privacy  policy", 0),
        ("we use coo\u212aies", POLICY),
    ],
)
def test_phrases_are_found_whatever_their_case_and_across_citation_marks(line: str, bits: int) -> None:
    view = view_of([line])
    assert line_facts(chunks(view), page_lines(view), clean_lines(view), ENDS).phrases.tolist() == [bits]


def test_no_other_character_folds_to_the_ascii_of_a_phrase() -> None:
    letters = set("abcdefghijklmnopqrstuvwxyz{ ")
    beyond = [chr(point) for point in range(0x80, 0x110000) if not 0xD800 <= point < 0xE000]
    assert [each for each in beyond if set(each.lower()) & letters] == ["\u0130", "\u212a"]
    assert "\u0130".lower() == "i\u0307"  # so it is followed by a mark that no phrase has
