"""Lines and paragraphs have the same 128 bits where they say the same, and other ones where they do not."""

import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[1] / "dedup"))
import oracle
import paragraph_oracle
import strategies

from corpusforge.text.spans import Spans, line_spans, paragraph_spans
from corpusforge.text.units import Units, folded_units
from corpusforge.text.view import TextView


def view(*texts: str) -> TextView:
    return TextView(pa.array(texts, pa.large_string()))


def whole(texts: TextView) -> Units:
    """Each document as one unit."""
    offsets = texts.offsets.copy()
    return folded_units(texts, Spans(offsets, offsets[:-1].copy(), offsets[1:].copy()))


def hashes(units: Units) -> list[tuple[int, int]]:
    return list(zip(units.high.tolist(), units.low.tolist(), strict=True))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Released under  CC BY 4.0.", " released\tUNDER\u3000cc by\r\n4.0. "),
        ("ＡＢＣ，花岗岩！", "abc,花岗岩!"),
        ("Σίσυφος", "ΣΊΣΥΦΟΣ"),
        ("", " \n "),
    ],
)
def test_blanks_case_and_width_make_no_other_unit(one: str, other: str) -> None:
    first, second = hashes(whole(view(one, other)))
    assert first == second


@pytest.mark.parametrize(
    ("one", "other"), [("ab", "a b"), ("a.", "a"), ("a", "a\0"), ("", "\0"), ("\0", "\0\0"), ("1990", "1991"), ("ab", "ba")]
)
def test_everything_else_makes_another_unit_in_both_halves(one: str, other: str) -> None:
    units = whole(view(one, other))
    assert units.high[0] != units.high[1]
    assert units.low[0] != units.low[1]


@settings(deadline=None)
@given(st.lists(st.one_of(strategies.documents, st.sampled_from(["a b", "A  b", "ａ b", "ab", "a b."])), max_size=8))
def test_units_are_equal_where_their_folded_texts_are(texts: list[str]) -> None:
    found = hashes(whole(view(*texts)))
    folded = [paragraph_oracle.folded(text) for text in texts]
    for index, (unit, says) in enumerate(zip(found, folded, strict=True)):
        assert [other == unit for other in found] == [other == says for other in folded], index


@settings(deadline=None)
@given(strategies.batches, st.sampled_from([line_spans, paragraph_spans]))
def test_words_are_counted_in_each_unit(texts: list[str], spans: Callable[[TextView], Spans]) -> None:
    texts_viewed = view(*texts)
    found = spans(texts_viewed)
    slices = [bytes(texts_viewed.data[begin:end]).decode() for begin, end in zip(found.begin, found.end, strict=True)]
    assert folded_units(texts_viewed, found).num_words.tolist() == [oracle.num_words(each) for each in slices]
