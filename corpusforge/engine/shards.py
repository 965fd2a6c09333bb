"""Runs the Sink: every document goes to the shard that hash(seed, id) says, in the order of that hash.

map     one spill file per part, partitioned by (group, shard, slice of the shard)
reduce  one task per shard reads its slices one after another, so a shard may be larger than memory
"""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from corpusforge.core import MAX_TASK_BYTES, Sink
from corpusforge.engine.exchange import gather, sorted_records, spill
from corpusforge.engine.executor import Executor
from corpusforge.engine.parts import PartInfo, load_part
from corpusforge.engine.plan import Plan, Step
from corpusforge.engine.progress import Progress
from corpusforge.engine.store import file_digest, read_json, sync, write_json
from corpusforge.errors import translated_os_errors
from corpusforge.text.hashing import range_of, shard_keys

# Lineage that every sink gets beside what it reads.
LINEAGE_COLUMNS = ("id", "num_bytes", "source", "origin", "url", "license")


@dataclass(frozen=True)
class SpillTask:
    """A part whose documents go to the shards of its group: partitions first_partition .. + shards * slices."""

    info: PartInfo
    before: tuple[Step, ...]
    sink: Sink
    seed: int
    first_partition: int
    slices: int
    partitions: int
    path: Path

    @property
    def name(self) -> str:
        """What people call it."""
        return self.info.name


@dataclass(frozen=True)
class ShardTask:
    """One shard: its name (group-00000), and the partitions it is made of."""

    name: str
    group: str
    step: Step
    inputs: tuple[Path, ...]
    partitions: tuple[int, ...]


def run_spill(task: SpillTask) -> None:
    """Spill a part's documents by place in the shards; a file that exists is kept."""
    if not task.path.exists():
        columns = _columns(task.sink, task.before)
        part = load_part(task.info, task.before, columns)
        keys = shard_keys(task.seed, part.columns["id"])
        places = task.first_partition + range_of(keys, task.sink.num_shards * task.slices)
        records = part.columns.select(columns).add_column(0, "key", pa.array(keys))
        spill(task.path, records, places, task.partitions)


def _columns(sink: Sink, before: Sequence[Step]) -> list[str]:
    """What a sink gets: lineage, what it needs, and what it takes where a step gives it."""
    given = {name for step in before for named in step.stages for name in named.stage.adds}
    needed = (name for name in sink.required() if name not in sink.needs)
    return list(dict.fromkeys([*LINEAGE_COLUMNS, *needed, *(name for name in sink.takes if name in given)]))


def run_shard(task: ShardTask) -> dict[str, Any]:
    """Write one shard in the step's folder; gives facts and digests for the manifest. A finished shard is kept."""
    done = task.step.folder / f"{task.name}.shard.json"
    if done.exists():
        report: dict[str, Any] = read_json(done)
        return report
    scratch = task.step.folder / f"{task.name}.scratch"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    sink = task.step.stages[0].stage
    assert isinstance(sink, Sink)
    with translated_os_errors(scratch / task.name):
        facts = sink.write(_rows(task), scratch / task.name, task.step.artifacts)
    files = {
        path.name.removeprefix(task.name): {"size_bytes": path.stat().st_size, "sha256": file_digest(path)}
        for path in sorted(scratch.iterdir())
    }
    for path in sorted(scratch.iterdir()):
        sync(path)
        path.replace(task.step.folder / path.name)
    scratch.rmdir()
    sync(task.step.folder)
    report = {"name": task.name, "group": task.group, "files": files, **facts}
    write_json(done, report)
    return report


def _rows(task: ShardTask) -> Iterator[pa.Table]:
    for partition in task.partitions:
        records = gather(task.inputs, partition)
        if records.num_rows:
            yield sorted_records(records, ["key", "id"]).drop_columns(["key"])


def run_sink(plan: Plan, step: Step, parts: Sequence[PartInfo], executor: Executor, progress: Progress) -> list[dict[str, Any]]:
    """Spill every part, write every shard; what the manifest says of each shard that holds anything."""
    sink = step.stages[0].stage
    assert isinstance(sink, Sink)
    group_of = {chain.name: chain.group for chain in plan.recipe.sources}
    groups = sorted(set(group_of.values()))
    slices = slices_per_shard(sum(each.text_bytes for each in parts), sink.num_shards, MAX_TASK_BYTES // 2)
    per_group = sink.num_shards * slices
    spills = [
        SpillTask(
            part, plan.before(part.source, step), sink, plan.recipe.seed, groups.index(group_of[part.source]) * per_group,
            slices, len(groups) * per_group, step.folder / "scratch" / f"{part.name}.spill",
        )
        for part in parts
    ]  # fmt: skip
    with progress.running([step], len(spills) + len(groups) * sink.num_shards) as tick:
        for _ in executor.map(run_spill, spills, tick):
            pass
        spilled = tuple(task.path for task in spills)
        tasks = [
            ShardTask(f"{group}-{index:05d}", group, step, spilled, tuple(range(first, first + slices)))
            for place, group in enumerate(groups)
            for index, first in enumerate(range(place * per_group, (place + 1) * per_group, slices))
        ]
        written = list(executor.map(run_shard, tasks, tick))
    return [report for report in written if report["files"]]


def slices_per_shard(total_bytes: int, num_shards: int, max_bytes: int) -> int:
    """Slices so that each of them holds about max_bytes of records."""
    return max(1, -(-total_bytes // (num_shards * max_bytes)))
