"""A folder that is complete when it exists: written aside, synced, renamed; and copies of files with their digests."""

import hashlib
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from corpusforge.errors import FolderRefused, system_error

_BLOCK_BYTES = 2**20


@contextmanager
def published_folder(target: Path) -> Iterator[Path]:
    """A fresh folder to write to; when the block ends well, it appears as `target` at once and whole, else not at all.

    Raises FolderRefused where `target` exists, and what the operating system refuses as an error that names `target`.
    """
    if target.exists():
        raise FolderRefused(f"{target}: exists, and nothing is written over; give another --out or delete it")
    partial = target.with_name(f"{target.name}.{uuid.uuid4().hex}.partial")
    try:
        partial.mkdir(parents=True)
        yield partial
        for path in (*sorted(partial.iterdir()), partial):
            _sync(path)
        os.rename(partial, target)
        _sync(target.parent)
    except OSError as error:
        raise system_error(error, target) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def digest(path: Path) -> str:
    """sha256 of a file, hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def copied(source: Path, target: Path) -> str:
    """Copy a file; sha256 of what was read, hex."""
    read = hashlib.sha256()
    with source.open("rb") as old, target.open("wb") as new:
        while block := old.read(_BLOCK_BYTES):
            read.update(block)
            new.write(block)
    return read.hexdigest()


def linked(source: Path, target: Path) -> str:
    """Make a hard link, or a copy where the disk is another; sha256, hex."""
    try:
        os.link(source, target)
    except OSError:
        return copied(source, target)
    return digest(target)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
