"""Runs a Barrier on the exchange, round after round, then brings verdicts back to their parts or writes an artefact."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from corpusforge.core import DECISION, OWNED_EDITS_FIELD, REVISION, Barrier, Desk, PartOrigin, Round
from corpusforge.engine.apply import edited
from corpusforge.engine.earlier import EarlierPart, described, earlier_parts
from corpusforge.engine.exchange import gather, num_partitions, partition_by_key, sorted_records, spill
from corpusforge.engine.executor import Executor
from corpusforge.engine.ledger import Entry, entry, total
from corpusforge.engine.parts import VERDICTS, Part, PartInfo, aligned, alive_rows, columns_path, load_part, verdicts_path
from corpusforge.engine.plan import Plan, Step
from corpusforge.engine.progress import Progress
from corpusforge.engine.store import write_parquet
from corpusforge.errors import translated_os_errors
from corpusforge.recipe.model import NamedStage

# Parts whose records lie together in a spilled file.
PARTS_OF_A_GROUP = 64

_PLACE = ("id", "part", "row", "source_rank")


@dataclass(frozen=True)
class Routing:
    """Where the records of a round go: to `count` slots, each a range of keys or a group of parts; revisions stay together."""

    over: str
    count: int

    def slots(self, records: pa.Table) -> NDArray[np.int64]:
        """The slot of each record; decisions go by their part."""
        if self.over == "partitions":
            return partition_by_key(records, self.count)
        if self.over == "parts":
            return _groups(records["key"])
        if self.over == "decisions":
            return _groups(records["part"])
        return np.zeros(records.num_rows, np.int64)


def _groups(parts: pa.ChunkedArray) -> NDArray[np.int64]:
    """The group of each part number."""
    numbers: NDArray[np.int64] = parts.to_numpy().astype(np.int64)
    return numbers // PARTS_OF_A_GROUP


@dataclass(frozen=True)
class PlacedPart:
    """A part with its number, the rank of its source and that source's group; the steps `before` it, or its earlier build."""

    info: PartInfo
    number: int
    source_rank: int
    origin: PartOrigin
    before: tuple[Step, ...] = ()
    earlier: EarlierPart | None = None

    @property
    def label(self) -> str:
        """A name that no other part has."""
        return self.info.name if self.earlier is None else f"earlier-{self.number:05d}"

    def load(self, columns: Sequence[str]) -> Part:
        """Columns of the documents that are kept so far."""
        if self.earlier is not None:
            return self.earlier.load(columns)
        return load_part(self.info, self.before, columns)


@dataclass(frozen=True)
class RoundTask:
    """One part (`placed`) or partition (`number`) of a round; `inputs` are the files of the round before, `path` its own."""

    named: NamedStage
    index: int
    number: int
    placed: PlacedPart | None
    inputs: tuple[Path, ...]
    routing: Routing
    step_folder: Path
    path: Path

    @property
    def name(self) -> str:
        """What people call it."""
        where = f"partition {self.number}" if self.placed is None else self.placed.label
        return f"{self.named.use}, {where}"


@dataclass(frozen=True)
class CollectTask:
    """A group of parts whose verdicts are gathered from what the last round spilled."""

    step: Step
    inputs: tuple[Path, ...]
    group: int
    parts: tuple[PlacedPart, ...]

    @property
    def name(self) -> str:
        """What people call it."""
        return f"{self.step.name}, verdicts from {self.parts[0].info.name} on"


@dataclass(frozen=True)
class FinishTask:
    """All that reduce gave, for an artefact."""

    step: Step
    inputs: tuple[Path, ...]

    @property
    def name(self) -> str:
        """What people call it."""
        return self.step.name


def barrier_of(named: NamedStage) -> Barrier:
    """The stage as the Barrier that it is."""
    assert isinstance(named.stage, Barrier)
    return named.stage


def run_round(task: RoundTask) -> None:
    """Do the work of a round at one place and spill what it gives; a file that exists is kept."""
    if task.path.exists():
        return
    stage = barrier_of(task.named)
    this = stage.rounds()[task.index]
    result = this.work(_desk(task, this))
    decision = pa.schema([*DECISION, *_added_fields(stage)])
    expected = {"decisions": decision, "revisions": REVISION}.get(task.routing.over, result.schema)
    assert result.schema.equals(expected), f"{task.named.use} gave {result.schema}"
    spill(task.path, result, task.routing.slots(result), task.routing.count)


def _added_fields(stage: Barrier) -> list[pa.Field]:
    return [pa.field(name, pa.int32(), nullable=False) for name in stage.defaults]


