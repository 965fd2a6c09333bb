"""Files that are complete when they exist: written aside, synced, renamed.

Parquet and JSON are written with settings that depend on nothing but the content, so equal content is equal bytes.
"""

import fcntl
import hashlib
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from corpusforge.core import MAX_BATCH_BYTES
from corpusforge.errors import FolderInUse

# Columns with few values, worth a dictionary; for texts and token ids one costs time and saves nothing.
_DICTIONARY = ("source", "lang", "license", "drop", "message", "stage", "mime")


@contextmanager
def publish(path: Path) -> Iterator[Path]:
    """A place to write; when the block ends well, the file appears at `path` at once and whole, else not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{uuid.uuid4().hex}.partial")
    try:
        yield partial
        sync(partial)
        os.replace(partial, path)
        sync(path.parent)
    finally:
        partial.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Make what was written to a file, or renamed in a folder, survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def file_digest(path: Path) -> str:
    """sha256 of a file's content, hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_json(path: Path, value: Any) -> None:
    """Write canonical JSON: sorted keys, indented, one line feed at the end."""
    with publish(path) as partial:
        partial.write_bytes(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n")


def read_json(path: Path) -> Any:
    """Read JSON that we wrote."""
    return orjson.loads(path.read_bytes())


def write_parquet(path: Path, table: pa.Table) -> None:
    """Write a table with row groups of about 8 MB, zstd, statistics on small columns only."""
    rows = max(1, table.num_rows * MAX_BATCH_BYTES // max(1, table.nbytes))
    dictionary = [name for name in table.column_names if name in _DICTIONARY]
    with publish(path) as partial:
        pq.write_table(
            table, partial, row_group_size=rows, compression="zstd", compression_level=1,
            use_dictionary=dictionary, write_statistics=False,
        )  # fmt: skip


def read_parquet(path: Path, columns: list[str] | None = None) -> pa.Table:
    """Read columns of a file that we wrote, decoded on this thread."""
    return pq.ParquetFile(path).read(columns=columns, use_threads=False)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder for one build; raises FolderInUse when another process has it. Ends with the process, even by kill -9."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            owner = lock.read().strip() or "another process"
            raise FolderInUse(f"{folder}: {owner} is building here; wait for it, or give another --out") from None
        lock.truncate(0)
        lock.write(f"process {os.getpid()}")
        lock.flush()
        yield


def remove_partials(folder: Path) -> None:
    """Delete what killed writers left behind; call it only while the folder is locked."""
    for partial in list(folder.rglob("*.partial")):
        if partial.is_dir():
            shutil.rmtree(partial)
        else:
            partial.unlink(missing_ok=True)
