import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpusforge.text.cut import cut_spans


@pytest.mark.parametrize(
    ("text", "spans", "left", "cut"),
    [
        ("a bad b", [(2, 6)], "a b", 4),
        ("abc", [], "abc", 0),
        ("abc", [(0, 3)], "", 3),
        ("abcdef", [(3, 5), (1, 4)], "af", 4),  # any order, overlapping
        ("abcdef", [(1, 5), (2, 3)], "af", 4),  # one inside another
        ("矿物", [(3, 6)], "矿", 3),
        ("abc", [(1, 1)], "abc", 0),
    ],
)
def test_spans_are_cut_once_each(text: str, spans: list[tuple[int, int]], left: str, cut: int) -> None:
    assert cut_spans(text, spans) == (left, cut)


@pytest.mark.parametrize("span", [(-1, 1), (0, 4), (2, 1)])
def test_a_span_beyond_the_text_is_refused(span: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="does not lie in a text of 3 bytes"):
        cut_spans("abc", [span])


def test_a_span_through_a_character_is_refused() -> None:
    with pytest.raises(UnicodeDecodeError):
        cut_spans("矿", [(0, 1)])


@given(st.text("ab矿", max_size=20), st.data())
def test_what_is_left_is_every_byte_that_no_span_covers(text: str, data: st.DataObject) -> None:
    bounds = [0]
    for character in text:
        bounds.append(bounds[-1] + len(character.encode()))
    pairs = data.draw(st.lists(st.tuples(st.sampled_from(bounds), st.sampled_from(bounds)), max_size=5))
    spans = [(min(pair), max(pair)) for pair in pairs]
    left = bytes(b for i, b in enumerate(text.encode()) if not any(begin <= i < end for begin, end in spans))
    assert cut_spans(text, spans) == (left.decode(), len(text.encode()) - len(left))
