from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import documents
from terms_oracle import find, fold_all
from terms_oracle import near_another as all_pairs

from corpusforge.text.terms import Terms, find_terms, near_another
from corpusforge.text.trie import build_trie
from corpusforge.text.view import TextView

CLOSE = st.text(st.sampled_from("abAＢ1é\u0301河口交汇 \n\u3000-*.\U00020000"), max_size=14)
ENTRY = st.text(st.sampled_from("abAＢ1é河口交汇 \n*\U00020000"), min_size=1, max_size=4).filter(str.strip)


def view_of(texts: list[str]) -> TextView:
    return TextView(pa.array(texts, pa.large_string()))


def found(text: str, *entries: str) -> list[str]:
    """The entries found in a text, as they are written there."""
    return [data for document in all_found([text], dict.fromkeys(entries, 1)) for data in document]


def all_found(texts: list[str], entries: dict[str, int], least: int = 1) -> list[list[str]]:
    spans = find_terms(view_of(texts), build_trie(entries), least).spans
    view = view_of(texts)
    words = [view.data[begin:end].tobytes().decode() for begin, end in zip(spans.begin, spans.end, strict=True)]
    return [words[first:last] for first, last in pairwise(spans.first)]


@pytest.mark.parametrize(
    ("text", "entries", "expected"),
    [
        ("An ass. Asses assess.", ["ass", "asses"], ["ass", "Asses"]),
        ("class ass1 1ass ass", ["ass"], ["ass"]),
        ("dumb-ass's ass'", ["ass"], ["ass", "ass"]),
        ("e\u0301ass asse\u0301", ["ass"], []),
        ("moby  dick, Dick", ["dick", "moby dick"], ["moby  dick", "Dick"]),
        ("moby\ndick", ["moby dick"], ["moby\ndick"]),
        ("f*ck it, f*cking", ["f*ck"], ["f*ck"]),
        ("a$$!", ["a$$"], ["a$$"]),
        ("河口交汇处", ["口交"], ["口交"]),
        ("河口交汇处", ["口交", "河口"], ["河口"]),
        ("逼近，逼", ["逼", "逼近"], ["逼近", "逼"]),
        ("你sb吗 sbc", ["sb"], ["sb"]),
        ("ＳＢ Ｓb", ["sb"], ["ＳＢ", "Ｓb"]),
        ("\U00020000口", ["\U00020000口"], ["\U00020000口"]),
        ("", ["a"], []),
    ],
)
def test_the_longest_entry_counts_where_a_word_begins_and_ends(text: str, entries: list[str], expected: list[str]) -> None:
    assert found(text, *entries) == expected


def test_entries_of_lesser_marks_take_their_place_and_are_not_told() -> None:
    assert all_found(["河口交汇", "口交"], {"河口": 1, "口交": 2}, least=2) == [[], ["口交"]]


def test_of_each_term_the_mark_and_the_entry_are_told() -> None:
    terms = find_terms(view_of(["b a B"]), build_trie({"a": 3, "b": 200}))
    assert terms.marks.tolist() == [200, 3, 200]
    assert (terms.entries == terms.entries[0]).tolist() == [True, False, True]


@settings(deadline=None)
@given(st.lists(CLOSE, max_size=3), st.lists(ENTRY, min_size=1, max_size=6))
def test_terms_equal_the_oracle_on_texts_that_are_all_but_terms(texts: list[str], entries: list[str]) -> None:
    assert all_found(texts, dict.fromkeys(entries, 1)) == [[text[b:e] for _, b, e in find(text, entries)] for text in texts]


@settings(deadline=None)
@given(documents, st.data())
def test_terms_equal_the_oracle_on_any_text(text: str, data: st.DataObject) -> None:
    entries = ["a", "of the", "砂岩", "utah"]
    begin = data.draw(st.integers(0, len(text)))
    entries += [piece for piece in [text[begin : begin + 3]] if piece.strip()]
    assert found(text, *entries) == [text[b:e] for _, b, e in find(text, entries)]


def test_a_document_of_more_terms_than_room_was_made_for_is_read_to_its_end() -> None:
    assert len(found("a " * 5000, "a")) == 5000


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9), st.integers(1, 3)), max_size=12), st.integers(0, 12))
def test_near_another_equals_the_oracle(drawn: list[tuple[int, int, int]], max_gap: int) -> None:
    terms, parts, position, part = [], [], 0, 0
    for entry, gap, size in drawn:
        terms.append((str(entry), position + gap, position + gap + size))
        position += gap + size
        part += gap == 9
        parts.append(part)
    columns = [np.array(column, np.int64) for column in zip(*terms, strict=True)] or [np.zeros(0, np.int64)] * 3
    spans = find_terms(view_of([""]), build_trie({"a": 1})).spans._replace(begin=columns[1], end=columns[2])
    near = near_another(Terms(spans, columns[0], columns[0].astype(np.uint8)), np.array(parts, np.int64), max_gap)
    assert near.tolist() == all_pairs(terms, parts, max_gap)


def test_the_oracle_folds_as_the_rule_says() -> None:
    assert fold_all("Ａ\u3000 b") == "a b"
