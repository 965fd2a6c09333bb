"""Who has which line or paragraph: one record for each that a part holds, so that no part sends what all pages share twice.

A unit is the same as another where all 128 bits of its hash are, `high` and `low`. Ids are handled as two numbers each.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from corpusforge.text.units import Units


class Copies(NamedTuple):
    """All long enough units of a part: the two halves of their hashes (uint64), and which document has them (int64)."""

    high: NDArray[np.uint64]
    low: NDArray[np.uint64]
    document: NDArray[np.int64]


def id_words(ids: pa.Array) -> NDArray[np.uint64]:
    """Ids, binary(16), as two numbers each that are ordered as they are: uint64[len(ids), 2]."""
    flat = np.frombuffer(ids.buffers()[1] or b"", ">u8")[2 * ids.offset : 2 * (ids.offset + len(ids))]
    return flat.astype(np.uint64).reshape(-1, 2)


def ids_of(words: NDArray[np.uint64]) -> pa.Array:
    """The ids, binary(16), of rows of two numbers."""
    return pa.Array.from_buffers(pa.binary(16), len(words), [None, pa.py_buffer(words.astype(">u8").tobytes())])


def summed_up(copies: Copies, ids: NDArray[np.uint64], *, source_rank: int, part: int) -> pa.Table:
    """One record for each unit of a part: its hash, the first document by id that has it, and how many have it.

    `ids` are those of the part's documents; columns stand in the order by which records are to be sorted.
    """
    rank = np.empty(len(ids), np.int64)
    rank[np.lexsort((ids[:, 1], ids[:, 0]))] = np.arange(len(ids))
    order = np.lexsort((rank[copies.document], copies.low, copies.high))
    high, low, document = copies.high[order], copies.low[order], copies.document[order]
    begins = _changes([high, low])
    first = np.flatnonzero(begins)
    num_documents = np.bincount(np.cumsum(begins) - 1, weights=begins | _changes([document]), minlength=len(first))
    columns = {
        "key": high[first],
        "low": low[first],
        "source_rank": np.full(len(first), source_rank, np.int32),
        "id_high": ids[document[first], 0],
        "id_low": ids[document[first], 1],
        "part": np.full(len(first), part, np.int32),
        "num_documents": num_documents.astype(np.int64),
    }
    return pa.table(columns)


def shared(records: pa.Table, *, min_documents: int, in_source: bool) -> pa.Table:
    """The units that enough documents have, once for each part that has them: `key` is the part, with the id of the owner.

    `records` are those of `summed_up`, sorted; the owner is the document of the first one. `in_source`, each source counts for
    itself.
    """
    names = ["key", "low", *(["source_rank"] if in_source else [])]
    begins = _changes([records[name].to_numpy() for name in names])
    group = np.cumsum(begins) - 1
    num_documents = np.bincount(group, weights=records["num_documents"].to_numpy())
    chosen = np.flatnonzero(num_documents[group] >= min_documents)
    owners = np.flatnonzero(begins)[group[chosen]]
    columns = {
        "key": records["part"].to_numpy()[chosen].astype(np.uint64),
        "high": records["key"].to_numpy()[chosen],
        "low": records["low"].to_numpy()[chosen],
        "owner_high": records["id_high"].to_numpy()[owners],
        "owner_low": records["id_low"].to_numpy()[owners],
    }
    return pa.table(columns)


def found_in(records: pa.Table, units: Units) -> NDArray[np.int64]:
    """For each unit the record of `shared` that is about it, -1 where none is; the records of one part, sorted."""
    known_high, known_low = records["high"].to_numpy(), records["low"].to_numpy()
    place = np.searchsorted(known_high, units.high)
    inside = np.minimum(place, len(known_high) - 1)  # of two that have the same high half, once in 10^19, one is passed over
    return np.where((known_high[inside] == units.high) & (known_low[inside] == units.low), inside, -1)


def _changes(columns: Sequence[NDArray[np.generic]]) -> NDArray[np.bool_]:
    """Where one of the columns has another value than in the row before; true in the first row."""
    changes = np.zeros(len(columns[0]), np.bool_)
    changes[:1] = True
    for values in columns:
        changes[1:] |= values[1:] != values[:-1]
    return changes
