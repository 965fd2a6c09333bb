import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from corpusforge.extract.mathml import tex_of
from corpusforge.extract.tex_source import bare_tex
from corpusforge.extract.tex_symbols import symbols


def tex(inside: str) -> str:
    return tex_of(etree.fromstring(f"<math>{inside}</math>"))


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        ("<mi>x</mi><mo>+</mo><mn>1</mn>", "x+1"),
        ("<mi>α</mi><mi>x</mi><mo>≤</mo><mi>y</mi>", r"\alpha x\leq y"),
        ("<mi>sin</mi><mo>\u2061</mo><mi>θ</mi>", r"\sin\theta"),
        ("<mi>Re</mi>", r"\mathrm{Re}"),
        ('<mi mathvariant="bold">v</mi>', r"\mathbf{v}"),
        ('<mi mathvariant="normal">d</mi><mi>x</mi>', r"\mathrm{d}x"),
        ('<mi mathvariant="normal">m</mi><mi mathvariant="normal">a</mi><mi mathvariant="normal">x</mi>', r"\mathrm{max}"),
        ("<mi>\U0001d404</mi><mi>\u211d</mi>", r"\mathbf{E}\mathbb{R}"),
        ("<mi>\U0001d6fc</mi>", r"\alpha"),
        ("<mn>2.5</mn><mo>×</mo><msup><mn>10</mn><mrow><mo>−</mo><mn>3</mn></mrow></msup>", r"2.5\times 10^{-3}"),
        ("<mtext>if </mtext><mi>x</mi><mspace width='1em'/><mtext>5%</mtext>", r"\text{if }x\quad 5\%"),
        ("<mi>面积</mi>", r"\text{面积}"),
        ("<msub><mo>∑</mo><mi>k</mi></msub><mi>k</mi>", r"\sum_k k"),
        ("<mo>{</mo><mi>x</mi><mo>}</mo>", r"\{x\}"),
        ("<mi>a</mi><mo>⋆⃝</mo>", "a\\star\u20dd"),
    ],
)
def test_tokens(inside: str, expected: str) -> None:
    assert tex(inside) == expected


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        ("<msub><mi>x</mi><mi>i</mi></msub>", "x_i"),
        ("<msup><mi>x</mi><mn>10</mn></msup>", "x^{10}"),
        ("<msubsup><mi>σ</mi><mi>x</mi><mn>2</mn></msubsup>", r"\sigma_x^2"),
        ("<msup><mrow><mo>(</mo><mi>a</mi><mo>+</mo><mi>b</mi><mo>)</mo></mrow><mn>2</mn></msup>", "{(a+b)}^2"),
        ("<msup><mi>f</mi><mo>′</mo></msup>", "f'"),
        ("<mmultiscripts><mi>C</mi><mprescripts/><none/><mn>14</mn></mmultiscripts>", "{}^{14}C"),
        ("<munderover><mo>∑</mo><mrow><mi>i</mi><mo>=</mo><mn>1</mn></mrow><mi>n</mi></munderover>", r"\sum_{i=1}^n"),
        ("<munder><mi>lim</mi><mrow><mi>x</mi><mo>→</mo><mn>0</mn></mrow></munder>", r"\lim_{x\rightarrow 0}"),
        ("<mover><mi>x</mi><mo>¯</mo></mover>", r"\bar{x}"),
        ("<mover><mrow><mi>A</mi><mi>B</mi></mrow><mo>¯</mo></mover>", r"\overline{AB}"),
        ("<mover accent='true'><mi>x</mi><mrow><mo>^</mo></mrow></mover>", r"\hat{x}"),
        ("<mover><mo>=</mo><mtext>def</mtext></mover>", r"\overset{\text{def}}{=}"),
        ("<munder><munder><mi>x</mi><mo>⏟</mo></munder><mi>n</mi></munder>", r"\underbrace{x}_n"),
        ("<munderover><mo>→</mo><mi>a</mi><mi>b</mi></munderover>", r"\xrightarrow[a]{b}"),
    ],
)
def test_scripts_limits_and_accents(inside: str, expected: str) -> None:
    assert tex(inside) == expected


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        ("<mfrac><mi>a</mi><mi>b</mi></mfrac>", r"\frac{a}{b}"),
        ("<mfrac bevelled='true'><mi>a</mi><mi>b</mi></mfrac>", "a/b"),
        ("<mfenced><mfrac linethickness='0pt'><mi>n</mi><mi>k</mi></mfrac></mfenced>", r"\left({n \atop k}\right)"),
        ("<msqrt><mi>x</mi><mo>+</mo><mn>1</mn></msqrt>", r"\sqrt{x+1}"),
        ("<mroot><mi>x</mi><mn>3</mn></mroot>", r"\sqrt[3]{x}"),
        ("<mrow><mo>(</mo><mfrac><mi>a</mi><mi>b</mi></mfrac><mo>)</mo></mrow>", r"\left(\frac{a}{b}\right)"),
        ("<mfenced open='[' separators=',;'><mi>a</mi><mi>b</mi><mi>c</mi></mfenced>", "[a,b;c)"),
        ("<menclose notation='box'><mi>x</mi></menclose>", r"\boxed{x}"),
        ("<mi>a</mi><mphantom><mi>z</mi></mphantom>", "a"),
        ("stray<mi>x</mi>text", "strayxtext"),
        ("<mfrac><mi>a</mi></mfrac>", r"\frac{a}{}"),
        ("<unknown><mi>x</mi></unknown>", "x"),
        ("<mtable><mtr><mtd><mi>x</mi><mo>=</mo><mi>y</mi></mtd></mtr></mtable>", "x=y"),
        ("", ""),
    ],
)
def test_layouts(inside: str, expected: str) -> None:
    assert tex(inside) == expected


