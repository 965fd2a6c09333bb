import pytest
from lxml import etree

from corpusforge.extract.html_formulas import dollars, formula_of, is_display_tex


def element(html: str) -> etree._Element:
    [found] = etree.fromstring(f"<html><body>{html}</body></html>", etree.HTMLParser()).iter("body")
    return found[0]


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<math><mi>x</mi></math>", "$x$"),
        ("<math><mi>x\ufdd1</mi></math>", "$x$"),
        ("<math display='block'><mi>x</mi></math>", "$$x$$"),
        ("<script type='math/tex'>x</script>", "$x$"),
        ("<script type='math/tex; mode=display'>x</script>", "$$x$$"),
        ("<script type='math/mml'><math><mi>x</mi></math></script>", "$x$"),
        ("<mjx-container display='true'><mjx-math></mjx-math><math><mi>x</mi></math></mjx-container>", "$$x$$"),
        ("<mjx-container><mjx-math>drawn</mjx-math></mjx-container>", ""),
        ("<span class='katex'><math><annotation encoding='application/x-tex'>x</annotation></math>x</span>", "$x$"),
        ("<span class='katex-display'><span class='katex'><math><mi>x</mi></math></span></span>", "$$x$$"),
        ("<span class='MathJax_Preview'>x</span>", ""),
        ("<span class='MathJax' id='M'>x</span>", ""),
        ("<span class='mwe-math-element'><img class='mwe-math-fallback-image-inline' alt='{\\displaystyle x}'></span>", "$x$"),
        ("<img class='latex' alt='x'>", "$x$"),
    ],
)
def test_formulas_are_found_in_what_programs_leave_in_pages(html: str, text: str) -> None:
    found = formula_of(element(html), element(html).tag)
    assert found is not None
    assert found.text() == text


@pytest.mark.parametrize(
    "html",
    [
        "<img alt='a map' class='photo'>",
        "<script>var x</script>",
        "<div class='math notranslate'>\\[x\\]</div>",
        "<p class='path'>x</p>",
    ],
)
def test_what_is_no_formula_is_left_to_others(html: str) -> None:
    assert formula_of(element(html), element(html).tag) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"so \(x\) is", "so $x$ is"),
        (r"\[ x = 1 \]", "$$x = 1$$"),
        (r"open \(x and \[y\] then", r"open \(x and $$y$$ then"),
        (r"\) \(", r"\) \("),
        (r"\(x\]", r"\(x\]"),
        ("no", "no"),
    ],
)
def test_tex_delimiters_become_dollars(text: str, expected: str) -> None:
    assert dollars(text) == expected


@pytest.mark.parametrize(("text", "is_display"), [(r"\[x\]", True), ("$$x$$", True), ("$x$ is", False), ("x", False)])
def test_a_paragraph_that_is_one_formula_is_known(text: str, is_display: bool) -> None:
    assert is_display_tex(text) is is_display
