"""The folder of a merged model: written aside file by file, read back and compared, then renamed."""

from pathlib import Path
from typing import Any

from corpusforge import __version__
from corpusforge.errors import StoreDamaged
from corpusforge.weights.adapter import WEIGHTS
from corpusforge.weights.changed import Changed
from corpusforge.weights.checkpoint import CONFIG, INDEX, Checkpoint, object_bytes
from corpusforge.weights.companions import companions, is_of_tokenizer, tokenizer_files
from corpusforge.weights.folder import copied, digest, published_folder
from corpusforge.weights.lora_settings import CONFIG as ADAPTER_CONFIG
from corpusforge.weights.merge import Merge
from corpusforge.weights.provenance import RECORDS, all_facts, digests, facts_of, tensor_facts
from corpusforge.weights.tensors import Tensor

RECORD = "merge.json"


def write_merged(merge: Merge, out: Path, *, link: bool = False) -> dict[str, Any]:
    """Write the checkpoint to `out`, which must not exist; what merge.json has of it.

    `link` makes hard links of the files of tensors that stay as they are. Raises StoreDamaged where what was written does not
    read back, FolderRefused where `out` exists.
    """
    others = other_files(merge)
    tensors = {name: Tensor.of(change.dtype, change.shape) for name, change in merge.changes.items()}
    changed = Changed(merge.base, tensors, merge.blocks, merge.beside)
    with published_folder(out) as folder:
        taken = changed.write(folder, link=link)
        for name, path in others.items():
            copied(path, folder / name)
        (folder / CONFIG).write_bytes(object_bytes(merge.config))
        proven = _prove(merge, folder)
        adapter = merge.adapter
        record = {
            "corpusforge": __version__,
            **merge.facts(),
            "base_files": taken,
            "base_config": digest(merge.base.folder / CONFIG),
            "adapter_files": digests({name: adapter.folder / name for name in (ADAPTER_CONFIG, WEIGHTS)}),
            "tokenizer_of": "adapter" if tokenizer_files(adapter.folder) else "base",
            "left_behind": _left_behind(merge),
            "files": digests({path.name: path for path in folder.iterdir()}),
            "tensors": proven,
        }
        (folder / RECORD).write_bytes(object_bytes(record))
    return record


def other_files(merge: Merge) -> dict[str, Path]:
    """Files that go along; where the adapter has a tokenizer, it is the one that it was trained with."""
    base, tokenizer = companions(merge.base.folder), tokenizer_files(merge.adapter.folder)
    kept = {name: path for name, path in base.items() if not tokenizer or not is_of_tokenizer(name)}
    return kept | tokenizer


def _prove(merge: Merge, folder: Path) -> dict[str, Any]:
    """Open the checkpoint again; facts of its tensors, each of which is the base's or what the plan gives once more."""
    written = Checkpoint.read(folder)
    found = all_facts(written.shards.values())
    expected = {
        name: facts_of(change.dtype, change.shape, merge.blocks(name)) for name, change in merge.changes.items()
    } | {
        name: tensor_facts(shard, name)
        for shard in merge.base.shards.values()
        for name in shard.tensors
        if name not in merge.changes
    }  # fmt: skip
    wrong = sorted(name for name in {*found, *expected} if found.get(name) != expected.get(name))
    if wrong:
        raise StoreDamaged(f"{folder}: {wrong[0]} reads back as another one than was written; look at the disk, then try again")
    return found


def _left_behind(merge: Merge) -> list[str]:
    """Names in the base's folder that are not in the merged one."""
    known = {*merge.base.shards, *companions(merge.base.folder), CONFIG, INDEX, *RECORDS}
    return sorted(path.name for path in merge.base.folder.iterdir() if path.name not in known)
