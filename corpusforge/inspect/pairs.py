"""Pairs of a document that deduplication took out and the one that stays in its place: those that say most come first."""

import heapq
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from corpusforge.core import ELSEWHERE
from corpusforge.errors import UserError
from corpusforge.inspect.folder import Documents, Location
from corpusforge.inspect.removals import Removals, Sizes, dedup_steps, group_sizes, largest, least_alike, removals
from corpusforge.inspect.steps import StepOnDisk, latest_generation
from corpusforge.inspect.why import named
from corpusforge.recipe.suggest import did_you_mean

Order = Literal["similarity", "group"]

# Pairs whose texts are in memory at the same time.
_AT_ONCE = 16


@dataclass(frozen=True)
class PairQuestion:
    """Which pairs: of a document (as `why` names it), a step, a source; by similarity the least alike first.

    By group there is one pair, the least alike, for each document that stays, the largest groups first. `seed` asks for a
    random sample instead; `limit` 0 is all.
    """

    document: str | None = None
    step: str | None = None
    source: str | None = None
    least: float | None = None
    most: float | None = None
    order: Order = "similarity"
    seed: int | None = None
    limit: int = 20


@dataclass(frozen=True)
class Side:
    """A document of a pair, its text as the step found it; where the build does not hold it, all but its id is empty."""

    id: str
    source: str
    origin: str
    url: str
    text: str


@dataclass(frozen=True)
class Pair:
    """`similarity` and `threshold` are None where the step measures none; `group_size` documents went for the same one."""

    removed: Side
    kept: Side
    step: str
    reason: str
    message: str
    similarity: float | None
    threshold: float | None
    group_size: int


@dataclass(frozen=True)
class Pairs:
    """How many pairs (by group: documents that stay) the question is about, and the first of them."""

    num_found: int
    shown: Iterator[Pair]


@dataclass(frozen=True)
class _Hit:
    """A row that went, with what its verdict says."""

    place: Location
    step: StepOnDisk
    index: int
    reason: str
    message: str
    similarity: float | None
    threshold: float | None
    witness: bytes


def pairs(out: Path, question: PairQuestion) -> Pairs:
    """The pairs asked for; raises UserError where the question names what is not there."""
    documents = open_latest(out)
    steps = dedup_steps(documents)
    _check(documents, steps, question)
    found = _Found(documents, [step for step in steps if question.step in (None, step.name)], question)
    if question.seed is not None:
        count, hits = found.sampled(question.seed)
    elif question.order == "group":
        count, hits = found.by_group()
    else:
        count, hits = found.by_similarity()
    return Pairs(count, _described(documents, hits, found.sizes(hits)))


def open_latest(out: Path) -> Documents:
    """The build that runs or ran last, finished or not; raises UserError where it has not looked for copies yet."""
    documents = Documents(out, latest_generation(out))
    if not dedup_steps(documents):
        raise UserError(f"{out}: no step has looked for copies yet; `corpusforge build RECIPE --until dedup` goes so far")
    return documents


def _check(documents: Documents, steps: Sequence[StepOnDisk], question: PairQuestion) -> None:
    out, names = documents.out, {step.name for step in steps}
    if question.step is not None and question.step not in names:
        raise UserError(f"{out}: {question.step!r} took no copies out; {did_you_mean(question.step, names, 'steps')}")
    if question.source is not None and question.source not in documents.sources:
        raise UserError(f"{out}: no source {question.source!r}; {did_you_mean(question.source, documents.sources, 'sources')}")
    if question.seed is not None and question.order != "similarity":
        raise UserError(f"--random and --order {question.order} are given together: leave one out")


