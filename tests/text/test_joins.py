import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joins_oracle import apply, learn

from corpusforge.text.joins import Words, joined_words, learned_joins, spelling_hashes

LETTERS = ["a", "b", "c", "ab"]


def words_of(counted: dict[tuple[int, ...], int]) -> Words:
    tokens = np.array([symbol for word in counted for symbol in word], np.int32)
    offsets = np.cumsum([0, *map(len, counted)], dtype=np.int64)
    return Words(tokens, offsets, np.array(list(counted.values()), np.int64))


def learned(counted, max_length=16, num_joins=50, min_count=1, spelled=LETTERS) -> list[tuple[int, int, int]]:
    symbols = spelling_hashes(spelled)
    joins = learned_joins(words_of(counted), symbols, max_length=max_length, num_joins=num_joins, min_count=min_count)
    return list(zip(*(column.tolist() for column in joins), strict=True))


def test_the_most_frequent_pair_comes_first_and_new_symbols_are_joined_further():
    assert learned({(0, 2, 1): 3, (0, 2): 2, (1, 1): 1}) == [(0, 2, 5), (4, 1, 3), (1, 1, 1)]


def test_of_equal_counts_the_smallest_symbols_come_first():
    assert learned({(2, 1): 2, (1, 0): 2, (0, 2): 2}) == [(0, 2, 2), (1, 0, 2), (2, 1, 2)]


def test_what_is_spelled_already_gets_no_second_symbol():
    assert learned({(0, 1): 9, (1, 1): 2}) == [(1, 1, 2)]


def test_no_symbol_is_longer_than_the_limit_and_rare_pairs_stay():
    assert learned({(0, 2, 2): 5, (1, 2): 1}, max_length=2, min_count=2) == [(0, 2, 5)]


def test_a_run_is_joined_from_the_left():
    assert learned({(2,) * 5: 1}, num_joins=1) == [(2, 2, 2)]


@pytest.mark.parametrize("counted", [{}, {(): 3}, {(1,): 4}])
def test_words_without_pairs_give_no_merges(counted):
    assert learned(counted) == []


WORDS = st.dictionaries(st.lists(st.integers(0, 3), max_size=12).map(tuple), st.integers(1, 5), max_size=12)


@settings(max_examples=300, deadline=None)
@given(WORDS, st.integers(1, 8), st.integers(0, 30), st.integers(1, 4))
def test_learning_equals_the_oracle(counted, max_length, num_joins, min_count):
    found = learned(counted, max_length, num_joins, min_count)
    assert found == learn(counted, LETTERS, max_length, num_joins, min_count)


@settings(max_examples=300, deadline=None)
@given(WORDS, WORDS, st.data())
def test_applying_equals_the_oracle(counted, others, data):
    joins = learned(counted)
    kept = sorted(data.draw(st.sets(st.integers(0, max(len(joins) - 1, 0)), max_size=len(joins)))) if joins else []
    pairs, made = [joins[rank][:2] for rank in kept], [len(LETTERS) + rank for rank in kept]
    left, right = np.array(pairs, np.int64).reshape(-1, 2).T.copy()
    words = words_of(others)
    joined = joined_words(words, left, right, np.array(made, np.int64))
    expected = [apply(word, pairs, made) for word in others]
    assert joined.tokens.tolist() == [symbol for word, _ in expected for symbol in word]
    assert np.diff(joined.offsets).tolist() == [len(word) for word, _ in expected]
    weighted = [sum(uses[rank] * weight for (_, uses), weight in zip(expected, others.values(), strict=True)) for rank in range(len(kept))]
    assert joined.uses.tolist() == weighted


@settings(max_examples=100, deadline=None)
@given(WORDS)
def test_applying_all_merges_gives_the_words_that_learning_ended_with(counted):
    joins = learned(counted)
    pairs = np.array([join[:2] for join in joins], np.int64).reshape(-1, 2)
    made = np.arange(len(joins), dtype=np.int64) + len(LETTERS)
    joined = joined_words(words_of(counted), pairs[:, 0].copy(), pairs[:, 1].copy(), made)
    assert joined.uses.tolist() == [times for *_, times in joins]


def test_the_order_of_words_does_not_matter():
    counted = {(0, 2, 1): 3, (0, 2): 2, (1, 1): 1, (2, 2, 2): 4, (1, 2, 0): 4}
    assert learned(counted) == learned(dict(reversed(counted.items())))


@given(st.text(max_size=20), st.text(max_size=20))
def test_the_hash_of_a_join_is_that_of_what_it_spells(left, right):
    symbols = spelling_hashes([left, right, left + right])
    a, b, both = (int(each) for each in symbols.hashes)
    assert both == (a * int(symbols.shifts[1]) + b) % 2**64
    assert int(symbols.shifts[2]) == int(symbols.shifts[0]) * int(symbols.shifts[1]) % 2**64
