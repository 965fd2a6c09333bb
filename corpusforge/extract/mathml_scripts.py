"""MathML's scripts, limits, accents and braces in TeX."""

from corpusforge.extract.mathml_nodes import ATOM, BRACES, LIMITS, Node, base, scripted, spread

_ACCENTS = {
    **spread("^ˆ̂", "hat"),
    **spread("~˜∼̃", "tilde"),
    **spread("→⃗⇀", "vec"),
    **spread(".˙⋅·̇", "dot"),
    **spread(["¨", "̈", ".."], "ddot"),
    **spread(["⃛", "..."], "dddot"),
    **spread("¯‾―ˉ̅̄_-−–—", "bar"),
    **spread("ˇ̌", "check"),
    **spread("˘̆", "breve"),
    **spread("˚∘°", "mathring"),
    **spread("´́", "acute"),
    **spread("`̀", "grave"),
    **spread("⏞︷", "overbrace"),
    **spread("←", "overleftarrow"),
    **spread("↔", "overleftrightarrow"),
}
_WIDE_ACCENTS = {"hat": "widehat", "tilde": "widetilde", "vec": "overrightarrow", "bar": "overline"}
_ACCENTS_BELOW = {
    **spread("¯‾―̲_-−–—", "underline"),
    **spread("⏟︸", "underbrace"),
    **spread("→", "underrightarrow"),
    **spread("←", "underleftarrow"),
}
_LONG_ARROWS = {
    **spread([r"\rightarrow", r"\longrightarrow"], r"\xrightarrow"),
    **spread([r"\leftarrow", r"\longleftarrow"], r"\xleftarrow"),
    r"\rightleftharpoons": r"\xrightleftharpoons",
}


def sub(node: Node) -> str:
    """A base and what is lowered."""
    return scripted(base(node.child(0).tex), node.child(1).tex, "")


def sup(node: Node) -> str:
    """A base and what is raised."""
    return scripted(base(node.child(0).tex), "", node.child(1).tex)


def subsup(node: Node) -> str:
    """A base, what is lowered, what is raised."""
    return scripted(base(node.child(0).tex), node.child(1).tex, node.child(2).tex)


def under(node: Node) -> str:
    """A base and what stands under it."""
    return _stacked(node.child(0).tex, node.child(1), Node("none", ""))


def over(node: Node) -> str:
    """A base and what stands over it."""
    return _stacked(node.child(0).tex, Node("none", ""), node.child(1))


def underover(node: Node) -> str:
    """A base, what stands under it, what stands over it."""
    return _stacked(node.child(0).tex, node.child(1), node.child(2))


def _stacked(text: str, below: Node, above: Node) -> str:
    if text in LIMITS or text.startswith((r"\operatorname", *BRACES)):
        return scripted(text, below.tex, above.tex)
    if text in _LONG_ARROWS:
        return _LONG_ARROWS[text] + (f"[{below.tex}]" if below.tex else "") + f"{{{above.tex}}}"
    return _with_below(_with_above(text, above), below)


def _with_above(text: str, mark: Node) -> str:
    if not mark.tex:
        return text
    name = _ACCENTS.get(mark.text.strip(), "")
    if not name:
        return rf"\overset{{{mark.tex}}}{{{text}}}"
    return f"\\{name if ATOM.fullmatch(text) else _WIDE_ACCENTS.get(name, name)}{{{text}}}"


def _with_below(text: str, mark: Node) -> str:
    if not mark.tex:
        return text
    name = _ACCENTS_BELOW.get(mark.text.strip(), "")
    return f"\\{name}{{{text}}}" if name else rf"\underset{{{mark.tex}}}{{{text}}}"


def multiscripts(node: Node) -> str:
    """Pairs of scripts behind the base, and behind <mprescripts> those before it."""
    names = [child.name for child in node.children]
    cut = names.index("mprescripts") if "mprescripts" in names else len(names)
    after, before = ([child.tex for child in some] for some in (node.children[1:cut], node.children[cut + 1 :]))
    prefix = scripted("", "".join(before[::2]), "".join(before[1::2])) if any(before) else ""
    core = base(node.child(0).tex)
    return prefix + (scripted(core, "".join(after[::2]), "".join(after[1::2])) if any(after) else core)
