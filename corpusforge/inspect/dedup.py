"""What deduplication took out, step by step: of which sources, how like what stays, in groups of which size."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from corpusforge.core import ELSEWHERE
from corpusforge.inspect.folder import Documents
from corpusforge.inspect.pairs import open_latest
from corpusforge.inspect.removals import Sizes, dedup_steps, group_sizes, largest, least_alike, removals
from corpusforge.inspect.steps import StepOnDisk, books_so_far

_NUM_LARGEST = 10
_NOMINATED = ("candidate_pairs", "hot_buckets", "left_alone")
_BIN = 50  # bins of similarity are a fiftieth wide


@dataclass(frozen=True)
class SourceRemovals:
    """Documents of a source that came to a step, and those that it took out."""

    source: str
    came_in: int
    removed: int


@dataclass(frozen=True)
class Similarities:
    """How many documents went with a similarity `least` <= x < `below`; the last bin is of those that are equal."""

    least: float
    below: float
    num_documents: int


@dataclass(frozen=True)
class Groups:
    """How many documents stay for which `least` to `most` others went, and how many these are."""

    least: int
    most: int
    num_groups: int
    num_removed: int


@dataclass(frozen=True)
class Group:
    """A document that stays, how many went for it, and the similarity of the one least like it."""

    id: str
    source: str
    origin: str
    url: str
    num_removed: int
    least_similarity: float | None


@dataclass(frozen=True)
class StepSummary:
    """A step that took copies out, done or stopped at the alarm; `threshold` is that of similarities, if it measured any.

    `nominated` are the counts that its report gives: pairs compared, buckets too large for that, and what was left out there.
    """

    step: str
    is_done: bool
    threshold: float | None
    sources: tuple[SourceRemovals, ...]
    similarities: tuple[Similarities, ...]
    groups: tuple[Groups, ...]
    largest: tuple[Group, ...]
    nominated: Mapping[str, int]


def summary(out: Path) -> list[StepSummary]:
    """Every dedup step of the build that runs or ran last; raises UserError where there is none yet."""
    documents = open_latest(out)
    return [_summary(documents, step) for step in dedup_steps(documents)]


def _summary(documents: Documents, step: StepOnDisk) -> StepSummary:
    sizes: Counter[int] = Counter()
    most = Sizes()
    for table in group_sizes(partial(removals, documents, [step])):
        most = largest(most, table, _NUM_LARGEST)
        sizes.update({each["values"]: each["counts"] for each in table["count"].value_counts().to_pylist()})
    return StepSummary(
        step.name, bool(step.report), _threshold(documents, step), tuple(_sources(documents, step)),
        tuple(_similarities(documents, step)), tuple(_groups(sizes)), tuple(_largest(documents, step, most)),
        {name: step.report[name] for name in _NOMINATED if name in step.report},
    )  # fmt: skip


def _threshold(documents: Documents, step: StepOnDisk) -> float | None:
    thresholds = (pc.max(each.table["threshold"]).as_py() for each in removals(documents, [step]))
    return next((each for each in thresholds if each is not None), None)


def _sources(documents: Documents, step: StepOnDisk) -> Iterator[SourceRemovals]:
    """What came in is what the step before kept, so that a step that stopped at the alarm has its numbers, too."""
    books = books_so_far(documents.generation.steps)
    removed: Counter[str] = Counter()
    for each in removals(documents, [step]):
        removed[each.source] += each.table.num_rows
    for source in documents.sources:
        steps = documents.steps_of(source)
        if step in steps:
            before = steps[steps.index(step) - 1]
            yield SourceRemovals(source, books[before.fingerprint][source][-1].kept, removed[source])


def _similarities(documents: Documents, step: StepOnDisk) -> Iterator[Similarities]:
    counts: Counter[int] = Counter()
    for each in removals(documents, [step]):
        values = each.table["similarity"].drop_null().to_numpy()
        bins, numbers = np.unique(np.floor(values * _BIN + 1e-9).astype(np.int64), return_counts=True)
        counts.update(dict(zip(bins.tolist(), numbers.tolist(), strict=True)))
    for number in range(min(counts, default=0), max(counts, default=-1) + 1):
        yield Similarities(number / _BIN, min(1.0, (number + 1) / _BIN), counts[number])


def _groups(sizes: Mapping[int, int]) -> Iterator[Groups]:
    """By powers of two: 1, 2 to 3, 4 to 7 ..."""
    classes: dict[int, list[tuple[int, int]]] = {}
    for size, count in sizes.items():
        classes.setdefault(size.bit_length() - 1, []).append((size, count))
    for power, some in sorted(classes.items()):
        num_removed = sum(size * count for size, count in some)
        yield Groups(2**power, 2 ** (power + 1) - 1, sum(count for _, count in some), num_removed)


def _largest(documents: Documents, step: StepOnDisk, sizes: Sizes) -> Iterator[Group]:
    least = _least_alike(documents, step, pa.array([witness for witness, _ in sizes], pa.binary(16)))
    places = documents.find([witness for witness, row in least.items() if row["message"] != ELSEWHERE])
    for witness, count in sizes:
        place = places.get(witness)
        about = documents.about(place.source, place.part, [place.row])[0] if place else {}
        source, origin, url = (about.get(name, "") for name in ("source", "origin", "url"))
        yield Group(witness.hex(), source, origin, url, count, least[witness]["similarity"])


def _least_alike(documents: Documents, step: StepOnDisk, witnesses: pa.Array) -> dict[bytes, dict[str, Any]]:
    """For each witness the removal of the document least like it."""
    least: dict[bytes, dict[str, Any]] = {}
    for each in removals(documents, [step]):
        for row in least_alike(each.table.filter(pc.is_in(each.table["witness"], witnesses))).to_pylist():
            known = least.setdefault(row["witness"], row)
            if row["similarity"] is not None and row["similarity"] < known["similarity"]:
                least[row["witness"]] = row
    return least
