import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[1] / "dedup"))
import minhash_oracle
import shingles_oracle
import strategies

from corpusforge.text.characters import TABLE_SIZE
from corpusforge.text.folding import folded_characters
from corpusforge.text.minhash import jaccards, signatures
from corpusforge.text.shingles import Shingles, character_shingles, set_hashes, shingle_sets, shingles
from corpusforge.text.view import TextView


def view(*texts: str) -> TextView:
    return TextView(pa.array(texts, pa.large_string()))


def hashes_of(found: Shingles, document: int) -> list[int]:
    return found.hashes[found.first[document] : found.first[document + 1]].tolist()


def numbered(values: list[object]) -> list[int]:
    """Each value as the number of its first occurrence: equal where equal, whatever the values are."""
    seen: dict[object, int] = {}
    return [seen.setdefault(value, len(seen)) for value in values]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Granite holds quartz, feldspar and mica.", "granite HOLDS quartz feldspar and mica"),
        ("花岗岩由石英组成。", "花岗岩，由石英组成"),
        ("ＧＰＳ station", "gps station"),
        ("co-operate don't", "cooperate dont"),
        ("a b", "a  b\n"),
    ],
)
def test_case_width_punctuation_and_blanks_make_no_other_shingle(one: str, other: str) -> None:
    found = shingles(view(one, other), 5)
    assert hashes_of(found, 0) == hashes_of(found, 1)


@pytest.mark.parametrize(
    ("one", "other"), [("a b", "ab"), ("1990", "1991"), ("a b c d e", "b a c d e"), ("a", "a a"), ("石英", "英石")]
)
def test_other_words_or_another_order_make_another_shingle(one: str, other: str) -> None:
    found = shingles(view(one, other), 5)
    assert hashes_of(found, 0) != hashes_of(found, 1)


@settings(deadline=None, max_examples=150)
@given(st.lists(strategies.documents, min_size=1, max_size=4), st.integers(1, 6))
def test_shingles_are_equal_exactly_where_the_runs_of_words_are(texts: list[str], ngram: int) -> None:
    found = shingles(view(*texts), ngram)
    expected = [minhash_oracle.shingles(text, ngram) for text in texts]
    assert np.diff(found.first).tolist() == [len(each) for each in expected]
    assert numbered(found.hashes.tolist()) == numbered([each for some in expected for each in some])


@settings(deadline=None, max_examples=150)
@given(st.lists(strategies.documents, min_size=1, max_size=4), st.integers(1, 6), st.integers(1, 9))
def test_shingles_by_script_are_equal_exactly_where_the_runs_by_weight_are(
    texts: list[str], ngram: int, cjk_ngram: int
) -> None:
    found = shingles(view(*texts), ngram, cjk_ngram)
    expected = [shingles_oracle.weighed_shingles(text, ngram, cjk_ngram) for text in texts]
    assert np.diff(found.first).tolist() == [len(each) for each in expected]
    assert numbered(found.hashes.tolist()) == numbered([each for some in expected for each in some])


@pytest.mark.parametrize(
    ("text", "ngram", "cjk_ngram", "expected"),
    [
        ("a b c d", 2, 3, ["a b", "b c", "c d"]),
        ("花岗岩石英", 2, 3, ["花 岗 岩", "岗 岩 石", "岩 石 英"]),
        ("a 花岗岩石", 2, 4, ["a 花 岗", "花 岗 岩 石"]),
        ("花 a 岗 b", 2, 4, ["花 a 岗", "a 岗 b"]),
        ("花岗 a b", 2, 3, ["花 岗 a", "岗 a b", "a b"]),
        ("花岗", 2, 3, ["花 岗"]),
        ("a", 2, 3, ["a"]),
        ("?", 2, 3, []),
    ],
)
def test_a_shingle_ends_with_enough_words_or_cjk_characters(text: str, ngram: int, cjk_ngram: int, expected: list[str]) -> None:
    assert [" ".join(each) for each in shingles_oracle.weighed_shingles(text, ngram, cjk_ngram)] == expected
    assert len(shingles(view(text), ngram, cjk_ngram).hashes) == len(expected)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.sampled_from(["a", "Basalt", "3", "x1"]), max_size=12).map(" ".join), st.integers(1, 5), st.integers(1, 9))
