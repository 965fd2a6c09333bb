"""Elements of TEI to pieces of an article: GROBID's papers, and editions of texts as far as they hold what is to be read."""

import re
from collections.abc import Mapping

from corpusforge.extract import xml_tables
from corpusforge.extract.article import (
    Block,
    Code,
    Float,
    Formula,
    Heading,
    Items,
    Joint,
    Paragraph,
    Pieces,
    Section,
    Tex,
    blocks_of,
    caption,
    labelled,
    line_of,
    paragraph_of,
    shallow,
)
from corpusforge.extract.citations import Citations
from corpusforge.extract.mathml import tex_of
from corpusforge.extract.plain import HARD, names, subscript, superscript
from corpusforge.extract.tex_source import bare_tex
from corpusforge.extract.xml_flow import Node, Rule, is_short

# What is about the text, what the edition says others wrote in its place, and running heads.
SKIPPED = names("graphic media fw rdg del facsimile sourceDoc standOff")
_NO_LETTERS = re.compile(r"[\W_]+")
_MAX_NUMBERS = 5
_RAISED = ("sup", "superscript", "super")
_LOWERED = ("sub", "subscript")


def _paragraph(node: Node) -> Pieces:
    return list(paragraph_of(node.inside()))


def _contents(node: Node) -> Pieces:
    return list(blocks_of(node.inside()))


def _head(node: Node) -> Pieces:
    """A heading with its number, which GROBID keeps apart."""
    number = node.get("n")
    text = line_of(node.inside())
    is_apart = number and not text.startswith(number)
    return [Heading(f"{number} {text}" if is_apart else text)] if text else []


def _division(*, is_flat: bool) -> Rule:
    """A division; where none is inside another, the number of its heading tells how deep it is (2.1)."""

    def rule(node: Node) -> Pieces:
        blocks = blocks_of(node.inside())
        heads = list(node.children("head"))
        number = heads[0].get("n").strip(".") if heads and is_flat else ""
        for _ in range(1 + min(number.count("."), _MAX_NUMBERS) if heads else 0):
            blocks = (Section(blocks),)
        return list(blocks)

    return rule


def _reference(citations: Citations) -> Rule:
    """A pointer; one that ends amid a list of citations gets the space that GROBID leaves out."""

    def rule(node: Node) -> Pieces:
        pieces, targets = node.inside(), [each.lstrip("#") for each in node.get("target").split()]
        text = "".join(map(str, pieces)) if all(isinstance(piece, str) for piece in pieces) else line_of(pieces)
        if node.get("type") in ("bibr", "bibl", "biblio"):
            cited = citations.citation(text, targets)
            return [f"{cited} " if cited.endswith((";", ",")) else cited]
        return [text if text.strip() else citations.pointer(targets)]

    return rule


def _letters(text: str) -> str:
    return _NO_LETTERS.sub("", text).lower()


def _text_of(node: Node, name: str) -> str:
    return line_of(piece for child in node.children(name) for piece in child.inside())


def _figure(node: Node) -> Pieces:
    """A figure or table; its caption is printed once, though GROBID gives its beginning as a heading, too."""
    label, head, text = (_text_of(node, name) for name in ("label", "head", "figDesc"))
    if _letters(label) in _letters(head + text):
        label = ""
    if _letters(text).startswith(_letters(head)):
        head = ""
    blocks = (*caption(f"{label} {head}".strip(), text), *blocks_of(node.inside("label", "head", "figDesc")))
    return [Float("table" if node.get("type") == "table" else "figure", shallow(blocks))] if blocks else []


def _table(node: Node) -> Pieces:
    """A table, whose heading is its caption."""
    heads = [line_of(child.inside()) for child in node.children("head")]
    grid = Node(node.name, node.element, [part for part in node.parts if isinstance(part, str) or part.name != "head"])
    return [*map(Paragraph, filter(None, heads)), *xml_tables.table(grid)]


def _formula(node: Node) -> Pieces:
    """A formula as TeX or MathML, else its characters as they stand on the page; between words where it is inline."""
    label = line_of(piece for child in node.children("label") for piece in child.pieces) or node.get("label")
    pieces = node.inside("label")
    tex = [piece.source for piece in pieces if isinstance(piece, Tex)]
    if not tex and node.get("notation").lower() in ("tex", "latex"):
        tex = [bare_tex(line_of(pieces))]
    is_inline = node.get("rend") == "inline" or node.get("type") == "inline"
    if tex:
        return [Tex(" ".join(tex))] if is_inline else [Formula("\n".join(tex), label)]
    text = line_of(pieces)
    return [text] if is_inline else [Paragraph(f"{text} {label}".strip())] if text else []


