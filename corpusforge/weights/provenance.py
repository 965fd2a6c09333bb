"""Records beside weights: what they were made of, and sha256 of every file and tensor, so that anyone can check them."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corpusforge.weights.folder import digest
from corpusforge.weights.tensors import TensorFile

# Names of records that commands leave in the folder of a model, and that goes with it wherever its tensors go.
RECORDS = ("init_embeddings.json", "merge.json")

# What training leaves beside the weights of a stage: digests of all files, recipe and base, with paths of this machine.
TRAINING_RECORD = "corpusforge.json"

# Bytes of a tensor at a time.
BLOCK_BYTES = 2**24

Facts = dict[str, object]


def pieces(raw: NDArray[np.uint8]) -> Iterator[NDArray[np.uint8]]:
    """Bytes in blocks, so that a mapped tensor is never in memory whole."""
    return (raw[begin : begin + BLOCK_BYTES] for begin in range(0, len(raw), BLOCK_BYTES))


def tensor_facts(file: TensorFile, name: str) -> Facts:
    """Format, shape, number of bytes and their sha256."""
    tensor = file.tensors[name]
    return facts_of(tensor.dtype, tensor.shape, pieces(file.raw(name)))


def facts_of(dtype: str, shape: Iterable[int], blocks: Iterable[NDArray[np.generic]]) -> Facts:
    """The same of a tensor that comes in blocks."""
    hashed, num_bytes = hashlib.sha256(), 0
    for block in blocks:
        num_bytes += block.nbytes
        hashed.update(np.ascontiguousarray(block).data.cast("B") if block.size else b"")
    return {"dtype": dtype, "shape": list(shape), "num_bytes": num_bytes, "sha256": hashed.hexdigest()}


def all_facts(shards: Iterable[TensorFile]) -> dict[str, Facts]:
    """Facts of all tensors by name, in the order of their names."""
    found = {name: tensor_facts(shard, name) for shard in shards for name in shard.tensors}
    return dict(sorted(found.items()))


def digests(paths: Mapping[str, Path]) -> dict[str, str]:
    """sha256 of files, by name."""
    return {name: digest(path) for name, path in sorted(paths.items())}


def changed_files(folder: Path, files: Mapping[str, str], record: str) -> Iterator[str]:
    """What is wrong with files of a folder, by the digests that the record of this name has of them."""
    for name, expected in files.items():
        if not (folder / name).is_file():
            yield f"{folder / name}: missing, and {record} names it"
        elif digest(folder / name) != expected:
            yield f"{folder / name}: not the file that {record} describes"
