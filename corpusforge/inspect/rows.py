"""Some rows of a file of a part: read by their numbers, and no more of the file than holds them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray


def take_rows(file: pq.ParquetFile, rows: Sequence[int], columns: Sequence[str]) -> pa.Table:
    """Rows of a file in the order given, reading only the row groups that hold them."""
    wanted = np.asarray(rows, np.int64)
    sizes = [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)]
    starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    groups = np.unique(np.searchsorted(starts, wanted, side="right") - 1).tolist()
    table = file.read_row_groups(groups, columns=list(columns), use_threads=False)
    held = np.concatenate([np.empty(0, np.int64), *(np.arange(starts[group], starts[group + 1]) for group in groups)])
    return table.take(pa.array(np.searchsorted(held, wanted)))


def values_of(file: pq.ParquetFile, name: str, asked: Mapping[int, Sequence[int]]) -> dict[int, list[Any]]:
    """A column of a file for several lists of row numbers; without the lists of which it does not have every row."""
    if name not in file.schema_arrow.names:
        return {}
    bounds = np.cumsum([len(rows) for rows in asked.values()])[:-1]
    places = np.split(places_of(file, [row for rows in asked.values() for row in rows]), bounds)
    whole = {number: some for number, some in zip(asked, places, strict=True) if (some >= 0).all()}
    held = np.unique(np.concatenate([np.empty(0, np.int64), *whole.values()])).tolist()
    values = dict(zip(held, take_rows(file, held, [name])[name].to_pylist(), strict=True)) if held else {}
    return {number: [values[place] for place in some.tolist()] for number, some in whole.items()}


def places_of(file: pq.ParquetFile, rows: Sequence[int]) -> NDArray[np.int64]:
    """Position of each row number in a file: by its column row where there is one; -1 where it has none."""
    wanted = np.asarray(rows, np.int64)
    if "row" not in file.schema_arrow.names:
        return wanted
    have = file.read(columns=["row"], use_threads=False)["row"].to_numpy()
    places = np.searchsorted(have, wanted)
    inside = np.minimum(places, max(0, len(have) - 1))
    known = have[inside] == wanted if len(have) else np.zeros(len(wanted), np.bool_)
    return np.where(known, inside, -1)
