import pyarrow as pa
import pytest

from corpusforge.engine.apply import filter_work
from corpusforge.filter.length import Length

TEXTS = ["", "one two three", "花岗岩", "granite 花岗岩"]


def verdicts(**settings: int) -> list[str]:
    batch = pa.RecordBatch.from_pydict({"text": pa.array(TEXTS, pa.large_string())})
    return list(filter_work(Length(**settings))(batch)["drop"].to_pylist())


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, ["", "", "", ""]),
        ({"min_words": 3}, ["too_few_words", "", "", ""]),
        ({"min_words": 4}, ["too_few_words", "too_few_words", "too_few_words", ""]),
        ({"max_words": 3}, ["", "", "", "too_many_words"]),
        ({"min_chars": 4}, ["too_few_chars", "", "too_few_chars", ""]),
    ],
)
def test_documents_outside_the_limits_are_rejected_with_the_reason(settings: dict[str, int], expected: list[str]) -> None:
    assert verdicts(**settings) == expected


def test_one_cjk_character_is_one_word() -> None:
    batch = pa.RecordBatch.from_pydict({"text": pa.array(TEXTS, pa.large_string())})
    assert filter_work(Length())(batch)["num_words"].to_pylist() == [0, 3, 3, 4]
