import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpusforge.extract.plain import DROPPED, HARD, display_math, gloss, subscript, superscript, tidy, unwrap


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("red\nclay", "red clay"),
        ("黄\n土高原", "黄土高原"),
        ("使用 GMT\n绘制", "使用 GMT 绘制"),
        ("文件时，\nGMT 会下载", "文件时，GMT 会下载"),
        ("他说\n“好”", "他说“好”"),
        ("one" + HARD + "two", "one\ntwo"),
        ("in place " + DROPPED + ", then", "in place, then"),
        ("two  spaces\tand a tab", "two spaces and a tab"),
    ],
)
def test_a_paragraph_is_unwrapped_as_its_language_needs(text: str, expected: str) -> None:
    assert unwrap(text) == expected


def test_tidy_text_has_no_trailing_space_and_no_two_blank_lines() -> None:
    assert tidy("\r\n\r\n a \t\r\nb\r\r\r\n\n\n c\u2028d\n\n") == " a\nb\n\n c\nd"


@given(st.text(alphabet=st.sampled_from(" \t\n\r\x0b\u3000\u2028ab中，\ufdd0"), max_size=40))
def test_tidying_twice_changes_nothing(text: str) -> None:
    once = tidy(text)
    assert tidy(once) == once
    assert "\n\n\n" not in once
    assert [line for line in once.split("\n") if line != line.rstrip()] == []


@pytest.mark.parametrize(("text", "expected"), [("2", "₂"), ("p", "_p"), ("max", "_max"), ("longer", "longer")])
def test_a_subscript_uses_unicode_where_it_can(text: str, expected: str) -> None:
    assert subscript(text) == expected


@pytest.mark.parametrize(("text", "expected"), [("-3", "⁻³"), ("2+", "²⁺"), ("n", "^n"), ("th", "th"), ("[1]", "[1]")])
def test_a_superscript_uses_unicode_where_it_can(text: str, expected: str) -> None:
    assert superscript(text) == expected


def test_a_gloss_stands_in_the_brackets_of_its_language() -> None:
    assert gloss("netboot", "网络引导") == "（netboot）"
    assert gloss("WAH", "wah") == " (WAH)"


def test_a_formula_of_several_lines_gets_lines_for_its_dollars() -> None:
    assert display_math("x\n= y") == "$$\nx\n= y\n$$"
    assert display_math(" x ") == "$$x$$"
    assert display_math(" \n") == ""
