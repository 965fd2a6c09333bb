import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpusforge.extract.markdown import markdown_text

COMMON = {
    "heading": ("# Rocks\nText", "Rocks\n\nText"),
    "underlined heading": ("Rocks\n=====\nText", "Rocks\n\nText"),
    "heading with attributes": ("## Atoms {#atoms .unnumbered}\n\n### Ions {-}", "Atoms\n\nIons"),
    "heading without a space": ("按下\n###安装Jitsi\n文字", "按下\n\n安装Jitsi\n\n文字"),
    "soft break": ("red\nclay\n\n黄\n土", "red clay\n\n黄土"),
    "hard break": ("red  \nclay", "red\nclay"),
    "emphasis": ("a **bold** *move* ~~not~~", "a bold move not"),
    "emphasis beside Chinese marks": ("这是**“断层”**的定义", "这是“断层”的定义"),
    "emphasis around a link beside Chinese": ("从**[这里](u)**下载", "从这里下载"),
    "nested list": ("* a\n  * b\n* c", "- a\n  - b\n- c"),
    "numbered list": ("3. a\n4. b\n   - c", "3. a\n4. b\n   - c"),
    "list of paragraphs": ("- a\n\n  b\n- c", "- a\n\n  b\n\n- c"),
    "inline formula": ("mass $m_1 * m_2$ here", "mass $m_1 * m_2$ here"),
    "display formula": ("$$\nE = mc^2\n$$ (eq)\n\ntext", "$$E = mc^2$$\n\ntext"),
    "bracket formulas": (r"\(a_b\) and" + "\n\n" + r"\[ \frac{1}{2}" + "\n= x \\]", "$a_b$ and\n\n$$\n\\frac{1}{2}\n= x\n$$"),
    "escaped brackets": (r"\[1\] and **-R**\[**+r**\]", "[1] and -R[+r]"),
    "prices": ("from $5 to $10 a *tonne*", "from $5 to $10 a tonne"),
    "code": ("```python\nif x:\n\n    y\n```", "if x:\n\n    y"),
    "unclosed code": ("```\na\n\nb", "a\n\nb"),
    "table": ("| a | b |\n|---|--:|\n| **1** | 2 |", "a | b\n1 | 2"),
    "grid table": ("+------+---+\n| 岩石 | x |\n+======+===+\n| a    | b |\n|      | c |\n+------+---+", "岩石 | x\na | b c"),
    "ragged grid table": ("+---+---+\n| a | b |\n+---+-", "a | b"),
    "links": ("[text](http://x.y) <http://z.w> [ref][1]\n\n[1]: http://a.b", "text http://z.w ref"),
    "images": ("![](a.png)\n\n![Cross section](b.png)\n\n![c.png](c.png)", "Cross section"),
    "footnote": ("Clay[^1].\n\n[^1]: Fine\n    grained.", "Clay[1].\n\n[1] Fine grained."),
    "html": ("H<sub>2</sub>O <!-- no -->&amp; <b>ice</b>\n\n<div>\n\nin\n\n</div>", "H₂O & ice\n\nin"),
    "place holder": ("mount <device> on <b>dir</b>", "mount <device> on dir"),
    "html above Markdown": ("<h2>Faults</h2>\nA *fault* moves.", "Faults\n\nA fault moves."),
    "rules": ("a\n\n---\n\nb\n\n=====\n", "a\n\nb"),
    "definition list": ("Term\n: It is\n  this", "Term\n  It is this"),
    "quote": ("> [!NOTE]\n> deep\n> sea", "deep sea"),
    "front matter": ("---\ntitle: 地震\ndate: 2024-99-99\n---\n正文", "地震\n\n正文"),
    "front matter above a heading": ("---\ntitle: A\n---\n# B\n", "B"),
    "broken front matter": ("---\ntitle: 'A: b\n---\ntext", "A: b\n\ntext"),
    "rule that is no front matter": ("---\nHello there\n---\nx", "Hello there\n\nx"),
    "only a title": ("---\ntitle: A\n---\n", "A"),
}
MYST = {
    "note": (":::{note}\nWet\nclay\n:::", "Wet clay"),
    "admonition": ("```{admonition} Why *clay*?\n:class: tip\n\nBecause.\n```", "Why clay?\n\nBecause."),
    "figure": (":::{figure} a.png\n:width: 90%\n:alt: nothing\n\nA fold\n:::", "A fold"),
    "figure without caption": ("```{figure} a.png\n---\nalt: A fold\nwidth: 3\n---\n```", "A fold"),
    "formula": ("```{math}\n:label: e\n\nx = 1\n```", "$$x = 1$$"),
    "roles": ("{doc}`/a/b` {ref}`Sec <s>` {math}`x` by {cite}`A1`: c", "b Sec $x$ by: c"),
    "label": ("(sec-a)=\n# Atoms\n\nSee {ref}`sec-a` and [](#sec-a).", "Atoms\n\nSee Atoms and Atoms."),
    "comment": ("% ## Draft\n\ntext\n\n+++\n\nend", "text\n\nend"),
    "embedded": ("```{eval-rst}\n.. note:: :ref:`a <b>`\n```", "a"),
    "toctree": ("```{toctree}\n:hidden:\n\na/index\n```\nend", "end"),
    "unclosed include": (":::{include} a.md\n\n## Next\n\ntext", "Next\n\ntext"),
    "nested": ("::::{grid} 1 2\n:::{grid-item-card} [Rocks](a)\nHard.\n:::\n::::", "Rocks\n\nHard."),
    "glossary": (":::{glossary}\n**FONT**\n    The {term}`FONT`\n\nPEN\n    A pen\n:::", "FONT\n  The FONT\nPEN\n  A pen"),
    "list table": (
        ":::{list-table} Ages\n:header-rows: 1\n\n* - Rock\n  - Age\n* - Gneiss\n  - 4 Ga\n:::",
        "Ages\n\nRock | Age\nGneiss | 4 Ga",
    ),
    "csv table": (':::{csv-table}\na, "b, c"\n:::', "a | b, c"),
    "code cell": ("```{code-cell} ipython3\n:tags: [hide]\nx = 1\n```", "x = 1"),
    "unknown": (":::{our-box} Deep water\ntext\n:::", "Deep water\n\ntext"),
    "plot": ("```{gmtplot} a.sh\n:width: 3\n\nA map\n```", "A map"),
    "substitution": ("---\nmyst:\n  substitutions:\n    name: 黄土\n---\n{{ name }} {{ other }}", "黄土 {{ other }}"),
}
KNITR = {
    "figure": ("```{r f, fig.cap='A `b` _c_'}\nknitr::include_graphics('a')\n```\nend", "A b c\n\nend"),
    "code": ("```{r}\nx <- 1\n```", "x <- 1"),
    "references": (r"(Figure \@ref(fig:figure-5-2)) and Table \@ref(tab:ages).", "(Figure 5-2) and Table."),
    "references in HTML": (r"<p>Quartzite (Figure \@ref(fig:figure-10-20))</p>", "Quartzite (Figure 10-20)"),
    "raised text": ("^238^U in SiO~2~", "²³⁸U in SiO₂"),
    "inline value": ("there are `r nrow(x)` rows", "there are rows"),
    "citation": ("as known [@smith2010; @li].", "as known."),
    "division": ("::: {.box}\n*in*\n:::", "in"),
    "note in place": ("clay^[fine *grained*] here", "clay (fine grained) here"),
    "strong with a stray space": ("the __strike __of it", "the strike of it"),
}


