"""A delta on disk, as its writer and its reader know it: delta.json, and one file of frames for each file of tensors.

delta.json has sha256 of every tensor on both sides: applied to another base, a delta gives nothing that anybody trained, so it
is refused. A file has the header of the file of tensors byte by byte, and the frames of each tensor (see `differences`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from corpusforge.errors import InputError
from corpusforge.weights.checkpoint import Checkpoint, read_object
from corpusforge.weights.differences import Raw
from corpusforge.weights.folder import digest
from corpusforge.weights.tensors import SIZES, Tensor

RECORD = "delta.json"
FORMAT = 1
HEADER = "header"


@dataclass(frozen=True)
class Delta:
    """A folder with a delta, its record read and its files checked."""

    folder: Path
    record: Mapping[str, Any]

    @classmethod
    def read(cls, folder: Path) -> "Delta":
        """Read the record and check every file; raises InputError where one is missing or not what the record says."""
        if not (folder / RECORD).is_file():
            raise InputError(f"{folder}: no {RECORD} there; give a folder that `corpusforge weights diff` wrote")
        record = read_object(folder / RECORD)
        if record.get("format") != FORMAT:
            raise InputError(f"{folder / RECORD}: format {record.get('format')!r}; this version reads {FORMAT}")
        _check_names(record, folder / RECORD)
        for name, expected in record["files"].items():
            if not (folder / name).is_file() or digest(folder / name) != expected:
                raise InputError(f"{folder / name}: missing, or not the file that {RECORD} describes; get the delta again")
        return cls(folder, record)


def _check_names(record: Mapping[str, Any], path: Path) -> None:
    """Names of files must not lead out of the folders that are read and written: a delta comes from someone else."""
    parts = ("base", "shards", "tensors", "others", "files")
    if not all(isinstance(record.get(part), dict) for part in parts):
        raise InputError(f"{path}: lacks one of {', '.join(parts)}; get the delta again")
    names = [*record["files"], *record["others"], *record["shards"]]
    odd = [name for name in names if name in ("", ".", "..") or Path(name).name != name]
    if odd:
        raise InputError(f"{path}: {odd[0]!r} is no name of a file; do not use this delta")


def base_of(base: Checkpoint, name: str, new: Tensor) -> str | None:
    """The tensor of the base that a tensor is compared with: of the same name and format, with rows of the same shape."""
    old = base.tensors.get(name)
    fits = old is not None and (old.dtype, old.shape[1:], len(old.shape)) == (new.dtype, new.shape[1:], len(new.shape))
    return name if fits else None


def width_of(dtype: str) -> int:
    """Bytes that are subtracted as one number; formats that are not known go byte by byte."""
    return SIZES.get(dtype, 1)


def stored_name(name: str) -> str:
    """Name of the frames of a tensor in a file of a delta."""
    return f"frames.{name}"


def base_bytes(base: Checkpoint, name: str, new: Tensor) -> Raw:
    """Bytes that a tensor is compared with, none where the base has no such tensor."""
    found = base_of(base, name, new)
    return np.zeros(0, np.uint8) if found is None else base.shard_of(found).raw(found)
