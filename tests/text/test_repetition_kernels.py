"""Kernels under Gopher's and FineWeb's rules, beside the rules written down slowly."""

import re
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[1]))
import strategies

from corpusforge.text.line_marks import marks, plain_lines
from corpusforge.text.ngrams import REPEATED, TOP, repeated_runs
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


def words(text: str) -> list[str]:
    seen = view([text])
    spans = view_words(seen).spans
    data = seen.data.tobytes()
    return [data[begin:end].decode() for begin, end in zip(spans.begin.tolist(), spans.end.tolist(), strict=True)]


def duplicates(pieces: Sequence[str]) -> tuple[int, int, int]:
    seen: set[str] = set()
    repeated = [each for each in pieces if each in seen or seen.add(each)]  # type: ignore[func-returns-value]
    return len(pieces), len(repeated), sum(map(len, repeated))


def top(found: Sequence[str], size: int) -> tuple[int, int]:
    runs = Counter(" ".join(found[i : i + size]) for i in range(len(found) - size + 1))
    return max(((len(run) * times, times) for run, times in runs.most_common(1)), default=(0, 0))


def repeated(found: Sequence[str], size: int) -> int:
    seen, chars, place = set(), 0, 0
    while place <= len(found) - size:
        run = tuple(found[place : place + size])
        chars += len("".join(run)) if run in seen else 0
        place += size if run in seen else 1
        seen.add(run)
    return chars


@settings(deadline=None, max_examples=300)
@given(st.lists(few_words | strategies.documents, max_size=3))
def test_repeated_runs_of_words(texts: list[str]) -> None:
    found = repeated_runs(view_words(view(texts)))
    of_texts = [words(text) for text in texts]
    assert found.covered.tolist() == [[top(each, size)[0] for size in TOP] for each in of_texts]
    assert found.times.tolist() == [[top(each, size)[1] for size in TOP] for each in of_texts]
    assert found.repeated_chars.tolist() == [[repeated(each, size) for size in REPEATED] for each in of_texts]


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
    lines, paragraphs = repeated_lines(view(texts)), repeated_paragraphs(view(texts))
    assert list(zip(*(each.tolist() for each in lines), strict=True)) == [duplicates(re.split("\n+", text)) for text in texts]
    expected = [duplicates(re.split("\n{2,}", text.strip())) for text in texts]
    assert list(zip(*(each.tolist() for each in paragraphs), strict=True)) == expected


@settings(deadline=None, max_examples=400)
@given(st.lists(layout, max_size=3))
def test_marks_of_lines(texts: list[str]) -> None:
    found = marks(view(texts))
    lines = [text.splitlines() for text in texts]
    assert found.number_signs.tolist() == [text.count("#") for text in texts]
    assert found.ellipses.tolist() == [text.count("...") + text.count("…") for text in texts]
    assert found.lines.tolist() == [len(each) for each in lines]
    assert found.bullet_lines.tolist() == [sum(line.lstrip().startswith(("•", "-")) for line in each) for each in lines]
    assert found.ellipsis_lines.tolist() == [sum(line.rstrip().endswith(("...", "…")) for line in each) for each in lines]


@settings(deadline=None, max_examples=300)
@given(st.lists(layout, max_size=3))
def test_lines_parted_by_line_feeds(texts: list[str]) -> None:
    found = plain_lines(view(texts), ".砂", 3)
    lines = [[line for line in text.split("\n") if line.strip()] for text in texts]
    assert found.lines.tolist() == [len(each) for each in lines]
    assert found.ended.tolist() == [sum(line.endswith((".", "砂")) for line in each) for each in lines]
    assert found.short.tolist() == [sum(len(line) <= 3 for line in each) for each in lines]
    assert found.repeated_chars.tolist() == [duplicates(each)[2] for each in lines]
    assert found.line_feeds.tolist() == [text.count("\n") for text in texts]


@settings(deadline=None, max_examples=200)
@given(st.lists(strategies.documents | few_words, max_size=3))
def test_what_words_are_made_of(texts: list[str]) -> None:
    found = word_facts(view(texts), view_words(view(texts)), "1砂")
    of_texts = [words(text) for text in texts]
    ordinary = [[word for word in each if set(word) - set("1砂")] for each in of_texts]
    assert found.num_words.tolist() == [len(each) for each in ordinary]
    assert found.num_chars.tolist() == [sum(map(len, each)) for each in ordinary]
    assert found.num_alphabetic.tolist() == [sum(any(map(str.isalpha, word)) for word in each) for each in of_texts]
    listed = ("a", "cc", "岩", "the", "basalt")
    assert num_listed(view_words(view(texts)), listed).tolist() == [len(set(listed) & set(each)) for each in of_texts]


def test_more_listed_words_than_a_mask_holds_are_refused() -> None:
    with pytest.raises(ValueError, match="at most 64 words"):
        num_listed(view_words(view([""])), [str(number) for number in range(65)])