def test_text_of_one_script_has_the_same_hashes_whatever_is_said_of_the_other(text: str, ngram: int, other: int) -> None:
    assert hashes_of(shingles(view(text), ngram, other), 0) == hashes_of(shingles(view(text), ngram), 0)
    cjk = "".join("花岗岩石英"[len(word)] for word in text.split() if len(word) < 5)
    assert hashes_of(shingles(view(cjk), other, ngram), 0) == hashes_of(shingles(view(cjk), ngram), 0)


@settings(deadline=None, max_examples=150)
@given(st.lists(strategies.documents, min_size=1, max_size=4), st.integers(1, 8))
def test_character_shingles_are_equal_exactly_where_the_runs_of_characters_are(texts: list[str], ngram: int) -> None:
    found = character_shingles(view(*texts), ngram)
    expected = [shingles_oracle.character_shingles(text, ngram) for text in texts]
    assert np.diff(found.first).tolist() == [len(each) for each in expected]
    assert numbered(found.hashes.tolist()) == numbered([each for some in expected for each in some])


@pytest.mark.parametrize(
    ("one", "other", "is_equal"),
    [
        (" Basalt\n\tflow ", "basalt flow", True),
        ("ＧＰＳ，１", "gps,1", True),
        ("a\u3000b", "a b", True),
        ("basalt flow", "basaltflow", False),
        ("basalt, flow", "basalt flow", False),
        ("e\u0301", "\u00e9", False),
        ("Stra\u00dfe", "strasse", False),
    ],
)
def test_case_width_and_the_kind_of_whitespace_make_no_other_run_of_characters(one: str, other: str, is_equal: bool) -> None:
    found = character_shingles(view(one, other), 3)
    assert (hashes_of(found, 0) == hashes_of(found, 1)) == is_equal


@settings(deadline=None, max_examples=100)
@given(st.lists(strategies.documents, min_size=2, max_size=4))
def test_jaccard_is_that_of_the_sets_of_runs(texts: list[str]) -> None:
    sets = shingle_sets(shingles(view(*texts), 3))
    pairs = [(a, b) for a in range(len(texts)) for b in range(len(texts))]
    found = jaccards(sets.first, sets.hashes, *(np.array(side, np.int64) for side in zip(*pairs, strict=True)))
    expected = [set(minhash_oracle.shingles(text, 3)) for text in texts]
    assert found.tolist() == [minhash_oracle.jaccard(expected[a], expected[b]) for a, b in pairs]


def test_set_hashes_tell_documents_with_other_shingles_apart() -> None:
    texts = ["a b c", "a b c", "c b a", "a b c a b c", "", "..."]
    found = [tuple(each) for each in set_hashes(shingles(view(*texts), 2)).tolist()]
    assert numbered(found) == [0, 0, 1, 2, 3, 3]


def test_every_character_is_folded_as_it_would_be_alone() -> None:
    expected = [ord(minhash_oracle.fold(chr(point))) for point in range(sys.maxunicode + 1)]
    assert folded_characters().tolist() == expected[:TABLE_SIZE]
    assert expected[TABLE_SIZE:] == list(range(TABLE_SIZE, sys.maxunicode + 1))


def similar_pair(shared: int, own: int) -> tuple[str, str, float]:
    """Two documents of single-word shingles with a known similarity."""
    both = [f"both{i}" for i in range(shared)]
    a, b = ([f"{name}{i}" for i in range(own)] for name in ("left", "right"))
    return " ".join([*both, *a]), " ".join([*both, *b]), shared / (shared + 2 * own)


@pytest.mark.parametrize(("shared", "own"), [(900, 50), (800, 100), (500, 250), (40, 5)])
def test_signatures_estimate_the_similarity_with_the_error_that_theory_says(shared: int, own: int) -> None:
    one, other, similarity = similar_pair(shared, own)
    found = shingles(view(one, other), 1)
    errors = []
    for seed in range(60):
        a, b = signatures(found, 256, seed)
        errors.append((a == b).mean() - similarity)
    theory = np.sqrt(similarity * (1 - similarity) / 256)
    assert np.sqrt(np.mean(np.square(errors))) < 1.35 * theory
    assert abs(np.mean(errors)) < 0.6 * theory


def test_the_signature_of_a_document_without_words_is_all_ones() -> None:
    assert (signatures(shingles(view("", "?!"), 5), 16) == 0xFFFFFFFF).all()


def test_a_signature_does_not_depend_on_what_stands_beside_the_document() -> None:
    alone = signatures(shingles(view("one two three four five six"), 5), 64)
    beside = signatures(shingles(view("x", "one two three four five six", "花岗岩"), 5), 64)
    assert alone[0].tolist() == beside[1].tolist()
