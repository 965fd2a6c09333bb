"""Lineage of a shard: which document, and which bytes of its text, each run of tokens comes from.

Megatron's .idx has no room for it, so it lies beside the shard as <prefix>.docs.parquet. Row groups have a fixed number of
rows, whatever the tables they come in, so that the file's bytes depend on the shard's content alone (and on the version of
pyarrow). Pages carry checksums: `trace` may read one row group and still notice damage.
"""

import os
from pathlib import Path
from types import TracebackType

import pyarrow as pa
import pyarrow.parquet as pq

ABOUT = ("source", "origin", "url", "license")

# One row per segment, ordered by (sequence, start). start and length count tokens, BOS and EOD included; text_begin and
# text_end are UTF-8 byte positions in the document's stored text.
LINEAGE = pa.schema(
    [
        pa.field("sequence", pa.int64(), nullable=False),
        pa.field("start", pa.int32(), nullable=False),
        pa.field("length", pa.int32(), nullable=False),
        pa.field("document", pa.binary(16), nullable=False),
        pa.field("piece", pa.int32(), nullable=False),
        pa.field("text_begin", pa.int64(), nullable=False),
        pa.field("text_end", pa.int64(), nullable=False),
        *(pa.field(name, pa.string(), nullable=False) for name in ABOUT),
    ]
)

ROW_GROUP = 65_536


class LineageWriter:
    """Writes tables of LINEAGE rows to `path` in row groups of ROW_GROUP, one group in memory; fsyncs when left."""

    def __init__(self, path: Path) -> None:
        self._pending: list[pa.Table] = []
        self._num_pending = 0
        self._file = path.open("wb")
        self._writer = pq.ParquetWriter(
            self._file, LINEAGE, compression="zstd", compression_level=3, use_dictionary=list(ABOUT), write_page_checksum=True
        )

    def __enter__(self) -> "LineageWriter":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        with self._file:
            if kind is None and self._num_pending:
                self._write(self._num_pending)
            self._writer.close()
            self._file.flush()
            os.fsync(self._file.fileno())

    def append(self, rows: pa.Table) -> None:
        """Add rows with the columns of LINEAGE, in order."""
        self._pending.append(rows)
        self._num_pending += rows.num_rows
        whole_groups = self._num_pending // ROW_GROUP * ROW_GROUP
        if whole_groups:
            self._write(whole_groups)

    def _write(self, num_rows: int) -> None:
        rows = pa.concat_tables(self._pending)
        for begin in range(0, num_rows, ROW_GROUP):
            # Pages end where chunks end, so a group must be one chunk to give the same bytes each time.
            group = rows.slice(begin, min(ROW_GROUP, num_rows - begin)).combine_chunks()
            self._writer.write_table(group, row_group_size=ROW_GROUP)
        self._pending = [rows.slice(num_rows)]
        self._num_pending -= num_rows