def _math(node: Node) -> Pieces:
    tex = tex_of(node.element)
    return [Tex(tex)] if tex else []


def _note(node: Node) -> Pieces:
    blocks = labelled(node.get("n"), blocks_of(node.inside()))
    return [Float("note", shallow(blocks))] if blocks else []


def _highlighted(node: Node) -> Pieces:
    rendition = node.get("rend").lower()
    if rendition not in (*_RAISED, *_LOWERED) or not is_short(node):
        return node.inside()
    set_off = superscript if rendition in _RAISED else subscript
    return [set_off(line_of(node.inside()))]


def _break(node: Node) -> Pieces:
    """A line, column or page of the source that ends; "no" says that it ends inside a word."""
    if node.get("break") == "no":
        return [Joint(), *node.inside()]
    return ["\n" if node.name == "lb" else "", *node.inside()]


def _sentence(node: Node) -> Pieces:
    return [*node.inside(), "\n"]


def _list(node: Node) -> Pieces:
    """A list, whose items may have labels beside or inside them."""
    is_ordered = node.get("type") in ("ordered", "numbered") or node.get("rend") in ("ordered", "numbered")
    items: list[tuple[str, tuple[Block, ...]]] = []
    label = ""
    for child in node.children("label", "item"):
        if child.name == "label":
            label = f"{label} {line_of(child.pieces)}".strip()
            continue
        label = f"{label} {_text_of(child, 'label')}".strip()
        printed = label or child.get("n")
        marker = f"{printed} " if printed else f"{len(items) + 1}. " if is_ordered else "- "
        blocks = blocks_of(child.inside("label"))
        items.append((marker, blocks) if blocks else ("- ", labelled(label, ())))
        label = ""
    items.append(("- ", labelled(label, ())))
    listed = Items(tuple((marker, shallow(blocks)) for marker, blocks in items if blocks))
    return [*blocks_of(node.inside("label", "item")), *([listed] if listed.items else [])]


def _verse_line(node: Node) -> Pieces:
    return [line_of(node.inside()), HARD]


def _speech(node: Node) -> Pieces:
    speaker = line_of(piece for child in node.children("speaker") for piece in child.pieces)
    return list(labelled(speaker, blocks_of(node.inside("speaker"))))


def _code(node: Node) -> Pieces:
    text = "".join(map(str, node.element.itertext()))
    return [Code(text)] if "\n" in text or node.name == "eg" else [text]


def _choice(node: Node) -> Pieces:
    """What the editor would print, of several encodings of the same place."""
    shown = {part.name: part.pieces for part in node.parts if isinstance(part, Node) and part.pieces}
    preferred = (*(name for name in ("corr", "reg", "expan") if name in shown), *shown)
    return shown[preferred[0]] if preferred else []


_RULES: Mapping[str, Rule] = {
    **xml_tables.RULES,
    "table": _table,
    "p": _paragraph,
    **dict.fromkeys(("ab", "byline", "opener", "closer", "trailer", "salute", "signed", "stage", "lg"), _contents),
    **dict.fromkeys(("front", "titlePage", "titlePart", "docTitle", "docAuthor", "docImprint", "epigraph", "group"), _contents),
    **dict.fromkeys(("text", "floatingText", "body", "back"), _contents),
    "head": _head,
    "figure": _figure,
    "formula": _formula,
    "math": _math,
    "note": _note,
    "hi": _highlighted,
    **dict.fromkeys(("lb", "pb", "cb", "gb", "milestone"), _break),
    "s": _sentence,
    "list": _list,
    "l": _verse_line,
    "sp": _speech,
    **dict.fromkeys(("code", "eg"), _code),
    "choice": _choice,
}


def rules(citations: Citations, *, is_flat: bool, references: Rule) -> Mapping[str, Rule]:
    """A rule for each element that needs one; `is_flat` says that no division is inside another."""
    division = _division(is_flat=is_flat)
    divisions = ("div", "div0", "div1", "div2", "div3", "div4", "div5", "div6", "div7")
    return {**_RULES, **dict.fromkeys(divisions, division), "ref": _reference(citations), "listBibl": references}