class _Found:
    """What a question is about, and which of it is shown."""

    def __init__(self, documents: Documents, steps: Sequence[StepOnDisk], question: PairQuestion) -> None:
        self._documents, self._steps, self._question = documents, steps, question
        about = named(documents, question.document) if question.document is not None else []
        self._ids = pa.array([each for each, _ in about], pa.binary(16))
        self._places = [place for _, place in about]

    def by_similarity(self) -> tuple[int, list[_Hit]]:
        """The least alike."""
        limit = self._question.limit
        count, best = 0, list[_Hit]()
        for each in self._asked_for():
            count += each.table.num_rows
            table = each.table.sort_by([("similarity", "ascending"), ("row", "ascending")])  # null last
            best += _hits(each, table.slice(0, limit or None))
            best = heapq.nsmallest(limit or len(best), best, key=_rank)
        return count, best

    def by_group(self) -> tuple[int, list[_Hit]]:
        """Of the largest groups the least alike pair."""
        count, sizes = 0, Sizes()
        for table in group_sizes(self._asked_for):
            count += table.num_rows
            sizes = largest(sizes, table, self._question.limit)
        wanted = pa.array([witness for witness, _ in sizes], pa.binary(16))
        least: dict[bytes, _Hit] = {}
        for each in self._asked_for():
            members = each.table.filter(pc.is_in(each.table["witness"], wanted))
            for hit in _hits(each, least_alike(members)):
                least[hit.witness] = min(least.get(hit.witness, hit), hit, key=_rank)
        return count, [least[witness] for witness, _ in sizes]

    def sampled(self, seed: int) -> tuple[int, list[_Hit]]:
        """A random sample, in the order of the input."""
        ends = np.cumsum([each.table.num_rows for each in self._asked_for()], dtype=np.int64)
        count = int(ends[-1]) if len(ends) else 0
        numbers = sorted(random.Random(seed).sample(range(count), min(self._question.limit or count, count)))
        hits: list[_Hit] = []
        for each, end in zip(self._asked_for(), ends.tolist(), strict=True):
            begin = end - each.table.num_rows
            rows = [number - begin for number in numbers if begin <= number < end]
            hits += _hits(each, each.table.take(pa.array(rows, pa.int64())))
        return count, hits

    def sizes(self, hits: Sequence[_Hit]) -> dict[bytes, int]:
        """How many documents went for the witness of each hit, whatever else the question asks for."""
        wanted = pa.array(sorted({hit.witness for hit in hits}), pa.binary(16))
        sizes: dict[bytes, int] = {}
        for each in removals(self._documents, self._steps):
            column = each.table["witness"]
            for same in column.filter(pc.is_in(column, wanted)).value_counts().to_pylist():
                sizes[same["values"]] = sizes.get(same["values"], 0) + same["counts"]
        return sizes

    def _asked_for(self) -> Iterator[Removals]:
        question = self._question
        for each in removals(self._documents, self._steps, None if question.source is None else (question.source,)):
            mask = pc.is_valid(each.table["witness"])
            for bound, holds in ((question.least, pc.greater_equal), (question.most, pc.less_equal)):
                if bound is not None:
                    mask = pc.and_(mask, pc.fill_null(holds(each.table["similarity"], bound), False))
            yield each.where(mask if question.document is None else pc.and_(mask, self._is_about(each)))

    def _is_about(self, each: Removals) -> pa.ChunkedArray:
        rows = [place.row for place in self._places if (place.source, place.part) == (each.source, each.part)]
        is_removed = pc.is_in(each.table["row"], pa.array(rows, pa.int32()))
        return pc.or_(is_removed, pc.is_in(each.table["witness"], self._ids))


def _rank(hit: _Hit) -> tuple[float, str, int]:
    """The least alike first, those that were not measured last."""
    return (np.inf if hit.similarity is None else hit.similarity, hit.place.part, hit.place.row)


def _hits(of: Removals, table: pa.Table) -> list[_Hit]:
    return [_Hit(Location(of.source, of.part, row.pop("row")), of.step, of.index, **row) for row in table.to_pylist()]


def _described(documents: Documents, hits: Sequence[_Hit], sizes: Mapping[bytes, int]) -> Iterator[Pair]:
    kept = documents.find([hit.witness for hit in hits if hit.message != ELSEWHERE])
    rest = iter(hits)
    while some := list(islice(rest, _AT_ONCE)):
        wanted = {(hit.place, hit.index) for hit in some}
        places = [kept.get(hit.witness) if hit.message != ELSEWHERE else None for hit in some]
        wanted |= {(place, _index(documents, place, hit)) for place, hit in zip(places, some, strict=True) if place}
        sides = _sides(documents, wanted)
        for place, hit in zip(places, some, strict=True):
            other = sides[place, _index(documents, place, hit)] if place else Side(hit.witness.hex(), "", "", "", "")
            removed, size = sides[hit.place, hit.index], sizes[hit.witness]
            yield Pair(removed, other, hit.step.name, hit.reason, hit.message, hit.similarity, hit.threshold, size)


def _index(documents: Documents, place: Location, hit: _Hit) -> int:
    """How many steps a document went through before the one that compared it."""
    return [step.fingerprint for step in documents.steps_of(place.source)].index(hit.step.fingerprint)


def _sides(documents: Documents, wanted: Iterable[tuple[Location, int]]) -> dict[tuple[Location, int], Side]:
    """Documents as the first so many steps left them, each part read once."""
    by_part: dict[tuple[str, str, int], set[int]] = {}
    for place, num_steps in wanted:
        by_part.setdefault((place.source, place.part, num_steps), set()).add(place.row)
    sides = {}
    for (source, part, num_steps), some in by_part.items():
        rows = sorted(some)
        texts = documents.texts_of(source, part, rows, num_steps)
        for row, about, text in zip(rows, documents.about(source, part, rows), texts, strict=True):
            side = Side(about["id"].hex(), source, about["origin"], about["url"], text)
            sides[Location(source, part, row), num_steps] = side
    return sides
