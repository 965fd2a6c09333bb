from pathlib import Path

import pytest
from docutils.parsers.rst import directives, roles
from hypothesis import given
from hypothesis import strategies as st

from corpusforge.extract.restructured import restructured_text

CASES = {
    "headings": ("=====\nRocks\n=====\n\nAtoms\n~~~~~\n\nred\nclay", "Rocks\n\nAtoms\n\nred clay"),
    "short underline": ("黄土高原\n====\n\n黄\n土", "黄土高原\n\n黄土"),
    "emphasis": ("a **bold** *move* ``co de``", "a bold move co de"),
    "lists": ("- a\n\n  - b\n\n1. c\n2. d", "- a\n  - b\n\n1. c\n2. d"),
    "lettered list": ("(b) x\n(c) y", "(b) x\n(c) y"),
    "formulas": (
        "mass :math:`m_\\alpha`\n\n.. math::\n   :label: e\n\n   a = b\n\n   c",
        "mass $m_\\alpha$\n\n$$a = b$$\n\n$$c$$",
    ),
    "formula on the first line": (".. math:: x^2", "$$x^2$$"),
    "code": (
        ".. code-block:: python\n   :linenos:\n   :caption: A loop\n\n   if x:\n       y\n\nend::\n\n   z",
        "if x:\n    y\n\nA loop\n\nend:\n\nz",
    ),
    "figure": (".. figure:: a.png\n   :width: 100%\n   :alt: no\n\n   A *fold*\n\n   Legend", "A fold\n\nLegend"),
    "figure without caption": (".. figure:: a.png\n   :alt: A fold", "A fold"),
    "image": (".. image:: a.png\n   :alt: 剖面", "剖面"),
    "note": (".. note:: Wet\n   clay\n\nend", "Wet clay\n\nend"),
    "admonition": (".. admonition:: Why?\n   :class: tip\n\n   Because.", "Why?\n\nBecause."),
    "sidebar": (".. sidebar:: Clay\n\n   Fine.", "Clay\n\nFine."),
    "nothing": (
        ".. index:: ! coast\n.. program:: x\n.. toctree::\n   :maxdepth: 1\n\n   a\n\n"
        ".. raw:: html\n\n   <b>\n\n.. include:: /etc/hostname\n\nend",
        "end",
    ),
    "role inside bold": ("**:option:`-W` 选项**", "-W 选项"),
    "unknown": (".. our-box:: Deep water\n   :colour: red\n\n   text", "Deep water\n\ntext"),
    "unknown with a file": (".. our-plot:: a/b.sh\n\n   text", "text"),
    "plot": (".. gmtplot::\n    :width: 3\n    :caption: A map\n\n    gmt begin\n    gmt end", "gmt begin\ngmt end\n\nA map"),
    "option": (".. option:: -C\n\n-C *fill*\n    The fill.", "-C fill\n  The fill."),
    "function": (".. py:function:: f(x)\n\n   Gives x.", "f(x)\n\nGives x."),
    "version": (".. versionadded:: 2.5\n   The flag.", "Added in version 2.5: The flag."),
    "roles": (":doc:`/a/b` :ref:`Sec <s>` :option:`-J`\\ *par* :file:`a_b` by :cite:`A1`, c", "b Sec -Jpar a_b by, c"),
    "label": (".. _Sec A:\n\nAtoms\n=====\n\nSee :ref:`sec a` and :ref:`other`.", "Atoms\n\nSee Atoms and other."),
    "own roles": (".. role:: red\n.. role:: html(raw)\n\n:red:`a` :html:`<br>`", "a"),
    "default role": (".. default-role:: math\n\nthe `x_1`", "the $x_1$"),
    "substitutions": (
        "|w| of |other| |i|\n\n.. |w| replace:: *Weight*\n.. |i| image:: a.png\n   :alt: sign",
        "Weight of other sign",
    ),
    "footnotes": (
        "Clay [#]_ and [CIT]_.\n\n.. [#] Fine.\n.. [CIT] A book.",
        "Clay [1] and [CIT].\n\n[1] Fine.\n\n[CIT] A book.",
    ),
    "links": ("`text <http://x>`_ ref_ http://y\n\n.. _ref: http://z", "text ref http://y"),
    "comments": (".. a comment\n   goes on\n\ntext\n\n..\n   too", "text"),
    "simple table": ("===  ===\na    b\n===  ===\n1    2\n===  ===", "a | b\n1 | 2"),
    "grid table": ("+----+---+\n| 岩 | x |\n+====+===+\n| a  | b |\n+----+---+", "岩 | x\na | b"),
    "list table": (
        ".. list-table:: Ages\n   :header-rows: 1\n\n   * - Rock\n     - Age\n   * - Gneiss\n     - 4 Ga",
        "Ages\n\nRock | Age\nGneiss | 4 Ga",
    ),
    "csv table": ('.. csv-table::\n   :header: Rock, Age\n\n   Gneiss, "4,0 *Ga*"', "Rock | Age\nGneiss | 4,0 Ga"),
    "csv table of a file": (".. csv-table:: Title\n   :file: /etc/passwd", "Title"),
    "malformed table": ("+---+---+\n| a | b |\n+---+--+\n| c | d |\n+---+---+", "a | b\nc | d"),
    "metadata": (":author: 田\n:date: 2025\n\nRocks\n=====\n\n:简介: 绘制\n  地图", "Rocks\n\n简介: 绘制地图"),
    "definition": ("term : kind\n   It is.", "term : kind\n  It is."),
    "lines": ("| a\n| b", "a\nb"),
    "options": ("-a, --all  everything", "-a, --all  everything"),
    "raised": ("H\\ :sub:`2`\\ O in m\\ :sup:`-3`", "H₂O in m⁻³"),
    "title where none may be": (".. only:: html\n\n   Inside\n   ------\n\n   text", "Inside\n\ntext"),
    "unclosed mark": ("a **b and `c", "a **b and `c"),
    "metadata only": (":orphan:\n", ""),
}


