"""Reading and streaming: one task takes a shard of input, or a part, through as many steps as come before the next barrier.

Text is in memory once and every step still has a folder of its own. The file `<task>.task.json` is written last, so a task
that was cut off is done again and one that was finished is not.
"""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from corpusforge.core import DOCUMENT, MAX_TASK_BYTES, VERDICT_FIELDS, Filter, Shard, Transform
from corpusforge.engine.apply import Outcome, apply_filter, apply_transform, columns_of_rules, isolated, transform_work
from corpusforge.engine.ledger import Entry, entry, total
from corpusforge.engine.parts import VERDICTS, Part, PartInfo, columns_path, load_part, signals_path, verdicts_path
from corpusforge.engine.plan import Step, source_of
from corpusforge.engine.store import read_json, read_parquet, write_json, write_parquet
from corpusforge.errors import BadShard
from corpusforge.recipe.model import NamedStage
from corpusforge.text.hashing import content_hashes, document_ids

_VERDICT_NAMES = [field.name for field in VERDICT_FIELDS]


@dataclass(frozen=True)
class ReadTask:
    """A shard of a source, the step that reads it and the steps that follow in the same pass."""

    name: str
    source: str
    license: str
    lang: str
    keep_going: bool
    shard: Shard
    steps: tuple[Step, ...]


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
    parts = []
    reader = _Reader(task)
    for number, pieces in enumerate(reader.parts()):
        parts.append(_finish_part(task, f"{task.name}-{number:04d}", pieces))
    report = {"name": task.name, "source": task.source, "parts": parts, "bad_shards": reader.bad_shards}
    write_json(done, report)
    return report


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
    """The file of a finished task; None when it is missing, or was written by a pass of other steps."""
    if not done.exists():
        return None
    report: dict[str, Any] = read_json(done)
    wanted = {step.fingerprint for step in steps}
    return report if all(wanted <= set(part["entries"]) for part in report["parts"]) else None


def needed_columns(steps: tuple[Step, ...], measured: AbstractSet[str] = frozenset()) -> list[str]:
    """Columns that a pass must load: read by its stages and not added by one before; stored signals need no text."""
    needed: dict[str, None] = {}
    added: set[str] = set()
    for step in steps:
        stage = step.stages[0].stage
        extra = columns_of_rules(stage) if isinstance(stage, Filter) else []
        reads = () if step.fingerprint in measured else stage.reads
        needed |= dict.fromkeys(name for name in (*reads, *extra) if name not in added)
        added |= set(stage.adds)
    return list(needed)


def _run_steps(steps: tuple[Step, ...], part: Part) -> dict[str, list[Entry]]:
    """Write each step's files for the part; step fingerprint -> entries."""
    entries: dict[str, list[Entry]] = {}
    for step in steps:
        outcome = _outcome(step, part)
        if outcome.added is not None:
            path = columns_path(step, part.info.name) if step.signals is None else signals_path(step, part.info.name)
            write_parquet(path, outcome.added)
        write_parquet(verdicts_path(step, part.info.name), outcome.verdicts)
        entries[step.fingerprint] = [outcome.entry]
        part = outcome.part
    return entries


def _outcome(step: Step, part: Part) -> Outcome:
    if step.signals is None:
        return apply_transform(step.stages[0], part, {**step.artifacts, **_own_artifacts(step)})
    path = signals_path(step, part.info.name)
    return apply_filter(step.stages[0], part, read_parquet(path) if path.exists() else None)


def _own_artifacts(step: Step) -> dict[str, Any]:
    return {name: step.folder / name for name in step.stages[0].stage.provides}


def _part_report(info: PartInfo, entries: dict[str, list[Entry]]) -> dict[str, Any]:
    return {
        "name": info.name, "source": info.source, "rows": info.rows, "text_bytes": info.text_bytes,
        "entries": {fingerprint: [each.to_json() for each in some] for fingerprint, some in entries.items()},
    }  # fmt: skip


@dataclass(frozen=True)
class _Pieces:
    """Rows read so far: documents, verdicts on them (row numbers from 0), and the books of the read step's stages."""

    documents: pa.Table
    verdicts: pa.Table
    entries: list[Entry]


def _finish_part(task: ReadTask, name: str, pieces: _Pieces) -> dict[str, Any]:
    read, *following = task.steps
    documents = pieces.documents
    info = PartInfo(name, task.source, documents.num_rows, pc.sum(documents["num_bytes"]).as_py() or 0)
    write_parquet(columns_path(read, name), documents)
    write_parquet(verdicts_path(read, name), pieces.verdicts)
    alive = np.ones(info.rows, np.bool_)
    alive[pieces.verdicts["row"].to_numpy()] = False
    part = Part(info, np.arange(info.rows, dtype=np.int32), alive, documents).live()
    return _part_report(info, {read.fingerprint: pieces.entries, **_run_steps(tuple(following), part)})


