"""Every measure of a text on documents at the edges, beside its slow second writing; then on one of 16 MB."""

import sys
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import page_oracle
import prose_oracle
import pyarrow as pa
import pytest
import repetition_oracle
import spans_oracle
import terms_oracle
from numpy.typing import NDArray

sys.path += [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "dedup")]
import census_oracle
import minhash_oracle
import oracle
from edges import EDGES, PAGE, PAGES

from corpusforge.filter.prose import CHINESE, ENGLISH
from corpusforge.text.census import COMBINING, DAMAGED, DIGIT, WIDE_PUNCTUATION, census, visible
from corpusforge.text.cut import cut_spans
from corpusforge.text.line_marks import marks, plain_lines
from corpusforge.text.line_shape import line_shapes
from corpusforge.text.mojibake import mojibake
from corpusforge.text.ngrams import repeated_runs
from corpusforge.text.noise import noises
from corpusforge.text.normalize import normalize, normalized
from corpusforge.text.page_cuts import KEPT, page_cuts
from corpusforge.text.page_lines import chunks, clean_lines, line_facts, page_lines
from corpusforge.text.prose import count_listed, count_stretches
from corpusforge.text.repeats import repeated_lines, repeated_paragraphs
from corpusforge.text.sentences import sentence_ends
from corpusforge.text.shingles import shingles
from corpusforge.text.spans import Spans, line_spans, paragraph_spans, view_words, word_hashes, word_spans
from corpusforge.text.terms import find_terms
from corpusforge.text.trie import build_trie
from corpusforge.text.view import TextView
from corpusforge.text.word_facts import word_facts

LISTED = (*ENGLISH, *CHINESE)
ENTRIES = ("the", "river cuts", "砂岩", "恶心", "e\u0301te\u0301", "שלום", "😀", "12")
ENDS = ".?!\"'。"


def view_of(text: str) -> TextView:
    """The text with others before and behind it in the same buffer."""
    return TextView(pa.array(["before 1", text, "1 after"], pa.large_string()).slice(1, 1))


def texts_of(view: TextView, spans: Spans) -> list[str]:
    data = view.data.tobytes()
    return [data[begin:end].decode() for begin, end in zip(spans.begin.tolist(), spans.end.tolist(), strict=True)]


def parts(data: bytes, ends: Sequence[int]) -> list[str]:
    return [data[begin:end].decode() for begin, end in pairwise([0, *ends])]


def first(measured: Sequence[NDArray[np.int64]]) -> list[int]:
    """Of each column the value of the only document."""
    return [int(column[0]) for column in measured]


def numbered(values: Sequence[object]) -> list[int]:
    """Each value as the number of its first occurrence."""
    seen: dict[object, int] = {}
    return [seen.setdefault(value, len(seen)) for value in values]


def classes(view: TextView) -> list[int]:
    counts = census(view)
    return first([visible(counts), *(counts[:, place] for place in (DIGIT, COMBINING, DAMAGED, WIDE_PUNCTUATION))])


def slow_classes(text: str) -> list[int]:
    kinds = list(map(census_oracle.kind, text))
    return [sum(map(census_oracle.is_visible, text)), *map(kinds.count, ("number", "mark", "damaged", "wide"))]


def sentences(view: TextView) -> list[str]:
    return parts(view.data[view.offsets[0] : view.offsets[1]].tobytes(), sentence_ends(view)[0].tolist())


def line_columns(view: TextView) -> list[tuple[int, ...]]:
    facts = line_facts(chunks(view), page_lines(view), clean_lines(view), ENDS)
    columns = (facts.num_words, facts.longest, facts.is_ended, facts.phrases)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def after_cuts(view: TextView) -> str:
    """The text without white space around lines and without citation marks."""
    lines, clean = page_lines(view), clean_lines(view)
    cuts = page_cuts(view, lines, clean, np.full(len(lines.begin), KEPT, np.uint8))
    spans = list(zip(cuts.begin.tolist(), cuts.end.tolist(), strict=True))
    return cut_spans(view.texts[0].as_py(), spans)[0]


