"""Reading and streaming: one task takes a shard of input, or a part, through as many steps as come before the next barrier.

Text is in memory once and every step still has a folder of its own. The file `<task>.task.json` is written last, so a task
that was cut off is done again and one that was finished is not.
"""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc

from corpusforge.core import VERDICT_FIELDS, Filter, writes_text
from corpusforge.engine.apply import Outcome, apply_filter, apply_transform, measure
from corpusforge.engine.decide import columns_of_rules
from corpusforge.engine.ledger import Entry
from corpusforge.engine.parts import (
    Part,
    PartInfo,
    columns_path,
    files_of,
    load_part,
    rejected_path,
    signals_path,
    verdicts_path,
)
from corpusforge.engine.plan import Step
from corpusforge.engine.reading import Pieces, Reader, ReadTask
from corpusforge.engine.store import read_json, read_parquet, write_json, write_parquet

_VERDICT_NAMES = [field.name for field in VERDICT_FIELDS]


@dataclass(frozen=True)
class PartTask:
    """A part, the steps it has gone through and the steps of this pass."""

    info: PartInfo
    before: tuple[Step, ...]
    steps: tuple[Step, ...]

    @property
    def name(self) -> str:
        """Tasks on parts are named as the part."""
        return self.info.name


def run_read(task: ReadTask) -> dict[str, Any]:
    """Read a shard into parts and take each through the pass; gives what the task's file says."""
    done = task.steps[0].folder / f"{task.name}.task.json"
    report = finished_task(done, task.steps)
    if report is not None:
        return report
    parts = _finished_parts(task)
    reader = Reader(task, skip=sum(part["batches"] for part in parts))
    for pieces in reader.parts():
        parts.append(_finish_part(task, f"{task.name}-{len(parts):04d}", pieces))
    report = {
        "name": task.name, "source": task.source, "parts": parts, "bad_shards": reader.bad_shards,
        "no_documents": dict(sorted(reader.no_documents.items())),
    }  # fmt: skip
    write_json(done, report)
    return report


def _finished_parts(task: ReadTask) -> list[dict[str, Any]]:
    """What an earlier run of this task finished: a file that cannot be cut, such as .gz, goes on behind it by skipping."""
    parts: list[dict[str, Any]] = []
    while (report := finished_task(part_report_path(task.steps[0], f"{task.name}-{len(parts):04d}"), task.steps)) is not None:
        parts += report["parts"]
    return parts


def part_report_path(read: Step, part: str) -> Path:
    """Where a read task notes that a part and all its steps are done; removed, like task files, when the step is."""
    return read.folder / f"{part}.part.task.json"


def run_part(task: PartTask) -> dict[str, Any]:
    """Take a stored part through the pass; gives what the task's file says."""
    done = task.steps[-1].folder / f"{task.name}.task.json"
    report = finished_task(done, task.steps)
    if report is not None:
        return report
    measured = {step.fingerprint for step in task.steps if step.signals and signals_path(step, task.name).exists()}
    whole = any(step.signals and step.fingerprint not in measured for step in task.steps)
    part = load_part(task.info, task.before, needed_columns(task.steps, measured), whole)
    report = {"name": task.name, "source": task.info.source, "parts": [_part_report(task.info, _run_steps(task.steps, part))]}
    write_json(done, report)
    return report


def finished_task(done: Path, steps: tuple[Step, ...]) -> dict[str, Any] | None:
    """The file of a finished task; None when it is missing, of a pass of other steps, or of files that somebody removed."""
    if not done.exists():
        return None
    report: dict[str, Any] = read_json(done)
    wanted = {step.fingerprint for step in steps}
    covers = all(wanted <= set(part["entries"]) for part in report["parts"])
    files = (path for part in report["parts"] for step in steps for path in files_of(step, part["name"]))
    return report if covers and all(path.exists() for path in files) else None


