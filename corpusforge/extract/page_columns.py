"""The columns of a page in the order in which people read them.

A gutter is a vertical strip with text on both sides. What crosses it (a title, a wide figure's caption, a row of a table)
parts the page into bands; in each band the left side is read before the right one, and either may have a gutter again. Pieces
that follow each other in the content on one baseline are one segment, so rows of a table cross the gutters between its
cells, as columns of prose, which are written one after another, never do.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from corpusforge.extract.pdf_runs import Run

_BIN = 2.0  # points
_MIN_LINES = 3
_MIN_WIDTH = 7.0  # of the size: a column is at least so wide, the middle one of its lines taken
_MIN_WIDTH_UNLINKED = 14.0
_MIN_LINES_UNLINKED = 8


class Segment(NamedTuple):
    """Runs that were written one after another on one line."""

    runs: tuple[Run, ...]
    left: float
    right: float
    y: float
    size: float


class _Split(NamedTuple):
    lines: int
    crossing: tuple[int, ...]
    is_left: tuple[bool, ...]


def columns(runs: Sequence[Run]) -> list[list[Run]]:
    """The runs of each column or spanning band, in reading order."""
    linked = _segments(runs)
    groups = list(_ordered(linked, _MIN_WIDTH, _MIN_LINES))
    if len(groups) == 1:  # some programs write line by line across all columns
        groups = list(_ordered([_segment((run,)) for run in runs], _MIN_WIDTH_UNLINKED, _MIN_LINES_UNLINKED))
    return [[run for segment in group for run in segment.runs] for group in groups]


def _segment(runs: Sequence[Run]) -> Segment:
    core = max(runs, key=lambda run: len(run.text))
    return Segment(tuple(runs), min(run.left for run in runs), max(run.right for run in runs), core.y, core.size)


def _segments(runs: Sequence[Run]) -> list[Segment]:
    found: list[list[Run]] = []
    for before, run in zip((None, *runs), runs, strict=False):
        if before is not None and _follows(before, run):
            found[-1].append(run)
        else:
            found.append([run])
    return [_segment(each) for each in found]


def _follows(before: Run, run: Run) -> bool:
    overlap = min(before.top, run.top) - max(before.bottom, run.bottom)
    return overlap > 0.5 * min(before.size, run.size) and run.left > before.right - 0.5 * max(before.size, run.size)


def _ordered(segments: list[Segment], min_width: float, min_lines: int) -> Iterator[list[Segment]]:
    split = _best_split(segments, min_width, min_lines)
    if split is None:
        yield segments
        return
    heights = sorted(-segments[i].y for i in split.crossing)
    crossing = set(split.crossing)
    bands: list[tuple[list[Segment], list[Segment]]] = [([], []) for _ in range(len(heights) + 1)]
    order = np.searchsorted(heights, [-segment.y for segment in segments])
    for i, segment in enumerate(segments):
        if i not in crossing:
            bands[order[i]][0 if split.is_left[i] else 1].append(segment)
    spanning: list[Segment] = []
    for band, across in zip(bands, (*sorted(split.crossing, key=lambda i: -segments[i].y), None), strict=True):
        if any(band) and spanning:
            yield from _ordered(spanning, min_width, min_lines)
            spanning = []
        for side in band:
            if side:
                yield from _ordered(side, min_width, min_lines)
        if across is not None:
            spanning.append(segments[across])
    if spanning:
        yield spanning


def _best_split(segments: Sequence[Segment], min_width: float, min_lines: int) -> _Split | None:
    if len(segments) < 2 * min_lines:
        return None
    left, right = (np.array(side) for side in zip(*((each.left, each.right) for each in segments), strict=True))
    sizes = np.array([each.size for each in segments])
    found = [_split(segments, left, right, sizes, gutter, min_width) for gutter in _gutters(left, right, sizes)]
    good = [split for split in found if split is not None and split.lines >= min_lines]
    return max(good, key=lambda split: split.lines, default=None)


def _gutters(left: NDArray[np.float64], right: NDArray[np.float64], sizes: NDArray[np.float64]) -> list[float]:
    """The middles of strips that fewer lines cross than half of those that cross the fullest strip on either side."""
    start = float(left.min())
    num_bins = int((right.max() - start) / _BIN) + 2
    if not 2 < num_bins < 20_000:
        return []
    change = np.zeros(num_bins + 1)
    np.add.at(change, np.ceil((left - start) / _BIN).astype(int), sizes)
    np.subtract.at(change, np.maximum(np.floor((right - start) / _BIN), np.ceil((left - start) / _BIN)).astype(int), sizes)
    cover = np.cumsum(change)[:num_bins]
    fullest = np.minimum(np.maximum.accumulate(cover), np.maximum.accumulate(cover[::-1])[::-1])
    is_low = cover < 0.5 * fullest
    edges = np.flatnonzero(np.diff(np.concatenate(([0], is_low.view(np.int8), [0]))))
    middles = []
    for begin, end in edges.reshape(-1, 2).tolist():
        if begin > 0 and end < num_bins - 1:
            lowest = np.flatnonzero(cover[begin:end] <= cover[begin:end].min() + 1e-6)
            middles.append(start + _BIN * (begin + float(lowest[len(lowest) // 2]) + 0.5))
    return middles


def _split(
    segments: Sequence[Segment],
    left: NDArray[np.float64],
    right: NDArray[np.float64],
    sizes: NDArray[np.float64],
    gutter: float,
    min_width: float,
) -> _Split | None:
    """How a gutter parts the segments, None where the sides are too narrow for columns."""
    slack_right = gutter + 0.15 * (right.max() - gutter)
    slack_left = gutter - 0.15 * (gutter - left.min())
    middle = (left + right) / 2
    is_centred = np.abs(middle - gutter) < 0.04 * (right.max() - left.min())
    is_across = (left < gutter - _BIN) & (right > gutter + _BIN)
    crosses = is_across & ((left < slack_left) & (right > slack_right) | is_centred)
    crosses |= _last_lines(segments, crosses)
    is_left = middle < gutter
    sides = [~crosses & is_left, ~crosses & ~is_left]
    if not all(side.any() and np.median((right - left)[side]) >= min_width * np.median(sizes[side]) for side in sides):
        return None
    heights = sorted(-segments[i].y for i in np.flatnonzero(crosses).tolist())
    band = np.searchsorted(heights, [-segment.y for segment in segments])
    counts = [np.bincount(band[side], minlength=len(heights) + 1) for side in sides]
    return _Split(int(np.minimum(*counts).sum()), tuple(np.flatnonzero(crosses).tolist()), tuple(is_left.tolist()))


def _last_lines(segments: Sequence[Segment], crosses: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The short last lines of paragraphs that cross a gutter: close below, as far left, and nothing beside them."""
    left, y, sizes = (np.array(column) for column in zip(*((each.left, each.y, each.size) for each in segments), strict=True))
    found = np.zeros(len(segments), np.bool_)
    for i in np.flatnonzero(crosses).tolist():
        step = y[i] - y
        is_below = (step > 0) & (step < 1.4 * sizes[i]) & (np.abs(sizes - sizes[i]) < 0.05 * sizes[i])
        for j in np.flatnonzero(is_below & ~crosses & (np.abs(left - left[i]) < 2)).tolist():
            found[j] = np.count_nonzero(np.abs(y - y[j]) < 0.6 * sizes[j]) == 1
    return found
