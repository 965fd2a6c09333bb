"""Headers, footers, page numbers and line numbers of a document, found by where they stand and what they repeat.

Rows are taken away from the top and the bottom of a page inwards as long as they are furniture, so a line between lines of
text never goes. What repeats: the same words at the same height on several pages, digits apart; a number that grows with the
pages; numbers in the margin that grow from line to line.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from corpusforge.extract.pdf_runs import Run

_MAX_ROWS = 4  # of furniture at either end of a page
_LARGE = 1.25  # of the size of the text: a title that each of some slides repeats
_MIN_LINE_NUMBERS = 5
_NUMBER = re.compile(r"\d{1,4}")
_ROMAN = re.compile(r"(?<![A-Za-z])[ivxlc]{1,7}(?![A-Za-z])")
_BARE_NUMBER = re.compile(
    r"(?i)[\s\-–—·.|]*(?:page|p\.|seite|第)?\s*(?:\d{1,4}|[ivxlc]{1,7})\s*页?\s*(?:(?:of|/|共)\s*\d{1,4}\s*页?)?[\s\-–—·.|]*"
)
_ROMAN_VALUES = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}
_FAR = 10_000  # keeps sequences of roman numerals apart from those of others


class _Row(NamedTuple):
    """Runs on one height; `shape` is their text with numbers blanked."""

    runs: tuple[Run, ...]
    text: str
    shape: str
    y: float
    size: float


def without_furniture(pages: Sequence[Sequence[Run]], body_size: float) -> list[list[Run]]:
    """The runs of each page that are text, in their order."""
    numbered = [_line_numbers(runs) for runs in pages]
    found = [[run for run in runs if run not in numbers] for runs, numbers in zip(pages, numbered, strict=True)]
    for sign in (1, -1):
        found = _peeled(found, sign, body_size)
    return found


def _peeled(pages: list[list[Run]], sign: int, body_size: float) -> list[list[Run]]:
    rows = [_outer_rows(runs, sign) for runs in pages]
    repeats = _Repeats(rows)
    kept = []
    for number, (runs, outer) in enumerate(zip(pages, rows, strict=True)):
        gone: set[Run] = set()
        for i, row in enumerate(outer[:_MAX_ROWS]):
            inner = outer[i + 1] if i + 1 < len(outer) else None
            if row.size > _LARGE * body_size or not repeats.has(number, row, inner):
                break
            gone.update(row.runs)
        kept.append([run for run in runs if run not in gone])
    return kept


def _outer_rows(runs: Sequence[Run], sign: int) -> list[_Row]:
    """The outermost rows of a page, from the top (1) or the bottom (-1), with one row of text behind them."""
    rows: list[list[Run]] = []
    for run in sorted(runs, key=lambda run: (-sign * run.y, run.left)):
        if rows and abs(run.y - rows[-1][0].y) < 0.4 * max(run.size, rows[-1][0].size):
            rows[-1].append(run)
        elif len(rows) > _MAX_ROWS:
            break
        else:
            rows.append([run])
    return [_row(sorted(row, key=lambda run: run.left)) for row in rows]


def _row(runs: Sequence[Run]) -> _Row:
    text = " ".join(run.text for run in runs)
    return _Row(tuple(runs), text, _NUMBER.sub("#", _ROMAN.sub("#", text)), runs[0].y, max(run.size for run in runs))


class _Repeats:
    """What the outer rows of a document's pages have in common."""

    def __init__(self, pages: Sequence[Sequence[_Row]]) -> None:
        self.num_pages = len(pages)
        self.shapes = Counter(key for rows in pages for key in {(row.shape, _level(row)) for row in rows})
        self.numbers = Counter(key for page, rows in enumerate(pages) for row in rows for key in _sequences(page, row))

    def has(self, page: int, row: _Row, inner: _Row | None) -> bool:
        """Whether a row is furniture; `inner` is the next one towards the text."""
        is_bare = bool(_BARE_NUMBER.fullmatch(row.text))
        is_apart = inner is None or abs(row.y - inner.y) > 1.6 * max(row.size, inner.size)
        if any(self.numbers[key] >= (2 if is_bare else 3) for key in _sequences(page, row)) and (is_bare or is_apart):
            return True
        same = sum(self.shapes[row.shape, _level(row) + near] for near in (-1, 0, 1))
        if same >= (2 if self.num_pages < 8 else 3):
            return is_apart or not any(character.isdigit() for character in row.text)
        return is_bare and is_apart and inner is not None


def _level(row: _Row) -> int:
    return round(row.y / 2)


def _sequences(page: int, row: _Row) -> Iterator[tuple[int, int]]:
    """What a page number has in common with those of other pages: the difference to the page, and its height."""
    words = row.text.split()
    for word in {words[0], words[-1]}:
        for number in _NUMBER.findall(word):
            yield int(number) - page, _level(row)
        if _ROMAN.fullmatch(word):
            yield _FAR + _roman(word) - page, _level(row)


def _roman(word: str) -> int:
    values = [_ROMAN_VALUES[letter] for letter in word]
    return sum(-value if value < following else value for value, following in zip(values, [*values[1:], 0], strict=True))


def _line_numbers(runs: Sequence[Run]) -> set[Run]:
    """Numbers outside of the text, above each other, that grow by the same step."""
    numbers = [run for run in runs if run.text.isdecimal() and len(run.text) <= 5]
    if len(numbers) < _MIN_LINE_NUMBERS:
        return set()
    found: set[Run] = set()
    for edges in ([round(run.right / 3) for run in numbers], [round(run.left / 3) for run in numbers]):
        for edge, _ in Counter(edges).most_common(2):
            aligned = (run for run, own in zip(numbers, edges, strict=True) if abs(own - edge) <= 1)
            column = sorted(aligned, key=lambda run: -run.y)
            steps = [int(b.text) - int(a.text) for a, b in pairwise(column)]
            if len(column) >= _MIN_LINE_NUMBERS and _is_steady(steps) and _is_outside(column, runs):
                found.update(column)
    return found


def _is_steady(steps: Sequence[int]) -> bool:
    step = median(steps)
    return step in (1, 2, 5, 10) and sum(each == step for each in steps) >= 0.9 * len(steps)


def _is_outside(column: Sequence[Run], runs: Sequence[Run]) -> bool:
    """Whether the numbers stand left or right of nearly all text beside them."""
    low, high = column[-1].y - 1, column[0].y + 1
    left, right = min(run.left for run in column), max(run.right for run in column)
    own = set(column)
    beside = [run for run in runs if low <= run.y <= high and run not in own]
    is_before = sum(run.left > right for run in beside)
    is_behind = sum(run.right < left for run in beside)
    return bool(beside) and max(is_before, is_behind) >= 0.95 * len(beside)
