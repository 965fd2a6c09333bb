import ctypes
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pypdfium2
import pytest
from pdf_files import Words, pdf
from pypdfium2 import raw as pdfium

from corpusforge.extract.pdf_chars import INVISIBLE, OUTSIDE, Characters, page_characters

SAMPLES = Path(__file__).resolve().parents[1] / "data/pdf"
BOX = (0, 0, 600, 800)


def characters(raw: bytes) -> Characters:
    with closing(pypdfium2.PdfDocument(raw)) as document, closing(document[0]) as page, closing(page.get_textpage()) as text:
        return page_characters(text, BOX)


@pytest.fixture(params=["latex-en-two", "office-zh-one"])
def text(request: pytest.FixtureRequest) -> Iterator[Any]:
    raw = (SAMPLES / f"{request.param}.pdf").read_bytes()
    with closing(pypdfium2.PdfDocument(raw)) as document, closing(document[0]) as page, closing(page.get_textpage()) as text:
        yield text


def asked(text: Any, of_one: Callable[[int], float]) -> np.ndarray:
    return np.array([of_one(i) for i in range(text.count_chars())])


def box(text: Any, index: int) -> Any:
    rectangle = pdfium.FS_RECTF()
    pdfium.FPDFText_GetLooseCharBox(text.raw, index, rectangle)
    return rectangle


def baseline(text: Any, index: int) -> float:
    x, y = ctypes.c_double(), ctypes.c_double()
    pdfium.FPDFText_GetCharOrigin(text.raw, index, x, y)
    return y.value


def test_the_kernel_says_what_pdfium_says_when_it_is_asked_one_by_one(text: Any) -> None:
    found = page_characters(text, BOX)
    assert found.codes.tolist() == asked(text, lambda i: pdfium.FPDFText_GetUnicode(text.raw, i)).tolist()
    assert np.array_equal(found.left, asked(text, lambda i: box(text, i).left).astype(np.float32))
    assert np.array_equal(found.right, asked(text, lambda i: box(text, i).right).astype(np.float32))
    assert np.array_equal(found.y, asked(text, lambda i: baseline(text, i)).astype(np.float32))
    is_glyph = found.fonts != 0
    assert is_glyph.tolist() == asked(text, lambda i: not pdfium.FPDFText_IsGenerated(text.raw, i)).tolist()
    sizes = asked(text, lambda i: pdfium.FPDFText_GetFontSize(text.raw, i))
    assert np.allclose(found.sizes[is_glyph], sizes[is_glyph])


def test_size_is_what_the_matrix_makes_of_it() -> None:
    found = characters(pdf([Words("a", 50, 700, 1, "12 0 0 10")]))
    assert found.sizes.tolist() == [10]


def test_flags_say_what_is_not_painted_or_not_on_the_page() -> None:
    found = characters(pdf([Words("a", 50, 700, mode=3), Words("b", 650, 700)]))
    flags = dict(zip(found.codes.tolist(), found.flags.tolist(), strict=True))
    assert (flags[ord("a")], flags[ord("b")]) == (INVISIBLE, OUTSIDE)


@pytest.mark.parametrize("turn", ["1 0 0 1", "0 1 -1 0", "-1 0 0 -1", "0 -1 1 0"])
def test_a_turned_page_is_turned_back(turn: str) -> None:
    found = characters(pdf([Words("ab", 300, 300, turn=turn)]))
    assert found.turns.tolist() == [0, 0]
    assert found.left[0] < found.right[0] <= found.left[1] + 0.01
    assert found.y[0] == pytest.approx(found.y[1])


def test_text_at_an_odd_angle_is_no_quarter_turn() -> None:
    found = characters(pdf([Words("upright", 50, 700), Words("x", 300, 300, turn="0.7 0.7 -0.7 0.7")]))
    assert found.turns[found.codes == ord("x")].tolist() == [-1]