def _desk(task: RoundTask, this: Round) -> Desk:
    placed, folders = task.placed, (task.path.parent, task.step_folder)
    if placed is None:
        records = gather(task.inputs, task.number)
        return Desk(task.number, sorted_records(records) if this.takes_sorted else records, _no_batches, *folders)
    records = pa.table({})
    if task.inputs:
        of_group = gather(task.inputs, placed.number // PARTS_OF_A_GROUP)
        records = sorted_records(of_group.filter(pc.equal(of_group["key"], placed.number)))
    return Desk(placed.number, records, partial(_batches, placed), *folders, placed.origin)


def _no_batches(columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    raise AssertionError(f"a round over partitions has no documents, so no {columns}")


def _batches(placed: PlacedPart, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    part = placed.load([name for name in columns if name not in _PLACE])
    count = len(part.rows)
    with_place = part.with_columns(
        pa.table(
            {
                "part": pa.array(np.full(count, placed.number, np.int32)),
                "row": pa.array(part.rows, pa.int32()),
                "source_rank": pa.array(np.full(count, placed.source_rank, np.int32)),
            }
        )
    )
    return with_place.batches(list(dict.fromkeys([*columns, *_PLACE])))


def run_collect(task: CollectTask) -> dict[str, dict[str, Any]]:
    """Write the verdicts of a group of parts, and their texts where they are edited; gives each part's entry, as JSON."""
    decisions = sorted_records(gather(task.inputs, task.group), ["part", "row"])
    results = {}
    for placed in task.parts:
        own = decisions.filter(pc.equal(decisions["part"], placed.number))
        verdicts = _as_verdicts(task.step.stages[0], own.filter(pc.not_equal(own["drop"], "")))
        stage = barrier_of(task.step.stages[0])
        info, before = placed.info, placed.before
        came_in = len(alive_rows(info, before))
        write_parquet(verdicts_path(task.step, info.name), verdicts)
        kept = alive_rows(info, (*before, task.step))
        books = entry(task.step.stages[0].use, came_in, len(kept), verdicts)
        if stage.defaults:
            write_parquet(columns_path(task.step, info.name), _added(stage, own, kept))
        if stage.edits_text:
            books = replace(books, cut_bytes=_write_texts(task.step, placed, kept, own))
        results[info.name] = books.to_json()
    return results


def _added(stage: Barrier, decisions: pa.Table, kept: NDArray[np.int32]) -> pa.Table:
    """The columns that a deciding stage adds, for the rows `kept` of a part."""
    given = aligned(decisions, kept)
    fields = _added_fields(stage)
    values = [pc.fill_null(given[field.name], stage.defaults[field.name]) for field in fields]
    rows = pa.field("row", pa.int32(), nullable=False)
    return pa.table([pa.array(kept, pa.int32()), *values], schema=pa.schema([rows, *fields]))


def _write_texts(step: Step, placed: PlacedPart, kept: NDArray[np.int32], revisions: pa.Table) -> int:
    """Write the texts of the rows `kept` of a part without the spans cut, and these beside them; gives the bytes cut."""
    part = load_part(placed.info, placed.before, ["text", "content_hash"])
    part = part.keeping(np.isin(part.rows, kept)).live()
    edits = aligned(revisions, part.rows)["edits"]
    _, columns, cut_bytes = edited(part, edits)
    write_parquet(columns_path(step, placed.info.name), columns.append_column(OWNED_EDITS_FIELD, edits))
    return cut_bytes


def _as_verdicts(named: NamedStage, decisions: pa.Table) -> pa.Table:
    stages = pa.array([named.use] * decisions.num_rows, pa.string())
    return pa.table([stages if name == "stage" else decisions[name] for name in VERDICTS.names], schema=VERDICTS)


def run_finish(task: FinishTask) -> None:
    """Let the stage write its artefacts from the reduced records, in the order of their keys."""
    tables = (gather([path], 0) for path in task.inputs)
    with translated_os_errors(task.step.folder):
        barrier_of(task.step.stages[0]).finish(tables, task.step.folder)


def run_barrier(
    plan: Plan, step: Step, parts: Sequence[PartInfo], executor: Executor, progress: Progress
) -> dict[str, list[Entry]]:
    """Round after round, then finish; the books of a deciding barrier by source, none for one that makes an artefact."""
    stage = barrier_of(step.stages[0])
    earlier = _placed_earlier(step)
    compared = [*(each.info for each in earlier), *parts]
    size = stage.record_bytes(sum(part.rows for part in compared), sum(part.text_bytes for part in compared))
    layout = _Layout(step, (*earlier, *_placed(plan, step, parts, len(earlier))), num_partitions(size))
    paths: tuple[Path, ...] = ()
    with progress.running([step], sum(layout.num_tasks(index) for index in range(len(layout.rounds)))) as tick:
        for index in range(len(layout.rounds)):
            tasks = layout.tasks(index, paths)
            for _ in executor.map(run_round, tasks, tick):
                pass
            paths = tuple(task.path for task in tasks)
        if stage.provides:
            list(executor.map(run_finish, [FinishTask(step, paths)]))
            return {}
        return _collect(step, layout.placed, paths, executor)


def _placed(plan: Plan, step: Step, parts: Sequence[PartInfo], first: int) -> tuple[PlacedPart, ...]:
    ranks = {name: rank for rank, name in enumerate(plan.chains)}
    groups = {chain.name: chain.group for chain in plan.recipe.sources}
    return tuple(
        PlacedPart(
            part, number, ranks[part.source], PartOrigin(part.name, part.source, groups[part.source]),
            plan.before(part.source, step),
        )
        for number, part in enumerate(parts, first)
    )  # fmt: skip


def _placed_earlier(step: Step) -> tuple[PlacedPart, ...]:
    """Parts of the builds that the stage compares with: those of the build named first have the lowest ranks."""
    found = earlier_parts(barrier_of(step.stages[0]).earlier(), step.name)
    ranks = {key: rank for rank, key in enumerate(dict.fromkeys(each.source for each in found))}
    return tuple(
        PlacedPart(each.info, number, ranks[each.source] - len(ranks), each.origin, earlier=each)
        for number, each in enumerate(found)
    )


class _Layout:
    """The tasks of a barrier, round by round."""

    def __init__(self, step: Step, placed: tuple[PlacedPart, ...], num_partitions: int) -> None:
        self.placed = placed
        self.rounds = barrier_of(step.stages[0]).rounds()
        self._step, self._num_partitions = step, num_partitions
        self._num_groups = len(placed) // PARTS_OF_A_GROUP + 1

    def num_tasks(self, index: int) -> int:
        """How many tasks a round has."""
        return {"parts": len(self.placed), "partitions": self._num_partitions, "one": 1}[self.rounds[index].over]

    def tasks(self, index: int, inputs: tuple[Path, ...]) -> list[RoundTask]:
        """The tasks of a round, which read what the round before wrote."""
        named, routing, name = self._step.stages[0], self._routing(index), self.rounds[index].name
        folder = self._step.folder
        scratch = folder / "scratch"
        if self.rounds[index].over == "parts":
            return [
                RoundTask(named, index, each.number, each, inputs, routing, folder, scratch / f"{each.label}.{name}")
                for each in self.placed
            ]
        return [
            RoundTask(named, index, number, None, inputs, routing, folder, scratch / f"{number:05d}.{name}")
            for number in range(self.num_tasks(index))
        ]

    def _routing(self, index: int) -> Routing:
        """Where what a round gives goes: to the next one, or back to the parts as decisions, or to `finish`."""
        if index + 1 < len(self.rounds):
            over: str = self.rounds[index + 1].over
        else:
            stage = barrier_of(self._step.stages[0])
            over = "one" if stage.provides else "revisions" if stage.edits_text else "decisions"
        counts = {"partitions": self._num_partitions, "one": 1, "revisions": 1}
        return Routing(over, counts.get(over, self._num_groups))


def _collect_tasks(step: Step, placed: Sequence[PlacedPart], decided: tuple[Path, ...]) -> list[CollectTask]:
    """One for each part where texts are edited, else for each group of parts; nothing is said of parts of earlier builds."""
    if barrier_of(step.stages[0]).edits_text:
        return [CollectTask(step, (path,), 0, (each,)) for each, path in zip(placed, decided, strict=True)]
    groups: dict[int, list[PlacedPart]] = {}
    for each in (each for each in placed if each.earlier is None):
        groups.setdefault(each.number // PARTS_OF_A_GROUP, []).append(each)
    return [CollectTask(step, decided, group, tuple(some)) for group, some in groups.items()]


def _collect(step: Step, placed: Sequence[PlacedPart], decided: tuple[Path, ...], executor: Executor) -> dict[str, list[Entry]]:
    tasks = _collect_tasks(step, placed, decided)
    source_of_part = {each.info.name: each.info.source for each in placed if each.earlier is None}
    entries: dict[str, list[Entry]] = {}
    for results in executor.map(run_collect, tasks):
        for name, books in results.items():
            entries.setdefault(source_of_part[name], []).append(Entry.from_json(books))
    return {source: [total(books)] for source, books in entries.items()}


def barrier_facts(step: Step) -> dict[str, Any]:
    """What the step's report says beside its books: facts of the stage, and the builds that it compared with."""
    stage = barrier_of(step.stages[0])
    against = [described(build) for build in stage.earlier()]
    return {**stage.facts(step.folder / "scratch"), **({"against": against} if against else {})}
