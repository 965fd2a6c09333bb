"""The folder of a model with rows for new ids: written aside, read back and compared, then renamed."""

from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpusforge import __version__
from corpusforge.vocab.constituents import Ids
from corpusforge.vocab.embeddings import NewRows, Planned
from corpusforge.vocab.new_rows import Matrix
from corpusforge.vocab.proven_rows import prove
from corpusforge.weights.checkpoint import CONFIG, INDEX, object_bytes, read_object
from corpusforge.weights.floats import narrowed
from corpusforge.weights.folder import copied, digest, linked, published_folder
from corpusforge.weights.tensors import TensorFile, write_tensors

RECORD = "init_embeddings.json"
_GENERATION = "generation_config.json"
_TEMPLATE = "chat_template.jinja"

# Of the base's other files: those that go with the weights whatever the tokenizer is.
_KEPT = ("LICENSE*", "LICENCE*", "NOTICE*", "USE_POLICY*", "*processor_config.json")


def write_model(planned: Planned, out: Path, *, link: bool = False) -> dict[str, Any]:
    """Write the checkpoint to `out`, which must not exist; what init_embeddings.json has of it.

    `link` makes hard links of the files of tensors that stay as they are. Raises ModelDiffers where what was written is not
    what it must be, FolderRefused where `out` exists.
    """
    with published_folder(out) as folder:
        taken = _write_tensors(planned, folder, link=link)
        for name, content in _other_files(planned).items():
            (folder / name).write_bytes(content)
        files = {path.name: digest(path) for path in sorted(folder.iterdir())}
        lengths = prove(planned, folder, taken, files)
        record = {
            "corpusforge": __version__,
            **planned.facts(),
            "new_length": lengths,
            "base_files": taken,
            "base_tokenizer": planned.base.digest,
            "files": files,
        }
        (folder / RECORD).write_bytes(object_bytes(record))
    return record


def _write_tensors(planned: Planned, folder: Path, *, link: bool) -> dict[str, str]:
    """Write all files of tensors; digest of each file of the base."""
    taken = {}
    for name, shard in planned.checkpoint.shards.items():
        if shard.tensors.keys().isdisjoint(planned.rows):
            taken[name] = (linked if link else copied)(shard.path, folder / name)
        else:
            taken[name] = digest(shard.path)
            _write_shard(planned, shard, folder / name)
    return taken


def _write_shard(planned: Planned, shard: TensorFile, path: Path) -> None:
    """A file of tensors with the matrices that it has made longer; the others as they are, in the same order."""

    def blocks(name: str) -> Iterator[NDArray[np.generic]]:
        if name in planned.rows:
            return _extended(planned.rows[name], planned.num_rows)
        return iter([shard.raw(name)])

    tensors = {name: planned.tensor(name) for name in shard.tensors}
    write_tensors(path, tensors, blocks, shard.metadata)


def _extended(rows: NewRows, num_rows: int) -> Iterator[NDArray[np.generic]]:
    """All rows of a matrix in order: the base's bits, new ones at their ids, the mean where neither is."""
    filler = narrowed(rows.middle.mean, rows.matrix.dtype)
    place = begin = 0
    for block in rows.blocks():
        ids: Ids = rows.found.ids[begin : begin + len(block)]
        yield from _between(rows.matrix, filler, place, int(ids[0]))
        place, begin = int(ids[-1]) + 1, begin + len(block)
        part = np.concatenate([*_between(rows.matrix, filler, int(ids[0]), place)])
        part[ids - ids[0]] = narrowed(block, rows.matrix.dtype)
        yield part
    yield from _between(rows.matrix, filler, place, num_rows)


def _between(matrix: Matrix, filler: NDArray[np.generic], begin: int, end: int) -> Iterator[NDArray[np.generic]]:
    """Rows begin <= x < end: the base's, and behind them the filler."""
    for first in range(begin, end, matrix.block_rows):
        last = min(first + matrix.block_rows, end)
        old = matrix.bits[first:last]
        yield np.concatenate([old, np.repeat(filler[None], last - first - len(old), axis=0)])


def _other_files(planned: Planned) -> dict[str, bytes]:
    """Configuration, index and tokenizer, by name."""
    folder = planned.checkpoint.folder
    files = {
        path.name: path.read_bytes() for path in sorted(folder.iterdir()) if any(fnmatch(path.name, each) for each in _KEPT)
    }
    files |= planned.tokenizer.content
    template = folder / _TEMPLATE
    if _TEMPLATE not in files and b'"chat_template"' not in files.get("tokenizer_config.json", b"") and template.is_file():
        files[_TEMPLATE] = template.read_bytes()
    roles = _changed_roles(planned)
    files[CONFIG] = object_bytes(_configuration(planned, roles))
    if (folder / _GENERATION).is_file():
        files[_GENERATION] = object_bytes(read_object(folder / _GENERATION) | roles)
    if planned.checkpoint.index is not None:
        files[INDEX] = object_bytes(_index(planned))
    return files


def _changed_roles(planned: Planned) -> dict[str, int]:
    """Ids of the tokens that the tokenizer names for a role, such as padding, and the base does not."""
    reference = planned.tokenizer.loaded()
    changed = {}
    for role in ("bos_token", "eos_token", "pad_token"):
        name = planned.tokenizer.special_name(role)
        number = None if name is None or name == planned.base.special_name(role) else reference.token_to_id(name)
        if number is not None:
            changed[f"{role}_id"] = int(number)
    return changed


def _configuration(planned: Planned, roles: Mapping[str, int]) -> dict[str, Any]:
    """config.json: the number of rows wherever it is stated, and changed roles."""
    config = dict(planned.checkpoint.config)
    part = config.get("text_config")
    if isinstance(part, dict) and "vocab_size" in part:
        config["text_config"] = {**part, "vocab_size": planned.num_rows}
    if "vocab_size" in config or not isinstance(part, dict):
        config["vocab_size"] = planned.num_rows
    return {**config, **roles}


def _index(planned: Planned) -> dict[str, Any]:
    index = dict(planned.checkpoint.index or {})
    sizes = dict(index.get("metadata") or {})
    added = {name: (planned.num_rows - planned.old_rows) * rows.matrix.bits.shape[1] for name, rows in planned.rows.items()}
    if "total_size" in sizes:
        sizes["total_size"] += sum(count * planned.rows[name].matrix.bits.itemsize for name, count in added.items())
    if "total_parameters" in sizes:
        sizes["total_parameters"] += sum(added.values())
    return index | {"metadata": sizes}
