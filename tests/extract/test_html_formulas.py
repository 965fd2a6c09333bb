import pytest
from lxml import etree

from corpusforge.extract.html_formulas import dollars, formula_of, is_display_tex
from corpusforge.extract.html_mathml import clean_tex, mathml_tex


def element(html: str) -> etree._Element:
    [found] = etree.fromstring(f"<html><body>{html}</body></html>", etree.HTMLParser()).iter("body")
    return found[0]


@pytest.mark.parametrize(
    ("mathml", "tex"),
    [
        ("<mi>x</mi>", "x"),
        ("<mi>v</mi><mo>=</mo><mi>d</mi><mo>/</mo><mi>t</mi>", "v = d/t"),
        ("<msup><mi>x</mi><mn>2</mn></msup>", "x^{2}"),
        ("<msub><mi>V</mi><mi>p</mi></msub>", "V_{p}"),
        ("<msubsup><mi>x</mi><mi>i</mi><mn>2</mn></msubsup>", "x_{i}^{2}"),
        ("<msup><mrow><mo>(</mo><mi>a</mi><mo>)</mo></mrow><mn>3</mn></msup>", "{(a)}^{3}"),
        ("<msup><mi>f</mi><mo>′</mo></msup>", "f'"),
        ("<mfrac><mn>1</mn><mi>ρ</mi></mfrac>", r"\frac{1}{\rho}"),
        ("<mfrac linethickness='0'><mi>n</mi><mi>k</mi></mfrac>", r"\binom{n}{k}"),
        ("<msqrt><mi>k</mi><mo>/</mo><mi>m</mi></msqrt>", r"\sqrt{k/m}"),
        ("<mroot><mi>x</mi><mn>3</mn></mroot>", r"\sqrt[3]{x}"),
        ("<mover><mi>v</mi><mo>→</mo></mover>", r"\vec{v}"),
        ("<mover><mi>x</mi><mo>¯</mo></mover>", r"\bar{x}"),
        ("<munder><mi>lim</mi><mrow><mi>n</mi><mo>→</mo><mi>∞</mi></mrow></munder>", r"\lim_{n \to \infty}"),
        ("<munderover><mo>∑</mo><mi>i</mi><mi>n</mi></munderover><mi>a</mi>", r"\sum_{i}^{n}a"),
        ("<mfenced><mi>a</mi><mi>b</mi></mfenced>", r"\left( a, b \right)"),
        ("<mfenced open='{' close=''><mi>a</mi></mfenced>", r"\left\{ a \right."),
        ("<mtable><mtr><mtd><mi>a</mi></mtd><mtd><mi>b</mi></mtd></mtr><mtr><mtd><mi>c</mi></mtd><mtd><mi>d</mi></mtd></mtr></mtable>",
         r"\begin{matrix} a & b \\ c & d \end{matrix}"),
        ("<mmultiscripts><mi>C</mi><mprescripts/><none/><mn>14</mn></mmultiscripts>", "{}^{14}C"),
        ("<mi>sin</mi><mi>θ</mi>", r"\sin\theta"),
        ("<mi>α</mi><mi>x</mi>", r"\alpha x"),
        ("<mi>SiO</mi>", r"\mathrm{SiO}"),
        ("<mi mathvariant='bold'>B</mi>", r"\mathbf{B}"),
        ("<mtext>if </mtext><mi>x</mi>", r"\text{if }x"),
        ("<mi>a</mi><mo>&#x2061;</mo><mspace width='1em'/><mi>b</mi>", "a b"),
        ("<mstyle><mrow><mi>a</mi></mrow></mstyle><mphantom><mi>z</mi></mphantom>", "a"),
        ("<mn>5</mn><mo>%</mo>", r"5\%"),
        ("<mfrac><mn>1</mn></mfrac>", "1"),  # too few parts: what is there
        ("<msup></msup>", ""),
        ("", ""),
    ],
)  # fmt: skip
def test_presentation_mathml_becomes_tex(mathml: str, tex: str) -> None:
    assert mathml_tex(element(f"<math>{mathml}</math>")) == tex


@pytest.mark.parametrize(
    "html",
    [
        "<math><semantics><mi>y</mi><annotation encoding='application/x-tex'>x^2</annotation></semantics></math>",
        "<math alttext='x^2'><mi>y</mi></math>",
        "<math><semantics><mi>y</mi><annotation encoding='LaTeX'>{\\displaystyle x^2}</annotation></semantics></math>",
    ],
)
def test_tex_of_the_author_goes_before_what_is_drawn(html: str) -> None:
    assert mathml_tex(element(html)) == "x^2"


@pytest.mark.parametrize(
    ("tex", "expected"),
    [
        (r"{\displaystyle a_{b}}", "a_{b}"),
        (r"{\textstyle a}", "a"),
        (r"\displaystyle a", "a"),
        (r"{\displaystyle a} + {b}", r"{\displaystyle a} + {b}"),
        (r"{\displaystyle \{ a}", r"\{ a"),
        ("  a \n b ", "a b"),
    ],
)
def test_wrapping_of_tex_goes(tex: str, expected: str) -> None:
    assert clean_tex(tex) == expected


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<math><mi>x</mi></math>", "$x$"),
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


def test_a_formula_deeper_or_longer_than_any_real_one_is_taken_as_text() -> None:
    deep = element("<math>" + "<mrow><msup>" * 100 + "<mi>x</mi>" + "</msup></mrow>" * 100 + "</math>")
    assert mathml_tex(deep) == "x"
    assert mathml_tex(element("<math>" + "<mi>α</mi>" * 21_000 + "</math>")).count(r"\alpha") == 21_000