class _Reader:
    """Gathers what a source gives into parts of about MAX_TASK_BYTES of text."""

    def __init__(self, task: ReadTask) -> None:
        self._task = task
        self.bad_shards: list[dict[str, Any]] = []

    def parts(self) -> Iterator[_Pieces]:
        pieces: list[_Pieces] = []
        text_bytes = rows = 0
        for batch in self._batches():
            pieces.append(_documents(self._task, batch, rows))
            rows += batch.num_rows
            text_bytes += pc.sum(pieces[-1].documents["num_bytes"]).as_py() or 0
            if text_bytes >= MAX_TASK_BYTES:
                yield _joined(pieces)
                pieces, text_bytes, rows = [], 0, 0
        if pieces:
            yield _joined(pieces)

    def _batches(self) -> Iterator[pa.RecordBatch]:
        try:
            yield from (batch for batch in source_of(self._task.steps[0]).read(self._task.shard) if batch.num_rows)
        except BadShard as error:
            if not self._task.keep_going:
                raise
            relative = {each.file.path: each.file.relative for each in self._task.shard.ranges}
            name = relative.get(error.path, error.path.rpartition("/")[2])
            self.bad_shards.append({"path": name, "offset": error.offset, "what": error.what})


def _joined(pieces: list[_Pieces]) -> _Pieces:
    documents = pa.concat_tables([each.documents for each in pieces])
    verdicts = pa.concat_tables([each.verdicts for each in pieces])
    return _Pieces(documents, verdicts, [total(same) for same in zip(*(each.entries for each in pieces), strict=True)])


def _documents(task: ReadTask, batch: pa.RecordBatch, first_row: int) -> _Pieces:
    """Rows of a source as documents: read, extracted, named, hashed."""
    use, *extractors = task.steps[0].stages
    rows = np.arange(first_row, first_row + batch.num_rows, dtype=np.int32)
    table = pa.Table.from_batches([batch])
    verdict = pa.table({name: table[name] for name in _VERDICT_NAMES})
    stages = np.full(batch.num_rows, use.use, object)
    entries = [_entry(use, batch.num_rows, verdict)]
    for named in extractors:
        table, verdict, stages, books = _extract(named, table, verdict, stages)
        entries.append(books)
    dropped = pc.not_equal(verdict["drop"], "")
    columns = {"row": pa.array(rows), "stage": pa.array(stages, pa.string()), **{n: verdict[n] for n in _VERDICT_NAMES},
               "witness": pa.nulls(len(rows), pa.binary(16))}  # fmt: skip
    return _Pieces(_as_documents(task, table), pa.table(columns, schema=VERDICTS).filter(dropped), entries)


def _entry(named: NamedStage, came_in: int, verdict: pa.Table) -> Entry:
    kept = came_in - (pc.sum(pc.not_equal(verdict["drop"], "")).as_py() or 0)
    return entry(named.use, came_in, kept, verdict)


def _extract(
    named: NamedStage, table: pa.Table, verdict: pa.Table, stages: np.ndarray
) -> tuple[pa.Table, pa.Table, np.ndarray, Entry]:
    """Run a stage of the read step on the rows that are still alive; what it gives the others is empty."""
    assert isinstance(named.stage, Transform)
    alive = np.flatnonzero(pc.equal(verdict["drop"], "").to_numpy())
    live = table.take(pa.array(alive)).select(list(named.stage.reads)).combine_chunks()
    batch = live.to_batches()[0] if live.num_rows else pa.RecordBatch.from_pylist([], schema=live.schema)
    given = pa.Table.from_batches([isolated(transform_work(named.stage, {}), batch)])
    books = _entry(named, len(alive), given.select(_VERDICT_NAMES))
    back = np.full(table.num_rows, -1)
    back[alive] = np.arange(len(alive))
    places = pa.array(np.maximum(back, 0), mask=back < 0)
    for name in named.stage.adds:
        column = _filled(given[name].take(places))
        index = table.schema.get_field_index(name)
        table = table.append_column(name, column) if index < 0 else table.set_column(index, name, column)
    newly = np.zeros(table.num_rows, np.bool_)
    newly[alive] = True
    verdict = pa.table({name: pc.if_else(pa.array(newly), given[name].take(places), verdict[name]) for name in _VERDICT_NAMES})
    stages = np.where(newly, named.use, stages)
    return table, verdict, stages, books


def _filled(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.fill_null(column, "") if pa.types.is_large_string(column.type) else column


def _as_documents(task: ReadTask, table: pa.Table) -> pa.Table:
    texts = table["text"].combine_chunks()
    given = {name: table[name] for name in ("origin", "url", "date", "meta")}
    columns = {
        **given,
        "id": document_ids(task.source, table["key"]),
        "content_hash": content_hashes(texts),
        "source": pa.array([task.source] * table.num_rows, pa.string()),
        "lang": pc.if_else(pc.equal(table["lang"], ""), task.lang, table["lang"]),
        "license": pc.if_else(pc.equal(table["license"], ""), task.license, table["license"]),
        "num_bytes": pc.cast(pc.binary_length(texts), pa.int64()),
        "text": texts,
    }
    return pa.table([columns[name] for name in DOCUMENT.names], schema=DOCUMENT)
