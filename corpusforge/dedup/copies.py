"""Which copies of a line or paragraph go, from the records of all documents that have it."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


def id_words(ids: pa.Array) -> NDArray[np.uint64]:
    """Ids, binary(16), as two numbers each that are ordered as they are: uint64[len(ids), 2]."""
    flat = np.frombuffer(ids.buffers()[1] or b"", ">u8")[2 * ids.offset : 2 * (ids.offset + len(ids))]
    return flat.astype(np.uint64).reshape(-1, 2)


def ids_of(words: NDArray[np.uint64]) -> pa.Array:
    """The ids, binary(16), of rows of two numbers."""
    return pa.Array.from_buffers(pa.binary(16), len(words), [None, pa.py_buffer(words.astype(">u8").tobytes())])


def copies_to_cut(records: pa.Table, *, min_documents: int, in_source: bool, keeps_first: bool) -> pa.Table:
    """Every copy that goes, keyed by its part: row, unit, and the id of the owner, `owner_high` and `owner_low`.

    Records are sorted: by hash (`key` and `low`), then source_rank, id (`id_high` and `id_low`) and unit. Units are the same
    where their hashes are, `in_source` only where their sources are too. The first document of those that share one is its
    owner, whose first copy stays where that is wanted.
    """
    begins = _changes(records, ["key", "low", *(["source_rank"] if in_source else [])])
    is_new_document = begins | _changes(records, ["id_high", "id_low"])
    first = np.flatnonzero(begins)
    group = np.cumsum(begins) - 1
    num_documents = np.bincount(group, weights=is_new_document)
    goes = num_documents[group] >= min_documents
    if keeps_first:
        goes &= ~begins
    chosen, owners = np.flatnonzero(goes), first[group[goes]]
    return pa.table(
        {
            "key": records["part"].to_numpy()[chosen].astype(np.uint64),
            "row": records["row"].to_numpy()[chosen],
            "unit": records["unit"].to_numpy()[chosen],
            "owner_high": records["id_high"].to_numpy()[owners],
            "owner_low": records["id_low"].to_numpy()[owners],
        }
    )


def _changes(records: pa.Table, names: list[str]) -> NDArray[np.bool_]:
    """Where one of the columns has another value than in the row before; true in the first row."""
    changes = np.zeros(records.num_rows, np.bool_)
    changes[:1] = True
    for name in names:
        values = records[name].to_numpy()
        changes[1:] |= values[1:] != values[:-1]
    return changes
