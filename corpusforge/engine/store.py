"""Files that are complete when they exist: written aside, synced, renamed; and the folder that belongs to one recipe.

Parquet and JSON are written with settings that depend on nothing but the content, so equal content is equal bytes. What the
operating system refuses becomes an error for a user here, where the path is known.
"""

import fcntl
import hashlib
import os
import platform
import re
import shutil
import uuid
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from corpusforge.core import MAX_BATCH_BYTES
from corpusforge.errors import FolderInUse, FolderRefused, StoreDamaged, system_error, translated_os_errors

# Columns with few values, worth a dictionary; for texts and token ids one costs time and saves nothing.
_DICTIONARY = ("source", "lang", "license", "drop", "message", "stage", "mime")

# Names that we give: of files and folders being written, and of the folders of steps.
_PARTIAL = re.compile(r".+\.[0-9a-f]{32}\.partial")
_STEP_FOLDER = re.compile(r"[0-9]{2,}-.+-[0-9a-f]{12}")

# Of a step: finished tasks and shards, and the exchange. They end with its report.
_WORKING_FILES = ("*.task.json", "*.shard.json", "scratch", "*.scratch")

_DIGEST_BLOCK_BYTES = 2**20

# Whose folder it is; written before anything else.
_OWNER = ".recipe.json"


@contextmanager
def publish(path: Path) -> Iterator[Path]:
    """A place to write; when the block ends well, the file appears at `path` at once and whole, else not at all.

    Raises DiskFull, FolderRefused or FileFailed, naming `path`, where the operating system refuses.
    """
    partial = path.with_name(f"{path.name}.{uuid.uuid4().hex}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield partial
        sync(partial)
        with _opened(path.parent) as folder:  # before the file is seen: whoever waits for it may then delete the folder
            os.replace(partial, path)
            os.fsync(folder)
    except OSError as error:
        raise system_error(error, path) from error
    finally:
        with suppress(OSError):  # the error that led here says more, and the next build removes what is left
            partial.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Make what was written to a file, or renamed in a folder, survive a power cut."""
    with _opened(path) as descriptor:
        os.fsync(descriptor)


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    """A descriptor of a file or folder."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def file_digest(path: Path) -> str:
    """sha256 of a file's content, hex; raises FileFailed or FolderRefused, with the offset, where it cannot be read."""
    position = 0
    digest = hashlib.sha256()
    try:
        with path.open("rb", buffering=0) as file:
            while block := file.read(_DIGEST_BLOCK_BYTES):
                digest.update(block)
                position += len(block)
    except OSError as error:
        raise system_error(error, f"{path} at {position}") from error
    return digest.hexdigest()


def write_json(path: Path, value: Any) -> None:
    """Write canonical JSON: sorted keys, indented, one line feed at the end."""
    with publish(path) as partial:
        partial.write_bytes(json_bytes(value))


def json_bytes(value: Any) -> bytes:
    """What `write_json` writes."""
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n"


def read_json(path: Path) -> Any:
    """Read JSON that we wrote; raises StoreDamaged where it is gone or something else."""
    with _intact(path):
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
    """Read columns of a file that we wrote, decoded on this thread; raises StoreDamaged where it is gone or damaged."""
    return StoredTable(path).read(columns)


class StoredTable:
    """A parquet file that we wrote, opened once for whoever reads columns of it one after another.

    Opening it and reading raise StoreDamaged where it is gone or damaged.
    """

    def __init__(self, path: Path) -> None:
        """Read what the end of the file says of it."""
        self.path = path
        with _intact(path):
            self._file = pq.ParquetFile(path)
            self.names: list[str] = self._file.schema_arrow.names

    def read(self, columns: list[str] | None = None) -> pa.Table:
        """Columns, or all, decoded on this thread; names that the file does not have are passed over."""
        with _intact(self.path):
            return self._file.read(columns=columns, use_threads=False)


@contextmanager
def _intact(path: Path) -> Iterator[None]:
    """Raise StoreDamaged when the block cannot make sense of our file, FileFailed when the disk cannot read it."""
    try:
        yield
    except MemoryError:
        raise
    except (ValueError, pa.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno and not isinstance(error, FileNotFoundError):
            raise system_error(error, path) from error
        said = "it is gone" if isinstance(error, FileNotFoundError) else f"it is damaged ({error})"
        spoilt = path.parent if _STEP_FOLDER.fullmatch(path.parent.name) else path
        raise StoreDamaged(f"{path}: a build wrote it, but {said}; delete {spoilt} and run the same command again") from error


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder for one build; raises FolderInUse when another process has it. Ends with the process, even by kill -9.

    Raises FolderRefused where no folder can be made or written there.
    """
    with translated_os_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / ".lock").open("a+")
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            owner = lock.read().strip() or "another process"
            raise FolderInUse(f"{folder}: {owner} is building here; wait for it, or give another --out") from None
        except OSError as error:
            what = f"its file system takes no locks ({error.strerror}), so builds could mix; give another --out"
            raise FolderRefused(f"{folder}: {what}") from error
        with translated_os_errors(folder):
            lock.truncate(0)
            lock.write(f"process {os.getpid()} on {platform.node()}")
            lock.flush()
        yield


def claim(folder: Path, recipe: str, published: Collection[str]) -> None:
    """Make the locked folder that of `recipe`; `published` are the names that a build puts in place there, or replaces.

    Raises FolderRefused where it is another recipe's, or where one of the names is taken by what no build of ours wrote.
    """
    path = folder / _OWNER
    owner = read_json(path) if path.exists() else {"recipe": recipe, "published": []}
    if owner["recipe"] != recipe:
        raise FolderRefused(
            f"{folder}: it holds a build of recipe {owner['recipe']!r}, not of {recipe!r}; give another --out, or delete it"
        )
    foreign = sorted(name for name in set(published).difference(owner["published"]) if os.path.lexists(folder / name))
    if foreign:
        raise FolderRefused(
            f"{folder / foreign[0]}: it is there already and no build of this folder wrote it, but this one would replace it; "
            "give another --out, or move it away"
        )
    names = sorted({*owner["published"], *published})
    if names != owner["published"]:
        write_json(path, {"recipe": recipe, "published": names})


def remove_partials(folder: Path) -> None:
    """Delete what killed builds left behind, and nothing that is not ours; call it only while the folder is locked.

    That is what was being written, and what a step that is done needed only while it ran.
    """
    with translated_os_errors(folder):
        inside = [each for each in sorted(folder.iterdir()) if each.is_dir() and not each.is_symlink()]
        steps = [each for each in inside if _STEP_FOLDER.fullmatch(each.name)]
        ours = [*steps, *(each for each in inside if each.name == "signals")]
        candidates = [*folder.iterdir(), *(path for each in ours for path in each.rglob("*"))]
        leftovers = [path for path in candidates if _PARTIAL.fullmatch(path.name)]
        for step in steps:
            if (step / "report.json").exists():
                leftovers += [path for pattern in _WORKING_FILES for path in step.glob(pattern)]
        for path in leftovers:
            _delete(path)


def _delete(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
