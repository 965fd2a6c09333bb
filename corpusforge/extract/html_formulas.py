"""Formulas of a page as TeX: MathML, what MathJax 2 and 3 and KaTeX leave in saved pages, Wikipedia's pictures."""

import re
from typing import NamedTuple

from lxml import etree

from corpusforge.extract.mathml import tex_of
from corpusforge.extract.plain import display_math, inline_math, without_marks
from corpusforge.extract.tex_source import bare_tex

_PICTURES = re.compile(r"(?:^|[\s_-])(?:tex|latex|math|mwe-math-\S*|mathjax|formula|equation|ql-img-\S*)(?:$|[\s_-])", re.I)
# Spans that the scripts of MathJax and KaTeX draw beside the source of a formula.
_DRAWN = re.compile(
    r"(?:^|\s)(?:MathJax(?:_\w+)?|MJX_Assistive_MathML|MathJax_Preview|katex-html|katex-error|MJXp-\S*|MJXc-\S*)(?:$|\s)"
)
_DISPLAYS = ((r"\[", r"\]"), ("$$", "$$"), (r"\begin{equation", "}"), (r"\begin{align", "}"))
_DELIMITER = re.compile(r"\\[()\[\]]")


class Formula(NamedTuple):
    """TeX of a formula, and whether it stands on a line of its own."""

    tex: str
    is_display: bool

    def text(self) -> str:
        """On one line, with dollars around it; "" where there is no formula."""
        tex = " ".join(without_marks(self.tex).split())
        return (display_math if self.is_display else inline_math)(tex) if tex else ""


def formula_of(element: etree._Element, tag: str) -> Formula | None:
    """The formula that an element stands for, "" where it only draws another's; None where it is something else."""
    if tag == "math" or tag.endswith(":math"):
        return Formula(tex_of(element), _is_block(element))
    if tag == "script":
        return _script(element)
    if tag == "mjx-container":
        return _inside(element, element.get("display") in ("true", "block"))
    if tag == "img":
        return _picture(element)
    return _named(element, tag, element.get("class") or "")


def may_be_formula(name: str) -> bool:
    """Whether an element of this class may hold or draw a formula; most are told apart without a closer look."""
    return "ath" in name or "katex" in name or "MJX" in name


def is_formula_picture(name: str) -> bool:
    """Whether a picture of this class shows a formula, if it has another text."""
    return bool(_PICTURES.search(name))


def is_formula_source(kind: str) -> bool:
    """Whether a script of this type is the source of a formula."""
    return kind.lower().startswith("math/")


def local_name(element: etree._Element) -> str:
    """The name of an element without a prefix such as mml:."""
    return str(element.tag).rpartition(":")[2]


def dollars(text: str) -> str:
    r"""Text with \( x \) and \[ x \] written as $x$ and $$x$$; delimiters without a partner stay."""
    pieces: list[str] = []
    begin, opened = 0, ""
    for match in _DELIMITER.finditer(text):
        if match[0] in (r"\(", r"\["):
            pieces.append(text[begin : match.start()])
            begin, opened = match.start(), match[0]
        elif opened == {r"\)": r"\(", r"\]": r"\["}[match[0]]:
            tex = text[begin + 2 : match.start()].strip()
            pieces.append(Formula(tex, opened == r"\[").text())
            begin, opened = match.end(), ""
    return "".join([*pieces, text[begin:]])


def is_display_tex(text: str) -> bool:
    r"""Whether a paragraph is one formula in TeX and nothing else: \[ x \], $$ x $$ or an environment of equations."""
    if text[0] not in "\\$":
        return False
    return any(text.startswith(opening) and text.endswith(closing) for opening, closing in _DISPLAYS)


def _script(element: etree._Element) -> Formula | None:
    kind = (element.get("type") or "").lower()
    if not is_formula_source(kind):
        return None
    is_display = "mode=display" in kind.replace(" ", "")
    if kind.startswith("math/mml"):
        return _parsed(element.text or "", is_display)
    return Formula(bare_tex(element.text or ""), is_display)


def _parsed(source: str, is_display: bool) -> Formula:
    if not source.strip():
        return Formula("", is_display)
    root = etree.fromstring(source, etree.HTMLParser(huge_tree=True, no_network=True))
    return Formula("", is_display) if root is None else _inside(root, is_display)


def _is_block(math: etree._Element) -> bool:
    return bool(math.get("display") == "block" or math.get("mode") == "display")


def _inside(element: etree._Element, is_display: bool) -> Formula:
    """The formula in the MathML that is hidden in a drawn one; "" where it has none."""
    for child in element.iter():
        if local_name(child) == "math":
            return Formula(tex_of(child), is_display or _is_block(child))
    return Formula("", is_display)


def _picture(image: etree._Element) -> Formula | None:
    name = image.get("class") or ""
    if not (image.get("alt") and is_formula_picture(name)):
        return None
    return Formula(bare_tex(image.get("alt") or ""), "display" in name)


def _named(element: etree._Element, tag: str, name: str) -> Formula | None:
    names = name.split()
    if tag == "span" and ("katex-display" in names or "katex" in names):
        return _inside(element, "katex-display" in names)
    if "mwe-math-element" in names:
        found = _inside(element, "mwe-math-element-block" in names)
        pictures = (_picture(image) for image in element.iter("img"))
        return found if found.tex else next((each for each in pictures if each), found)
    return Formula("", False) if _DRAWN.search(name) else None
