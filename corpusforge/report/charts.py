"""Charts of inline SVG and boxes. Shapes stretch with the page, words beside them do not, so they read well at any width.

No chart needs a script: what a mouse finds out is a <title>, and what it shows stands in a table behind it.
"""

import math
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from corpusforge.report import figures
from corpusforge.report.histogram import QUANTILES, Bins, Floats, quantiles
from corpusforge.report.markup import Markup, element, folded, joined, table

_WIDTH, _HEIGHT = 1000, 100

# A bar that stands for something is seen, however little that is.
_LEAST_HEIGHT = 1.5

# Of a letter beside an axis, as a share of the axis of a narrow chart.
_LETTER_WIDTH = 0.02

# How far to the right a river bends what it loses, as a share of its width, for which there is room beside it.
_BEND = 0.14


@dataclass(frozen=True)
class Series:
    """Counts of bins, and how they are called and coloured: the class of a rule in style.css."""

    name: str
    kind: str
    counts: NDArray[np.int64]


@dataclass(frozen=True)
class Mark:
    """A line across a histogram, at a place along the axis from 0 to 1; beyond that an arrow says where it would be."""

    place: float
    label: str


@dataclass(frozen=True)
class Curve:
    """A line over a histogram: (value along the axis, share from 0 to 1 of the height), and what it means."""

    name: str
    points: tuple[tuple[float, float], ...]


def histogram(
    bins: Bins, series: Sequence[Series], marks: Sequence[Mark] = (), what: str = "documents", curve: Curve | None = None
) -> Markup:
    """Bars, one series on top of the other, with marks, a curve over them and a table of the same numbers behind them."""
    heights = np.sum([each.counts for each in series], axis=0)
    tallest = max(1, int(heights.max()))
    keys = [(each.name, each.kind) for each in series] + ([(curve.name, "curve")] if curve is not None else [])
    legend = [element("span", name, class_=f"key {kind}") for name, kind in keys] if len(keys) > 1 else []
    label = f"Histogram of {figures.count(int(heights.sum()))} {what}; the table below has the numbers"
    shapes = element(
        "svg", *_bars(bins, series, tallest), *_line(bins, curve), viewBox=f"0 0 {_WIDTH} {_HEIGHT}",
        preserveAspectRatio="none", role="img", aria_label=label,
    )  # fmt: skip
    plot = element("div", shapes, *map(_mark, marks), class_="plot")
    head = ["from", "below", *(f"#{each.name}" for each in series)]
    rows = [
        [*_ends(bins, index), *(figures.count(int(each.counts[index])) for each in series)]
        for index in range(len(bins))
        if any(each.counts[index] for each in series)
    ]
    scale = element("p", f"tallest bar {figures.count(tallest)} {what}", _axis_text(bins), class_="axis-note")
    above = [element("div", *legend, class_="legend")] if legend else []
    behind = [table(head, rows), *([_curve_table(curve)] if curve is not None else [])]
    return joined([*above, plot, _axis(bins), scale, folded("Table", *behind)])


def _line(bins: Bins, curve: Curve | None) -> Iterable[Markup]:
    if curve is not None:
        places = ((bins.position(value) * _WIDTH, (1 - share) * _HEIGHT) for value, share in curve.points)
        line = " ".join(f"{_short(x)},{_short(y)}" for x, y in places)
        yield element("polyline", element("title", curve.name), points=line, class_="curve", vector_effect="non-scaling-stroke")


