"""MathML to TeX: what the author wrote where it is kept beside the formula, else the layout put into commands.

Elements are visited children first by walking the document backwards, so no depth of nesting can exhaust the stack. Unknown
elements give what is inside them; namespaces and prefixes (mml:mi) do not matter.
"""

import re
from collections.abc import Callable

from lxml import etree

from corpusforge.extract import mathml_rows, mathml_scripts, mathml_tokens, tex_symbols
from corpusforge.extract.mathml_nodes import Node, base
from corpusforge.extract.tex_source import bare_tex

_NOTHING = frozenset({"annotation-xml", "none", "mprescripts", "mphantom", "maligngroup", "malignmark", "mglyph"})
_TOKENS = frozenset({"mi", "mn", "mo", "mtext", "ms", "annotation"})
_WRAPPERS = frozenset({"mrow", "mstyle", "mpadded", "merror"})
_TEX_ENCODINGS = ("tex", "latex")
_NO_LINE = re.compile(r"\s*0+(?:\.0*)?[a-z]*\s*")
_ENCLOSURES = {"box": r"\boxed", "roundedbox": r"\boxed", "top": r"\overline", "bottom": r"\underline", "radical": r"\sqrt"}
_ENCLOSURES |= {"updiagonalstrike": r"\cancel", "downdiagonalstrike": r"\bcancel", "actuarial": r"\overline"}


def tex_of(element: etree._Element | None) -> str:
    """TeX of a <math>, or of any element of MathML, without dollars; "" where it has nothing to say."""
    if element is None:
        return ""
    done: dict[etree._Element, Node] = {}
    for each in reversed([each for each in element.iter() if isinstance(each.tag, str)]):
        done[each] = _node(each, done)
    return done[element].tex.strip()


def _node(element: etree._Element, done: dict[etree._Element, Node]) -> Node:
    """A node whose children are taken out of `done`."""
    name = str(element.tag).rpartition("}")[2].rpartition(":")[2].lower()
    attributes = {str(key): str(value) for key, value in element.attrib.items()}
    children = tuple(done.pop(child) for child in element if isinstance(child.tag, str))
    if name in _TOKENS:
        node = Node(name, "", "".join(map(str, element.itertext())), attributes)
    else:
        node = Node(name, "", "", attributes, children if name in _PLACES else _with_stray_text(element, children))
    if name in _WRAPPERS and len(node.children) == 1:
        return node.children[0]
    tex = "" if name in _NOTHING else _LAYOUTS.get(name, _row)(node)
    return Node(name, tex, node.text, attributes, node.children)


def _with_stray_text(element: etree._Element, children: tuple[Node, ...]) -> tuple[Node, ...]:
    """Children, and text beside them that should have stood in a token."""
    strings = [element.text, *(child.tail for child in element if isinstance(child.tag, str))]
    stray = [[Node("mtext", tex_symbols.symbols(each))] if each and not each.isspace() else [] for each in strings]
    return (*stray[0], *(node for pair in zip(children, stray[1:], strict=True) for node in (pair[0], *pair[1])))


def _row(node: Node) -> str:
    return mathml_rows.row(node.children)


def _formula(node: Node) -> str:
    """What a <math> gives: its alternative text where that is TeX, else its content, else any alternative text."""
    alternative = node.attributes.get("alttext", "").strip()
    if "\\" in alternative or "^" in alternative:
        return bare_tex(alternative)
    return mathml_rows.formula(node.children) or alternative


def _semantics(node: Node) -> str:
    written = (child.tex for child in node.children if child.name == "annotation" and child.tex)
    return next(written, node.child(0).tex)


def _annotation(node: Node) -> str:
    encoding = node.attributes.get("encoding", "").lower().rpartition("/")[2].removeprefix("x-")
    return bare_tex(node.text) if encoding in _TEX_ENCODINGS else ""


def _fraction(node: Node) -> str:
    above, below = node.child(0).tex, node.child(1).tex
    if _NO_LINE.fullmatch(node.attributes.get("linethickness", "")):
        return rf"{{{above} \atop {below}}}"
    if node.attributes.get("bevelled") == "true":
        return f"{base(above)}/{base(below)}"
    return rf"\frac{{{above}}}{{{below}}}"


def _enclosed(node: Node) -> str:
    inner = _row(node)
    for notation in node.attributes.get("notation", "").split():
        inner = f"{_ENCLOSURES[notation]}{{{inner}}}" if notation in _ENCLOSURES else inner
    return inner


_LAYOUTS: dict[str, Callable[[Node], str]] = {
    "math": _formula,
    "mi": mathml_tokens.identifier,
    "mn": mathml_tokens.number,
    "mo": mathml_tokens.operator,
    "mtext": mathml_tokens.text,
    "ms": mathml_tokens.string,
    "mspace": mathml_tokens.space,
    "mfrac": _fraction,
    "msqrt": lambda node: rf"\sqrt{{{_row(node)}}}",
    "mroot": lambda node: rf"\sqrt[{node.child(1).tex}]{{{node.child(0).tex}}}",
    "mfenced": mathml_rows.fenced,
    "menclose": _enclosed,
    "msub": mathml_scripts.sub,
    "msup": mathml_scripts.sup,
    "msubsup": mathml_scripts.subsup,
    "munder": mathml_scripts.under,
    "mover": mathml_scripts.over,
    "munderover": mathml_scripts.underover,
    "mmultiscripts": mathml_scripts.multiscripts,
    "mtable": mathml_rows.table,
    "mtr": mathml_rows.table_row,
    "mlabeledtr": mathml_rows.labelled_row,
    "maction": lambda node: node.child(0).tex,
    "semantics": _semantics,
    "annotation": _annotation,
}
# Elements whose children are known by their place, so that nothing may come between them.
_PLACES = frozenset(_LAYOUTS) - {"math", "msqrt", "menclose"}