@pytest.mark.parametrize(("source", "expected"), [*COMMON.values(), *MYST.values()], ids=[*COMMON, *MYST])
def test_markdown_becomes_plain_text(source: str, expected: str) -> None:
    assert markdown_text(source, is_knitr=False) == expected


@pytest.mark.parametrize(("source", "expected"), list(KNITR.values()), ids=list(KNITR))
def test_r_markdown_becomes_plain_text(source: str, expected: str) -> None:
    assert markdown_text(source, is_knitr=True) == expected


def test_what_lies_too_deep_for_the_library_is_not_lost() -> None:
    source = "\n".join("  " * level + f"- item{level}" for level in range(60))
    text = markdown_text(source, is_knitr=False)
    assert [level for level in range(60) if f"item{level}" not in text] == []


def test_directives_deeper_than_the_limit_keep_their_text() -> None:
    source = "".join(":" * (40 - level) + "{note}\n" for level in range(30)) + "deep"
    assert "deep" in markdown_text(source, is_knitr=False)


def test_many_unclosed_brackets_are_kept_as_they_are() -> None:
    assert markdown_text("[" * 20_000, is_knitr=False) == "[" * 20_000


def test_a_line_of_a_megabyte_is_read() -> None:
    assert len(markdown_text("词 " * 250_000, is_knitr=False)) == 499_999


def test_a_document_leaves_nothing_behind_for_the_next() -> None:
    markdown_text("[a]: http://x\n[^1]: note\n\n[a] [^1]", is_knitr=False)
    assert markdown_text("[a] [^1]", is_knitr=False) == "[a] [^1]"


MARKS = """* ** ` ``` ```{note} ::: :::{figure} $ $$ - > [ ]( ) | --- <sub> </sub> <rt> <table> <td> <!-- {ref}` [^1] ^[ ] +--+
    \\[ \\] % (a)= 中文 word"""
MARKUP = st.sampled_from(MARKS.split())
SPACE = st.sampled_from(["", " ", "  ", "\n", "\n\n"])


@given(st.lists(st.one_of(MARKUP, SPACE), max_size=30).map("".join), st.booleans())
def test_any_markup_gives_tidy_text(source: str, is_knitr: bool) -> None:
    text = markdown_text(source, is_knitr=is_knitr)
    assert "\n\n\n" not in text
    assert not any("\ufdd0" <= character <= "\ufdef" for character in text)


@given(st.text())
def test_any_text_is_read_as_markdown(source: str) -> None:
    assert isinstance(markdown_text(source, is_knitr=False), str)
