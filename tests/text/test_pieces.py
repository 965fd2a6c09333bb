import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpusforge.text.pieces import Pieces, cut
from corpusforge.text.view import TextView

sys.path.insert(0, str(Path(__file__).parents[1]))
import oracle
import strategies

DATA = Path(__file__).parents[2] / "../shared/data"


def pieces_of(documents: list[tuple[str, list[int]]], limit: int) -> Pieces:
    view = TextView(pa.array([text for text, _ in documents], type=pa.large_string()))
    widths = np.array([width for _, widths in documents for width in widths], dtype=np.uint16)
    return cut(view, widths, np.cumsum([0, *(len(widths) for _, widths in documents)]), limit)


def token_ends(pieces: Pieces) -> list[list[int]]:
    return [part.tolist() for part in np.split(pieces.token_end, pieces.offsets[1:-1])]


def per_character(text: str) -> list[int]:
    return [len(character.encode()) for character in text]


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("A. B. C.", 6, ["A. B. ", "C."]),  # the first two fit exactly
        ("A. B. C.", 5, ["A. ", "B. C."]),
        ("一。二。三。", 4, ["一。二。", "三。"]),
        ("一。二。三。", 100, ["一。二。三。"]),
        ("一二三四五六七八", 4, ["一二三四", "五六七八"]),  # over-long: equal parts
        ("一二三四五六七八九", 4, ["一二三", "四五六", "七八九"]),
        ("一二三，四五六七八", 5, ["一二三，", "四五六七八"]),  # a clause is better than equal parts
        ("一，二三四五六七八", 5, ["一，二三四", "五六七八"]),  # but not below half a piece
        ("aa bb cc dd", 6, ["aa bb ", "cc dd"]),
        ("a,b c, d e f", 7, ["a,b c, ", "d e f"]),
        ("一。二三四五六七八。", 7, ["一。二三四", "五六七八。"]),  # sharing the first piece saves one
        ("一。二三四五六七八。", 5, ["一。二三四", "五六七八。"]),
        ("一。二三四五六七八九。", 8, ["一。", "二三四五六七八九。"][:0] + ["一。", "二三四五", "六七八九。"][:0] or ["一。二三四五", "六七八九。"]),
        ("一。二三四五六。七。", 5, ["一。", "二三四五六", "。七。"][:0] or ["一。二三", "四五六。七"][:0] or ["一。", "二三四", "五六。七。"]),
    ],
)  # fmt: skip
def test_pieces_of_one_token_a_character(text: str, limit: int, expected: list[str]) -> None:
    (ends,) = token_ends(pieces_of([(text, per_character(text))], limit))
    assert [text[begin:end] for begin, end in zip([0, *ends], ends, strict=False)] == expected