def _curve_table(curve: Curve) -> Markup:
    """Some twenty of the points."""
    some = curve.points[:: max(1, len(curve.points) // 20)]
    return table(["#at", f"#{curve.name}"], [[figures.number(value), figures.share(share, 1)] for value, share in some])


def _axis_text(bins: Bins) -> str:
    text = ", logarithmic axis" if bins.is_log else ""
    return text + (", zeros in a bar of their own" if bins.has_zeros else "")


def _ends(bins: Bins, index: int) -> tuple[str, str]:
    """The least value of a bin, and what all its values are below."""
    low, high = (bins.edges[each] + (0.5 if bins.is_whole else 0.0) for each in (index, index + 1))
    return figures.number(low), figures.number(high)


def _span(bins: Bins, index: int) -> str:
    low, below = _ends(bins, index)
    last = figures.number(bins.edges[index + 1] - 0.5)
    if bins.has_zeros and index == 0:
        return "0"
    if bins.is_whole:
        return low if low == last else f"{low} to {last}"
    return f"{low} to {below}"


def _bars(bins: Bins, series: Sequence[Series], tallest: int) -> Iterable[Markup]:
    places = [bins.position(edge) * _WIDTH for edge in bins.edges]
    for index, (left, right) in enumerate(pairwise(places)):
        top = float(_HEIGHT)
        gap = min(2.0, (right - left) / 8)
        for each in series:
            count = int(each.counts[index])
            if count:
                height = max(_LEAST_HEIGHT, count / tallest * _HEIGHT)
                top -= height
                title = element("title", f"{_span(bins, index)}: {figures.count(count)} {each.name}")
                yield element(
                    "rect", title, x=_short(left), y=_short(max(0.0, top)), width=_short(right - left - gap),
                    height=_short(height), class_=each.kind,
                )  # fmt: skip


def _mark(mark: Mark) -> Markup:
    if mark.place <= 0:
        return element("span", f"← {mark.label}", class_="beyond left")
    if mark.place >= 1:
        return element("span", f"{mark.label} →", class_="beyond right")
    side = "mark flip" if mark.place > 0.6 else "mark"
    return element("span", element("b", mark.label), class_=side, style=f"left:{100 * mark.place:.2f}%")


def _axis(bins: Bins) -> Markup:
    ticks = [(0.5 / len(bins), 0.0)] if bins.has_zeros else []
    ticks += [(bins.position(value), value) for value in ticks_of(bins)]
    labels = apart([(at, figures.number(value)) for at, value in ticks])
    shown = [element("span", label, style=f"left:{100 * at:.2f}%", class_=_tick_class(at)) for at, label in labels]
    return element("div", *shown, class_="axis", aria_hidden="true")


def apart(labels: Iterable[tuple[float, str]]) -> list[tuple[float, str]]:
    """Labels in ascending places along an axis, without those that would touch the one before."""
    shown: list[tuple[float, str]] = []
    for at, label in labels:
        if not shown or at - shown[-1][0] > _LETTER_WIDTH * (1 + (len(label) + len(shown[-1][1])) / 2):
            shown.append((at, label))
    return shown


def _tick_class(at: float) -> str | None:
    return "first" if at < 0.04 else "last" if at > 0.96 else None


def ticks_of(bins: Bins) -> list[float]:
    """About five round numbers along the axis of bins: decades, or multiples of 1, 2 or 5 times a power of ten."""
    low, high = float(bins.edges[int(bins.has_zeros)]), float(bins.edges[-1])
    if bins.is_log:
        decades = range(math.ceil(math.log10(low)), math.floor(math.log10(high)) + 1)
        powers = [10.0**power for power in decades[:: math.ceil(len(decades) / 6)]]
        return [power for power in powers if low <= power <= high]
    step = _step(max(high / 5 - low / 5, sys.float_info.min))
    if bins.is_whole:
        step = max(1.0, step)
    numbers = range(math.ceil(low / step), math.floor(high / step) + 1)
    return [number * step for number in numbers if low <= number * step <= high]


def _step(least: float) -> float:
    """The smallest of 1, 2 and 5 times a power of ten that is not below `least`."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least * (1 - 1e-9))


def quantile_list(values: Floats, low: float, high: float) -> Markup:
    """The extremes that are given, and between them the quantiles of values: names over numbers, side by side."""
    inner = zip((f"{round(100 * each)} %" for each in QUANTILES), quantiles(values), strict=True)
    named = [("least", low), *inner, ("most", high)]
    pairs = [element("div", element("dt", name), element("dd", figures.number(value, 3))) for name, value in named]
    return element("dl", *pairs, class_="quantiles")


def bar(part: float, whole: float, kind: str, title: str = "") -> Markup:
    """A bar as long as the share of a whole."""
    width = 100 * part / whole if whole else 0.0
    return element(
        "div", element("i", style=f"width:{width:.2f}%", class_=kind) if part else "", class_="bar", title=title or None
    )


def stacked(parts: Iterable[tuple[int, str, str]], whole: int) -> Markup:
    """(count, class, title) side by side, together as long as their share of the whole."""
    pieces = [
        element("i", style=f"width:{100 * number / whole:.3f}%", class_=kind, title=title)
        for number, kind, title in parts
        if number
    ]
    return element("div", *pieces, class_="bar stacked")


@dataclass(frozen=True)
class Width:
    """A band of a river: its name, its class in style.css, and the documents in it before and after a stage."""

    name: str
    kind: str
    before: int
    after: int


def ribbons(widths: Sequence[Width], whole: int) -> Markup:
    """A stretch of a river, its bands from left to right; what a stage takes out bends off to the right."""
    paths, above, below = [], 0, 0
    for each in widths:
        if each.before:
            title = element("title", f"{each.name}: {figures.count(each.before)} in, {figures.count(each.after)} kept")
            shape = _ribbon((above, above + each.before), (below, below + each.after), whole)
            paths.append(element("path", title, d=shape, class_=each.kind))
        above, below = above + each.before, below + each.after
    if above > below:
        title = element("title", f"{figures.documents(above - below)} taken out")
        shape = _ribbon((below, above), (below + _BEND * whole, above + _BEND * whole), whole)
        paths.insert(0, element("path", title, d=shape, class_="spill"))
    return element(
        "svg", *paths, viewBox=f"0 0 {_WIDTH} {_HEIGHT}", preserveAspectRatio="none", aria_hidden="true", class_="river"
    )


def _ribbon(above: tuple[float, float], below: tuple[float, float], whole: int) -> str:
    """A band from the top to the bottom edge, its sides bent like an S."""
    (left, right), (left_below, right_below) = (
        [_short(each / whole * _WIDTH / (1 + _BEND)) for each in ends] for ends in (above, below)
    )
    down, up = f"C{right} 50 {right_below} 50 {right_below} 100", f"C{left_below} 50 {left} 50 {left} 0"
    return f"M{left} 0H{right}{down}V103H{left_below}V100{up}Z"  # overlaps the next stretch, so that no seam shows


def _short(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
