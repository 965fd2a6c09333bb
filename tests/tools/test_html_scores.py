import pytest
from measure.html_gold import Scores, missed_floors, score, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# The *red* clay, 2.5 m", ["The", "red", "clay", "2", "5", "m"]),
        ("黄土 loess层", ["黄", "土", "loess", "层"]),
        ("| --- |", []),
    ],
)
def test_words_are_runs_of_letters_and_single_chinese_characters(text: str, expected: list[str]) -> None:
    assert words(text) == expected


def test_the_same_text_scores_one_and_none_of_it_zero() -> None:
    assert score([("a b c d e", "a b c d e")]) == Scores(1, 1, 1, 1)
    assert score([("a b c d e", "")]) == Scores(0, 0, 0, 0)


def test_precision_and_recall_count_runs_of_four_words() -> None:
    found = score([("a b c d e", "a b c d x")])  # two runs each, one of them the same
    assert (found.precision, found.recall, found.shingle_f1) == (0.5, 0.5, 0.5)
    assert found.token_f1 == pytest.approx(0.8)


def test_pages_count_alike_whatever_their_length() -> None:
    assert score([("a b c d", "a b c d"), ("e f g h " * 50, "x y z w")]).recall == 0.5


def test_a_missed_floor_is_told_with_what_was_found() -> None:
    assert missed_floors("scrapinghub", Scores(1, 1, 1, 1)) == []
    assert missed_floors("scrapinghub", Scores(0.5, 1, 1, 1)) == ["scrapinghub: min_token_f1 is 0.977, found 0.5000"]
