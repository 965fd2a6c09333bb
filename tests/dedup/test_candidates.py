"""Candidate pairs of a bucket, by hand: sketches of four places."""

import numpy as np
import pytest

from corpusforge.dedup.candidates import bucket_pairs

LEADER, EDITED, FURTHER, OTHER = [0, 0, 0, 0], [0, 0, 0, 1], [9, 0, 0, 1], [7, 7, 7, 7]


def found(*rows: list[int], alike: int, cap: int) -> tuple[list[tuple[int, int]], int]:
    """Pairs that agree in two places or more, in one bucket of these rows; and how many were left alone."""
    signatures = np.array(rows, np.uint16).reshape(-1)
    pairs, alone = bucket_pairs(np.array([0, len(rows)], np.int64), signatures, 4, 2, alike, cap)
    return [(int(a), int(b)) for a, b in pairs.reshape(-1, 2)], alone


def test_a_small_bucket_gives_every_pair_that_agrees_enough() -> None:
    assert found(LEADER, EDITED, FURTHER, OTHER, alike=4, cap=4) == ([(0, 1), (0, 2), (1, 2)], 0)


def test_in_a_hot_bucket_who_may_be_like_a_leader_and_need_not_is_counted() -> None:
    assert found(LEADER, EDITED, FURTHER, alike=4, cap=2) == ([(0, 1), (0, 2)], 2)


def test_in_a_hot_bucket_who_is_surely_like_a_leader_is_not_counted() -> None:
    assert found(LEADER, EDITED, FURTHER, alike=3, cap=2) == ([(0, 1), (0, 2)], 1)


@pytest.mark.parametrize(("cap", "alone"), [(1, 1), (2, 0)])
def test_who_finds_no_room_among_the_leaders_is_counted(cap: int, alone: int) -> None:
    assert found(LEADER, OTHER, LEADER, alike=4, cap=cap) == ([(0, 2)], alone)
