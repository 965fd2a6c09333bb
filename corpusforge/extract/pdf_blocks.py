"""Blocks of a column: paragraphs, headings, list items, captions, footnotes, tables.

A heading is set larger than the text, or bold and numbered; whatever is in doubt stays a paragraph, as a false heading is
worse than none.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from corpusforge.extract.pdf_lines import Line
from corpusforge.extract.pdf_paragraphs import BULLET, Column, has_leaders, paragraphs

Kind = Literal["text", "item", "heading", "caption", "note", "table"]

_CAPTION = re.compile(r"(?i)(?:fig(?:ure|\.)?|table|tab\.|plate|scheme)\s*[A-Z]?\d|[图表圖]\s*\d")
_NOTE = re.compile(r"[\d*†‡§¶⁰¹²³⁴⁵⁶⁷⁸⁹①-⑳]{1,3}\s*\S")
_NUMBERED_TITLE = re.compile(r"(?:\d{1,2}(?:\.\d{1,2}){0,3}\.?|[IVX]{1,5}\.|[A-Z]\.|第[\d一二三四五六七八九十百]+[章节])\s+\S")
_SENTENCE_END = (".", "!", ":", ";", ",", "。", "！", "：", "；", "，", "…")
_FIRST_PART = re.compile(r"(?i)abstract|introduction|summary|contents|preface|[摘引前目绪]\s*[要言录论]|[概简]\s*[述介]")
_MAX_TITLE = 160


@dataclass(frozen=True, eq=False)
class Block:
    """Lines that belong together, and the column that they stand in."""

    kind: Kind
    lines: tuple[Line, ...]
    column: Column

    @property
    def size(self) -> float:
        """Size of its letters, in points."""
        return self.lines[0].size


def column_blocks(lines: Sequence[Line], column: Column, body_size: float, title_size: float) -> list[Block]:
    """The blocks of one column from top to bottom; headings are larger than `title_size`."""
    found: list[Block] = []
    for is_table, stretch in _stretches(lines, column):
        if is_table:
            found.append(Block("table", tuple(stretch), column))
        else:
            found += (Block(_kind(each, title_size), tuple(each), column) for each in paragraphs(stretch, column))
    return _with_notes(found, body_size)


def without_bylines(columns: Sequence[Sequence[Block]]) -> list[list[Block]]:
    """The first page, where what is large between the title and the text (authors, a date) is no heading."""
    blocks = [block for column in columns for block in column]
    first_text = next((block for block in blocks if block.kind == "text" and len(block.lines) > 1), None)
    opening = blocks[: blocks.index(first_text)] if first_text else blocks
    largest = max((block.size for block in opening if block.kind == "heading"), default=0.0)
    bylines = {id(block) for block in opening if _is_byline(block, largest)}
    return [[replace(each, kind="text") if id(each) in bylines else each for each in column] for column in columns]


def _is_byline(block: Block, largest: float) -> bool:
    text = block.lines[0].text
    is_part = _NUMBERED_TITLE.match(text) or _FIRST_PART.match(text)
    return block.kind == "heading" and block.size < 0.98 * largest and not is_part


def _kind(lines: Sequence[Line], title_size: float) -> Kind:
    text = lines[0].text
    if BULLET.match(text):
        return "item"
    if _CAPTION.match(text):
        return "caption"
    return "heading" if _is_title(lines, title_size) else "text"


def _is_title(lines: Sequence[Line], title_size: float) -> bool:
    text = " ".join(line.text for line in lines)
    if len(lines) > 5 or len(text) > _MAX_TITLE or text.endswith(_SENTENCE_END) or sum(map(str.isalpha, text)) < 2:
        return False
    last = lines[-1].cells[-1]
    if has_leaders(text) or (len(last) == 1 and last[0].text.isdecimal()):
        return False  # of a table of contents
    if all(line.size > title_size for line in lines):
        return True
    return all(line.is_bold for line in lines) and len(lines) <= 2 and bool(_NUMBERED_TITLE.match(text))


def _with_notes(blocks: list[Block], body_size: float) -> list[Block]:
    """The same, with small marked paragraphs at the foot of the column as notes."""
    for i in range(len(blocks) - 1, -1, -1):
        block = blocks[i]
        if block.kind != "text" or block.size > 0.93 * body_size or not _NOTE.match(block.lines[0].text):
            break
        blocks[i] = Block("note", block.lines, block.column)
    return blocks


def _stretches(lines: Sequence[Line], column: Column) -> Iterator[tuple[bool, Sequence[Line]]]:
    """Lines of tables, and the lines between them."""
    between: list[Line] = []
    start = 0
    while start < len(lines):
        end = _table_end(lines, start, column)
        if end - start < 3:
            between.append(lines[start])
            start += 1
            continue
        if between:
            yield False, between
        yield True, lines[start:end]
        between, start = [], end
    if between:
        yield False, between


def _table_end(lines: Sequence[Line], start: int, column: Column) -> int:
    end = start
    while end < len(lines) and _is_row(lines[end]) and (end == start or _are_rows(lines[end - 1], lines[end])):
        end += 1
    is_prose = all(column.right - line.right < 2 and line.left - column.left < 2 for line in lines[start:end])
    return start if is_prose else end


def _is_row(line: Line) -> bool:
    return (
        len(line.runs) >= 2
        and len(line.cells) >= 2
        and not BULLET.match(line.cell_texts[0] + " ")
        and not has_leaders(line.text)
    )


def _are_rows(above: Line, line: Line) -> bool:
    """Whether two lines have the same number of cells, with gaps above each other, and close to each other."""
    if len(above.cells) != len(line.cells) or above.y - line.y > 3 * line.size:
        return False
    gaps = zip(above.cells, above.cells[1:], line.cells, line.cells[1:], strict=False)
    return all(max(a[-1].right, c[-1].right) < min(b[0].left, d[0].left) for a, b, c, d in gaps)
