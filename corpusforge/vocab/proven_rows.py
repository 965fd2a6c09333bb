"""Proof, from what was written and read back, that a model with new rows is its base and more."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from corpusforge.errors import CorpusForgeError
from corpusforge.vocab.constituents import read_tokenizer
from corpusforge.vocab.embeddings import Planned
from corpusforge.vocab.new_rows import Matrix, lengths_of
from corpusforge.weights.checkpoint import Checkpoint
from corpusforge.weights.tensors import is_same


class ModelDiffers(CorpusForgeError):
    """A model that was written is not its base with new rows."""


def prove(planned: Planned, folder: Path, taken: Mapping[str, str], found: Mapping[str, str]) -> dict[str, float]:
    """The median length of the new rows of each matrix, once all is as it must be.

    Raises ModelDiffers unless `folder` has the base's tensors, old rows bit by bit, and new ones that are finite. `taken` and
    `found` are digests of files as they were read and as they are there.
    """
    base, written = planned.checkpoint, Checkpoint.read(folder)
    _check_tensors(planned, written)
    for name, shard in base.shards.items():
        if shard.tensors.keys().isdisjoint(planned.rows):
            _must(found[name] == taken[name], f"{name} is not a copy of the base's")
            continue
        for each in shard.tensors.keys() - planned.rows.keys():
            _must(is_same(shard.raw(each), written.shards[name].raw(each)), f"{each} is not the base's")
    tokenizer = read_tokenizer(folder).loaded()
    vocabulary = tokenizer.get_vocab(with_added_tokens=True)
    _must(vocabulary == planned.tokenizer.loaded().get_vocab(with_added_tokens=True), "the tokenizer is another")
    _must(max(vocabulary.values()) < planned.num_rows, f"id {max(vocabulary.values())} has no row")
    return {name: _check_rows(planned, written, name) for name in planned.rows}


def _check_tensors(planned: Planned, written: Checkpoint) -> None:
    before, after = planned.checkpoint.tensors, written.tensors
    _must(before.keys() == after.keys(), f"tensors differ: {sorted(before.keys() ^ after.keys())[:3]}")
    for name, found in after.items():
        wanted = planned.tensor(name)
        _must((found.dtype, found.shape) == (wanted.dtype, wanted.shape), f"{name} is {found.dtype} {list(found.shape)}")


def _check_rows(planned: Planned, written: Checkpoint, name: str) -> float:
    """Old rows bit by bit, new ones finite; the median length of the new ones."""
    rows = planned.rows[name]
    old, new = rows.matrix, Matrix(written.shard_of(name).stored(name).reshape(planned.num_rows, -1), rows.matrix.dtype)
    is_new = np.zeros(planned.num_rows, np.bool_)
    is_new[planned.found.ids] = True
    for begin in range(0, planned.old_rows, old.block_rows):
        end = min(begin + old.block_rows, planned.old_rows)
        kept = ~is_new[begin:end]
        is_kept = is_same(old.bits[begin:end][kept], new.bits[begin:end][kept])
        _must(is_kept, f"rows {begin} to {end} of {name} are not the base's")
    made = np.flatnonzero(is_new | (np.arange(planned.num_rows) >= planned.old_rows))
    lengths = []
    for begin in range(0, len(made), new.block_rows):
        ids = made[begin : begin + new.block_rows]
        values = new.rows(ids)
        is_finite = np.isfinite(values).all(axis=1)
        _must(bool(is_finite.all()), f"row {ids[~is_finite][:1].tolist()} of {name} is not finite; look at the base's rows")
        lengths.append(lengths_of(values))
    return round(float(np.median(np.concatenate(lengths))), 6)


def _must(is_so: bool, what: str) -> None:
    if not is_so:
        raise ModelDiffers(f"{what}: nothing was written; look at the disk and at the base")
