"""MathML's tokens in TeX: identifiers, numbers, operators, text and space."""

import re

from corpusforge.extract import tex_symbols
from corpusforge.extract.mathml_nodes import Node
from corpusforge.extract.plain import is_cjk, names

_WIDTH = re.compile(r"\s*([0-9]*\.?[0-9]+)\s*(em|ex|pt|px|mm|cm)?\s*")
_EMS = {"em": 1.0, "ex": 0.5, "cm": 2.8, "mm": 0.28, "pt": 0.1, "px": 0.1}
_QUAD_EMS = 0.9

# mathvariant and the font commands it asks for; italic is how letters are set anyway.
_FONTS = {
    "normal": r"\mathrm",
    "bold": r"\mathbf",
    "bold-italic": r"\boldsymbol",
    "script": r"\mathcal",
    "bold-script": r"\mathcal",
    "fraktur": r"\mathfrak",
    "bold-fraktur": r"\mathfrak",
    "double-struck": r"\mathbb",
    "sans-serif": r"\mathsf",
    "bold-sans-serif": r"\mathsf",
    "sans-serif-italic": r"\mathsf",
    "monospace": r"\mathtt",
}
_FUNCTIONS = names(
    "arccos arcsin arctan arg cos cosh cot coth csc deg det dim exp gcd hom inf ker lg lim liminf limsup ln log max min Pr sec "
    "sin sinh sup tan tanh"
)


def identifier(node: Node) -> str:
    r"""A variable, or the name of a function: x, \sin, \mathrm{Re}, \mathbf{v}."""
    text = "".join(node.text.split())
    if text in _FUNCTIONS:
        return "\\" + text
    if any(map(is_cjk, text)):
        return tex_symbols.words(text)
    variant = node.attributes.get("mathvariant", "").strip()
    is_word = len(text) > 1 and text.isascii() and text.isalpha()
    font = _FONTS.get(variant, r"\mathrm" if is_word and not variant else "")
    tex = tex_symbols.symbols(text)
    is_greek = font == r"\mathrm" and tex.startswith("\\")  # its commands have no upright form
    return f"{font}{{{tex}}}" if font and tex and not is_greek else tex


def operator(node: Node) -> str:
    """A sign, a bracket, or a word used as one."""
    text = "".join(node.text.split())
    if text in _FUNCTIONS:
        return "\\" + text
    if len(text) > 1 and text.isascii() and text.isalpha():
        return rf"\operatorname{{{text}}}"
    return tex_symbols.symbols(text)


def number(node: Node) -> str:
    """Digits as they are written."""
    return tex_symbols.symbols(node.text)


def text(node: Node) -> str:
    """Words of a formula; text that is only signs or one foreign letter is mathematics like any other."""
    found = re.sub(r"\s+", " ", node.text)
    if not found.strip():
        return r"\ " if found else ""
    if not any(map(str.isalpha, found)) or (len(found.strip()) == 1 and not found.isascii() and not is_cjk(found.strip())):
        return tex_symbols.symbols(found)
    return tex_symbols.words(found)


def string(node: Node) -> str:
    """A quoted string."""
    return tex_symbols.words(f'"{node.text}"')


def space(node: Node) -> str:
    """White space that the author asked for; none where it is narrow beyond sight or negative."""
    if node.attributes.get("linebreak") == "newline":
        return r"\\"
    match = _WIDTH.fullmatch(node.attributes.get("width", ""))
    width = float(match[1]) * _EMS[match[2] or "em"] if match else 0.0
    if width >= _QUAD_EMS:
        return r"\quad "
    return r"\," if width > 0 else ""
