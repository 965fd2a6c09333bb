"""Rows of documents on their way to Arrow: what a source says of one, and batches that are bounded by bytes and rows."""

from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from corpusforge.core import MAX_BATCH_BYTES, Batches
from corpusforge.errors import BadShard

MAX_BATCH_ROWS = 16_384

# Bytes that a row takes in Arrow beside its strings: offsets of up to 10 of them, two floats, bits.
ROW_BYTES = 72


class Verdict(NamedTuple):
    """Why a row is rejected, with the value and the threshold it was held against; `drop` is "" for a kept row."""

    drop: str = ""
    value: float | None = None
    threshold: float | None = None
    message: str = ""


KEPT = Verdict()


class About(NamedTuple):
    """What a source says of a document beside its text; see ABOUT_FIELDS."""

    key: str
    origin: str
    url: str = ""
    lang: str = ""
    license: str = ""
    date: str = ""
    meta: str = "{}"


class Row(NamedTuple):
    """One document: `content` is (text,) for TEXT_ROWS and (raw, mime) for RAW_ROWS."""

    about: About
    content: tuple[str | bytes, ...]
    verdict: Verdict = KEPT


def gather(
    rows: Iterable[Row], schema: pa.Schema, *, max_bytes: int = MAX_BATCH_BYTES, max_rows: int = MAX_BATCH_ROWS
) -> Batches:
    """Batches of at most `max_bytes` and `max_rows`; a row that is larger alone makes a batch of its own.

    Where `rows` raises BadShard, what came before it is given first.
    """
    held: list[Row] = []
    held_bytes = 0
    try:
        for row in rows:
            size_bytes = _size_bytes(row)
            if held and (held_bytes + size_bytes > max_bytes or len(held) == max_rows):
                yield _batch(held, schema)
                held, held_bytes = [], 0
            held.append(row)
            held_bytes += size_bytes
    except BadShard:
        if held:
            yield _batch(held, schema)
        raise
    if held:
        yield _batch(held, schema)


def _size_bytes(row: Row) -> int:
    values = (*row.about, *row.content, row.verdict.drop, row.verdict.message)
    return ROW_BYTES + sum(map(_length, values))


def _length(value: str | bytes) -> int:
    # isascii() is a flag of the string: Latin text is not encoded just to be measured
    return len(value) if isinstance(value, bytes) or value.isascii() else len(value.encode())


def _batch(rows: list[Row], schema: pa.Schema) -> pa.RecordBatch:
    flat = ((*about, *content, verdict.drop, False, *verdict[1:]) for about, content, verdict in rows)
    columns = zip(*flat, strict=True)
    arrays = [_array(column, field.type) for column, field in zip(columns, schema, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _array(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    if not pa.types.is_large_binary(kind):
        return pa.array(values, kind)
    # pa.array would copy megabytes again each time that its buffer grows, and to join them takes fresh pages of the system
    ends = np.fromiter(accumulate(map(len, values), initial=0), np.int64, len(values) + 1)
    content = pa.allocate_buffer(int(ends[-1]))
    view = memoryview(content).cast("B")
    for begin, end, value in zip(ends[:-1].tolist(), ends[1:].tolist(), values, strict=True):
        view[begin:end] = value
    return pa.Array.from_buffers(kind, len(values), [None, pa.py_buffer(ends), content])
