"""A model made ready for an extended tokenizer: `corpusforge vocab init-embeddings`.

Rows of the new ids, made of the rows of their constituents, go into the input and the output matrix by their ids, also where
the model has padded rows there. It is done once and offline, before anything distributed is started: a vocabulary that is
resized under ZeRO-3 or in an adapter is lost without a word. Only the matrices are read and written anew, in blocks; all other
files of tensors are copied byte by byte, so a model of any size takes little memory.
"""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from corpusforge.errors import UserError
from corpusforge.vocab import new_rows as rows_of
from corpusforge.vocab.constituents import Constituents, Ids, constituents, read_tokenizer, special_ids
from corpusforge.vocab.folder import TokenizerFiles
from corpusforge.vocab.matrices import Matrices, find_matrices
from corpusforge.vocab.new_rows import Matrix, Method, Middle, Norm, new_rows
from corpusforge.weights.checkpoint import Checkpoint
from corpusforge.weights.floats import Floats
from corpusforge.weights.tensors import Tensor

Weighing = Callable[[Ids], Floats]

_READING: dict[Method, Weighing] = {"mean": rows_of.even, "weighted": rows_of.last_heaviest}
_WRITING: dict[Method, Weighing] = {
    "mean": rows_of.even,
    "weighted": rows_of.first_heaviest,
    "first": rows_of.only_first,
}


@dataclass(frozen=True)
class RowSettings:
    """How rows are made; `output_method` and `output_norm` are for an output matrix of its own."""

    method: Literal["mean", "weighted"] = "mean"
    output_method: Method | None = None
    """As `method` unless given."""
    norm: Norm | None = None
    """median unless given, but none where input and output are one matrix."""
    output_norm: Norm = "none"
    pad_to_multiple: int = 1


@dataclass(frozen=True)
class Names:
    """What is found by itself unless it is given."""

    base_tokenizer: Path | None = None
    input_matrix: str | None = None
    output_matrix: str | None = None


@dataclass(frozen=True)
class NewRows:
    """All that is needed to make the rows of one tensor; `middle` is what rows of the base have in common."""

    matrix: Matrix
    found: Constituents
    weights: Floats
    middle: Middle
    norm: Norm

    def blocks(self) -> Iterator[Floats]:
        """The rows of the new ids, in order."""
        return new_rows(self.matrix, self.found, self.weights, self.middle, self.norm)


@dataclass(frozen=True)
class Planned:
    """A model, a tokenizer, and the rows that the model gets for it, `num_rows` in all; `rows` by name of the tensor."""

    checkpoint: Checkpoint
    base: TokenizerFiles
    tokenizer: TokenizerFiles
    matrices: Matrices
    found: Constituents
    num_rows: int
    rows: dict[str, NewRows]
    settings: RowSettings

    @property
    def old_rows(self) -> int:
        """Rows that the model has."""
        return self.checkpoint.tensors[self.matrices.input].shape[0]

    def tensor(self, name: str) -> Tensor:
        """A tensor as it is to be: the base's, with more rows where it has one for each id."""
        old = self.checkpoint.tensors[name]
        return Tensor.of(old.dtype, (self.num_rows, *old.shape[1:])) if name in self.rows else old

    def facts(self) -> dict[str, object]:
        """What is done, for people and for the record."""
        counts = self.found.counts
        return {
            "settings": asdict(self.settings),
            "input_matrix": self.matrices.input,
            "output_matrix": self.matrices.output,
            "tied": self.matrices.is_tied,
            "base_rows": self.old_rows,
            "rows": self.num_rows,
            "new_ids": len(counts),
            "new_ids_in_rows_of_the_base": int((self.found.ids < self.old_rows).sum()),
            "without_constituents": int((counts == 0).sum()),
            "constituents_per_new_id": round(float(counts.mean()), 3),
            "base_length": {name: round(rows.middle.length, 6) for name, rows in self.rows.items()},
        }


def plan_embeddings(model: Path, tokenizer: Path, settings: RowSettings, names: Names = Names()) -> Planned:
    """Read headers and tokenizers, and check that they fit.

    Raises InputError where one of them is damaged or of a kind that cannot be used, UserError where they do not fit.
    """
    checkpoint = Checkpoint.read(model)
    base, new = read_tokenizer(names.base_tokenizer or model), read_tokenizer(tokenizer)
    before, after = base.loaded(), new.loaded()
    found = constituents(before, after, f"{tokenizer} over {names.base_tokenizer or model}")
    matrices = find_matrices(checkpoint, input_name=names.input_matrix, output_name=names.output_matrix)
    if matrices.is_tied and (settings.output_method or settings.output_norm != "none"):
        raise UserError(f"{model}: input and output are one matrix; leave --output-method and --output-norm out")
    old_ids = np.array(sorted(before.get_vocab(with_added_tokens=True).values()), np.int64)
    num_rows = _num_rows(checkpoint, matrices, old_ids, found, settings.pad_to_multiple)
    used = np.setdiff1d(old_ids, special_ids(before))
    rows = {name: _new_rows(checkpoint, matrices, name, found, used, settings) for name in matrices.names}
    return Planned(checkpoint, base, new, matrices, found, num_rows, rows, settings)


def _num_rows(checkpoint: Checkpoint, matrices: Matrices, old_ids: Ids, found: Constituents, multiple: int) -> int:
    have = checkpoint.tensors[matrices.input].shape[0]
    if old_ids[-1] >= have:
        raise UserError(
            f"{checkpoint.folder}: {matrices.input} has {have} rows, and its tokenizer has the id {old_ids[-1]}; give the "
            "tokenizer that the model was trained with as --base-tokenizer"
        )
    needed = int(found.ids[-1]) + 1
    if needed > 2 * (have + len(found.ids)):
        raise UserError(f"{checkpoint.folder}: the tokenizer has the id {needed - 1}, far behind the others; correct it")
    return -(-max(have, needed) // multiple) * multiple


def _new_rows(
    checkpoint: Checkpoint, matrices: Matrices, name: str, found: Constituents, used: Ids, settings: RowSettings
) -> NewRows:
    shard = checkpoint.shard_of(name)
    bits = shard.stored(name)
    matrix = Matrix(bits.reshape(len(bits), -1), shard.tensors[name].dtype)
    middle = Middle.of(matrix, used, f"{shard.path}: {name}")
    if name == matrices.input or matrices.is_tied:
        weighing = _READING[settings.method]
        norm = settings.norm or ("none" if matrices.is_tied else "median")
    else:
        weighing = _WRITING[settings.output_method or settings.method]
        norm = settings.output_norm
    return NewRows(matrix, found, weighing(found.counts), middle, "none" if name == matrices.bias else norm)
