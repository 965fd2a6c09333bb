"""Runs a Barrier on the exchange: map parts, reduce partitions, then either verdicts back to their parts or an artefact."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from corpusforge.core import DECISION, Barrier
from corpusforge.engine.exchange import gather, num_partitions, partition_by_key, sorted_records, spill
from corpusforge.engine.executor import Executor
from corpusforge.engine.ledger import Entry, entry, total
from corpusforge.engine.parts import VERDICTS, Part, PartInfo, alive_rows, load_part, verdicts_path
from corpusforge.engine.plan import Plan, Step
from corpusforge.engine.progress import Progress
from corpusforge.engine.store import write_parquet
from corpusforge.errors import translated_os_errors
from corpusforge.recipe.model import NamedStage


@dataclass(frozen=True)
class MapTask:
    """A part to turn into records, in `partitions` partitions, at `path`."""

    info: PartInfo
    source_rank: int
    before: tuple[Step, ...]
    named: NamedStage
    partitions: int
    path: Path

    @property
    def name(self) -> str:
        """What people call it."""
        return f"{self.named.use}, {self.info.name}"


@dataclass(frozen=True)
class ReduceTask:
    """A partition to reduce; decisions are spilled by group of parts, `part_group` gives each part's."""

    named: NamedStage
    inputs: tuple[Path, ...]
    partition: int
    part_group: dict[str, int]
    groups: int
    path: Path

    @property
    def name(self) -> str:
        """What people call it."""
        return f"{self.named.use}, partition {self.partition}"


@dataclass(frozen=True)
class CollectTask:
    """A group of parts whose verdicts are gathered from what the reduce tasks spilled."""

    step: Step
    inputs: tuple[Path, ...]
    group: int
    parts: tuple[tuple[PartInfo, tuple[Step, ...]], ...]

    @property
    def name(self) -> str:
        """What people call it."""
        return f"{self.step.name}, group {self.group} of parts"


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


def run_map(task: MapTask) -> None:
    """Spill a part's records; a file that exists is kept."""
    if not task.path.exists():
        stage = barrier_of(task.named)
        given = {"id", "part", "row", "source_rank"}
        part = load_part(task.info, task.before, [name for name in stage.reads if name not in given])
        records = pa.Table.from_batches([stage.map(batch) for batch in _with_place(part, task.source_rank, stage)])
        spill(task.path, records, partition_by_key(records, task.partitions), task.partitions)


def _with_place(part: Part, source_rank: int, stage: Barrier) -> Iterator[pa.RecordBatch]:
    count = len(part.rows)
    placed = part.with_columns(
        pa.table(
            {
                "part": pa.array([part.info.name] * count, pa.string()),
                "row": pa.array(part.rows, pa.int32()),
                "source_rank": pa.array(np.full(count, source_rank, np.int32)),
            }
        )
    )
    return placed.batches(list(dict.fromkeys([*stage.reads, "id", "part", "row", "source_rank"])))


def run_reduce(task: ReduceTask) -> None:
    """Reduce one partition and spill what it gives; a file that exists is kept."""
    if not task.path.exists():
        stage = barrier_of(task.named)
        result = stage.reduce(sorted_records(gather(task.inputs, task.partition)))
        if stage.provides:
            spill(task.path, result, np.zeros(result.num_rows, np.int64), 1)
        else:
            assert result.schema.equals(DECISION), f"{task.named.use} gave {result.schema}"
            groups = np.array([task.part_group[name] for name in result["part"].to_pylist()], np.int64)
            spill(task.path, result, groups, task.groups)


def run_collect(task: CollectTask) -> dict[str, dict[str, Any]]:
    """Write the verdicts of a group of parts; gives each part's entry in the books, as JSON."""
    decisions = sorted_records(gather(task.inputs, task.group), ["part", "row"])
    names = np.array(decisions["part"].to_pylist(), object)
    results = {}
    for info, before in task.parts:
        verdicts = _as_verdicts(task.step.stages[0], decisions.filter(pa.array(names == info.name, pa.bool_())))
        came_in = len(alive_rows(info, before))
        write_parquet(verdicts_path(task.step, info.name), verdicts)
        kept = len(alive_rows(info, (*before, task.step)))
        results[info.name] = entry(task.step.stages[0].use, came_in, kept, verdicts).to_json()
    return results


def _as_verdicts(named: NamedStage, decisions: pa.Table) -> pa.Table:
    columns = {name: decisions[name] for name in decisions.column_names if name != "part"}
    columns["stage"] = pa.array([named.use] * decisions.num_rows, pa.string())
    return pa.table([columns[name] for name in VERDICTS.names], schema=VERDICTS)


def run_finish(task: FinishTask) -> None:
    """Let the stage write its artefacts from the reduced records, in the order of their keys."""
    tables = (gather([path], 0) for path in task.inputs)
    with translated_os_errors(task.step.folder):
        barrier_of(task.step.stages[0]).finish(tables, task.step.folder)


def run_barrier(
    plan: Plan, step: Step, parts: Sequence[PartInfo], executor: Executor, progress: Progress
) -> dict[str, list[Entry]]:
    """Map, reduce and finish; the books of a deciding barrier by source, none for one that makes an artefact."""
    named = step.stages[0]
    stage = barrier_of(named)
    scratch = step.folder / "scratch"
    size = sum(part.text_bytes for part in parts) if "text" in stage.reads else 64 * sum(part.rows for part in parts)
    count = num_partitions(size)
    ranks = {name: rank for rank, name in enumerate(plan.chains)}
    groups = group_parts(parts)
    maps = [
        MapTask(part, ranks[part.source], plan.before(part.source, step), named, count, scratch / f"{part.name}.map")
        for part in parts
    ]
    with progress.running([step], len(maps) + count) as tick:
        for _ in executor.map(run_map, maps, tick):
            pass
        spilled = tuple(task.path for task in maps)
        num_groups = max(groups.values(), default=0) + 1
        reduces = [
            ReduceTask(named, spilled, index, groups, num_groups, scratch / f"{index:05d}.reduced") for index in range(count)
        ]
        for _ in executor.map(run_reduce, reduces, tick):
            pass
        reduced = tuple(task.path for task in reduces)
        if stage.provides:
            list(executor.map(run_finish, [FinishTask(step, reduced)]))
            return {}
        return _collect(plan, step, parts, reduced, executor)


def _collect(
    plan: Plan, step: Step, parts: Sequence[PartInfo], reduced: tuple[Path, ...], executor: Executor
) -> dict[str, list[Entry]]:
    groups = group_parts(parts)
    members: dict[int, list[tuple[PartInfo, tuple[Step, ...]]]] = {}
    for part in parts:
        members.setdefault(groups[part.name], []).append((part, plan.before(part.source, step)))
    tasks = [CollectTask(step, reduced, group, tuple(some)) for group, some in members.items()]
    source_of_part = {part.name: part.source for part in parts}
    entries: dict[str, list[Entry]] = {}
    for results in executor.map(run_collect, tasks):
        for name, books in results.items():
            entries.setdefault(source_of_part[name], []).append(Entry.from_json(books))
    return {source: [total(books)] for source, books in entries.items()}


def group_parts(parts: Sequence[PartInfo], size: int = 64) -> dict[str, int]:
    """Group number of each part, `size` parts to a group."""
    return {info.name: index // size for index, info in enumerate(parts)}