Measure = Callable[[TextView], object]
MEASURES: dict[str, tuple[Measure, Callable[[str], object]]] = {
    "sizes": (
        lambda view: first((view.num_bytes, view.num_chars, view.num_words)),
        lambda text: [len(text.encode()), len(text), oracle.num_words(text)],
    ),
    "words": (lambda view: texts_of(view, word_spans(view)), spans_oracle.words),
    "hashes": (lambda view: numbered(word_hashes(view).tolist()), lambda text: numbered(spans_oracle.words(text))),
    "lines": (lambda view: texts_of(view, line_spans(view)), spans_oracle.lines),
    "paragraphs": (
        lambda view: [text.replace("\n", " | ") for text in texts_of(view, paragraph_spans(view))],
        spans_oracle.paragraphs,
    ),
    "sentences": (sentences, lambda text: parts(text.encode(), oracle.sentence_ends(text))),
    "classes": (classes, slow_classes),
    "line shapes": (lambda view: line_shapes(view)[0].tolist(), census_oracle.line_shape),
    "noises": (lambda view: noises(view)[0].tolist(), census_oracle.noises),
    "mojibake": (lambda view: mojibake(view)[0], census_oracle.mojibake),
    "listed words": (lambda view: count_listed(view, LISTED)[0], lambda text: prose_oracle.num_listed(text, LISTED)),
    "stretches": (lambda view: count_stretches(view)[0], prose_oracle.num_stretches),
    "terms": (
        lambda view: texts_of(view, find_terms(view, build_trie(dict.fromkeys(ENTRIES, 1)), 1).spans),
        lambda text: [text[begin:end] for _, begin, end in terms_oracle.find(text, ENTRIES)],
    ),
    "marks": (lambda view: tuple(first(marks(view))), repetition_oracle.marks),
    "word facts": (
        lambda view: tuple(first(word_facts(view, view_words(view), "1砂"))),
        lambda text: repetition_oracle.word_facts(spans_oracle.words(text), "1砂"),
    ),
    "line facts": (line_columns, lambda text: [page_oracle.facts(line, ENDS) for line in page_oracle.lines(text)]),
    "cut lines": (after_cuts, lambda text: "\n".join(map(page_oracle.cleaned, page_oracle.lines(text))).strip()),
    "plain lines": (
        lambda view: tuple(first(plain_lines(view, ".砂", 3))),
        lambda text: repetition_oracle.plain_lines(text, ".砂", 3),
    ),
    "repeated lines": (lambda view: tuple(first(repeated_lines(view))), repetition_oracle.lines),
    "repeated paragraphs": (lambda view: tuple(first(repeated_paragraphs(view))), repetition_oracle.paragraphs),
    "repeated runs": (
        lambda view: tuple(each[0].tolist() for each in repeated_runs(view_words(view))),
        lambda text: repetition_oracle.runs(spans_oracle.words(text)),
    ),
    "normal form": (lambda view: normalized(view.texts), lambda text: [normalize(text).encode()]),
    "shingles": (
        lambda view: numbered(shingles(view, 5).hashes.tolist()),
        lambda text: numbered(minhash_oracle.shingles(text, 5)),
    ),
}  # fmt: skip


@pytest.mark.parametrize("document", [*EDGES, "a page of all"])
@pytest.mark.parametrize("name", MEASURES)
def test_a_measure_of_an_odd_document_is_what_its_oracle_says(name: str, document: str) -> None:
    fast, slow = MEASURES[name]
    text = EDGES.get(document, PAGE)
    assert fast(view_of(text)) == slow(text)


@pytest.fixture(scope="module")
def huge() -> str:
    return PAGE * PAGES


# Numbers that add up over the pages of a document, and lists that follow one another.
SUMS = ("sizes", "classes", "line shapes", "noises", "mojibake", "listed words", "stretches", "marks", "word facts")
LISTS = ("words", "lines", "paragraphs", "sentences", "terms", "line facts")


@pytest.mark.slow
@pytest.mark.parametrize("name", SUMS)
def test_counts_of_16_megabytes_are_those_of_its_pages_together(name: str, huge: str) -> None:
    fast, slow = MEASURES[name]
    assert np.array_equal(np.array(fast(view_of(huge))), np.array(slow(PAGE)) * PAGES)


@pytest.mark.slow
@pytest.mark.parametrize("name", LISTS)
def test_pieces_of_16_megabytes_are_those_of_its_pages_one_after_another(name: str, huge: str) -> None:
    fast, slow = MEASURES[name]
    of_page = slow(PAGE)
    assert isinstance(of_page, list)
    assert fast(view_of(huge)) == of_page * PAGES


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in MEASURES if name not in (*SUMS, *LISTS)])
def test_what_repeats_in_16_megabytes_is_what_the_oracle_says(name: str, huge: str) -> None:
    fast, slow = MEASURES[name]
    assert fast(view_of(huge)) == slow(huge)
