"""Two texts compared word for word: what differs, what is equal, and what was too much to compare."""

import random
import time
from difflib import SequenceMatcher
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpusforge.inspect.wording import Stretch, compare, count_words, first_words, last_words


def different(first: str, second: str) -> list[tuple[str, str]]:
    return [(each.first.strip(), each.second.strip()) for each in compare(first, second) if each.kind == "different"]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("the red rock is big", "the blue rock was big", [("red", "blue"), ("is", "was")]),
        ("the rock", "the big rock", [("", "big")]),
        ("the big rock", "the rock", [("big", "")]),
        ("Granite, and mica", "Granite and mica", [(",", "")]),
        ("花岗岩由石英、长石组成", "花岗岩由石英和长石组成", [("、", "和")]),
        ("sandstones", "sandstone", [("sandstones", "sandstone")]),
        ("", "a rock", [("", "a rock")]),
        ("", "", []),
        ("one two", "one\n\n  two ", []),
        ("a stone b", "x stone y", [("a", "x"), ("b", "y")]),
        ("a b c of d e f", "g h i of j k l", [("a b c of d e f", "g h i of j k l")]),
    ],
)
def test_differences_by_hand(first: str, second: str, expected: list[tuple[str, str]]) -> None:
    assert different(first, second) == expected


WORDS = st.lists(st.sampled_from(["rock", "ore", "a", "岩", "石", "，", ".", "\n", "x1", "\u200b"]), max_size=60)


@settings(deadline=None)
@given(WORDS, WORDS)
def test_the_stretches_make_up_both_texts_and_equal_ones_hold_the_same_words(one: list[str], other: list[str]) -> None:
    first, second = " ".join(one), " ".join(other)
    stretches = compare(first, second)
    assert "".join(each.first for each in stretches) == first.strip()
    assert "".join(each.second for each in stretches) == second.strip()
    assert all((each.first.split() == each.second.split()) == (each.kind == "equal") for each in stretches)
    assert all(before.kind != after.kind for before, after in pairwise(stretches))


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 2**32), st.integers(10, 400))
def test_edits_of_a_long_text_are_found_as_exactly_as_by_difflib_alone(seed: int, every: int) -> None:
    chosen = random.Random(seed)
    words = [f"w{chosen.randrange(5000)}" for _ in range(3000)]
    edited = [f"new{number}" if number % every == every - 1 else word for number, word in enumerate(words)]
    equal = sum(count_words(each.first) for each in compare(" ".join(words), " ".join(edited)) if each.kind == "equal")
    blocks = SequenceMatcher(None, words, edited, autojunk=False).get_matching_blocks()
    assert equal == sum(block.size for block in blocks)


def test_a_long_passage_of_one_text_is_told_whole_and_the_rest_joined_again() -> None:
    words = [f"w{number}" for number in range(9000)]
    passage = [f"p{number}" for number in range(4000)]
    assert different(" ".join(words), " ".join([*words[:5000], *passage, *words[5000:]])) == [("", " ".join(passage))]


def test_a_long_passage_that_was_replaced_is_one_difference() -> None:
    words = [f"w{number}" for number in range(9000)]
    passage = [f"p{number}" for number in range(2000)]
    (found,) = different(" ".join(words), " ".join([*words[:5000], *passage, *words[6500:]]))
    assert found == (" ".join(words[5000:6500]), " ".join(passage))


def test_texts_that_have_nothing_in_common_are_said_not_to_be_compared() -> None:
    first, second = (" ".join(f"{letter}{number}" for number in range(5000)) for letter in "ab")
    assert compare(first, second) == [Stretch("not compared", first, second)]


HOSTILE = {
    "one difference in 16 MB": ("rock " * 3_200_000 + "end", "rock " * 3_200_000 + "finish"),
    "a word of 16 MB": ("a" * 16_000_000, "a" * 15_999_999),
    "other lines": ("one two three four " * 800_000, "one two\nthree four " * 800_000),
    "two characters over and over": ("的一" * 3_000_000, "一的一" * 2_000_000),
    "white space": ("x" + " " * 8_000_000 + "y", "x y z"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_the_work_on_large_and_hostile_texts_is_bounded(case: str) -> None:
    first, second = HOSTILE[case]
    began = time.process_time()
    stretches = compare(first, second)
    assert time.process_time() - began < 20
    assert sum(len(each.first) for each in stretches) == len(first.strip())
    assert sum(len(each.second) for each in stretches) == len(second.strip())


def test_first_and_last_words_stop_where_words_do() -> None:
    assert (first_words("one two, three", 3), last_words("one two, three", 2)) == ("one two, ", ", three")
    assert (first_words("花岗岩", 2), last_words("花岗岩", 2)) == ("花岗", "岗岩")
    assert (first_words("", 2), last_words("", 2)) == ("", "")
