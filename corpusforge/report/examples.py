"""Documents to show as examples: kept as places while the corpus is walked, read when it is known which are shown.

Only row groups that hold one of them are read, each once, and never more of a text than its beginning is kept.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from corpusforge.engine.store import read_parquet
from corpusforge.inspect.folder import Documents
from corpusforge.report.markup import Markup, element, folded, joined, link

EXCERPT_CHARS = 300
_CONTEXT_CHARS = 90


@dataclass(frozen=True)
class Place:
    """A row of a part, whose text is asked for as the first `num_steps` steps left it (0: as it was found).

    `cut`, if any, are the UTF-8 bytes begin <= x < end of that text that are to be shown, with what stands around them.
    """

    source: str
    part: str
    num_steps: int
    row: int
    cut: tuple[int, int] | None = None


@dataclass(frozen=True)
class Excerpt:
    """A document's id in hex, where it came from, and some of its text: `shown`, between what stands around it."""

    id: str
    source: str
    origin: str
    url: str
    before: str
    shown: str
    after: str


Excerpts = Mapping[Place, Excerpt]


@dataclass
class Nearest:
    """The places with the smallest distances, at most `limit`; the first ones met where they are equally near.

    State: (distance, value, place) of those so far, by distance.
    """

    limit: int = 3
    found: list[tuple[float, float, Place]] = field(default_factory=list)

    def add(self, rows: NDArray[np.int64], values: NDArray[np.float64], threshold: float, like: Place) -> None:
        """Look at rows of the part of `like`, in ascending order, and their values; those that are not finite are not near."""
        finite = np.isfinite(values)
        rows, values = rows[finite], values[finite]
        distances = np.abs(values - threshold)
        for index in np.argsort(distances, kind="stable")[: self.limit].tolist():
            place = Place(like.source, like.part, like.num_steps, int(rows[index]))
            self.found.append((float(distances[index]), float(values[index]), place))
        self.found = sorted(self.found, key=lambda each: each[0])[: self.limit]

    @property
    def places(self) -> list[Place]:
        """Of what was found."""
        return [place for _, _, place in self.found]


def read_excerpts(documents: Documents, places: Iterable[Place]) -> dict[Place, Excerpt]:
    """The excerpts of places, part by part."""
    wanted = sorted(set(places), key=lambda place: (place.source, place.part, place.num_steps, place.row, place.cut or (0, 0)))
    excerpts = {}
    for (source, part), group in groupby(wanted, key=lambda place: (place.source, place.part)):
        some = list(group)
        rows = sorted({place.row for place in some})
        abouts = dict(zip(rows, documents.about(source, part, rows), strict=True))
        texts = _texts(documents, source, part, some)
        for place in some:
            about = abouts[place.row]
            around = _around(texts[place.num_steps, place.row], place.cut)
            excerpts[place] = Excerpt(about["id"].hex(), source, about["origin"], about["url"], *around)
    return excerpts


def _texts(documents: Documents, source: str, part: str, places: Iterable[Place]) -> dict[tuple[int, int], str]:
    """Texts of places of one part, by number of steps and row."""
    rows: dict[int, list[int]] = {}
    for number, row in sorted({(place.num_steps, place.row) for place in places}):
        rows.setdefault(number, []).append(row)
    texts = documents.texts_after(source, part, {number: some for number, some in rows.items() if number})
    if 0 in rows:
        texts[0] = _as_found(documents, source, part, rows[0])
    return {(number, row): text for number, some in rows.items() for row, text in zip(some, texts[number], strict=True)}


def _as_found(documents: Documents, source: str, part: str, rows: list[int]) -> list[str]:
    """What reading left of rows that gave no text."""
    path = documents.steps_of(source)[0].path(f"rejected/{part}.parquet")
    found = read_parquet(path, ["row", "excerpt"])
    excerpts = dict(zip(found["row"].to_pylist(), found["excerpt"].to_pylist(), strict=True))
    return [excerpts.get(row, "") for row in rows]


def _around(whole: str, cut: tuple[int, int] | None) -> tuple[str, str, str]:
    """What stands before, what is shown, what stands after; shortened with an ellipsis."""
    if cut is None:
        return "", _beginning(whole.strip(), EXCERPT_CHARS), ""
    data = whole.encode()
    before, shown, after = (data[slice(*span)].decode() for span in ((0, cut[0]), cut, (cut[1], None)))
    before = before if len(before) <= _CONTEXT_CHARS else "…" + before[-_CONTEXT_CHARS:]
    return before, _beginning(shown, EXCERPT_CHARS), _beginning(after, _CONTEXT_CHARS)


def _beginning(value: str, num_chars: int) -> str:
    return value if len(value) <= num_chars else value[:num_chars].rstrip() + "…"


def example(excerpt: Excerpt, label: str, kind: str = "") -> Markup:
    """A document in a box: its label, where it came from, the beginning of its text or what was cut out of it."""
    head = [
        element("span", label, class_=f"chip {kind}".strip()),
        element("span", excerpt.source, " · ", element("bdi", excerpt.origin), class_="origin"),
        element("code", excerpt.id[:12], title=excerpt.id),
        element("span", link(excerpt.url), class_="address") if excerpt.url else "",
    ]
    body: list[str] = [excerpt.shown or "(no text)"]
    if excerpt.before or excerpt.after:
        body = [excerpt.before, element("del", excerpt.shown), excerpt.after]
    return element("article", element("header", joined(head, "\n")), element("p", *body, dir="auto"), class_="example")


def examples_folded(summary: str, boxes: Iterable[str]) -> Markup:
    """Boxes behind a click."""
    return folded(summary, element("div", *boxes, class_="examples"))
