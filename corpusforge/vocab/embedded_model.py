"""The folder of a model with rows for new ids: written aside, read back and compared, then renamed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpusforge import __version__
from corpusforge.vocab.constituents import Ids
from corpusforge.vocab.embeddings import NewRows, Planned
from corpusforge.vocab.new_rows import Matrix
from corpusforge.vocab.proven_rows import prove
from corpusforge.weights.changed import Changed
from corpusforge.weights.checkpoint import CONFIG, object_bytes, read_object
from corpusforge.weights.companions import of_weights
from corpusforge.weights.configuration import with_rows
from corpusforge.weights.floats import narrowed
from corpusforge.weights.folder import published_folder
from corpusforge.weights.provenance import digests

RECORD = "init_embeddings.json"
_GENERATION = "generation_config.json"
_TEMPLATE = "chat_template.jinja"


def write_model(planned: Planned, out: Path, *, link: bool = False) -> dict[str, Any]:
    """Write the checkpoint to `out`, which must not exist; what init_embeddings.json has of it.

    `link` makes hard links of the files of tensors that stay as they are. Raises ModelDiffers where what was written is not
    what it must be, FolderRefused where `out` exists.
    """
    tensors = {name: planned.tensor(name) for name in planned.rows}
    changed = Changed(planned.checkpoint, tensors, lambda name: _extended(planned.rows[name], planned.num_rows))
    with published_folder(out) as folder:
        taken = changed.write(folder, link=link)
        for name, content in _other_files(planned).items():
            (folder / name).write_bytes(content)
        files = digests({path.name: path for path in folder.iterdir()})
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
    """Configuration and tokenizer, by name."""
    folder = planned.checkpoint.folder
    files = {name: path.read_bytes() for name, path in of_weights(folder).items()}
    files |= planned.tokenizer.content
    template = folder / _TEMPLATE
    if _TEMPLATE not in files and b'"chat_template"' not in files.get("tokenizer_config.json", b"") and template.is_file():
        files[_TEMPLATE] = template.read_bytes()
    roles = _changed_roles(planned)
    files[CONFIG] = object_bytes(with_rows(planned.checkpoint.config, planned.num_rows) | roles)
    if (folder / _GENERATION).is_file():
        files[_GENERATION] = object_bytes(read_object(folder / _GENERATION) | roles)
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
