"""What a model differs in from its base, as a folder that can be given away alone: `corpusforge weights diff`.

Licences of bases often forbid to publish a whole model. Headers of files are kept byte by byte, and so what comes back is not
only the same tensors, but the same files.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from corpusforge import __version__
from corpusforge.errors import UserError
from corpusforge.weights.checkpoint import CONFIG, INDEX, Checkpoint, object_bytes
from corpusforge.weights.companions import companions
from corpusforge.weights.delta import FORMAT, HEADER, RECORD, Delta, base_bytes, base_of, stored_name, width_of
from corpusforge.weights.differences import Raw, compressed
from corpusforge.weights.folder import copied, digest, published_folder
from corpusforge.weights.provenance import RECORDS, Facts, digests, tensor_facts
from corpusforge.weights.recover import prove
from corpusforge.weights.tensors import Tensor, TensorFile, write_tensors

_SPOOL = "frames.partial"


def write_delta(base: Path, new: Path, out: Path) -> dict[str, Any]:
    """Write the delta to `out`, which must not exist, and recover every tensor from it; what delta.json has of it.

    Raises InputError where a checkpoint is damaged, UserError where the two have nothing in common.
    """
    old, changed = Checkpoint.read(base), Checkpoint.read(new)
    used = sorted(name for name, tensor in changed.tensors.items() if base_of(old, name, tensor))
    if not used:
        raise UserError(f"{new}: has no tensor of the name and shape of one in {base}; give the base that it was trained from")
    with published_folder(out) as folder:
        shards: dict[str, Facts] = {}
        tensors: dict[str, Facts] = {}
        for number, (name, shard) in enumerate(changed.shards.items(), 1):
            file = f"delta-{number:05}-of-{len(changed.shards):05}.safetensors"
            tensors |= _write_shard(old, shard, folder, file)
            shards[name] = {"delta": file, "sha256": digest(shard.path)}
        others = _others(changed)
        for name, path in others.items():
            copied(path, folder / name)
        record = {
            "corpusforge": __version__,
            "format": FORMAT,
            "base": {name: tensor_facts(old.shard_of(name), name) for name in used},
            "shards": shards,
            "tensors": dict(sorted(tensors.items())),
            "others": digests(others),
            "left_behind": sorted(path.name for path in new.iterdir() if path.name not in {*changed.shards, *others}),
            "files": digests({path.name: path for path in folder.iterdir()}),
        }
        (folder / RECORD).write_bytes(object_bytes(record))
        prove(old, Delta(folder, record))
    return record


def _write_shard(base: Checkpoint, shard: TensorFile, folder: Path, file: str) -> dict[str, Facts]:
    """A file with the frames of all tensors of a file, by name, and its header; facts of the tensors.

    Frames go to a file of their own first: a header needs their lengths, and memory should hold none of them.
    """
    facts, lengths = {}, {}
    with (folder / _SPOOL).open("w+b") as spool:
        for name, tensor in shard.tensors.items():
            facts[name] = tensor_facts(shard, name)
            lengths[stored_name(name)] = _spool(base, shard, name, tensor, spool)
        spool.seek(0)
        with shard.path.open("rb") as source:
            header = np.frombuffer(source.read(shard.data_begin), np.uint8)

        def blocks(name: str) -> Iterator[Raw]:
            return iter([header]) if name == HEADER else _taken(spool, lengths[name])

        sizes = {HEADER: len(header), **lengths}
        write_tensors(folder / file, {name: Tensor.of("U8", [size]) for name, size in sizes.items()}, blocks, {})
    (folder / _SPOOL).unlink()
    return facts


def _spool(base: Checkpoint, shard: TensorFile, name: str, tensor: Tensor, spool: BinaryIO) -> int:
    return sum(map(spool.write, compressed(shard.raw(name), base_bytes(base, name, tensor), width_of(tensor.dtype))))


def _taken(spool: BinaryIO, size: int) -> Iterator[Raw]:
    while size > 0:
        block = spool.read(min(size, 2**24))
        size -= len(block)
        yield np.frombuffer(block, np.uint8)


def _others(checkpoint: Checkpoint) -> dict[str, Path]:
    """Files of the new model that are no tensors: they belong to just these bytes, so records come along, too."""
    names = (CONFIG, *(() if checkpoint.index is None else (INDEX,)), *RECORDS)
    own = {name: checkpoint.folder / name for name in names}
    return companions(checkpoint.folder) | {name: path for name, path in own.items() if path.is_file()}
