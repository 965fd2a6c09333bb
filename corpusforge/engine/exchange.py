"""The exchange: records that belong together meet, whatever part they come from, in bounded memory.

    map     one file per task, holding one Arrow batch per partition; a partition is an equal range of the 64-bit key
    reduce  one task per partition reads that batch of every file, sorted by all columns, so arrival cannot matter

The number of partitions follows from the size of the input, so that one fits in memory; results never depend on it.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from corpusforge.core import MAX_TASK_BYTES
from corpusforge.engine.store import publish
from corpusforge.text.hashing import range_of

MAX_PARTITIONS = 4096


def num_partitions(total_bytes: int) -> int:
    """Partitions for so many bytes of records: a power of two, each of about MAX_TASK_BYTES."""
    wanted = max(1, -(-total_bytes // MAX_TASK_BYTES))
    return min(MAX_PARTITIONS, 1 << (wanted - 1).bit_length())


def partition_by_key(records: pa.Table, count: int) -> np.ndarray:
    """Partition of each record by its column `key` (uint64), int64."""
    return range_of(records["key"].to_numpy(), count)


def spill(path: Path, records: pa.Table, partitions: np.ndarray, count: int) -> None:
    """Write records as one Arrow IPC file whose batch i holds partition i, in the records' order."""
    order = np.argsort(partitions, kind="stable")
    ordered = records.take(pa.array(order)).combine_chunks()
    bounds = np.searchsorted(partitions[order], np.arange(count + 1))
    options = pa.ipc.IpcWriteOptions(compression="lz4", use_threads=False)
    with publish(path) as partial, pa.ipc.new_file(str(partial), ordered.schema, options=options) as writer:
        for begin, end in pairwise(bounds):
            batches = ordered.slice(begin, end - begin).to_batches()
            writer.write_batch(batches[0] if batches else pa.RecordBatch.from_pylist([], schema=ordered.schema))


def gather(paths: Iterable[Path], partition: int) -> pa.Table:
    """All records of a partition from spilled files, in the order of the paths."""
    batches = []
    for path in paths:
        with pa.memory_map(str(path)) as file:
            batches.append(pa.ipc.open_file(file).get_batch(partition))
    return pa.Table.from_batches(batches)


def sorted_records(records: pa.Table, columns: Sequence[str] | None = None) -> pa.Table:
    """Records sorted by the given columns in order, or by all that can be compared."""
    names = columns or [field.name for field in records.schema if not pa.types.is_nested(field.type)]
    return records.take(pc.sort_indices(records, sort_keys=[(name, "ascending") for name in names]))
