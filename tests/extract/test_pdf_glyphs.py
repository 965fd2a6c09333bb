import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpusforge.extract.pdf_glyphs import is_unreadable, readable


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("plain", "plain"),
        ("e\ufb03cient \ufb02ow", "efficient flow"),
        ("de\x0cnition and \x0edi\x0fe", "definition and ffidiffle"),
        ("pro\uf001le", "profile"),
        ("\u2f2d\u2f54 \u2ed3江", "山水 长江"),
        ("\uf9dc", "隆"),
        ("\uf0b7 item \uf061", "• item α"),
        ("\U0001d465 = \U0001d7d9", "x = 1"),
        ("caf´e, Schr¨odinger, voil`a", "café, Schrödinger, voilà"),
        ("5´N and 45´E", "5´N and 45´E"),
        ("x² ½ Å ①", "x² ½ Å ①"),
        ("a\x95b\x93c\x94", "a•b“c”"),
        ("a\x02b\x07\ufeff\u200b\ufdd0", "a\x02b"),
    ],
)
def test_characters_become_what_people_write(text: str, wanted: str) -> None:
    assert readable(text) == wanted


@given(st.text())
def test_nothing_changes_a_second_time(text: str) -> None:
    once = readable(text)
    assert readable(once) == once


@given(st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF)))
def test_chinese_stays(text: str) -> None:
    assert readable(text) == text


def test_unreadable_is_what_stands_for_nothing() -> None:
    codes = np.array([*map(ord, "a 中\ufffd\ue123\uf0b7\x05\x02\n"), 0xF0001], np.uint32)
    assert is_unreadable(codes).tolist() == [False, False, False, True, True, False, True, False, False, True]
