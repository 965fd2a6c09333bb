"""Presentation MathML to TeX, in one pass over the elements of one formula.

Only what a reader of the formula sees is kept: structure, names, operators; no spacing, no colours. Deeper or longer formulas
than any real one are taken as text, so that a page made to be slow is not.
"""

from collections.abc import Callable, Mapping

from lxml import etree

from corpusforge.extract.plain import names

_MAX_DEPTH = 60
_MAX_ELEMENTS = 20_000

_SYMBOLS: Mapping[str, str] = {
    "α": r"\alpha", "β": r"\beta", "γ": r"\gamma", "δ": r"\delta", "ε": r"\varepsilon", "ϵ": r"\epsilon", "ζ": r"\zeta",
    "η": r"\eta", "θ": r"\theta", "ϑ": r"\vartheta", "ι": r"\iota", "κ": r"\kappa", "λ": r"\lambda", "μ": r"\mu", "µ": r"\mu",
    "ν": r"\nu", "ξ": r"\xi", "π": r"\pi", "ρ": r"\rho", "ϱ": r"\varrho", "σ": r"\sigma", "ς": r"\varsigma", "τ": r"\tau",
    "υ": r"\upsilon", "φ": r"\varphi", "ϕ": r"\phi", "χ": r"\chi", "ψ": r"\psi", "ω": r"\omega", "Γ": r"\Gamma",
    "Δ": r"\Delta", "Θ": r"\Theta", "Λ": r"\Lambda", "Ξ": r"\Xi", "Π": r"\Pi", "Σ": r"\Sigma", "Υ": r"\Upsilon",
    "Φ": r"\Phi", "Ψ": r"\Psi", "Ω": r"\Omega", "∂": r"\partial", "∇": r"\nabla", "∞": r"\infty", "∑": r"\sum",
    "∏": r"\prod", "∫": r"\int", "∬": r"\iint", "∭": r"\iiint", "∮": r"\oint", "±": r"\pm", "∓": r"\mp", "×": r"\times",
    "⋅": r"\cdot", "·": r"\cdot", "÷": r"\div", "≤": r"\le", "≥": r"\ge", "⩽": r"\leqslant", "⩾": r"\geqslant",
    "≠": r"\ne", "≈": r"\approx", "≃": r"\simeq", "≅": r"\cong", "≡": r"\equiv", "∼": r"\sim", "∝": r"\propto",
    "≪": r"\ll", "≫": r"\gg", "→": r"\to", "←": r"\leftarrow", "↔": r"\leftrightarrow", "⇒": r"\Rightarrow",
    "⇐": r"\Leftarrow", "⇔": r"\Leftrightarrow", "⟶": r"\longrightarrow", "⇌": r"\rightleftharpoons", "↦": r"\mapsto",
    "↑": r"\uparrow", "↓": r"\downarrow", "∈": r"\in", "∉": r"\notin", "∋": r"\ni", "⊂": r"\subset", "⊆": r"\subseteq",
    "⊃": r"\supset", "∪": r"\cup", "∩": r"\cap", "∅": r"\emptyset", "∀": r"\forall", "∃": r"\exists", "¬": r"\neg",
    "∧": r"\wedge", "∨": r"\vee", "⊕": r"\oplus", "⊗": r"\otimes", "∥": r"\parallel", "⊥": r"\perp", "∠": r"\angle",
    "°": r"^{\circ}", "∘": r"\circ", "†": r"\dagger", "ℏ": r"\hbar", "ℓ": r"\ell", "…": r"\dots", "⋯": r"\cdots",
    "⋮": r"\vdots", "⋱": r"\ddots", "⟨": r"\langle", "⟩": r"\rangle", "〈": r"\langle", "〉": r"\rangle", "⌊": r"\lfloor",
    "⌋": r"\rfloor", "⌈": r"\lceil", "⌉": r"\rceil", "‖": r"\|", "−": "-", "′": "'", "″": "''", "∗": "*", "∣": "|",
    "∖": r"\setminus", "√": r"\surd", "ℝ": r"\mathbb{R}", "ℕ": r"\mathbb{N}", "ℤ": r"\mathbb{Z}", "ℂ": r"\mathbb{C}",
    "{": r"\{", "}": r"\}", "%": r"\%", "#": r"\#", "&": r"\&", "$": r"\$", "_": r"\_", "\\": r"\backslash",
    "\u2061": "", "\u2062": "", "\u2063": "", "\u2064": "", "\xa0": " ", "\u2003": " ", "\u2009": " ", "\u200a": " ",
    "\u200b": "",
}  # fmt: skip
_FUNCTIONS = names(
    """arccos arcsin arctan arg cos cosh cot coth csc deg det dim exp gcd hom inf ker lg lim liminf limsup ln log max min Pr
    sec sin sinh sup tan tanh"""
)
_ACCENTS: Mapping[str, str] = {
    "^": "hat", "ˆ": "hat", "\u0302": "hat", "~": "tilde", "˜": "tilde", "∼": "tilde", "\u0303": "tilde",
    "¯": "bar", "‾": "overline", "\u0304": "bar", "―": "overline", "_": "overline", "→": "vec", "⃗": "vec", "˙": "dot",
    "\u0307": "dot", ".": "dot", "¨": "ddot", "..": "ddot", "\u0308": "ddot", "ˇ": "check", "˘": "breve",
    "⏞": "overbrace", "︷": "overbrace",
}  # fmt: skip
_UNDER: Mapping[str, str] = {"_": "underline", "̲": "underline", "⏟": "underbrace", "︸": "underbrace"}
_VARIANTS: Mapping[str, str] = {
    "bold": "mathbf", "bold-italic": "boldsymbol", "double-struck": "mathbb", "script": "mathcal", "fraktur": "mathfrak",
    "sans-serif": "mathsf", "monospace": "mathtt", "normal": "mathrm",
}  # fmt: skip
_FENCES: Mapping[str, str] = {"{": r"\{", "}": r"\}", "‖": r"\|", "⟨": r"\langle", "⟩": r"\rangle", "": "."}


