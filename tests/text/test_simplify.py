from hashlib import sha256

import pytest

from corpusforge.text.english import PUNCTUATION
from corpusforge.text.simplify import simplified, simplified_words

TEXT = (
    "The Quick Brown Fox, jumped over 3.14 lazy dogs \u2014 na\u00efve caf\u00e9, on Monday 12 January 2024!  "
    "And the geologist mapped the Permian\u2013Triassic boundary in detail."
)
SIMPLIFIED = (
    "the quick brown fox jumped over 0 lazy dogs naive cafe on monday 0 january 0 "
    "and the geologist mapped the permian triassic boundary in detail"
)


def test_punctuation_is_that_of_datatrove() -> None:
    assert len(PUNCTUATION) == 129
    assert sha256("".join(sorted(PUNCTUATION)).encode()).hexdigest()[:16] == "c1d565a777f266c9"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (TEXT, SIMPLIFIED),
        ("", ""),
        (" \n\u3000?!", ""),
        ("1,234,567.8 3.5% 1990s", "0 0 0 0s"),  # a number has one separator at most
        ("\u0663\u066b\u0661\u0664 \U00011f50", "0 0"),  # digits of any script, of Unicode 15 as well
        ("\u0130stanbul \u1e9e \uac01 \u304c", "istanbul \u00df \u1100\u1161\u11a8 \u304b"),
        ("a\x00b\x85c\u200bd", "a b c\u200bd"),
        ("\u7802\u5ca9\u3002\u77f3\u82f1", "\u7802\u5ca9 \u77f3\u82f1"),
    ],
)
def test_text_is_simplified(text: str, expected: str) -> None:
    assert simplified(text) == expected


def test_words_are_spacys_of_the_simplified_text() -> None:
    pytest.importorskip("spacy")
    assert simplified_words(TEXT) == SIMPLIFIED.split()
    assert simplified_words("I'm gonna 5km; cannot") == ["i", "m", "gon", "na", "0", "km", "can", "not"]
    assert simplified_words("...") == []
