"""What is shown of two texts that differ, and what is folded."""

import pytest

from corpusforge.inspect.wording import Stretch, compare
from corpusforge.terminal.hunks import Counts, Fold, counts, hunks

NUMBERS = [f"w{number}" for number in range(100)]


def shown(first: str, second: str) -> list[str]:
    return [each.text if isinstance(each, Fold) else f"{each.first}|{each.second}" for each in hunks(compare(first, second))]


def test_equal_words_far_from_a_difference_are_folded_and_counted() -> None:
    other = [*NUMBERS[:50], "new", *NUMBERS[51:]]
    before, after = " ".join(NUMBERS[38:50]) + " ", " ".join(NUMBERS[51:63]) + " "
    assert shown(" ".join(NUMBERS), " ".join(other)) == [
        "38 words equal", f"{before}|{before}", "w50 |new ", f"{after}|{after}", "37 words equal",
    ]  # fmt: skip


def test_a_few_equal_words_are_not_folded() -> None:
    assert shown("one two three four", "one two 3 four") == ["one two |one two ", "three |3 ", "four|four"]


def test_a_long_difference_is_shortened_and_says_by_how_much() -> None:
    (first, second) = shown("one", "one " + " ".join(NUMBERS))
    assert first == "one|one"
    assert second == f"| {' '.join(NUMBERS[:60])} [40 more words] "


def test_more_differences_than_a_screen_holds_are_counted() -> None:
    first = [word for number in range(20) for word in (*NUMBERS[:3], f"old{number}")]
    second = [word for number in range(20) for word in (*NUMBERS[:3], f"new{number}")]
    found = shown(" ".join(first), " ".join(second))
    assert found[-1] == "8 more differences: --full shows them"
    assert sum(each.startswith("old") for each in found) == 12


def test_what_was_not_compared_is_said() -> None:
    assert list(hunks([Stretch("not compared", "abc", "de")])) == [
        Fold("not compared from here on: 3 characters of the one, 2 of the other")
    ]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [("a b c", "a x y c", Counts(1, 2, 2)), ("a", "a", Counts(0, 0, 1)), ("花岗岩", "花岗石", Counts(1, 1, 2))],
)
def test_words_are_counted(first: str, second: str, expected: Counts) -> None:
    assert counts(compare(first, second)) == expected
