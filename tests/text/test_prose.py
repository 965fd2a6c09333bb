import pyarrow as pa
import pytest
from hypothesis import given
from prose_oracle import num_listed, num_stretches
from strategies import batches

from corpusforge.filter.prose import CHINESE, ENGLISH
from corpusforge.text.prose import count_listed, count_stretches
from corpusforge.text.view import TextView

LISTED = (*ENGLISH, *CHINESE, "don't", "2", "м")


def view_of(texts: list[str]) -> TextView:
    return TextView(pa.array(texts, pa.large_string()))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 0),
        ("The age of the rock IS not known", 4),
        ("theory thE oft", 0),
        ("岩石的年龄在变", 2),
        ("don't DON'T Don't don t", 3),
    ],
)
def test_listed_words_count_as_spelled_with_a_capital_and_in_capitals(text: str, expected: int) -> None:
    assert count_listed(view_of([text]), LISTED).tolist() == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 0),
        ("\n\n ... \n", 0),
        ("one line", 1),
        ("Home | About us |\n\nLog in\n", 3),
        ("a\r\nb\n|c|", 3),
    ],
)
def test_a_stretch_is_words_between_line_feeds_and_bars(text: str, expected: int) -> None:
    assert count_stretches(view_of([text])).tolist() == [expected]


@given(batches)
def test_counts_are_those_of_the_oracle(texts: list[str]) -> None:
    view = view_of(texts)
    assert count_listed(view, LISTED).tolist() == [num_listed(text, LISTED) for text in texts]
    assert count_stretches(view).tolist() == [num_stretches(text) for text in texts]


@pytest.mark.parametrize("entry", ["two words", "", "所以", "-"])
def test_an_entry_that_is_not_one_word_is_refused(entry: str) -> None:
    with pytest.raises(ValueError, match=r"words, not one: list words as the text view cuts them"):
        count_listed(view_of([""]), ("the", entry))


def test_a_view_that_begins_inside_a_buffer_is_counted_alike() -> None:
    texts = pa.array(["of the", "the | of", "和在\n的"], pa.large_string())
    assert count_listed(TextView(texts.slice(1)), LISTED).tolist() == [2, 3]
    assert count_stretches(TextView(texts.slice(1))).tolist() == [2, 2]