@pytest.mark.parametrize(("source", "expected"), list(CASES.values()), ids=list(CASES))
def test_restructured_text_becomes_plain_text(source: str, expected: str) -> None:
    assert restructured_text(source) == expected


def test_nothing_is_registered_with_docutils() -> None:
    before = (dict(directives._directives), dict(roles._roles))
    restructured_text(".. role:: red\n.. default-role:: math\n\n.. our-box::\n\n   :red:`a` `b`")
    assert (dict(directives._directives), dict(roles._roles)) == before


def test_a_document_leaves_nothing_behind_for_the_next() -> None:
    restructured_text(".. role:: x(raw)\n.. default-role:: math\n.. |s| replace:: S\n\n:x:`a` `b` |s|")
    assert restructured_text(":x:`a` `b` |s|") == "a b s"


def test_nothing_is_said_on_stderr(capfd: pytest.CaptureFixture[str]) -> None:
    restructured_text("Title\n==\n\n.. figure::\n\n+--\n\n|x|_ `a")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "directive",
    [".. include:: {}", ".. literalinclude:: {}", ".. csv-table::\n   :file: {}", ".. raw:: html\n   :file: {}"],
)
def test_no_file_is_read(directive: str, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("SECRET")
    assert restructured_text(f"{directive.format(tmp_path / 'secret.txt')}\n\nend") == "end"


def test_substitutions_inside_substitutions_cannot_explode() -> None:
    lines = [".. |a0| replace:: " + "x" * 50]
    lines += [f".. |a{level}| replace:: " + f"|a{level - 1}| " * 10 for level in range(1, 9)]
    assert len(restructured_text("\n".join([*lines, "", "|a8| end"]))) < 100_000


def test_a_paragraph_full_of_unclosed_marks_is_kept_as_it_is() -> None:
    assert restructured_text("*a " * 20_000) == ("*a " * 20_000).strip()


def test_a_paragraph_full_of_addresses_is_read() -> None:
    assert restructured_text("http://x.y " * 3000) == ("http://x.y " * 3000).strip()


MARKS = """.. :: .. :a: :ref:` ` `_ `` * ** | |a| _ [1]_ - ==== ---- +--+ >>> 中文 word \\ figure:: list-table:: csv-table::
    replace:: role:: |a| math::"""
MARKUP = st.sampled_from(MARKS.split())
SPACE = st.sampled_from(["", " ", "   ", "\n", "\n\n", "\n   ", "\n.. ", "\n.. |a| ", "\n   * - "])


@given(st.lists(st.one_of(MARKUP, SPACE), max_size=30).map("".join))
def test_any_markup_gives_tidy_text(source: str) -> None:
    text = restructured_text(source)
    assert "\n\n\n" not in text
    assert not any("\ufdd0" <= character <= "\ufdef" for character in text)


@given(st.text().filter(lambda text: "\0" not in text))
def test_any_text_is_read_as_restructured_text(source: str) -> None:
    assert isinstance(restructured_text(source), str)
