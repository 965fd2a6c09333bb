"""What readers of papers give: blocks in reading order, the same from JATS and TEI, before they are written as text.

Text in a block is finished: formulas between dollars, citations as the recipe wants them. A reader holds pieces, which are
strings of a paragraph still open, formulas inside it, and blocks.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from corpusforge.extract.plain import inline_math, is_cjk, one_line, unwrap

MAX_DEPTH = 8
TERMINAL = tuple(".:;?!。：；？！…")


@dataclass(frozen=True, slots=True)
class Tex:
    """A formula inside a paragraph."""

    source: str


@dataclass(frozen=True, slots=True)
class Joint:
    """Where a line of the source ends inside a word; white space on either side goes."""


class Block:
    """A part of an article that stands on its own; `line` is its text without its layout."""

    @property
    def depth(self) -> int:
        """How many blocks of blocks are inside one another, itself included."""
        return 0

    def line(self) -> str:
        """All of its text on one line."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Heading(Block):
    """Title of a section; level 1 is the title of the article."""

    text: str
    level: int = 0

    def line(self) -> str:
        """Its text, closed like a sentence."""
        is_open = self.text and not self.text.endswith(TERMINAL) and not is_cjk(self.text[-1])
        return self.text + "." if is_open else self.text


@dataclass(frozen=True, slots=True)
class Paragraph(Block):
    """Text on one line; verse has several."""

    text: str

    def line(self) -> str:
        """Its text."""
        return self.text


@dataclass(frozen=True, slots=True)
class Formula(Block):
    """A formula that stands alone, and its number, "" for none."""

    tex: str
    label: str

    def line(self) -> str:
        """The formula between single dollars, and its number."""
        return f"{inline_math(' '.join(self.tex.split()))} {self.label}".strip()


@dataclass(frozen=True, slots=True)
class Items(Block):
    """A list: each item with the marker before it ("- ", "1. ")."""

    items: tuple[tuple[str, tuple[Block, ...]], ...]

    @property
    def depth(self) -> int:
        """One more than what is deepest in it."""
        return 1 + max((block.depth for _, blocks in self.items for block in blocks), default=0)

    def line(self) -> str:
        """Its items with their markers."""
        return " ".join(marker + " ".join(block.line() for block in blocks) for marker, blocks in self.items)


@dataclass(frozen=True, slots=True)
class Code(Block):
    """Text to be kept as it is, line by line."""

    text: str

    def line(self) -> str:
        """Its text."""
        return self.text


@dataclass(frozen=True, slots=True)
class Cell(Block):
    """A cell of a table, and how many columns and rows it reaches over."""

    text: str
    columns: int = 1
    rows: int = 1
    is_header: bool = False

    def line(self) -> str:
        """Its text."""
        return self.text


@dataclass(frozen=True, slots=True)
class Row(Block):
    """A row of a table."""

    cells: tuple[Cell, ...]
    is_header: bool = False

    def line(self) -> str:
        """Its cells."""
        return " ".join(cell.text for cell in self.cells)


@dataclass(frozen=True, slots=True)
class Grid(Block):
    """The rows of a table."""

    rows: tuple[Row, ...]

    def line(self) -> str:
        """Its rows."""
        return " ".join(row.line() for row in self.rows)


@dataclass(frozen=True, slots=True)
class Float(Block):
    """What stands beside the text: a figure or table with its caption, a box, a footnote."""

    kind: Literal["figure", "table", "note", "box"]
    blocks: tuple[Block, ...]

    @property
    def depth(self) -> int:
        """One more than what is deepest in it."""
        return 1 + max((block.depth for block in self.blocks), default=0)

    def line(self) -> str:
        """Its blocks."""
        return " ".join(block.line() for block in self.blocks)


@dataclass(frozen=True, slots=True)
class Section(Block):
    """Blocks whose headings are one level below those around them."""

    blocks: tuple[Block, ...]


Inline = str | Tex | Joint
Piece = Inline | Block
Pieces = list[Piece]


