"""Reading: a shard of input becomes parts of documents with verdicts, extracted, named and hashed.

Bytes are held for one batch only. A row that gave no text stays a row, so that row numbers never change, and the beginning of
what was found goes to the rejected store.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from corpusforge.core import DOCUMENT, MAX_TASK_BYTES, NO_DOCUMENT, VERDICT_FIELDS, Shard, Transform
from corpusforge.engine.apply import isolated, transform_work
from corpusforge.engine.ledger import Entry, entry, total
from corpusforge.engine.parts import VERDICTS
from corpusforge.engine.plan import Step, source_of
from corpusforge.errors import BadShard
from corpusforge.recipe.model import NamedStage
from corpusforge.text.charsets import decode
from corpusforge.text.hashing import content_hashes, document_ids

_VERDICT_NAMES = [field.name for field in VERDICT_FIELDS]

# Characters, or bytes, of a rejected record that are kept for people to look at.
MAX_EXCERPT = 2000

REJECTED = pa.schema(
    [
        pa.field("row", pa.int32(), nullable=False),
        pa.field("id", pa.binary(16), nullable=False),
        pa.field("origin", pa.string(), nullable=False),
        pa.field("stage", pa.string(), nullable=False),
        *VERDICT_FIELDS,
        pa.field("excerpt", pa.string(), nullable=False),
    ]
)


@dataclass(frozen=True)
class ReadTask:
    """A shard of a source, the step that reads it and the steps that follow in the same pass.

    More than one shard where a `limit` counts documents from the first one on; `sample` is a share of documents, 1 for all.
    """

    name: str
    source: str
    license: str
    lang: str
    keep_going: bool
    shards: tuple[Shard, ...]
    limit: int | None
    sample: float
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Pieces:
    """Rows read so far: documents, verdicts on them (row numbers from 0), and the books of the read step's stages."""

    documents: pa.Table
    verdicts: pa.Table
    rejected: pa.Table
    entries: list[Entry]
    num_batches: int = 1


