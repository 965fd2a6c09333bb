"""One document stays of each group of records that share a hash."""

import numpy as np
import pyarrow as pa

from corpusforge.core import DECISION


def decide_groups(records: pa.Table, reason: str) -> pa.Table:
    """DECISION rows that drop all but the first record of each `group`; records are sorted, their group is binary(16).

    The id of the first record is the witness; its origin, where the records have one, goes into the message.
    """
    records = records.combine_chunks()
    groups = _flat(records["group"])
    is_first = np.ones(len(groups), np.bool_)
    is_first[1:] = (groups[1:] != groups[:-1]).any(axis=1)
    leader = np.maximum.accumulate(np.where(is_first, np.arange(len(groups)), 0))
    dropped = np.flatnonzero(~is_first)
    rows, leaders = records.take(pa.array(dropped)), records.take(pa.array(leader[dropped]))
    count = len(dropped)
    messages = [""] * count
    if "origin" in records.column_names:
        messages = [f"the same as {origin}" for origin in leaders["origin"].to_pylist()]
    columns = [
        rows["part"],
        rows["row"],
        pa.array([reason] * count, pa.string()),
        pa.array(np.zeros(count, np.bool_)),
        pa.nulls(count, pa.float64()),
        pa.nulls(count, pa.float64()),
        pa.array(messages, pa.string()),
        leaders["id"],
    ]
    return pa.table(columns, schema=DECISION)


def _flat(digests: pa.ChunkedArray) -> np.ndarray:
    """Digests as uint8[n, 16]."""
    array = digests.combine_chunks() if isinstance(digests, pa.ChunkedArray) else digests
    array = array.chunk(0) if isinstance(array, pa.ChunkedArray) and array.num_chunks else array
    if len(array) == 0:
        return np.empty((0, 16), np.uint8)
    return np.frombuffer(array.buffers()[1], np.uint8)[16 * array.offset : 16 * (array.offset + len(array))].reshape(-1, 16)
