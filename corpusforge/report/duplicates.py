"""What deduplication took out: which documents have the most copies, and how like the copies are.

Verdicts name the document that stays in the place of each that is taken out, and where a step measures it their similarity.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from corpusforge.core import ELSEWHERE
from corpusforge.dedup.bands import Bands
from corpusforge.inspect.folder import Documents
from corpusforge.inspect.removals import Sizes, dedup_steps, group_sizes, largest, removals
from corpusforge.inspect.steps import StepOnDisk
from corpusforge.report.examples import Place
from corpusforge.report.histogram import Bins

NUM_CLUSTERS = 8
_NUM_MEMBERS = 3

# The whole axis, so that the curve is seen to rise.
_BINS = Bins(np.arange(51) / 50)


@dataclass(frozen=True)
class Member:
    """A document that was taken out, and how like the one that stays it is, where that was measured."""

    place: Place
    similarity: float | None


@dataclass(frozen=True)
class Cluster:
    """Documents that one stage took to be the same: the one that stays, how many went, the least alike of these.

    The one that stays has no place here where it is of an earlier build.
    """

    stage: str
    num_removed: int
    id: str
    witness: Place | None
    removed: tuple[Member, ...]


@dataclass(frozen=True)
class Likeness:
    """Similarities of the documents that a step took out; `bands` tell with which chance a pair was looked at, if known."""

    stage: str
    threshold: float
    bins: Bins
    counts: NDArray[np.int64]
    bands: Bands | None


def duplicate_stages(documents: Documents) -> dict[str, list[StepOnDisk]]:
    """Stages that look at the whole corpus and take documents out, with their steps: dedup.exact and others."""
    stages: dict[str, list[StepOnDisk]] = {}
    for step in dedup_steps(documents):
        stages.setdefault(step.name, []).append(step)
    return stages


def likenesses(documents: Documents) -> list[Likeness]:
    """Of each step that measured similarities, in the order of the steps."""
    found = (_likeness(documents, step) for step in dedup_steps(documents))
    return [each for each in found if each is not None]


def _likeness(documents: Documents, step: StepOnDisk) -> Likeness | None:
    measured = [each.table.filter(pc.is_valid(each.table["similarity"])) for each in removals(documents, [step])]
    thresholds = [table["threshold"][0].as_py() for table in measured if table.num_rows]
    if not thresholds:
        return None
    counts = sum((_BINS.counts(table["similarity"].to_numpy()) for table in measured), np.zeros(len(_BINS), np.int64))
    return Likeness(step.name, thresholds[0], _BINS, counts, _bands(step))


def _bands(step: StepOnDisk) -> Bands | None:
    """None of a stage that has none."""
    facts = step.report
    return Bands(facts["bands"], facts["rows"]) if "bands" in facts else None


def largest_clusters(documents: Documents) -> list[Cluster]:
    """The NUM_CLUSTERS documents of each stage with the most copies, most copies first; then by id."""
    clusters: list[Cluster] = []
    for stage, steps in duplicate_stages(documents).items():
        sizes = Sizes()
        for table in group_sizes(partial(removals, documents, steps)):
            sizes = largest(sizes, table, NUM_CLUSTERS)
        clusters += _described(documents, stage, steps, sizes)
    return clusters


def _described(documents: Documents, stage: str, steps: Sequence[StepOnDisk], sizes: Sizes) -> Iterator[Cluster]:
    members: dict[bytes, list[Member]] = {witness: [] for witness, _ in sizes}
    elsewhere = set()
    for each in removals(documents, steps) if sizes else ():
        for witness, known in members.items():
            same = each.table.filter(pc.equal(each.table["witness"], pa.scalar(witness, pa.binary(16))))
            least = same.sort_by([("similarity", "ascending"), ("row", "ascending")]).slice(0, _NUM_MEMBERS).to_pylist()
            found = [Member(Place(each.source, each.part, each.index, row["row"]), row["similarity"]) for row in least]
            elsewhere |= {witness for row in least if row["message"] == ELSEWHERE}
            members[witness] = sorted([*known, *found], key=_likeness_of)[:_NUM_MEMBERS]
    places = documents.find([witness for witness in members if witness not in elsewhere])
    for witness, count in sizes:
        place = places.get(witness)
        index = _index(documents, place.source, steps) if place else 0
        kept = Place(place.source, place.part, index, place.row) if place else None
        yield Cluster(stage, count, witness.hex(), kept, tuple(members[witness]))


def _index(documents: Documents, source: str, steps: Sequence[StepOnDisk]) -> int:
    """How many steps documents of a source went through before the first of some."""
    return next(number for number, step in enumerate(documents.steps_of(source)) if step in steps)


def _likeness_of(member: Member) -> float:
    """What was not measured comes last."""
    return np.inf if member.similarity is None else member.similarity
