"""From a table's columns to rows: whole columns at once where the values are good, Python for the bad ones."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from corpusforge.core import TEXT_ROWS
from corpusforge.source.arrow_fields import field_array
from corpusforge.source.arrow_types import as_strings, json_type, sizes_bytes
from corpusforge.source.columns import Columns
from corpusforge.source.judge import WHITESPACE, judge_text, missing_id, too_large, undecodable
from corpusforge.source.rows import KEPT, ROW_BYTES, Verdict

# Row number -> why it is rejected.
Verdicts = dict[int, Verdict]

_ONLY_SPACE = f"^[{WHITESPACE}]*$"
_STRINGS = ("key", "origin", "url", "lang", "license", "date", "meta", "text", "message")


@dataclass(frozen=True)
class TableReader:
    """Turns batches of one file's columns into TEXT_ROWS; `meta` are the columns that are kept as they are."""

    relative: str
    columns: Columns
    meta: tuple[str, ...]
    max_bytes: int

    def rows(self, batch: pa.RecordBatch, first: int) -> pa.RecordBatch:
        """TEXT_ROWS for a batch whose first row is row `first` of the file."""
        numbers = pa.array(np.arange(first, first + batch.num_rows)).cast(pa.string())
        origins = pc.binary_join_element_wise(self.relative, numbers, ":")
        text, about_text = self._text(batch)
        keys, about_keys = self._keys(batch, origins)
        facts = [_fact(batch, fact, name) for fact, name in self.columns.facts]
        meta, about_meta = self._meta(batch)
        verdicts = about_meta
        for earlier in (*(about for _, about in reversed(facts)), about_keys, about_text):
            verdicts = verdicts | earlier
        arrays = [keys, origins, *(values for values, _ in facts), meta, text, *_verdict_columns(verdicts, batch.num_rows)]
        return pa.RecordBatch.from_arrays(arrays, schema=TEXT_ROWS)

    def _text(self, batch: pa.RecordBatch) -> tuple[pa.Array, Verdicts]:
        text, verdicts = self._whole(batch) if self.columns.takes_whole else self._column(batch)
        sizes = sizes_bytes(text)
        for row in np.flatnonzero(self._is_suspect(text, sizes)).tolist():
            if sizes[row] > self.max_bytes:
                verdicts[row] = too_large(int(sizes[row]), self.max_bytes, "text")
            elif row not in verdicts:
                verdicts[row] = judge_text(text[row].as_py(), self.columns.text, [self.columns.text])
        kept = pc.if_else(pa.array(sizes > self.max_bytes), "", text)
        return pc.fill_null(kept, ""), {row: verdict for row, verdict in verdicts.items() if verdict is not KEPT}

    def _column(self, batch: pa.RecordBatch) -> tuple[pa.Array, Verdicts]:
        text, undecoded = as_strings(field_array(batch, self.columns.text))
        return text, {row: undecodable(error, f"column {self.columns.text!r}") for row, error in undecoded.items()}

    def _whole(self, batch: pa.RecordBatch) -> tuple[pa.Array, Verdicts]:
        """Each row as a JSON object of all its columns."""
        values, verdicts = _json_columns(batch, batch.schema.names, "columns.text")
        return pa.array([orjson.dumps(record).decode() for record in _records(values)], pa.large_string()), verdicts

    def _is_suspect(self, text: pa.Array, sizes: np.ndarray) -> np.ndarray:
        """Whether a text may be rejected, bool [rows]: null, too large, only whitespace, with a NUL."""
        suspect: np.ndarray = text.is_null().to_numpy(zero_copy_only=False) | (sizes > self.max_bytes)
        suspect |= pc.fill_null(pc.match_substring_regex(text, _ONLY_SPACE), True).to_numpy(zero_copy_only=False)
        if _has_nul(text):
            suspect |= pc.fill_null(pc.match_substring(text, "\0"), True).to_numpy(zero_copy_only=False)
        return suspect

    def _keys(self, batch: pa.RecordBatch, origins: pa.Array) -> tuple[pa.Array, Verdicts]:
        name = self.columns.id
        if name is None:
            return origins, {}
        keys, undecoded = as_strings(field_array(batch, name))
        missing = sizes_bytes(keys) == 0
        verdicts = {row: missing_id(name) for row in np.flatnonzero(missing).tolist()}
        verdicts |= {row: undecodable(error, f"column {name!r}") for row, error in undecoded.items()}
        return pc.if_else(pa.array(missing), origins, keys.cast(pa.string())), verdicts

    def _meta(self, batch: pa.RecordBatch) -> tuple[pa.Array, Verdicts]:
        values, verdicts = _json_columns(batch, self.meta, "meta")
        if not values:
            return pa.array(["{}"] * batch.num_rows, pa.string()), {}
        texts = [orjson.dumps(record, option=orjson.OPT_SORT_KEYS).decode() for record in _records(values)]
        return pa.array(texts, pa.string()), verdicts


