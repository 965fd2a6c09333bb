import random

import pytest

from corpusforge.vocab.cuts import best_cut, reached


def test_the_best_cut_is_the_best_of_all():
    rng = random.Random(1)
    scores = {text: -rng.random() for text in ("a", "b", "ab", "ba", "aab", "bb")}

    def cuts(text: str) -> list[float]:
        return (
            [0.0]
            if not text
            else [scores[text[:n]] + rest for n in range(1, len(text) + 1) if text[:n] in scores for rest in cuts(text[n:])]
        )

    assert best_cut("aabba", scores) == pytest.approx(max(cuts("aabba")))
    assert best_cut("c", scores) == float("-inf")


def test_a_piece_that_its_parts_beat_is_not_reached():
    scores = {"a": -1.0, "b": -1.0, "ab": -1.5, "ba": -2.5, "aba": -2.5}
    assert reached(scores) == ["a", "b", "ab"]
    assert reached({"a": -1.0, "b": -1.0, "ab": -1.5}) == ["a", "b", "ab"]
