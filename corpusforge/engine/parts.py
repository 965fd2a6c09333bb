"""A part: the rows one task made, their columns spread over the folders of the steps that gave them.

A read step writes every row it met, rejected ones too, so a row's number never changes. Later steps write
`<part>.parquet` (columns they add, with the row numbers) and `<part>.verdicts.parquet` (what they say of rows), and read what
they need from the folders before them, rows still alive only.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from corpusforge.core import DOCUMENT, MAX_BATCH_BYTES, VERDICT_FIELDS, Filter
from corpusforge.engine.plan import Step
from corpusforge.engine.store import read_parquet

VERDICTS = pa.schema(
    [
        pa.field("row", pa.int32(), nullable=False),
        pa.field("stage", pa.string(), nullable=False),
        *VERDICT_FIELDS,
        pa.field("witness", pa.binary(16)),
    ]
)


@dataclass(frozen=True)
class PartInfo:
    """A part as its read step reports it: rows counts all, text_bytes the UTF-8 bytes of all stored text."""

    name: str
    source: str
    rows: int
    text_bytes: int


@dataclass(frozen=True)
class Part:
    """A part in memory: the numbers of the rows alive (int32, ascending) and columns for exactly those."""

    info: PartInfo
    rows: np.ndarray
    columns: pa.Table

    def select(self, keep: np.ndarray) -> "Part":
        """The part with only the rows where `keep` (bool) holds."""
        if keep.all():
            return self
        return Part(self.info, self.rows[keep], self.columns.filter(pa.array(keep)))

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
        return Part(self.info, self.rows, columns)

    def batches(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Slices of the part of about MAX_BATCH_BYTES of text each; one empty batch when no row is alive."""
        table = self.columns.select(list(columns)).combine_chunks()
        weights = self.columns["num_bytes"].to_numpy()
        for begin, end in _cuts(weights):
            yield _one_batch(table.slice(begin, end - begin))


def _cuts(weights: np.ndarray) -> Iterator[tuple[int, int]]:
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


def load_part(info: PartInfo, before: Sequence[Step], columns: Sequence[str]) -> Part:
    """Read `columns` of the rows that are alive after the steps `before`; the first of those is the read step."""
    rows = alive_rows(info, before)
    wanted = dict.fromkeys(["id", "num_bytes", *columns])
    return Part(info, rows, pa.table({name: _column(info, before, name, rows) for name in wanted}))


def alive_rows(info: PartInfo, before: Sequence[Step]) -> np.ndarray:
    """Numbers of the rows that no step has dropped, int32, ascending."""
    alive = np.ones(info.rows, np.bool_)
    for step in before:
        verdicts = read_parquet(verdicts_path(step, info.name), ["row", "drop"])
        dropped = verdicts.filter(pc.not_equal(verdicts["drop"], ""))
        alive[dropped["row"].to_numpy()] = False
    return np.flatnonzero(alive).astype(np.int32)


def _column(info: PartInfo, before: Sequence[Step], name: str, rows: np.ndarray) -> pa.ChunkedArray:
    """One column for the given rows, from the last step that gives it."""
    for step in reversed(before[1:]):
        if name in step.stages[0].stage.adds or (name in ("content_hash", "num_bytes") and _rewrites_text(step)):
            path = verdicts_path(step, info.name) if isinstance(step.stages[0].stage, Filter) else columns_path(step, info.name)
            table = read_parquet(path, ["row", name])
            return table[name].take(pa.array(np.searchsorted(table["row"].to_numpy(), rows)))
    assert name in DOCUMENT.names, name
    column = read_parquet(columns_path(before[0], info.name), [name])[name]
    return column if len(rows) == info.rows else column.take(pa.array(rows))


def _rewrites_text(step: Step) -> bool:
    return "text" in step.stages[0].stage.adds
