"""Lines of a column: runs that stand beside each other, with raised and lowered digits in their place."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from corpusforge.extract.pdf_runs import Run
from corpusforge.extract.plain import is_cjk, subscript, superscript

_CELL_GAP = 1.0  # of the size; words of a line that is set wide are rarely that far apart
_NEAR = 60  # runs of a line that are looked at; only a drawing has more
_RAISED = frozenset("0123456789+-−=()")


@dataclass(frozen=True, eq=False)
class Line:
    """Runs from left to right; `core` is the run with the most text, `size` and `y` (the baseline) are its.

    `text` is all of it, words apart; `is_bold`, whether all of it is set in a bold font.
    """

    runs: tuple[Run, ...]
    core: Run
    size: float
    y: float
    left: float
    right: float
    text: str
    is_bold: bool

    @cached_property
    def cells(self) -> tuple[tuple[Run, ...], ...]:
        """Its runs parted at gaps that are wide as between cells of a table."""
        cells = [[self.runs[0]]]
        for before, run in zip(self.runs, self.runs[1:], strict=False):
            if run.left - before.right > _CELL_GAP * self.size:
                cells.append([])
            cells[-1].append(run)
        return tuple(map(tuple, cells))

    @cached_property
    def cell_texts(self) -> tuple[str, ...]:
        """The text of each cell."""
        return tuple(_joined(cell, self.core) for cell in self.cells)


def lines_of(runs: Iterable[Run]) -> list[Line]:
    """Lines from top to bottom; a run belongs to the line that it overlaps by half of its height, the largest runs lead."""
    groups: list[list[Run]] = []
    for run in sorted(runs, key=lambda run: (-run.y, run.left)):
        group = next((each for each in reversed(groups[-3:]) if _is_beside(run, each)), None)
        if group is None:
            groups.append([run])
        else:
            group.append(run)
    return sorted(map(_line, groups), key=lambda line: (-line.y, line.left))


def _line(group: Sequence[Run]) -> Line:
    runs = sorted(group, key=lambda run: (run.left, -run.y))
    core = max(runs, key=lambda run: (len(run.text), run.size))
    if len(runs) == 1:
        return Line((core,), core, core.size, core.y, core.left, core.right, core.text, core.is_bold)
    right, is_bold = max(run.right for run in runs), all(run.is_bold for run in runs)
    return Line(tuple(runs), core, core.size, core.y, runs[0].left, right, _joined(runs, core), is_bold)


def _is_beside(run: Run, group: Sequence[Run]) -> bool:
    lead = max(group[-_NEAR:], key=lambda each: each.size) if len(group) > 1 else group[0]
    larger, smaller = max(run.size, lead.size), min(run.size, lead.size)
    distance = abs(run.y - lead.y)
    if distance > larger or min(run.top, lead.top) - max(run.bottom, lead.bottom) < 0.5 * smaller:
        return False
    if distance > 0.25 * larger and larger > 2 * smaller:
        return False  # an initial that hangs beside several lines
    return not any(_is_over(run, each) for each in group[-_NEAR:])


def _is_over(run: Run, other: Run) -> bool:
    """Whether two runs share most of their width, so that they are above each other."""
    shared = min(run.right, other.right) - max(run.left, other.left)
    return abs(run.y - other.y) > 0.3 * max(run.size, other.size) and shared > 0.5 * min(
        run.right - run.left, other.right - other.left
    )


def _joined(runs: Sequence[Run], core: Run) -> str:
    text = ""
    for before, run in zip((None, *runs), runs, strict=False):
        piece = _shifted(run, core)
        text += " " + piece if before is not None and _has_space(before, run, core) else piece
    return text


def _has_space(before: Run, run: Run, core: Run) -> bool:
    gap = run.left - before.right
    if is_cjk(before.text[-1]) or is_cjk(run.text[0]):
        return gap > 0.6 * core.size
    return gap > (0.08 if run.is_spaced else 0.2) * core.size


def _shifted(run: Run, core: Run) -> str:
    """Raised or lowered digits as such, a raised ring as a degree; other text as it is."""
    if run.text[0] in "◦∘" and run.y > core.y + 0.15 * core.size:
        return "°" + run.text[1:]
    if run.size > 0.87 * core.size or not _RAISED.issuperset(run.text):
        return run.text
    if run.y > core.y + 0.15 * core.size:
        return superscript(run.text)
    return subscript(run.text) if run.y < core.y - 0.06 * core.size else run.text
