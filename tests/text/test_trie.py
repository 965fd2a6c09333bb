import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import documents
from terms_oracle import fold_all

from corpusforge.text.trie import MARK_BITS, MISSING, build_trie, folded, step_from


def mark_of(trie_entries: dict[str, int], text: str) -> int:
    """What the trie says of a text that is walked from its root; MISSING where it leads nowhere."""
    steps = build_trie(trie_entries).steps
    reached = 0
    for character in text:
        reached = step_from(steps, reached >> MARK_BITS, ord(character))
        if reached == MISSING:
            return MISSING
    return reached & ((1 << MARK_BITS) - 1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Granite", "granite"),
        ("ＧＰＳ！", "gps!"),
        ("a \t\n\u3000 b", "a b"),
        ("ÄΩЖ", "äωж"),
        ("İ", "İ"),  # its lower case is two characters
        ("河口", "河口"),
    ],
)
def test_case_width_and_white_space_do_not_count(text: str, expected: str) -> None:
    assert folded(text) == expected


@settings(deadline=None)
@given(documents)
def test_folding_equals_the_oracle_on_any_text(text: str) -> None:
    assert folded(text) == fold_all(text)


@pytest.mark.parametrize(
    ("text", "expected"), [("ab", 3), ("abc", 4), ("a", 0), ("b", MISSING), ("abd", MISSING), ("河", 5), ("\U00020000", 6)]
)
def test_every_entry_has_its_mark_and_its_beginnings_have_none(text: str, expected: int) -> None:
    assert mark_of({"ab": 3, "abc": 4, "河": 5, "\U00020000": 6}, text) == expected


def test_of_entries_that_are_equal_when_folded_the_greatest_mark_counts() -> None:
    assert mark_of({"ab": 2, "AB": 7, "aB": 4}, "ab") == 7


@settings(deadline=None)
@given(st.dictionaries(st.text("abA z河\u3000\U00020000", min_size=1, max_size=5), st.integers(1, 255), max_size=12))
def test_any_entries_are_found_with_the_greatest_mark_of_those_that_fold_alike(entries: dict[str, int]) -> None:
    expected = {fold_all(entry).strip(): mark for entry, mark in sorted(entries.items(), key=lambda item: item[1])}
    expected.pop("", None)
    assert {entry: mark_of(entries, entry) for entry in expected} == expected


def test_a_trie_cannot_be_written_to() -> None:
    assert [array.flags.writeable for array in build_trie({"a": 1})] == [False, False, False]
