"""MathML's rows in TeX: things side by side, in brackets, in matrices and in aligned lines."""

import re
from collections.abc import Sequence

from corpusforge.extract import tex_symbols
from corpusforge.extract.mathml_nodes import Node

_PAIRS = {"(": ")", "[": "]", r"\{": r"\}", "|": "|", r"\Vert": r"\Vert", r"\langle": r"\rangle", r"\lfloor": r"\rfloor"}
_PAIRS |= {r"\lceil": r"\rceil", r"\mid": r"\mid", r"\parallel": r"\parallel"}
_MATRICES = {("(", ")"): "pmatrix", ("[", "]"): "bmatrix", ("|", "|"): "vmatrix", (r"\Vert", r"\Vert"): "Vmatrix"}
_MATRICES |= {(r"\{", ""): "cases", (r"\{", r"\}"): "Bmatrix"}
_BEGIN, _END = r"\begin{matrix}", r"\end{matrix}"
_TALL = re.compile(r"\\(?:[dt]?frac|binom|atop|sum|prod|i*int|oint|begin|over(?:set|brace)|under(?:set|brace)|left)(?![a-z])")
_SPLIT_WORD = re.compile(r"\\(mathrm|mathbf)\{([A-Za-z]+)\}\\\1\{(?=[A-Za-z]+\})")


def row(children: Sequence[Node]) -> str:
    """Nodes side by side; brackets around all of them grow with what they hold."""
    parts = [child.tex for child in children if child.tex]
    inner = parts[1:-1]
    if inner and _PAIRS.get(parts[0]) == parts[-1] and parts[0] not in inner and parts[-1] not in inner:
        return in_brackets(parts[0], tex_symbols.join(inner), parts[-1])
    if parts[:1] == [r"\{"] and len(parts) == 2 and _is_matrix(parts[1]):
        return in_brackets(parts[0], parts[1], "")
    return _with_whole_words(tex_symbols.join(parts))


def _with_whole_words(tex: str) -> str:
    r"""Letters that were set upright one by one, as one word: \mathrm{m}\mathrm{ax} -> \mathrm{max}."""
    while (joined := _SPLIT_WORD.sub(r"\\\1{\2", tex)) != tex:
        tex = joined
    return tex


def _is_matrix(tex: str) -> bool:
    return tex.startswith(_BEGIN) and tex.endswith(_END) and tex.count(_BEGIN) == 1


def _renamed(tex: str, name: str) -> str:
    return f"\\begin{{{name}}}{tex[len(_BEGIN) : -len(_END)]}\\end{{{name}}}"


def in_brackets(left: str, inner: str, right: str) -> str:
    """Brackets ("" for none) around TeX: an environment around a matrix, growing ones around what is tall."""
    if (left, right) in _MATRICES and _is_matrix(inner):
        return _renamed(inner, _MATRICES[left, right])
    if not (left or right) or not _TALL.search(inner):
        return tex_symbols.join([left, inner, right])
    return tex_symbols.join([rf"\left{left or '.'}", inner, rf"\right{right or '.'}"])


def fenced(node: Node) -> str:
    """Children between brackets, with separators between them; the last separator is repeated."""
    left, right = (tex_symbols.symbols(node.attributes.get(name, default)) for name, default in (("open", "("), ("close", ")")))
    marks = "".join(node.attributes.get("separators", ",").split())
    pieces = []
    for number, child in enumerate(node.children):
        if number and marks:
            pieces.append(tex_symbols.symbols(marks[min(number, len(marks)) - 1]))
        pieces.append(child.tex)
    return in_brackets(left, tex_symbols.join(pieces), right)


def table(node: Node) -> str:
    """Rows of a matrix, without brackets; a table of one cell, which only sets a formula apart, is that cell."""
    if len(node.children) == 1 and len(node.children[0].children) == 1:
        return node.children[0].tex
    rows = [child.tex for child in node.children if child.tex]
    return _BEGIN + " " + r" \\ ".join(rows) + " " + _END if rows else ""


def table_row(node: Node) -> str:
    """Cells of a row."""
    return " & ".join(child.tex for child in node.children).strip()


def labelled_row(node: Node) -> str:
    """Cells of a row whose label, which MathML puts first, stands at the end of its line."""
    return " & ".join(child.tex for child in (*node.children[1:], *node.children[:1])).strip()


def formula(children: Sequence[Node]) -> str:
    """A whole formula: where it is nothing but a table, its rows are lines of an equation."""
    tex = row(children)
    return _renamed(tex, "aligned") if _is_matrix(tex) else tex
