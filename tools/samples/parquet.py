"""Rows of JSON Lines as a Parquet file."""

import io
import json

import pyarrow as pa
import pyarrow.parquet as pq


def as_parquet(lines: str) -> bytes:
    """The records, one a row, in the order of the lines."""
    table = pa.Table.from_pylist([json.loads(line) for line in lines.splitlines()])
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd")
    return buffer.getvalue()
