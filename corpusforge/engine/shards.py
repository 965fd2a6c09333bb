"""Runs the Sink: every document goes to the shard that hash(seed, id) says, in the order of that hash.

Some are held out first: those whose text, as it was read, has a hash below the share of their group. Nothing else decides it,
so copies stay together, and no other source, filter or seed moves a document between training and what is held out.

map     one spill file per part, partitioned by (group, shard, slice of the shard)
reduce  one task per shard reads its slices one after another, so a shard may be larger than memory
"""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from corpusforge.core import HELD_OUT, MAX_TASK_BYTES, Sink
from corpusforge.engine.exchange import gather, sorted_records, spill
from corpusforge.engine.executor import Executor
from corpusforge.engine.parts import Part, PartInfo, load_part
from corpusforge.engine.plan import Plan, Step
from corpusforge.engine.progress import Progress
from corpusforge.engine.store import file_digest, read_json, sync, write_json
from corpusforge.errors import translated_os_errors
from corpusforge.text.hashing import leading_bits, range_of, shard_keys

# Lineage that every sink gets beside what it reads.
LINEAGE_COLUMNS = ("id", "num_bytes", "source", "origin", "url", "license")


@dataclass(frozen=True)
class Places:
    """The partitions of a group: `slices` for each of its shards, then as many for the documents that are held out."""

    group: str
    first: int
    num_shards: int
    slices: int
    held_out_share: float

    @property
    def count(self) -> int:
        """Partitions in all."""
        return (self.num_shards + (self.held_out_share > 0)) * self.slices

    def of(self, keys: np.ndarray, hashes: np.ndarray) -> np.ndarray:
        """The partition of each document, from its place in the shards and the hash of its text, uint64 both."""
        places = self.first + range_of(keys, self.num_shards * self.slices)
        held_out = hashes < np.uint64(self.held_out_share * 2**64)  # a share is below 1
        places[held_out] = self.first + self.num_shards * self.slices + range_of(keys[held_out], self.slices)
        return places

    def shards(self) -> Iterator[tuple[str, bool, tuple[int, ...]]]:
        """Each shard: its name, whether it is held out, its partitions."""
        names = [f"{self.group}-{index:05d}" for index in range(self.num_shards)]
        for index, name in enumerate([*names, f"{self.group}{HELD_OUT}-00000"][: self.count // self.slices]):
            first = self.first + index * self.slices
            yield name, index == self.num_shards, tuple(range(first, first + self.slices))


@dataclass(frozen=True)
class SpillTask:
    """A part whose documents go to the shards of its group."""

    info: PartInfo
    before: tuple[Step, ...]
    sink: Sink
    seed: int
    places: Places
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
    held_out: bool
    step: Step
    inputs: tuple[Path, ...]
    partitions: tuple[int, ...]


def run_spill(task: SpillTask) -> None:
    """Spill a part's documents by place in the shards; a file that exists is kept."""
    if not task.path.exists():
        columns = list(dict.fromkeys([*LINEAGE_COLUMNS, *(n for n in task.sink.required() if n not in task.sink.needs)]))
        part = load_part(task.info, task.before, columns)
        keys = shard_keys(task.seed, part.columns["id"])
        records = part.columns.select(columns).add_column(0, "key", pa.array(keys))
        spill(task.path, records, task.places.of(keys, _hashes_as_read(task, part)), task.partitions)


def _hashes_as_read(task: SpillTask, part: Part) -> np.ndarray:
    """The first 64 bits of each document's content hash before any step changed its text."""
    read = load_part(task.info, task.before[:1], ["content_hash"])
    hashes: pa.ChunkedArray = read.columns["content_hash"].take(pa.array(np.searchsorted(read.rows, part.rows)))
    return leading_bits(hashes.combine_chunks())


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
    report = {"name": task.name, "group": task.group, "held_out": task.held_out, "files": files, **facts}
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
    places = _places(sink, sorted(set(group_of.values())), sum(each.text_bytes for each in parts))
    partitions = sum(each.count for each in places.values())
    spills = [
        SpillTask(
            part, plan.before(part.source, step), sink, plan.recipe.seed, places[group_of[part.source]], partitions,
            step.folder / "scratch" / f"{part.name}.spill",
        )
        for part in parts
    ]  # fmt: skip
    shards = [(group, *shard) for group, its in places.items() for shard in its.shards()]
    with progress.running([step], len(spills) + len(shards)) as tick:
        for _ in executor.map(run_spill, spills, tick):
            pass
        spilled = tuple(task.path for task in spills)
        tasks = [ShardTask(name, group, held_out, step, spilled, its) for group, name, held_out, its in shards]
        written = list(executor.map(run_shard, tasks, tick))
    return [report for report in written if report["files"]]


def _places(sink: Sink, groups: Sequence[str], total_bytes: int) -> dict[str, Places]:
    slices = slices_per_shard(total_bytes, sink.num_shards, MAX_TASK_BYTES // 2)
    places: dict[str, Places] = {}
    first = 0
    for group in groups:
        places[group] = Places(group, first, sink.num_shards, slices, sink.held_out_share(group))
        first += places[group].count
    return places


def slices_per_shard(total_bytes: int, num_shards: int, max_bytes: int) -> int:
    """Slices so that each of them holds about max_bytes of records."""
    return max(1, -(-total_bytes // (num_shards * max_bytes)))