def levelled(blocks: Iterable[Block]) -> tuple[Block, ...]:
    """Blocks without sections, whose headings have their levels instead; sections may be nested in any depth."""
    laid: list[Block] = []
    waiting = [(block, 0) for block in blocks][::-1]
    while waiting:
        block, level = waiting.pop()
        if isinstance(block, Section):
            waiting += [(inner, level + 1) for inner in reversed(block.blocks)]
        else:
            laid.append(_lowered(block, level))
    return tuple(laid)


def _lowered(block: Block, levels: int) -> Block:
    if isinstance(block, Heading):
        return replace(block, level=block.level + levels)
    if isinstance(block, Float) and block.kind == "box":
        return replace(block, blocks=tuple(_lowered(inner, levels) for inner in block.blocks))
    return block


def _open_text(pieces: Sequence[Inline]) -> str:
    words: list[list[str]] = [[]]  # what stands between two joints
    for piece in pieces:
        if isinstance(piece, Joint):
            words.append([])
        else:
            words[-1].append(piece if isinstance(piece, str) else inline_math(" ".join(piece.source.split())))
    first, *others = ("".join(strings) for strings in words)
    if not others:
        return first
    return "".join([first.rstrip(), *(middle.strip() for middle in others[:-1]), others[-1].lstrip()])


def blocks_of(pieces: Iterable[Piece]) -> tuple[Block, ...]:
    """Blocks, with the strings between them as paragraphs."""
    blocks: list[Block] = []
    pending: list[Inline] = []
    for piece in pieces:
        if isinstance(piece, Inline):
            pending.append(piece)
            continue
        _close(pending, blocks)
        pending = []
        blocks.append(piece)
    _close(pending, blocks)
    return tuple(blocks)


def _close(pending: Sequence[Inline], blocks: list[Block]) -> None:
    text = _open_text(pending)
    if text and not text.isspace():
        blocks.append(Paragraph(unwrap(text)))


def paragraph_of(pieces: Iterable[Piece]) -> tuple[Block, ...]:
    """Blocks of one paragraph: formulas and lists where they stand, floats behind it, so that its text stays whole."""
    held = list(pieces)
    floats = [piece for piece in held if isinstance(piece, Float)]
    return (*blocks_of(piece for piece in held if not isinstance(piece, Float)), *floats)


def line_of(pieces: Iterable[Piece]) -> str:
    """Everything in pieces on one line, as for a heading, a caption or a cell."""
    text = " ".join(block.line() for block in levelled(blocks_of(pieces)))
    return one_line(text) if "\n" in text else text


def shallow(blocks: Iterable[Block]) -> tuple[Block, ...]:
    """The same blocks for the inside of another, with those that are nested as deep as anyone can follow laid open."""
    laid: list[Block] = []
    for block in levelled(blocks):
        if block.depth < MAX_DEPTH:
            laid.append(block)
        elif isinstance(block, Items):
            laid += [inner for marker, each in block.items for inner in labelled(marker.strip(), each)]
        elif isinstance(block, Float):
            laid += block.blocks
    return tuple(laid)


def labelled(label: str, blocks: Sequence[Block]) -> tuple[Block, ...]:
    """Blocks with a label before the first paragraph: ("1", [Paragraph("See")]) -> [Paragraph("1 See")]."""
    if not label:
        return tuple(blocks)
    if blocks and isinstance(blocks[0], Paragraph):
        return (Paragraph(f"{label} {blocks[0].text}"), *blocks[1:])
    return (Paragraph(label), *blocks)


def caption(label: str, text: str) -> tuple[Block, ...]:
    """The paragraph that a label and a caption make: ("Fig 1", "Dunes.") -> "Fig 1. Dunes."."""
    if not label or not text:
        return (Paragraph(label + text),) if label or text else ()
    is_closed = label.endswith(TERMINAL) or any(map(is_cjk, label))
    return (Paragraph(f"{label}{'' if is_closed else '.'} {text}"),)
