import re
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[1]))
import strategies
from spans_oracle import lines, paragraphs, words

from corpusforge.text.spans import Spans, line_spans, paragraph_spans, word_hashes, word_spans
from corpusforge.text.view import TextView


def view(*texts: str) -> TextView:
    return TextView(pa.array(["before", *texts, "after"], pa.large_string()).slice(1, len(texts)))


def texts_of(seen: TextView, spans: Spans) -> list[list[str]]:
    """The text of every span, document by document."""
    data = seen.data.tobytes()
    found = [data[begin:end].decode() for begin, end in zip(spans.begin.tolist(), spans.end.tolist(), strict=True)]
    return [found[begin:end] for begin, end in zip(spans.first.tolist(), spans.first.tolist()[1:], strict=False)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []), ("a", ["a"]), ("rock's. 'Rock'", ["rock's", "Rock"]), ("well--known -a-", ["well", "known", "a"]),
        ("砂岩sample3", ["砂", "岩", "sample3"]), ("co\u00adop", ["co\u00adop"]), ("3.5 km", ["3", "5", "km"]), ("x-", ["x"]),
    ],
)  # fmt: skip
def test_words_lie_where_they_are_spelled(text: str, expected: list[str]) -> None:
    seen = view(text)
    assert texts_of(seen, word_spans(seen)) == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("\n", [""]),
        ("a", ["a"]),
        ("a\n", ["a"]),
        ("a\r\n\r\nb", ["a", "", "b"]),
        ("\n\na", ["", "", "a"]),
        ("a\u2028b", ["a\u2028b"]),
    ],
)
def test_lines_end_at_line_feeds(text: str, expected: list[str]) -> None:
    seen = view(text)
    assert texts_of(seen, line_spans(seen)) == [expected]


@settings(deadline=None, max_examples=200)
@given(st.lists(strategies.documents | st.text(), max_size=4))
def test_words_are_those_of_the_oracle_and_equal_hashes_mean_equal_words(texts: list[str]) -> None:
    seen = view(*texts)
    expected = [words(text) for text in texts]
    assert texts_of(seen, word_spans(seen)) == expected
    flat = [word for some in expected for word in some]
    hashes = word_hashes(seen).tolist()
    assert len(set(zip(flat, hashes, strict=True))) == len(set(flat)) == len(set(hashes))
    assert [len(some) for some in expected] == seen.num_words.tolist()


@settings(deadline=None, max_examples=200)
@given(st.lists(st.text(st.sampled_from("ab \n\n\r\u3000")), max_size=4))
def test_lines_and_paragraphs_are_those_of_the_oracle(texts: list[str]) -> None:
    seen = view(*texts)
    assert texts_of(seen, line_spans(seen)) == [lines(text) for text in texts]
    found = texts_of(seen, paragraph_spans(seen))
    assert [[re.sub(r"\r?\n", " | ", each) for each in some] for some in found] == [paragraphs(text) for text in texts]