def local_name(element: etree._Element) -> str:
    """The name of an element without a prefix such as mml:, in lower case; "" for what is no element."""
    tag = element.tag
    return tag.rpartition("}")[2].rpartition(":")[2].lower() if isinstance(tag, str) else ""


def mathml_tex(math: etree._Element) -> str:
    """TeX of a <math> element, without dollars: that of its author where it is there, else made from what is shown."""
    given = _given_tex(math)
    if given:
        return given
    if sum(1 for _ in zip(math.iter(), range(_MAX_ELEMENTS + 1), strict=False)) > _MAX_ELEMENTS:
        return _plain(math)
    return " ".join(_row(math, 0).split())


def _given_tex(math: etree._Element) -> str:
    for note in math.iter():
        if local_name(note) == "annotation" and "tex" in (note.get("encoding") or "").lower():
            return clean_tex("".join(note.itertext()))
    return clean_tex(math.get("alttext") or "")


def clean_tex(tex: str) -> str:
    """TeX on one line without the wrapping that Wikipedia and MathJax put around: {\\displaystyle x} -> x."""
    tex = " ".join(tex.replace("\ufdd0", " ").split())
    for opening in (r"{\displaystyle ", r"{\textstyle "):
        if tex.startswith(opening) and tex.endswith("}") and _is_one_group(tex):
            return tex[len(opening) : -1].strip()
    return tex.removeprefix(r"\displaystyle ").strip()


def _is_one_group(tex: str) -> bool:
    depth = 0
    for index, character in enumerate(tex):
        is_escaped = index > 0 and tex[index - 1] == "\\"
        depth += 0 if is_escaped else (character == "{") - (character == "}")
        if depth == 0:
            return index == len(tex) - 1
    return False


def _plain(element: etree._Element) -> str:
    return _symbols(" ".join("".join(element.itertext()).split()))


def _symbols(text: str) -> str:
    """Text with each special character as its command; a space ends a command that a letter follows."""
    if not text or (text.isascii() and text.isalnum()):
        return text
    found = [_SYMBOLS.get(character, character) for character in text]
    after = [*found[1:], ""]
    return "".join(
        f"{each} " if each[:1] == "\\" and each[-1:].isalpha() and then[:1].isalpha() else each
        for each, then in zip(found, after, strict=True)
    )


def _tex(element: etree._Element, depth: int) -> str:
    name = local_name(element)
    if depth > _MAX_DEPTH:
        return _plain(element)
    convert = _CONVERTERS.get(name)
    return convert(element, depth + 1) if convert else _row(element, depth + 1)


def _joined(pieces: list[str]) -> str:
    """Pieces one after another, with a space where a command would run into a letter."""
    text = ""
    for piece in pieces:
        ends_in_command = text[-1:].isalpha() and "\\" in text[-16:] and text[text.rindex("\\") + 1 :].isalpha()
        text += f" {piece}" if ends_in_command and piece[:1].isalpha() else piece
    return text


def _row(element: etree._Element, depth: int) -> str:
    if len(element) == 0:
        return _plain(element)
    return _joined([_tex(child, depth) for child in element])


def _group(element: etree._Element, depth: int) -> str:
    """A part as one argument, in braces."""
    return "{" + _tex(element, depth).strip() + "}"


def _base(element: etree._Element, depth: int) -> str:
    """What carries an index: in braces where it is more than one letter or command."""
    tex = _tex(element, depth).strip()
    is_single = len(tex) == 1 or (tex[:1] == "\\" and tex[1:].isalpha())
    return tex if is_single else "{" + tex + "}"


def _identifier(element: etree._Element, depth: int) -> str:
    text = "".join(element.itertext()).strip()
    variant = _VARIANTS.get(element.get("mathvariant") or "", "")
    if text in _FUNCTIONS:
        return f"\\{text}"
    if len(text) > 1 and text.isascii() and text.isalpha() and variant in ("", "mathrm"):
        return f"\\mathrm{{{text}}}"
    tex = _symbols(text)
    return f"\\{variant}{{{tex}}}" if variant and variant != "mathrm" and tex else tex


