import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joins_oracle import apply, learn

from corpusforge.text.joined import joined_words
from corpusforge.text.joins import Words, Worth, learned_joins, spelling_hashes

LETTERS = ["a", "b", "c", "ab"]


PLAIN = list(range(100))

Document = dict[tuple[int, ...], int]


def words_of(*documents: Document) -> Words:
    tokens = np.array([symbol for words in documents for word in words for symbol in word], np.int32)
    offsets = np.cumsum([0, *(len(word) for words in documents for word in words)], dtype=np.int64)
    times = np.array([times for words in documents for times in words.values()], np.int64)
    return Words(tokens, offsets, times, np.repeat(np.arange(len(documents)), list(map(len, documents))))


def learned(*documents: Document, worth=PLAIN, weights=(), max_length=16, num_joins=50, min_count=1) -> list[tuple[int, ...]]:
    """Left, right, score and uses of each merge."""
    weights = weights or [1] * len(documents)
    joins = learned_joins(
        words_of(*documents),
        spelling_hashes(LETTERS),
        Worth(np.array(worth, np.int64), np.array(weights, np.int64)),
        max_length=max_length,
        num_joins=num_joins,
        min_count=min_count,
    )
    return list(zip(*(column.tolist() for column in joins), strict=True))


def used(*documents: Document, **limits) -> list[tuple[int, ...]]:
    """Left, right and uses of each merge."""
    return [(left, right, times) for left, right, _, times in learned(*documents, **limits)]


def test_the_most_frequent_pair_comes_first_and_new_symbols_are_joined_further():
    assert used({(0, 2, 1): 3, (0, 2): 2, (1, 1): 1}) == [(0, 2, 5), (4, 1, 3), (1, 1, 1)]


def test_of_equal_counts_the_smallest_symbols_come_first():
    assert used({(2, 1): 2, (1, 0): 2, (0, 2): 2}) == [(0, 2, 2), (1, 0, 2), (2, 1, 2)]


def test_what_is_spelled_already_gets_no_second_symbol():
    assert used({(0, 1): 9, (1, 1): 2}) == [(1, 1, 2)]


def test_no_symbol_is_longer_than_the_limit_and_rare_pairs_stay():
    assert used({(0, 2, 2): 5, (1, 2): 1}, max_length=2, min_count=2) == [(0, 2, 5)]


def test_a_run_is_joined_from_the_left():
    assert used({(2,) * 5: 1}, num_joins=1) == [(2, 2, 2)]


@pytest.mark.parametrize("counted", [{}, {(): 3}, {(1,): 4}])
def test_words_without_pairs_give_no_merges(counted):
    assert used(counted) == []


def test_what_several_documents_use_comes_before_what_one_repeats():
    documents = [{(0, 2): 9}, {(1, 2): 2}, {(1, 2): 2}]
    assert learned(*documents)[0] == (0, 2, 9, 9)
    assert learned(*documents, worth=[0, 10, 14])[0] == (1, 2, 28, 4)


def test_documents_weigh_as_told():
    assert learned({(0, 2): 3}, {(1, 2): 2}, weights=[1, 2])[0] == (1, 2, 4, 2)


WORDS = st.dictionaries(st.lists(st.integers(0, 3), max_size=12).map(tuple), st.integers(1, 5), max_size=12)
DOCUMENTS = st.lists(WORDS, min_size=1, max_size=4)


@settings(max_examples=400, deadline=None)
@given(DOCUMENTS, st.data())
def test_learning_equals_the_oracle(documents, data):
    worth = np.cumsum([0, *data.draw(st.lists(st.integers(0, 9), min_size=1, max_size=20))]).tolist()
    weights = data.draw(st.lists(st.integers(1, 3), min_size=len(documents), max_size=len(documents)))
    limits = {
        "max_length": data.draw(st.integers(1, 8)),
        "num_joins": data.draw(st.integers(0, 30)),
        "min_count": data.draw(st.integers(1, 4)),
    }
    found = learned(*documents, worth=worth, weights=weights, **limits)
    assert found == learn(documents, LETTERS, worth, weights, **limits)


@settings(max_examples=300, deadline=None)
@given(WORDS, WORDS, st.data())
def test_applying_equals_the_oracle(words, others, data):
    joins = learned(words)
    kept = sorted(data.draw(st.sets(st.integers(0, len(joins) - 1)))) if joins else []
    pairs, made = [joins[rank][:2] for rank in kept], [len(LETTERS) + rank for rank in kept]
    left, right = np.array(pairs, np.int64).reshape(-1, 2).T.copy()
    joined = joined_words(words_of(others), left, right, np.array(made, np.int64))
    expected = [apply(word, pairs, made) for word in others]
    assert joined.tokens.tolist() == [symbol for word, _ in expected for symbol in word]
    assert np.diff(joined.offsets).tolist() == [len(word) for word, _ in expected]
    uses = np.array([uses for _, uses in expected], np.int64).reshape(len(others), len(kept))
    assert joined.uses.tolist() == (np.array(list(others.values()), np.int64) @ uses).tolist()


@settings(max_examples=100, deadline=None)
@given(WORDS)
def test_applying_all_merges_does_each_as_often_as_learning_did(words):
    joins = used(words)
    left, right = np.array([join[:2] for join in joins], np.int64).reshape(-1, 2).T.copy()
    joined = joined_words(words_of(words), left, right, np.arange(len(joins)) + len(LETTERS))
    assert joined.uses.tolist() == [times for *_, times in joins]


def test_the_order_of_documents_does_not_matter():
    documents = [{(0, 2, 1): 3, (0, 2): 2}, {(1, 1): 1, (2, 2, 2): 4}, {(1, 2, 0): 4}]
    assert learned(*documents) == learned(*reversed(documents))


@given(st.text(max_size=20), st.text(max_size=20))
def test_the_hash_of_a_join_is_that_of_what_it_spells(left, right):
    symbols = spelling_hashes([left, right, left + right])
    a, b, both = (int(each) for each in symbols.hashes)
    assert both == (a * int(symbols.shifts[1]) + b) % 2**64
    assert int(symbols.shifts[2]) == int(symbols.shifts[0]) * int(symbols.shifts[1]) % 2**64
