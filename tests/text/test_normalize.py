import sys
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[1]))
import strategies

from corpusforge.text.normalize import normalize, normalized


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a \n b ", "a b"), ("", ""), (" \u3000\u2028", ""), ("cafe\u0301", "café"), ("\u1112\u1161\u11ab", "한"),
        ("\u212b", "Å"), ("\u200b a", "\u200b a"), ("a\u0301\u0323", "\u1ea1\u0301"), ("\x1c\x85a", "a"),
        ("\u0f73", "\u0f71\u0f72"), ("\U0001d15e", "\U0001d157\U0001d165"), ("\U000e0101 ", "\U000e0101"),
    ],
)  # fmt: skip
def test_the_normal_form_is_composed_and_has_single_spaces(text: str, expected: str) -> None:
    assert normalize(text) == expected
    assert normalized(pa.array([text], pa.large_string())) == [expected.encode()]


@settings(deadline=None, max_examples=300)
@given(st.lists(strategies.documents | st.text(), max_size=5))
def test_all_at_once_they_are_as_one_by_one(texts: list[str]) -> None:
    assert normalized(pa.array(texts, pa.large_string())) == [normalize(text).encode() for text in texts]


def test_every_pair_of_characters_that_composes_is_composed() -> None:
    texts = [chr(first) + chr(second) for second in range(0x300, 0x1200, 3) for first in (0x41, 0x69, 0x1100, 0x9C7, 0x1025)]
    assert normalized(pa.array(texts, pa.large_string())) == [normalize(text).encode() for text in texts]
