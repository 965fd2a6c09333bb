"""A model from its base and a delta, bit by bit: `corpusforge weights apply`."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from corpusforge.errors import InputError, StoreDamaged
from corpusforge.weights.checkpoint import Checkpoint
from corpusforge.weights.delta import HEADER, RECORD, Delta, base_bytes, stored_name, width_of
from corpusforge.weights.differences import Raw, restored
from corpusforge.weights.folder import copied, digest, published_folder
from corpusforge.weights.provenance import facts_of, tensor_facts
from corpusforge.weights.tensors import Tensor, TensorFile


def recover(base: Path, delta: Path, out: Path) -> dict[str, Any]:
    """Write the model to `out`, which must not exist; the record of the delta.

    Raises InputError where the delta is damaged or the base is another one, StoreDamaged where it does not read back.
    """
    old, found = Checkpoint.read(base), Delta.read(delta)
    check_base(old, found)
    with published_folder(out) as folder:
        for name, shard in found.record["shards"].items():
            _write_shard(old, found, name, folder)
            if digest(folder / name) != shard["sha256"]:
                raise StoreDamaged(f"{folder / name}: reads back as another file than was written; look at the disk")
        for name in found.record["others"]:
            copied(found.folder / name, folder / name)
        Checkpoint.read(folder)
    return dict(found.record)


def check_base(base: Checkpoint, delta: Delta) -> None:
    """Every tensor that the delta was made against is there with the same bytes; raises InputError else."""
    wanted = delta.record["base"]
    there = base.tensors
    wrong = [name for name, facts in wanted.items() if name not in there or _facts(base, name) != facts]
    if wrong:
        raise InputError(
            f"{base.folder}: is not the base of {delta.folder}: {wrong[0]} is another one ({len(wrong)} of {len(wanted)} "
            f"tensors differ from the digests in {RECORD}); give the base that the delta was made against"
        )


def prove(base: Checkpoint, delta: Delta) -> None:
    """Recover every tensor of a fresh delta; raises StoreDamaged where one does not come back as it was."""
    for shard in delta.record["shards"].values():
        file = TensorFile.read(delta.folder / shard["delta"])
        for tensor in _tensors(file):
            facts = delta.record["tensors"][tensor]
            blocks = _restored(base, file, tensor, facts)
            if facts_of(facts["dtype"], facts["shape"], blocks) != facts:
                raise StoreDamaged(f"{file.path}: {tensor} does not come back as it was; look at the disk, then try again")


def _facts(base: Checkpoint, name: str) -> dict[str, object]:
    return tensor_facts(base.shard_of(name), name)


def _tensors(file: TensorFile) -> list[str]:
    """Names of the tensors of a file, in the order of their bytes."""
    return [name.removeprefix(stored_name("")) for name in file.tensors if name != HEADER]


def _write_shard(base: Checkpoint, delta: Delta, name: str, folder: Path) -> None:
    file = TensorFile.read(delta.folder / delta.record["shards"][name]["delta"])
    with (folder / name).open("wb") as target:
        target.write(file.raw(HEADER).data)
        for tensor in _tensors(file):
            for block in _restored(base, file, tensor, delta.record["tensors"][tensor]):
                target.write(block.data)


def _restored(base: Checkpoint, file: TensorFile, name: str, facts: Mapping[str, Any]) -> Iterator[Raw]:
    new = Tensor(facts["dtype"], tuple(facts["shape"]), 0, facts["num_bytes"])
    return restored(file.raw(stored_name(name)), base_bytes(base, name, new), width_of(new.dtype), facts["num_bytes"])
