"""Turns: exact counts, never a row from the share, the same from any block; and rows shuffled without losing one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpusforge.index import interleave
from corpusforge.index.interleave import Interleaving, turns_before_blocks
from corpusforge.index.shuffle import shuffled

counts_of_groups = st.lists(st.integers(1, 200), min_size=1, max_size=9)


def all_turns(counts: list[int]) -> tuple[Interleaving, list[int], list[int]]:
    numbers = np.array(counts, np.int64)
    made = Interleaving(numbers, turns_before_blocks(numbers))
    groups, ordinals = made.turns(0, sum(counts))
    return made, groups.tolist(), ordinals.tolist()


def test_turns_by_hand() -> None:
    assert all_turns([3, 1])[1:] == ([0, 0, 0, 1], [0, 1, 2, 0])
    assert all_turns([1, 1, 2])[1] == [2, 0, 1, 2]


@settings(max_examples=200, deadline=None)
@given(counts_of_groups)
def test_at_every_prefix_each_group_has_had_its_share_to_within_a_row(counts: list[int]) -> None:
    _, groups, ordinals = all_turns(counts)
    total, had = sum(counts), [0] * len(counts)
    for position, (group, ordinal) in enumerate(zip(groups, ordinals, strict=True), 1):
        assert ordinal == had[group]
        had[group] += 1
        assert all(abs(its * total - position * count) < total for its, count in zip(had, counts, strict=True))
    assert had == counts


@settings(max_examples=50, deadline=None)
@given(counts_of_groups, st.integers(1, 40), st.data())
def test_any_run_of_positions_is_that_of_the_walk(counts: list[int], block: int, data: st.DataObject) -> None:
    _, groups, ordinals = all_turns(counts)
    start = data.draw(st.integers(0, sum(counts)))
    stop = data.draw(st.integers(start, sum(counts)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(interleave, "BLOCK", block)
        numbers = np.array(counts, np.int64)
        found = Interleaving(numbers, turns_before_blocks(numbers)).turns(start, stop)
    assert [each.tolist() for each in found] == [groups[start:stop], ordinals[start:stop]]


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 3000), st.text(max_size=5))
def test_a_shuffle_gives_every_place_once(size: int, key: str) -> None:
    assert sorted(shuffled(np.arange(size), size, key).tolist()) == list(range(size))


@given(st.lists(st.integers(0, 10**12 - 1), min_size=1, max_size=20))
def test_where_a_place_goes_does_not_depend_on_what_else_is_asked(places: list[int]) -> None:
    together = shuffled(np.array(places), 10**12, "geo").tolist()
    assert together == [int(shuffled(np.array([place]), 10**12, "geo")[0]) for place in places]


def test_a_shuffle_is_no_pattern() -> None:
    orders = np.array([shuffled(np.arange(20_000), 20_000, f"7:geo:{epoch}") for epoch in range(2)])
    assert abs(np.corrcoef(orders)[0, 1]) < 0.03
    assert abs(np.corrcoef(np.arange(20_000), orders[0])[0, 1]) < 0.03
    steps = np.abs(np.diff(orders[0]))
    assert abs(steps.mean() / 20_000 - 1 / 3) < 0.01
    assert (orders == np.arange(20_000)).sum(axis=1).max() < 8
