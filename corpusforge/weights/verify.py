"""A checkpoint or an adapter against its records, and every value of it: `corpusforge weights verify`."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpusforge.errors import InputError
from corpusforge.weights.adapter import adapter_file
from corpusforge.weights.checkpoint import CONFIG, Checkpoint, read_object
from corpusforge.weights.floats import STORED, widened
from corpusforge.weights.lora_settings import CONFIG as ADAPTER_CONFIG
from corpusforge.weights.provenance import RECORDS, TRAINING_RECORD, all_facts, changed_files, pieces
from corpusforge.weights.tensors import SIZES, TensorFile

# Bits of the 8-bit formats that are set in what is no number (E4M3 has no infinity), and numbers without sign.
_NOT_FINITE_8 = {"F8_E4M3": 0x7F, "F8_E5M2": 0x7C}


@dataclass(frozen=True)
class Verified:
    """What was looked at, and what is wrong: one line each."""

    num_tensors: int
    num_bytes: int
    records: tuple[str, ...]
    unknown_formats: tuple[str, ...]
    problems: tuple[str, ...]


def verify_checkpoint(folder: Path, record: Path | None = None) -> Verified:
    """Read all of a checkpoint or an adapter; its own records are taken unless one is given.

    Raises InputError where files are damaged or contradict each other.
    """
    shards = _shards(folder)
    records = [record] if record else list(_own_records(folder))
    problems = [problem for shard in shards for problem in _not_finite(shard)]
    for each in records:
        problems += _unlike(folder, shards, read_object(each), each)
    tensors = [tensor for shard in shards for tensor in shard.tensors.values()]
    formats = {tensor.dtype for tensor in tensors} - SIZES.keys()
    size = sum(tensor.num_bytes for tensor in tensors)
    return Verified(
        len(tensors), size, tuple(each.name for each in records), tuple(sorted(formats)), tuple(dict.fromkeys(problems))
    )


def _shards(folder: Path) -> list[TensorFile]:
    if (folder / ADAPTER_CONFIG).is_file() and not (folder / CONFIG).is_file():
        return [adapter_file(folder)]
    return list(Checkpoint.read(folder).shards.values())


def _own_records(folder: Path) -> Iterator[Path]:
    yield from (folder / name for name in RECORDS if (folder / name).is_file())
    trained = folder / TRAINING_RECORD
    if trained.is_file() and "files" in read_object(trained):  # else it is of a tokenizer, which has no digests
        yield trained


def _not_finite(shard: TensorFile) -> Iterator[str]:
    for name, tensor in shard.tensors.items():
        count = sum(int(_is_bad(block, tensor.dtype).sum()) for block in pieces(shard.raw(name)))
        if count:
            yield f"{shard.path}: {name} has {count:,} values that are not finite; take an earlier checkpoint"


def _is_bad(block: NDArray[np.uint8], dtype: str) -> NDArray[np.bool_]:
    if dtype in STORED:
        return ~np.isfinite(widened(block.view(STORED[dtype]), dtype))
    if dtype == "F64":
        found: NDArray[np.bool_] = ~np.isfinite(block.view("<f8"))
        return found
    mask = _NOT_FINITE_8.get(dtype)
    return np.zeros(0, np.bool_) if mask is None else (block & mask) == mask


def _unlike(folder: Path, shards: Sequence[TensorFile], record: Mapping[str, Any], path: Path) -> Iterator[str]:
    """How a checkpoint differs from a record beside it, or from one of another folder, whose files are not meant."""
    is_beside = path.parent.resolve() == folder.resolve()
    if "tensors" not in record and not (is_beside and "files" in record):
        raise InputError(f"{path}: has no digests of tensors; give a record that has them, such as merge.json or delta.json")
    if is_beside:
        yield from (f"{each}; get it again" for each in changed_files(folder, record.get("files", {}), path.name))
    expected_tensors = record.get("tensors")
    if expected_tensors is not None:
        found = all_facts(shards)
        for name in sorted({*found, *expected_tensors}):
            if found.get(name) != expected_tensors.get(name):
                yield f"{folder}: {name}: {_difference(found.get(name), expected_tensors.get(name))} in {path}"


def _difference(found: Mapping[str, object] | None, expected: Mapping[str, object] | None) -> str:
    if found is None:
        return "missing, and named"
    if expected is None:
        return "not named"
    names = [name for name in ("dtype", "shape", "sha256") if found[name] != expected[name]]
    return f"{names[0]} is {found[names[0]]}, and {expected[names[0]]}"
