"""Rows that are too long: what goes, in which order, and what never does."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpusforge.sft.renderer import Rendered
from corpusforge.sft.shorten import GAP, LEAST, Kept, Shortener, spoken
from corpusforge.sft.turns import Turn


def by_character(turns: Sequence[Turn]) -> Rendered:
    """A row with one token for each character, and one for the EOD."""
    size = sum(len(turn.text) for turn in turns)
    return Rendered([0] * size, [True] * (size + 1))


def left(turns: Sequence[Turn], limit: int) -> list[tuple[str, str]]:
    kept, _ = Shortener(turns, by_character, limit).shortened()
    return [(turn.role, turn.text) for turn in spoken(turns, kept)]


SYSTEM, LONG = Turn("system", "s" * 10), "a" * 100 + "b" * 100
EXCHANGES = [Turn("user", "q1"), Turn("assistant", "a1"), Turn("user", "q2"), Turn("assistant", "a2")]
GROUNDED = [SYSTEM, Turn("context", LONG), Turn("user", "u" * 100), Turn("assistant", "answer")]


@pytest.mark.parametrize(
    ("turns", "limit", "expected"),
    [
        ([SYSTEM, *EXCHANGES], 19, "s s s s s s s s s s q1 a1 q2 a2"),
        ([SYSTEM, *EXCHANGES], 18, "s s s s s s s s s s q2 a2"),
        ([SYSTEM, *EXCHANGES], 14, "q2 a2"),
        ([*EXCHANGES, Turn("user", "q3"), Turn("assistant", "a3")], 9, "q2 a2 q3 a3"),
    ],
)
def test_the_oldest_exchanges_go_first_then_the_system_turn(turns: list[Turn], limit: int, expected: str) -> None:
    assert "".join(text for _, text in left(turns, limit)) == expected.replace(" ", "")


def test_then_the_middle_of_the_context_goes_and_the_question_stays_whole() -> None:
    context, question, answer = left(GROUNDED, 107 + 120)
    kept = 120 - len(GAP)
    assert context == ("context", "a" * ((kept + 1) // 2) + GAP + "b" * (kept // 2))
    assert (question, answer) == (("user", "u" * 100), ("assistant", "answer"))


def test_then_the_middle_of_the_question_goes() -> None:
    context, question, answer = left(GROUNDED, 1 + LEAST + len(GAP) + 90 + 6)
    assert len(context[1]) == LEAST + len(GAP)
    assert question == ("user", "u" * ((90 - len(GAP) + 1) // 2) + GAP + "u" * ((90 - len(GAP)) // 2))
    assert answer == ("assistant", "answer")


def test_where_the_answer_leaves_no_room_the_row_stays_above_the_limit() -> None:
    turns = [Turn("user", "q" * 50), Turn("assistant", "a" * 50)]
    kept, row = Shortener(turns, by_character, 100).shortened()
    assert (kept, row.size) == ([Kept(0, 0, 0), Kept(1, 0, 0)], 101)


ROLES = st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300), st.integers(1, 120)), min_size=1, max_size=4)


@given(exchanges=ROLES, system=st.integers(0, 50), limit=st.integers(2, 900))
def test_a_row_that_fits_is_whole_and_one_that_is_cut_fits_with_its_last_answer(
    exchanges: list[tuple[int, int, int]], system: int, limit: int
) -> None:
    turns = [Turn("system", "s" * system)]
    for context, question, answer in exchanges:
        turns += [Turn("context", "c" * context), Turn("user", "q" * question), Turn("assistant", "a" * answer)]
    kept, row = Shortener(turns, by_character, limit).shortened()
    assert spoken(turns, kept)[-1] == turns[-1]
    assert all(each.end == 0 for each in kept if turns[each.number].role == "assistant")
    whole = by_character(turns).size
    assert (row.size == whole) == (whole <= limit) or row.size > limit
    assert row.size <= limit or len(kept) == 3
