"""Lines over a whole-numbered axis, such as a loss over steps: inline SVG, with a table of some of the points behind it."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from corpusforge.report import figures
from corpusforge.report.markup import Markup, element, folded, joined, table

_WIDTH, _HEIGHT = 1000, 100
_NUM_COLOURS = 4
_TABLE_ROWS = 20


@dataclass(frozen=True)
class Line:
    """A name, and points (place, value) in ascending order of places."""

    name: str
    points: tuple[tuple[int, float], ...]


def line_chart(lines: Sequence[Line], axis: str) -> Markup:
    """The lines in one frame; values that are no numbers are gaps."""
    places = [place for line in lines for place, _ in line.points]
    values = [value for line in lines for _, value in line.points if math.isfinite(value)]
    if not values:
        return element("p", "No value is a number.", class_="note")
    left, right, low, high = min(places), max(places), min(values), max(values)
    drawn = [_polyline(line, index, (left, right, low, high)) for index, line in enumerate(lines)]
    shapes = element(
        "svg", *drawn, viewBox=f"0 0 {_WIDTH} {_HEIGHT}", preserveAspectRatio="none", role="img",
        aria_label=f"{', '.join(line.name for line in lines)} by {axis}; the table below has the numbers",
    )  # fmt: skip
    legend = [element("span", line.name, class_=f"key {_colour(index)}") for index, line in enumerate(lines)]
    ends = [
        element("span", figures.count(left), style="left:0%", class_="first"),
        element("span", figures.count(right), style="left:100%", class_="last"),
    ]
    note = element("p", f"from {figures.number(low)} to {figures.number(high)}, by {axis}", class_="axis-note")
    above = [element("div", *legend, class_="legend")] if len(lines) > 1 else []
    plot = element("div", shapes, class_="plot")
    return joined(
        [*above, plot, element("div", *ends, class_="axis", aria_hidden="true"), note, folded("Table", *_tables(lines, axis))]
    )


def _polyline(line: Line, index: int, frame: tuple[int, int, float, float]) -> Markup:
    left, right, low, high = frame
    width, height = max(1, right - left), max(1e-12, high - low)
    points = " ".join(
        f"{(place - left) / width * _WIDTH:.1f},{(1 - (value - low) / height) * _HEIGHT:.1f}"
        for place, value in line.points
        if math.isfinite(value)
    )
    return element(
        "polyline", element("title", line.name), points=points, class_=_colour(index), vector_effect="non-scaling-stroke"
    )


def _colour(index: int) -> str:
    return f"line{index % _NUM_COLOURS}"


def _tables(lines: Sequence[Line], axis: str) -> Iterator[Markup]:
    for line in lines:
        some = line.points[:: max(1, len(line.points) // _TABLE_ROWS)]
        yield table([f"#{axis}", f"#{line.name}"], [[figures.count(place), figures.number(value)] for place, value in some])