def bounded(batch: pa.RecordBatch, *, max_bytes: int, max_rows: int) -> Iterator[pa.RecordBatch]:
    """Slices of at most `max_bytes` and `max_rows`; a row that is larger alone makes a batch of its own."""
    sizes = ROW_BYTES + sum(sizes_bytes(batch.column(name)) for name in _STRINGS)
    ends = np.cumsum(sizes)
    begin = 0
    while begin < batch.num_rows:
        full = int(ends[begin - 1] if begin else 0) + max_bytes
        fitting = int(np.searchsorted(ends, full, side="right"))
        end = min(max(fitting, begin + 1), begin + max_rows)
        yield batch.slice(begin, end - begin)
        begin = end


def _fact(batch: pa.RecordBatch, fact: str, name: str) -> tuple[pa.Array, Verdicts]:
    column = field_array(batch, name) if name else None
    if column is None:
        return pa.array([""] * batch.num_rows, pa.string()), {}
    values, undecoded = as_strings(column)
    verdicts = {row: undecodable(error, f"column {name!r} (columns.{fact})") for row, error in undecoded.items()}
    return pc.fill_null(values, "").cast(pa.string()), verdicts


def _json_columns(batch: pa.RecordBatch, names: Iterable[str], setting: str) -> tuple[dict[str, list[object]], Verdicts]:
    """Values of those columns that are there, as JSON has them."""
    values, verdicts = dict[str, list[object]](), Verdicts()
    for name in names:
        column = field_array(batch, name)
        if column is not None:
            values[name], about = _json_values(column, name, setting)
            verdicts = about | verdicts
    return values, verdicts


def _records(values: dict[str, list[object]]) -> Iterator[dict[str, object]]:
    return (dict(zip(values, row, strict=True)) for row in zip(*values.values(), strict=True))


def _json_values(column: pa.Array, name: str, setting: str) -> tuple[list[object], Verdicts]:
    plain = column.cast(json_type(column.type))
    try:
        return plain.to_pylist(), {}
    except UnicodeDecodeError:
        pass  # some string is not UTF-8: look at each
    values, verdicts = list[object](), Verdicts()
    for row, value in enumerate(plain):
        try:
            values.append(value.as_py())
        except UnicodeDecodeError as error:
            values.append(None)
            verdicts[row] = undecodable(error, f"column {name!r} ({setting})")
    return values, verdicts


def _has_nul(text: pa.LargeStringArray) -> bool:
    """Whether any byte of the texts is 0; slices share a buffer, so neighbours may be seen too."""
    data = text.buffers()[2]
    return data is not None and bool((np.frombuffer(data, np.uint8) == 0).any())


def _verdict_columns(verdicts: Verdicts, count: int) -> list[pa.Array]:
    rows = [verdicts.get(row, KEPT) for row in range(count)]
    return [
        pa.array([row.drop for row in rows], pa.string()),
        pa.array([False] * count, pa.bool_()),
        pa.array([row.value for row in rows], pa.float64()),
        pa.array([row.threshold for row in rows], pa.float64()),
        pa.array([row.message for row in rows], pa.string()),
    ]