MATRIX = "<mtable><mtr><mtd><mi>a</mi></mtd><mtd><mi>b</mi></mtd></mtr><mtr><mtd><mi>c</mi></mtd><mtd/></mtr></mtable>"


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        (f"<mi>A</mi><mo>=</mo><mrow><mo>[</mo>{MATRIX}<mo>]</mo></mrow>", r"A=\begin{bmatrix} a & b \\ c & \end{bmatrix}"),
        (f"<mfenced open='{{' close=''>{MATRIX}</mfenced>", r"\begin{cases} a & b \\ c & \end{cases}"),
        (f"<mi>f</mi><mrow><mo>{{</mo>{MATRIX}</mrow>", r"f\begin{cases} a & b \\ c & \end{cases}"),
        (MATRIX, r"\begin{aligned} a & b \\ c & \end{aligned}"),
        ("<mtable><mlabeledtr><mtd><mtext>(1)</mtext></mtd><mtd><mi>a</mi></mtd></mlabeledtr></mtable>", None),
    ],
)
def test_matrices_take_the_brackets_around_them(inside: str, expected: str | None) -> None:
    assert tex(inside) == (expected or r"\begin{aligned} a & (1) \end{aligned}")


@pytest.mark.parametrize("encoding", ["application/x-tex", "application/x-latex", "TeX", "LaTeX"])
def test_the_authors_tex_is_preferred(encoding: str) -> None:
    annotation = f"<annotation encoding='{encoding}'>{{\\displaystyle x^{{2}}}}</annotation>"
    assert tex(f"<semantics><mi>no</mi>{annotation}</semantics>") == "x^{2}"


def test_an_annotation_that_is_not_tex_is_not_read() -> None:
    assert tex("<semantics><mi>x</mi><annotation encoding='StarMath 5.0'>x over</annotation></semantics>") == "x"


@pytest.mark.parametrize(("alttext", "expected"), [("\\frac{a}{b}", "\\frac{a}{b}"), ("a over b", "y"), ("{x}", "y")])
def test_an_alternative_text_counts_where_it_is_tex(alttext: str, expected: str) -> None:
    assert tex_of(etree.fromstring(f"<math alttext='{alttext}'><mi>y</mi></math>")) == expected


def test_prefixes_and_namespaces_do_not_matter() -> None:
    source = "<mml:math xmlns:mml='http://www.w3.org/1998/Math/MathML'><!-- c --><mml:mi>x</mml:mi><?p i?></mml:math>"
    assert tex_of(etree.fromstring(source)) == "x"
    assert tex_of(None) == ""


def test_deep_nesting_does_not_exhaust_the_stack() -> None:
    root = inner = etree.Element("math")
    for _ in range(5000):
        inner = etree.SubElement(inner, "mrow")
    etree.SubElement(inner, "mi").text = "x"
    assert tex_of(root) == "x"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("$$x^2$$", "x^2"),
        (r"\[ a \\ b \]", r"a \\ b"),
        (r"\documentclass[12pt]{minimal} \usepackage{amsmath}\begin{document}$$\alpha$$\end{document}", r"\alpha"),
        (r"\documentclass{minimal}", ""),
        (r"{\displaystyle {\frac {a}{b}}}", r"{\frac {a}{b}}"),
        (r"{\displaystyle a}+b", r"{\displaystyle a}+b"),
        ("x % why\n + y", "x\n+ y"),
        ("$a$ and $b$", "$a$ and $b$"),
    ],
)
def test_tex_is_stripped_of_what_surrounds_it(source: str, expected: str) -> None:
    assert bare_tex(source) == expected


LEAF = st.builds(
    lambda name, text: f"<{name}>{text}</{name}>",
    st.sampled_from(["mi", "mn", "mo", "mtext", "ms", "mspace", "none", "mprescripts", "annotation"]),
    st.text(alphabet="xy1+−α({[|]}) \u2061中𝐄%#_", max_size=4),
)
NAMES = (
    "math mrow mfrac msqrt mroot msub msup msubsup munder mover munderover mmultiscripts mtable mtr mtd mfenced menclose "
    "semantics"
)


@given(
    st.recursive(
        LEAF,
        lambda inner: st.builds(
            lambda name, children: f"<{name}>{''.join(children)}</{name}>",
            st.sampled_from(NAMES.split()),
            st.lists(inner, max_size=4),
        ),
        max_leaves=20,
    )
)
def test_braces_balance_whatever_the_tree(source: str) -> None:
    found = tex_of(etree.fromstring(source)).replace(r"\{", "").replace(r"\}", "")
    depths = [found[: end + 1].count("{") - found[: end + 1].count("}") for end in range(len(found))]
    assert min(depths, default=0) >= 0
    assert depths[-1:] in ([], [0])


@given(st.text(max_size=30))
def test_symbols_are_the_same_pieces_one_by_one(text: str) -> None:
    assert symbols(text).replace(" ", "") == "".join(map(symbols, text)).replace(" ", "")
