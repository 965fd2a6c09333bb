"""Kernels under Gopher's and FineWeb's rules, beside the rules written down slowly."""

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[1]))
import repetition_oracle as slow
import strategies

from corpusforge.text.line_marks import marks, plain_lines
from corpusforge.text.ngrams import repeated_runs
from corpusforge.text.repeats import repeated_lines, repeated_paragraphs
from corpusforge.text.spans import view_words
from corpusforge.text.view import TextView
from corpusforge.text.word_facts import num_listed, word_facts

BREAKS = "\n\n\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"
layout = st.lists(
    st.sampled_from(["a", "bb", "砂", "...", "..", ".", "…", "#", "-", "•", "\u2024", " ", "\u3000", "\t", "\x1f", *BREAKS]),
    max_size=25,
).map("".join)
few_words = st.lists(st.sampled_from(["a", "b", "cc", "砂", "岩", "d-e", "1"]), max_size=60).map(" ".join)


def view(texts: Sequence[str]) -> TextView:
    return TextView(pa.array(["before", *texts, "after"], pa.large_string()).slice(1, len(texts)))


def by_document(measured: Sequence[NDArray[np.int64]]) -> list[tuple[int, ...]]:
    return list(zip(*(column.tolist() for column in measured), strict=True))


def words(text: str) -> list[str]:
    seen = view([text])
    spans = view_words(seen).spans
    data = seen.data.tobytes()
    return [data[begin:end].decode() for begin, end in zip(spans.begin.tolist(), spans.end.tolist(), strict=True)]


@settings(deadline=None, max_examples=300)
@given(st.lists(few_words | strategies.documents, max_size=3))
def test_repeated_runs_of_words(texts: list[str]) -> None:
    found = repeated_runs(view_words(view(texts)))
    measured = zip(found.covered.tolist(), found.times.tolist(), found.repeated_chars.tolist(), strict=True)
    assert list(measured) == [slow.runs(words(text)) for text in texts]


@pytest.mark.parametrize("text", ["1 23 2 13", "a bc b ac", "12 3 1 23"])
def test_runs_of_other_words_with_the_same_characters_are_not_the_same(text: str) -> None:
    assert repeated_runs(view_words(view([text]))).times[0, 0] == 1


def test_a_long_document_and_short_ones_beside_it_are_looked_at_alike() -> None:
    short, long = "a b a b a b", " ".join(map(str, range(5000)))
    found = repeated_runs(view_words(view([short, long, short])))
    assert found.times.tolist() == [[3, 2, 2], [1, 1, 1], [3, 2, 2]]


@settings(deadline=None, max_examples=300)
@given(st.lists(layout, max_size=3))
def test_repeated_lines_and_paragraphs(texts: list[str]) -> None:
    assert by_document(repeated_lines(view(texts))) == [slow.lines(text) for text in texts]
    assert by_document(repeated_paragraphs(view(texts))) == [slow.paragraphs(text) for text in texts]


@settings(deadline=None, max_examples=400)
@given(st.lists(layout, max_size=3))
def test_marks_of_lines(texts: list[str]) -> None:
    assert by_document(marks(view(texts))) == [slow.marks(text) for text in texts]


@settings(deadline=None, max_examples=300)
@given(st.lists(layout, max_size=3))
def test_lines_parted_by_line_feeds(texts: list[str]) -> None:
    assert by_document(plain_lines(view(texts), ".砂", 3)) == [slow.plain_lines(text, ".砂", 3) for text in texts]


@settings(deadline=None, max_examples=200)
@given(st.lists(strategies.documents | few_words, max_size=3))
def test_what_words_are_made_of(texts: list[str]) -> None:
    of_texts = [words(text) for text in texts]
    assert by_document(word_facts(view(texts), view_words(view(texts)), "1砂")) == [
        slow.word_facts(each, "1砂") for each in of_texts
    ]
    listed = ("a", "cc", "岩", "the", "basalt")
    assert num_listed(view_words(view(texts)), listed).tolist() == [len(set(listed) & set(each)) for each in of_texts]


def test_more_listed_words_than_a_mask_holds_are_refused() -> None:
    with pytest.raises(ValueError, match="at most 64 words"):
        num_listed(view_words(view([""])), [str(number) for number in range(65)])
