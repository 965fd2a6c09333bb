import pyarrow as pa
import pytest

from corpusforge.engine.decide import decide
from corpusforge.filter.length import Length
from corpusforge.text.view import TextView

TEXTS = ["", "one two three", "花岗岩", "granite 花岗岩"]


def verdicts(**settings: int) -> list[str]:
    stage = Length(**settings)
    return list(
        decide(stage.rules(), stage.annotate(TextView(pa.array(TEXTS, pa.large_string()))), len(TEXTS))["drop"].to_pylist()
    )


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
    assert Length().annotate(TextView(pa.array(TEXTS, pa.large_string())))["num_words"].to_pylist() == [0, 3, 3, 4]
