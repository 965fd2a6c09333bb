"""Paragraphs of a column, found by what typesetters do: space, indents, short last lines, other sizes, list marks.

A line is short where the first word of the next one would still have fitted, which holds for justified and for ragged text,
in words and in Chinese characters alike.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from corpusforge.extract.pdf_lines import Line
from corpusforge.extract.plain import is_cjk

_SENTENCE_END = (".", "!", "?", "。", "！", "？", ":", "：", "；")
_AFTER_THE_END = "\"'”’)）」』⁰¹²³⁴⁵⁶⁷⁸⁹"
LEADERS = re.compile(r"[.·…](?: ?[.·…]){3,}")  # of a table of contents
_DOTS = ("..", ". .", "··", "· ·", "……")
BULLET = re.compile(r"[•▪◦‣∙●○■□◆◇➢➤✓✔·](?=\s|[^\W\d_])|[–—*](?=\s)")
_NUMBERED = re.compile(
    r"(?:\(?\d{1,3}[.)、]|\[\d{1,3}\]|\([a-z]\)|[a-z]\)|（[\d一二三四五六七八九十]{1,3}）|[一二三四五六七八九十]{1,3}、)\s?(?!\d)"
)


@dataclass(frozen=True)
class Column:
    """What the lines of a column have in common: its edges, its leading as a multiple of the size, hanging indents."""

    left: float
    right: float
    leading: float
    is_hanging: bool


def column_of(lines: Sequence[Line], body_size: float, leading: float) -> Column:
    """Measures of a column; `leading` is the document's, for columns of few lines."""
    body = [line for line in lines if abs(line.size - body_size) < 0.06 * body_size] or list(lines)
    left, right = min(line.left for line in body), _right_edge(body)
    steps = line_steps(lines)
    own = median(steps) if len(steps) >= 5 else leading
    return Column(left, right, min(own, 1.25 * leading), _is_hanging(lines, right))


def _right_edge(lines: Sequence[Line]) -> float:
    """Where justified lines end; of ragged ones, where the longest does."""
    edge, count = Counter(round(line.right) for line in lines).most_common(1)[0]
    longest = max(line.right for line in lines)
    return edge if count >= 0.3 * len(lines) and longest - edge < lines[0].size else longest


def line_steps(lines: Sequence[Line]) -> list[float]:
    """Distances of neighbouring lines of one size, as multiples of the size."""
    steps = ((a.y - b.y) / a.size for a, b in pairwise(lines) if abs(a.size - b.size) < 0.06 * a.size and a.size > 0)
    return [step for step in steps if 0.8 < step < 2.6]


def paragraphs(lines: Sequence[Line], column: Column) -> list[list[Line]]:
    """The lines of each paragraph of a column."""
    found: list[list[Line]] = []
    for line, following in zip(lines, (*lines[1:], None), strict=True):
        if found and not _begins(line, found[-1], column) and not _begins_below_one_line(line, found[-1], following, column):
            found[-1].append(line)
        else:
            found.append([line])
    return found


def has_room(line: Line, following: Line, right: float) -> bool:
    """Whether the first word of `following` would have fitted behind `line`."""
    if not following.text:
        return False
    if is_cjk(following.text[0]):
        return right - line.right > 2.2 * line.size
    word = following.text.split(" ", 1)[0]
    width = (following.right - following.left) * len(word) / len(following.text)
    return right - line.right > width + 0.5 * line.size


def has_leaders(text: str) -> bool:
    """Whether it has a row of dots, as lines of a table of contents have."""
    return any(pair in text for pair in _DOTS) and LEADERS.search(text) is not None


def ends_sentence(text: str) -> bool:
    """Whether a sentence ends with it, quotes, brackets and the mark of a footnote aside."""
    return text.rstrip(_AFTER_THE_END).endswith(_SENTENCE_END)


def is_marked(line: Line) -> bool:
    """Whether it begins as an item of a list does."""
    return bool(BULLET.match(line.text) or _NUMBERED.match(line.text))


def _begins(line: Line, paragraph: Sequence[Line], column: Column) -> bool:
    above = paragraph[-1]
    size = max(line.size, above.size)
    step = above.y - line.y
    most = 1.14 if ends_sentence(above.text) else 1.28  # a formula pushes lines of a sentence apart
    if abs(line.size - above.size) > 0.06 * size or step > most * column.leading * size or step < 0.2 * size:
        return True
    if BULLET.match(line.text) or (line.is_bold != above.is_bold and (line.is_bold or len(paragraph) == 1)):
        return True
    if _is_centred(line, above) and line.left - column.left > size:
        return False
    if has_leaders(above.text):
        return True
    is_short = has_room(above, line, column.right) and abs(above.right - line.right) > 0.1 * size
    if is_short:
        return True
    return _is_indented(line, paragraph, column, size) or _is_next_item(line, paragraph[0])


def _is_next_item(line: Line, first: Line) -> bool:
    """Whether it has a mark like that of the item above, at the same place."""
    marks = _NUMBERED.match(line.text), _NUMBERED.match(first.text)
    if not all(marks) or abs(line.left - first.left) > 0.3 * line.size:
        return False
    shapes = {
        re.sub("[a-z]", "a", re.sub("[一二三四五六七八九十]+", "一", re.sub(r"\d+", "1", mark[0].strip())))
        for mark in marks
        if mark
    }
    return len(shapes) == 1


def _is_indented(line: Line, paragraph: Sequence[Line], column: Column, size: float) -> bool:
    """Whether its left edge says that a paragraph begins."""
    shift = line.left - paragraph[-1].left
    if abs(shift) < 0.7 * size:
        return False
    if is_marked(paragraph[0]) and shift > 0 and len(paragraph) == 1:
        return False
    if column.is_hanging:
        return shift < 0
    above = paragraph[-1]
    if shift > 0 and len(paragraph) == 1 and above.left - column.left < 0.3 * size and not ends_sentence(above.text):
        return False  # a label at the edge, its text behind and below
    return shift > 0 or len(paragraph) > 1


def _begins_below_one_line(line: Line, paragraph: Sequence[Line], following: Line | None, column: Column) -> bool:
    """Whether a line and the whole paragraph above it are indented alike, while the next line is not."""
    if following is None or len(paragraph) > 1 or abs(line.left - paragraph[0].left) > 0.3 * line.size:
        return False
    is_first = line.left - column.left > 0.7 * line.size and line.left - following.left > 0.7 * line.size
    return is_first and not column.is_hanging and not has_room(line, following, column.right)


def _is_centred(line: Line, above: Line) -> bool:
    is_same_middle = abs(line.left + line.right - above.left - above.right) < line.size
    return is_same_middle and abs(line.left - above.left) > 0.5 * line.size


def _is_hanging(lines: Sequence[Line], right: float) -> bool:
    """Whether paragraphs begin at the left edge and go on indented: then the lines above indented ones are full."""
    pairs = [
        (above, line)
        for above, line in pairwise(lines)
        if 0.7 * line.size < line.left - above.left < 5 * line.size and abs(line.size - above.size) < 0.06 * line.size
    ]
    full = sum(not has_room(above, line, right) for above, line in pairs)
    return len(pairs) >= 3 and full >= 0.7 * len(pairs)
