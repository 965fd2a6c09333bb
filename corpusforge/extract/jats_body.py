"""Elements of JATS to pieces of an article; all versions and tag sets of it, since a name means the same in each."""

from collections.abc import Mapping
from typing import Literal

from corpusforge.extract.article import (
    Code,
    Float,
    Formula,
    Heading,
    Items,
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
)  # fmt: skip
from corpusforge.extract.mathml import tex_of
from corpusforge.extract.plain import DROPPED, HARD, names, subscript, superscript
from corpusforge.extract.tex_source import bare_tex
from corpusforge.extract.xml_flow import Node, Rule, is_short

# Facts about the paper rather than its text, and what cannot be shown. Contributions and competing interests are among them.
SKIPPED = names(
    "journal-meta contrib-group contrib aff aff-alternatives author-notes history permissions kwd-group funding-group counts "
    "custom-meta-group processing-meta collection-meta publisher object-id alt-text long-desc inline-graphic inline-media "
    "private-char index-term"
)
_PREFERRED = ("tex-math", "math", "table", "textual-form")


def _text_of(node: Node, *names: str) -> str:
    """Text of the children of these names, without what would make it a heading or paragraph of its own."""
    return " ".join(filter(None, (line_of(child.inside()) for child in node.children(*names))))


def _sup(node: Node) -> Pieces:
    return [superscript(line_of(node.inside()))] if is_short(node) else node.inside()


def _sub(node: Node) -> Pieces:
    return [subscript(line_of(node.inside()))] if is_short(node) else node.inside()


def _break(node: Node) -> Pieces:
    return ["\n"]


def _tex_math(node: Node) -> Pieces:
    tex = bare_tex("".join(map(str, node.element.itertext())))
    return [Tex(tex)] if tex else []


def _math(node: Node) -> Pieces:
    tex = tex_of(node.element)
    return [Tex(tex)] if tex else []


def _alternatives(node: Node) -> Pieces:
    """The one form of several that says most; the others show the same."""
    shown = [child for child in node.parts if isinstance(child, Node) and child.pieces]
    for name in _PREFERRED:
        for child in shown:
            if child.name == name:
                return child.pieces
    return shown[0].pieces if shown else []


def _formula(node: Node) -> Pieces:
    label = _text_of(node, "label")
    pieces = node.inside("label")
    tex = [piece.source for piece in pieces if isinstance(piece, Tex)]
    text = line_of(piece for piece in pieces if not isinstance(piece, Tex))
    if tex and not text.strip(" .,;"):
        return [Formula("\n".join(tex) + text.strip(), label)]
    written = line_of(pieces)
    return [Paragraph(f"{written} {label}".strip())] if written else ["\n"]


def _inline_formula(node: Node) -> Pieces:
    """A formula between words; one that is only a picture takes the space before it along."""
    pieces = node.inside()
    return pieces if line_of(pieces) else [DROPPED]


def _paragraph(node: Node) -> Pieces:
    return list(paragraph_of(node.inside()))


def _title(node: Node) -> Pieces:
    text = line_of(node.inside())
    return [Heading(text)] if text else []


def _section(node: Node) -> Pieces:
    """A section: its number goes before its title, and its headings are one level below those around it."""
    title, content = _text_of(node, "title"), blocks_of(node.inside("label", "title"))
    if not title:
        return list(labelled(_text_of(node, "label"), content))
    return [Section((Heading(f"{_text_of(node, 'label')} {title}".strip()), *content))]


def named_section(name: str) -> Rule:
    """The rule of a section that has a name even where none is printed."""

    def rule(node: Node) -> Pieces:
        content = blocks_of(node.inside())
        return _section(node) if _text_of(node, "title") or not content else [Section((Heading(name), *content))]

    return rule


def abstract(name: str) -> Rule:
    """The rule of abstracts; one for other readers (a teaser, highlights) is named only where the paper names it."""
    named = named_section(name)
    return lambda node: [Section(blocks_of(_section(node) if node.get("abstract-type") else named(node)))]


def _caption(node: Node) -> Pieces:
    return [line_of(node.inside())]


def _float(kind: Literal["figure", "table", "box"]) -> Rule:
    """The rule of a figure or table: label and caption in one paragraph, then what it holds."""

    def rule(node: Node) -> Pieces:
        blocks = (*caption(_text_of(node, "label"), _text_of(node, "caption")), *blocks_of(node.inside("label", "caption")))
        return [Float(kind, shallow(blocks))] if blocks else []

    return rule