def _operator(element: etree._Element, depth: int) -> str:
    text = "".join(element.itertext()).strip()
    if text in _FUNCTIONS:
        return f"\\{text}"
    is_spaced = text in ("=", "<", ">", "+", "-", "−", "±", "≤", "≥", "≈", "≠", "→", "∼", "≡", ",")
    tex = _symbols(text)
    return (f"{tex} " if text == "," else f" {tex} ") if is_spaced else tex


def _text(element: etree._Element, depth: int) -> str:
    text = "".join(element.itertext()).replace("\xa0", " ")
    return f"\\text{{{text}}}" if text.strip() else " "


def _children(element: etree._Element, count: int) -> list[etree._Element] | None:
    """The parts of a construct; None where the page gives it too few or too many."""
    return list(element) if len(element) == count else None


def _scripts(element: etree._Element, depth: int) -> str:
    name = local_name(element)
    parts = _children(element, 3 if name in ("msubsup", "munderover") else 2)
    if parts is None:
        return _row(element, depth)
    marks = {"msub": "_", "munder": "_", "msup": "^", "mover": "^"}.get(name, "_^")
    scripts = [mark + _script(part, depth) for mark, part in zip(marks, parts[1:], strict=True)]
    return (
        _base(parts[0], depth)
        + "".join(each for each in scripts if each not in ("_{}", "^{}", "^'"))
        + ("'" if "^'" in scripts else "")
    )


def _script(element: etree._Element, depth: int) -> str:
    tex = _tex(element, depth).strip()
    return tex if tex == "'" else "{" + tex + "}"


def _over(element: etree._Element, depth: int) -> str:
    accents = _ACCENTS if local_name(element) == "mover" else _UNDER
    parts = _children(element, 2)
    accent = accents.get("".join(parts[1].itertext()).strip()) if parts else None
    if parts and accent:
        return f"\\{accent}{_group(parts[0], depth)}"
    return _scripts(element, depth)


def _fraction(element: etree._Element, depth: int) -> str:
    parts = _children(element, 2)
    if parts is None:
        return _row(element, depth)
    command = r"\binom" if element.get("linethickness") in ("0", "0px", "0pt") else r"\frac"
    return command + _group(parts[0], depth) + _group(parts[1], depth)


def _root(element: etree._Element, depth: int) -> str:
    if local_name(element) == "msqrt":
        return r"\sqrt{" + _row(element, depth).strip() + "}"
    parts = _children(element, 2)
    return _row(element, depth) if parts is None else rf"\sqrt[{_tex(parts[1], depth).strip()}]{_group(parts[0], depth)}"


def _fenced(element: etree._Element, depth: int) -> str:
    opening, closing = element.get("open", "("), element.get("close", ")")
    separator = (element.get("separators", ",").strip() or " ")[:1]
    inside = f"{separator} ".join(_tex(child, depth).strip() for child in element)
    return rf"\left{_FENCES.get(opening, opening)} {inside} \right{_FENCES.get(closing, closing)}"


def _table(element: etree._Element, depth: int) -> str:
    rows = [child for child in element if local_name(child) in ("mtr", "mlabeledtr")]
    lines = []
    for row in rows:
        cells = list(row)[1:] if local_name(row) == "mlabeledtr" else list(row)
        lines.append(" & ".join(_row(cell, depth + 1).strip() for cell in cells))
    return r"\begin{matrix} " + r" \\ ".join(lines) + r" \end{matrix}"


def _multiscripts(element: etree._Element, depth: int) -> str:
    """Indices before and after, as of isotopes: {}^{14}C."""
    if len(element) == 0:
        return ""
    before, after, side = "", "", 0
    scripts = list(element)[1:]
    position = 0
    for script in scripts:
        if local_name(script) == "mprescripts":
            side, position = 1, 0
            continue
        if local_name(script) != "none":
            piece = "_^"[position % 2] + _group(script, depth)
            before, after = (before + piece, after) if side else (before, after + piece)
        position += 1
    return ("{}" + before if before else "") + _base(element[0], depth) + after


def _nothing(element: etree._Element, depth: int) -> str:
    return ""


def _space(element: etree._Element, depth: int) -> str:
    return " "


def _first(element: etree._Element, depth: int) -> str:
    """What is shown of several ways to say the same."""
    return _tex(element[0], depth) if len(element) else ""


_CONVERTERS: Mapping[str, Callable[[etree._Element, int], str]] = {
    "mi": _identifier, "mn": lambda element, depth: _plain(element), "mo": _operator, "mtext": _text, "ms": _text,
    "msub": _scripts, "msup": _scripts, "msubsup": _scripts, "munder": _over, "mover": _over, "munderover": _scripts,
    "mfrac": _fraction, "msqrt": _root, "mroot": _root, "mfenced": _fenced, "mtable": _table,
    "mmultiscripts": _multiscripts, "semantics": _first, "maction": _first, "annotation": _nothing,
    "annotation-xml": _nothing, "mphantom": _nothing, "none": _nothing, "mspace": _space,
}  # fmt: skip