def needed_columns(steps: tuple[Step, ...], measured: AbstractSet[str] = frozenset()) -> list[str]:
    """Columns that a pass must load: read by its stages and not added by one before; stored signals need no text."""
    needed: dict[str, None] = {}
    added: set[str] = set()
    for step in steps:
        stage = step.stages[0].stage
        extra = columns_of_rules(stage) if isinstance(stage, Filter) else []
        reads = () if step.fingerprint in measured and not writes_text(stage) else stage.reads
        kept = ("content_hash",) if isinstance(stage, Filter) and stage.edits_text else ()  # of texts that are not cut
        needed |= dict.fromkeys(name for name in (*reads, *extra, *kept) if name not in added)
        added |= set(stage.adds)
    return list(needed)


def _run_steps(steps: tuple[Step, ...], part: Part) -> dict[str, list[Entry]]:
    """Write each step's files for the part; step fingerprint -> entries."""
    entries: dict[str, list[Entry]] = {}
    for index, step in enumerate(steps):
        if step.signals is not None and not signals_path(step, part.info.name).exists():
            _measure(steps[index:], part)
        outcome = _outcome(step, part)
        if outcome.columns is not None:
            write_parquet(columns_path(step, part.info.name), outcome.columns)
        write_parquet(verdicts_path(step, part.info.name), outcome.verdicts)
        entries[step.fingerprint] = [outcome.entry]
        part = outcome.part
    return entries


def _outcome(step: Step, part: Part) -> Outcome:
    if step.signals is None:
        return apply_transform(step.stages[0], part, {**step.artifacts, **_own_artifacts(step)})
    return apply_filter(step.stages[0], part, read_parquet(signals_path(step, part.info.name)))


def _measure(steps: tuple[Step, ...], part: Part) -> None:
    """Store the signals of the first of the steps, and of those behind it that look at the same rows and texts."""
    together = [steps[0]]
    if _filter_of(steps[0]).cost == "cheap":
        for before, step in pairwise(steps):
            if step.signals is None or writes_text(before.stages[0].stage) or _filter_of(step).cost != "cheap":
                break
            if not signals_path(step, part.info.name).exists():
                together.append(step)
    else:
        part = part.live()
    unlike = {each.signals: each for each in together}  # steps that differ in thresholds alone share their signals
    measured = measure([_filter_of(each) for each in unlike.values()], part)
    for step, signals in zip(unlike.values(), measured, strict=True):
        write_parquet(signals_path(step, part.info.name), signals)


def _filter_of(step: Step) -> Filter:
    stage = step.stages[0].stage
    assert isinstance(stage, Filter), step.name
    return stage


def _own_artifacts(step: Step) -> dict[str, Any]:
    return {name: step.folder / name for name in step.stages[0].stage.provides}


def _part_report(info: PartInfo, entries: dict[str, list[Entry]]) -> dict[str, Any]:
    return {
        "name": info.name, "source": info.source, "rows": info.rows, "text_bytes": info.text_bytes,
        "entries": {fingerprint: [each.to_json() for each in some] for fingerprint, some in entries.items()},
    }  # fmt: skip


def _finish_part(task: ReadTask, name: str, pieces: Pieces) -> dict[str, Any]:
    read, *following = task.steps
    documents = pieces.documents
    info = PartInfo(name, task.source, documents.num_rows, pc.sum(documents["num_bytes"]).as_py() or 0)
    write_parquet(columns_path(read, name), documents)
    write_parquet(verdicts_path(read, name), pieces.verdicts)
    write_parquet(rejected_path(read, name), pieces.rejected)
    alive = np.ones(info.rows, np.bool_)
    alive[pieces.verdicts["row"].to_numpy()] = False
    part = Part(info, np.arange(info.rows, dtype=np.int32), alive, documents).live()
    report = _part_report(info, {read.fingerprint: pieces.entries, **_run_steps(tuple(following), part)})
    report["batches"] = pieces.num_batches
    write_json(part_report_path(read, name), {"parts": [report]})
    return report
