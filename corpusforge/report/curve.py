"""A line from left to right, such as the chance that something is found against how alike it is."""

from collections.abc import Sequence

from corpusforge.report import figures
from corpusforge.report.charts import Mark, axis, mark_across
from corpusforge.report.markup import Markup, element, folded, joined, table

_WIDTH, _HEIGHT = 1000, 100


def curve(points: Sequence[tuple[float, float]], mark: Mark, names: tuple[str, str]) -> Markup:
    """Points (x, y), both from 0 to 1, x ascending, joined by a line, with a mark across and a table of the numbers.

    `names` are those of x and y.
    """
    path = " ".join(f"{x * _WIDTH:.1f},{(1 - y) * _HEIGHT:.2f}" for x, y in points)
    area = element("polygon", points=f"0,{_HEIGHT} {path} {_WIDTH},{_HEIGHT}", class_="under")
    line = element("polyline", points=path, class_="line")
    shapes = element(
        "svg", area, line, viewBox=f"0 0 {_WIDTH} {_HEIGHT}", preserveAspectRatio="none", role="img",
        aria_label=f"{names[1]} against {names[0]}; the table below has the numbers",
    )  # fmt: skip
    rows = [[figures.number(x), figures.share(y, 1)] for x, y in points if round(20 * x, 6).is_integer()]
    ticks = [(tenth / 5, figures.number(tenth / 5)) for tenth in range(6)]
    return joined(
        [
            element("div", shapes, mark_across(mark), class_="plot"),
            axis(ticks),
            element("p", f"{names[1]}, from 0 to 100 %, against {names[0]}", class_="axis-note"),
            folded("Table", table([f"#{name}" for name in names], rows)),
        ]
    )