class Reader:
    """Gathers what a source gives into parts of about MAX_TASK_BYTES of text."""

    def __init__(self, task: ReadTask, skip: int = 0) -> None:
        """Leave out the first `skip` batches of the source: they are in parts that are finished."""
        self._task, self._skip = task, skip
        self.bad_shards: list[dict[str, Any]] = []
        self.no_documents: Counter[str] = Counter()

    def parts(self) -> Iterator[Pieces]:
        """The parts of the shard, in its order.

        What damage cut off is in `bad_shards` afterwards, how much of what kind was no document in `no_documents`.
        """
        pieces: list[Pieces] = []
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
        batches: Iterator[pa.RecordBatch] = (batch for shard in self._task.shards for batch in self._read(shard))
        if self._task.sample < 1:
            batches = (_sampled(self._task.source, self._task.sample, batch) for batch in batches)
        batches = (batch for batch in batches if batch.num_rows)
        if self._task.limit is not None:
            batches = _first_rows(batches, self._task.limit)
        return islice(batches, self._skip, None)

    def _read(self, shard: Shard) -> Iterator[pa.RecordBatch]:
        try:
            for batch in source_of(self._task.steps[0]).read(shard):
                yield self._documents_of(batch)
        except BadShard as error:
            if not self._task.keep_going:
                raise
            relative = {each.file.path: each.file.relative for each in shard.ranges}
            self.bad_shards += [
                {"path": relative.get(bad.path, bad.path.rpartition("/")[2]), "offset": bad.offset, "what": bad.what}
                for bad in (error, *error.others)
            ]

    def _documents_of(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The rows that stand for documents; the others are counted."""
        is_none = pc.equal(batch["drop"], NO_DOCUMENT)
        others = batch.filter(is_none)
        if not others.num_rows:
            return batch
        self.no_documents.update(others["message"].to_pylist())
        return batch.filter(pc.invert(is_none))


def _sampled(source: str, share: float, batch: pa.RecordBatch) -> pa.RecordBatch:
    """The rows whose id, as a number of 64 bits, lies in the first `share` of all numbers."""
    ids = np.frombuffer(document_ids(source, batch["key"]).buffers()[1], ">u8")[::2][: batch.num_rows]
    return batch.filter(pa.array(ids < np.uint64(min(share * 2**64, 2**64 - 1))))


def _first_rows(batches: Iterator[pa.RecordBatch], count: int) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        yield batch.slice(0, count)
        count -= batch.num_rows
        if count <= 0:
            return


def _joined(pieces: list[Pieces]) -> Pieces:
    documents = pa.concat_tables([each.documents for each in pieces])
    verdicts = pa.concat_tables([each.verdicts for each in pieces])
    rejected = pa.concat_tables([each.rejected for each in pieces])
    entries = [total(same) for same in zip(*(each.entries for each in pieces), strict=True)]
    return Pieces(documents, verdicts, rejected, entries, num_batches=len(pieces))


def _documents(task: ReadTask, batch: pa.RecordBatch, first_row: int) -> Pieces:
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
    is_dropped = pc.not_equal(verdict["drop"], "")
    documents = _as_documents(task, table, is_dropped)
    columns = {"row": pa.array(rows), "stage": pa.array(stages, pa.string()), **{n: verdict[n] for n in _VERDICT_NAMES},
               "witness": pa.nulls(len(rows), pa.binary(16))}  # fmt: skip
    verdicts = pa.table(columns, schema=VERDICTS).filter(is_dropped)
    return Pieces(documents, verdicts, _rejected(table, documents, verdicts, is_dropped), entries)


def _rejected(table: pa.Table, documents: pa.Table, verdicts: pa.Table, is_dropped: pa.ChunkedArray) -> pa.Table:
    """What is kept for people of rows that gave no text: the verdict, and the beginning of what was found."""
    lost, named = table.filter(is_dropped), documents.filter(is_dropped)
    found = pc.utf8_slice_codeunits(lost["text"], 0, MAX_EXCERPT).to_pylist()
    if "raw" in table.column_names:
        found = [decode(raw[:MAX_EXCERPT]).text for raw in lost["raw"].to_pylist()]
    columns = {name: verdicts[name] for name in ("row", "stage", *_VERDICT_NAMES)}
    columns |= {"id": named["id"], "origin": named["origin"], "excerpt": pa.array(found, pa.string())}
    return pa.table([columns[name] for name in REJECTED.names], schema=REJECTED)


def _entry(named: NamedStage, came_in: int, verdict: pa.Table) -> Entry:
    kept = came_in - (pc.sum(pc.not_equal(verdict["drop"], "")).as_py() or 0)
    return entry(named.use, came_in, kept, verdict)


def _extract(
    named: NamedStage, table: pa.Table, verdict: pa.Table, stages: np.ndarray
) -> tuple[pa.Table, pa.Table, np.ndarray, Entry]:
    """Run a stage of the read step on the rows that are still alive; what it gives the others is empty."""
    assert isinstance(named.stage, Transform)
    alive = np.flatnonzero(pc.equal(verdict["drop"], "").to_numpy())
    read = table.select(list(named.stage.reads))
    live = (read if len(alive) == len(stages) else read.take(pa.array(alive))).combine_chunks()
    batch = live.to_batches()[0] if live.num_rows else pa.RecordBatch.from_pylist([], schema=live.schema)
    given = pa.Table.from_batches([isolated(transform_work(named.stage, {}), batch)])
    books = _entry(named, len(alive), given.select(_VERDICT_NAMES))
    back = np.full(table.num_rows, -1)
    back[alive] = np.arange(len(alive))
    places = pa.array(np.maximum(back, 0), mask=back < 0)
    is_read = pc.fill_null(pc.invert(given["failed"]).take(places), False)
    for name in named.stage.adds:
        column = given[name].take(places)
        index = table.schema.get_field_index(name)
        if index < 0:
            table = table.append_column(name, _filled(column))
        else:  # a stage fills in what a source left empty; rows that it did not see or raised on stay as they are
            table = table.set_column(index, name, pc.if_else(is_read, column, table[name]))
    newly = np.zeros(table.num_rows, np.bool_)
    newly[alive] = True
    verdict = pa.table({name: pc.if_else(pa.array(newly), given[name].take(places), verdict[name]) for name in _VERDICT_NAMES})
    stages = np.where(newly, named.use, stages)
    return table, verdict, stages, books


def _filled(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.fill_null(column, "") if pa.types.is_large_string(column.type) else column


def _as_documents(task: ReadTask, table: pa.Table, is_dropped: pa.ChunkedArray) -> pa.Table:
    texts = pa.array(pc.if_else(is_dropped, "", table["text"]).combine_chunks(), pa.large_string())
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
