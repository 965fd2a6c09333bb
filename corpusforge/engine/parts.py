"""A part: the rows one task made, their columns spread over the folders of the steps that gave them.

A read step writes every row it met, rejected ones too, so a row's number never changes. Later steps write
`<part>.parquet` (columns they add, with the row numbers) and `<part>.verdicts.parquet` (rows they drop, and why); signals lie
in folders of their own. Readers put together what they need.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from corpusforge.core import DOCUMENT, MAX_BATCH_BYTES, VERDICT_FIELDS, writes_text
from corpusforge.engine.plan import Step, settles_rows
from corpusforge.engine.store import read_parquet

VERDICTS = pa.schema(
    [
        pa.field("row", pa.int32(), nullable=False),
        pa.field("stage", pa.string(), nullable=False),
        *VERDICT_FIELDS,
        pa.field("witness", pa.binary(16)),
    ]
)


# Columns that change together when a step writes text.
TEXT_COLUMNS = ("text", "content_hash", "num_bytes")


@dataclass(frozen=True)
class PartInfo:
    """A part as its read step reports it: rows counts all, text_bytes the UTF-8 bytes of all stored text."""

    name: str
    source: str
    rows: int
    text_bytes: int


@dataclass(frozen=True)
class Part:
    """A part in memory: row numbers (int32, ascending), whether each is still kept (bool), and columns for exactly those."""

    info: PartInfo
    rows: NDArray[np.int32]
    alive: NDArray[np.bool_]
    columns: pa.Table

    def live(self) -> "Part":
        """The part with only the rows that are kept."""
        if self.alive.all():
            return self
        columns = self.columns.filter(pa.array(self.alive))
        return Part(self.info, self.rows[self.alive], np.ones(columns.num_rows, np.bool_), columns)

    def keeping(self, keep: NDArray[np.bool_]) -> "Part":
        """The part in which only live rows for which `keep` (one for each row) holds are kept."""
        return Part(self.info, self.rows, self.alive & keep, self.columns)

    def with_columns(self, added: pa.Table) -> "Part":
        """The part with columns added, or replaced where they were there."""
        columns = self.columns
        for name in added.column_names:
            index = columns.schema.get_field_index(name)
            columns = (
                columns.append_column(added.schema.field(name), added[name])
                if index < 0
                else columns.set_column(index, added.schema.field(name), added[name])
            )
        return Part(self.info, self.rows, self.alive, columns)

    def batches(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Slices of the part of about MAX_BATCH_BYTES of text each; one empty batch when it has no row."""
        table = self.columns.select(list(columns)).combine_chunks()
        weights = self.columns["num_bytes"].to_numpy()
        for begin, end in _cuts(weights):
            yield _one_batch(table.slice(begin, end - begin))


def _cuts(weights: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    slots = np.cumsum(weights) // MAX_BATCH_BYTES
    bounds = [0, *(np.flatnonzero(slots[1:] != slots[:-1]) + 1).tolist(), len(weights)]
    yield from pairwise(bounds)


def _one_batch(table: pa.Table) -> pa.RecordBatch:
    batches = table.combine_chunks().to_batches()
    return batches[0] if batches else pa.RecordBatch.from_pylist([], schema=table.schema)


def columns_path(step: Step, part: str) -> Path:
    """Where a step keeps the columns it adds to a part."""
    return step.folder / f"{part}.parquet"


def verdicts_path(step: Step, part: str) -> Path:
    """Where a step keeps what it says of a part's rows."""
    return step.folder / f"{part}.verdicts.parquet"


def rejected_path(step: Step, part: str) -> Path:
    """Where a read step keeps what is left of the rows that gave no text."""
    return step.folder / "rejected" / f"{part}.parquet"


def signals_path(step: Step, part: str) -> Path:
    """Where a filter keeps what it measured on a part's rows."""
    assert step.signals is not None, step.name
    return step.signals / f"{part}.parquet"


def files_of(step: Step, part: str) -> Iterator[Path]:
    """The files that a step which reads or streams writes for a part."""
    stage = step.stages[0].stage
    yield verdicts_path(step, part)
    if step.kind == "read":
        yield rejected_path(step, part)
    if step.signals is not None:
        yield signals_path(step, part)
    if step.kind == "read" or step.signals is None or writes_text(stage):
        yield columns_path(step, part)


def load_part(info: PartInfo, before: Sequence[Step], columns: Sequence[str], whole: bool = False) -> Part:
    """Read `columns` of a part after the steps `before`, of which the first is its read step.

    Gives the rows that are alive; the `whole` part also has those that were dropped since the rows were settled.
    """
    rows = alive_rows(info, before)
    alive = np.ones(len(rows), np.bool_)
    if whole:
        settled = max(index for index, step in enumerate(before) if settles_rows(step))
        live, rows = rows, alive_rows(info, before[: settled + 1])
        alive = np.isin(rows, live, assume_unique=True)
    wanted = dict.fromkeys(["id", "num_bytes", *columns])
    return Part(info, rows, alive, pa.table({name: _column(info, before, name, rows) for name in wanted}))


def alive_rows(info: PartInfo, before: Sequence[Step]) -> NDArray[np.int32]:
    """Numbers of the rows that no step has dropped, int32, ascending."""
    alive = np.ones(info.rows, np.bool_)
    for step in before:
        alive[read_parquet(verdicts_path(step, info.name), ["row"])["row"].to_numpy()] = False
    return np.flatnonzero(alive).astype(np.int32)


def aligned(table: pa.Table, rows: NDArray[np.int32]) -> pa.Table:
    """The rows of `table` (with a column row, ascending) for the given row numbers; null where it has none."""
    have = table["row"].to_numpy()
    places = np.searchsorted(have, rows)
    places[places == len(have)] = 0
    missing = have[places] != rows if len(have) else np.ones(len(rows), np.bool_)
    return table.take(pa.array(places, mask=missing))


def _column(info: PartInfo, before: Sequence[Step], name: str, rows: NDArray[np.int32]) -> pa.ChunkedArray:
    """One column for the given rows, from the last step that gives it."""
    for step in reversed(before[1:]):
        path = _path_of(step, info.name, name)
        if path is not None:
            return aligned(read_parquet(path, ["row", name]), rows)[name]
    assert name in DOCUMENT.names, name
    column = read_parquet(columns_path(before[0], info.name), [name])[name]
    return column if len(rows) == info.rows else column.take(pa.array(rows))


def _path_of(step: Step, part: str, name: str) -> Path | None:
    """The file in which a step gives a column, None if it does not."""
    stage = step.stages[0].stage
    if name in TEXT_COLUMNS and writes_text(stage):
        return columns_path(step, part)
    if name not in stage.adds:
        return None
    return columns_path(step, part) if step.signals is None else signals_path(step, part)