def _note(node: Node) -> Pieces:
    blocks = labelled(_text_of(node, "label"), blocks_of(node.inside("label")))
    return [Float("note", shallow(blocks))] if blocks else []


def _list(node: Node) -> Pieces:
    is_ordered = node.get("list-type").startswith(("order", "number", "arabic"))
    items = []
    for number, item in enumerate(node.children("list-item"), start=1):
        label = _text_of(item, "label")
        marker = f"{label} " if label else f"{number}. " if is_ordered else "- "
        items.append((marker, blocks_of(item.inside("label"))))
    listed = Items(tuple((marker, shallow(blocks)) for marker, blocks in items if blocks))
    return [*blocks_of(node.inside("list-item")), *([listed] if listed.items else [])]


def _definitions(node: Node) -> Pieces:
    """A list of terms, each with what it means behind it."""
    items = []
    for item in node.children("def-item"):
        term = line_of(piece for child in item.children("label", "term") for piece in child.pieces)
        meaning = blocks_of(item.inside("label", "term"))
        items.append(("- ", labelled(f"{term}:" if meaning else term, meaning)))
    listed = Items(tuple((marker, shallow(blocks)) for marker, blocks in items if blocks))
    return [*blocks_of(node.inside("def-item")), *([listed] if listed.items else [])]


def _verse_line(node: Node) -> Pieces:
    return [line_of(node.inside()), HARD]


def _code(node: Node) -> Pieces:
    text = "".join(map(str, node.element.itertext()))
    return [Code(text)] if "\n" in text or node.name == "preformat" else [text]


def _link(node: Node) -> Pieces:
    pieces = node.inside()
    return pieces if line_of(pieces) else [node.get("href")]


def _contents(node: Node) -> Pieces:
    """Blocks one after another: text that stands between them is a paragraph."""
    return list(blocks_of(node.inside()))


def _titles(node: Node) -> Pieces:
    """The title of a paper or book, with its subtitle, and its translations."""
    title, subtitle = _text_of(node, "label", "article-title", "book-title", "title"), _text_of(node, "subtitle")
    others = [line_of(child.pieces) for child in node.children("trans-title-group")]
    heading = [Heading(f"{title}: {subtitle}" if subtitle else title, 1)] if title else []
    return [*heading, *map(Paragraph, filter(None, others))]


def _meta(node: Node) -> Pieces:
    """Titles and abstracts, of all that is said about a paper."""
    kept = node.children("title-group", "book-title-group", "abstract", "trans-abstract")
    return [piece for child in kept for piece in child.pieces]


def _below(node: Node) -> Pieces:
    """Contents whose headings are below the title of the paper."""
    return [Section(blocks_of(node.inside()))]


RULES: Mapping[str, Rule] = {
    "sup": _sup,
    "sub": _sub,
    "break": _break,
    "tex-math": _tex_math,
    "math": _math,
    "alternatives": _alternatives,
    "disp-formula": _formula,
    "inline-formula": _inline_formula,
    **dict.fromkeys(("p", "disp-quote", "attrib", "license-p", "speaker", "speech", "term-head", "def-head"), _paragraph),
    "title": _title,
    **dict.fromkeys(("sec", "app", "notes", "glossary", "fn-group", "bio", "statement", "verse-group"), _section),
    "caption": _caption,
    **dict.fromkeys(("fig", "supplementary-material", "chem-struct-wrap", "fig-group", "graphic", "media"), _float("figure")),
    **dict.fromkeys(("table-wrap", "table-wrap-group"), _float("table")),
    "boxed-text": _float("box"),
    "fn": _note,
    "list": _list,
    "def-list": _definitions,
    "verse-line": _verse_line,
    **dict.fromkeys(("code", "preformat"), _code),
    **dict.fromkeys(("ext-link", "uri"), _link),
    **dict.fromkeys(("title-group", "book-title-group"), _titles),
    **dict.fromkeys(("article-meta", "front-stub", "book-meta", "book-part-meta"), _meta),
    **dict.fromkeys(("body", "back", "sub-article", "response", "book-part"), _below),
    **dict.fromkeys(("front", "table-wrap-foot", "floats-group"), _contents),
}
