from itertools import combinations

import pytest
from measure.dedup_quality import Claim, row
from measure.near_duplicates import various
from measure.truth import Judgement, judged, precision, recall, true_pairs, unsound
from measure.verdicts import ROOT

SEVEN = "one two three four five six seven"


def test_the_similarity_of_a_pair_is_that_of_its_sets() -> None:
    # Three shingles and four, of which three are the same.
    assert true_pairs([SEVEN, f"{SEVEN} eight", "nothing of it"], 0.5) == {(0, 1): 0.75}


def test_the_threshold_itself_counts() -> None:
    texts = [SEVEN, f"{SEVEN} eight"]
    assert true_pairs(texts, 0.75) != {}
    assert true_pairs(texts, 0.76) == {}


def test_documents_without_words_are_like_none() -> None:
    assert true_pairs(["", "...", ""], 0.1) == {}


def sets_of_words(text: str) -> set[tuple[str, ...]]:
    words = [word for word in "".join(c if c.isalnum() else " " for c in text.casefold()).split() if word]
    return {tuple(words[place : place + 5]) for place in range(max(1, len(words) - 4))}


def test_pairs_are_those_of_sets_of_strings_compared_one_by_one() -> None:
    texts = [text for text in (each.text for each in various(120, ROOT / "recipes/samples", "en", 3)) if "'" not in text]
    plain = [text.replace("’", "").replace("-", " ") for text in texts]
    sets = [sets_of_words(text) for text in plain]
    likes = {(a, b): len(sets[a] & sets[b]) / len(sets[a] | sets[b]) for a, b in combinations(range(len(sets)), 2)}
    expected = {pair: like for pair, like in likes.items() if like >= 0.5}
    assert len(expected) > 20
    assert true_pairs(plain, 0.5) == expected


PAIRS = {(0, 1): 0.9, (1, 2): 0.85, (3, 4): 1.0}


def test_who_goes_without_a_near_duplicate_that_stays_is_unfounded() -> None:
    assert judged(PAIRS, {0, 1}) == Judgement(num_pairs=3, num_removed=2, unfounded=1, missed=1)


@pytest.mark.parametrize(("removed", "share"), [((), 0.0), ((1,), 2 / 3), ((1, 4), 1.0), ((0, 1, 2, 3, 4), 1.0)])
def test_completeness_is_the_share_of_pairs_that_are_not_kept_whole(removed: tuple[int, ...], share: float) -> None:
    assert judged(PAIRS, removed).completeness == pytest.approx(share)


def test_precision_and_recall_are_those_of_claimed_pairs() -> None:
    claimed = {(0, 1), (0, 2), (3, 4), (5, 6)}
    assert precision(PAIRS, claimed) == 0.5
    assert recall(PAIRS, claimed) == pytest.approx(2 / 3)


def test_a_removal_is_unsound_without_a_kept_witness_or_at_another_similarity() -> None:
    assert unsound(PAIRS, {1: (0, 0.9), 4: (3, 1.0)}) == []
    assert unsound(PAIRS, {1: (0, 0.89), 4: (2, 1.0)}) == [1, 4]
    assert unsound(PAIRS, {0: (1, 0.9), 1: (2, 0.85)}) == [0]


def test_a_line_of_the_table_has_a_programs_pairs_and_what_it_removed() -> None:
    claim = Claim("another", {(0, 1), (0, 2)}, {0, 1, 2})
    assert row("made", 0.8, PAIRS, claim) == "| made | 0.8 | 3 | another | 2 | 0.500 | 0.333 | 3 | 3 | 1 |"
