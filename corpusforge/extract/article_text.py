"""Blocks of a paper as text: Markdown, and sciparser's tags around figures, tables, formulas and notes where wanted."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from corpusforge.extract.article import Block, Code, Float, Formula, Grid, Heading, Items, levelled
from corpusforge.extract.pipe_table import pipe_table
from corpusforge.extract.plain import display_math, join_blocks, join_items, list_item, tidy

_MAX_HEADING_LEVEL = 6


def article_text(blocks: Iterable[Block], *, is_tagged: bool) -> str:
    """Blocks with a blank line between them; `is_tagged` adds [START_FIGURE] ... [END_FIGURE] and their like."""
    return tidy(_Writer(is_tagged).joined(levelled(blocks)))


def tagged(kind: str, text: str) -> str:
    """Text between the tags of a kind: ("REF", "On dunes") -> "[START_REF]On dunes[END_REF]"."""
    return f"[START_{kind}]{text}[END_{kind}]" if text else ""


@dataclass(frozen=True)
class _Writer:
    """Writes blocks inside one another."""

    is_tagged: bool

    def joined(self, blocks: Iterable[Block]) -> str:
        return join_blocks(map(self.written, blocks))

    def written(self, block: Block) -> str:
        write = _WRITERS.get(type(block))
        return write(self, block) if write else block.line()

    def heading(self, block: Heading) -> str:
        return f"{'#' * min(max(block.level, 1), _MAX_HEADING_LEVEL)} {block.text}"

    def formula(self, block: Formula) -> str:
        label = block.label.strip("()（）[] ")
        text = display_math(block.tex + (rf" \tag{{{label}}}" if label else ""))
        return tagged("FORMULA", text) if self.is_tagged else text

    def code(self, block: Code) -> str:
        fence = "```"
        while fence in block.text:
            fence += "`"
        body = block.text.strip("\n")
        return f"{fence}\n{body}\n{fence}" if body.strip() else ""

    def float(self, block: Float) -> str:
        text = self.joined(block.blocks)
        return tagged(block.kind.upper(), text) if self.is_tagged and block.kind != "box" else text

    def items(self, block: Items) -> str:
        """Items indented below one another."""
        inner = ((marker, [(isinstance(each, Items), self.written(each)) for each in blocks]) for marker, blocks in block.items)
        return join_items([list_item(marker, written) for marker, written in inner])

    def grid(self, block: Grid) -> str:
        return pipe_table(block)


# Any: each writer takes the type that it is listed under.
_WRITERS: Mapping[type[Block], Callable[[_Writer, Any], str]] = {
    Heading: _Writer.heading,
    Formula: _Writer.formula,
    Code: _Writer.code,
    Float: _Writer.float,
    Items: _Writer.items,
    Grid: _Writer.grid,
}
