"""Which tensors of a checkpoint have a row for each id: the input matrix, and the output matrix where it is not the same."""

from collections.abc import Iterable
from dataclasses import dataclass

from corpusforge.errors import InputError, UserError
from corpusforge.weights.checkpoint import CONFIG, Checkpoint
from corpusforge.weights.configuration import is_tied
from corpusforge.weights.floats import STORED
from corpusforge.weights.names import INPUT_MATRICES, OUTPUT_MATRICES
from corpusforge.weights.tensors import is_same

# What a name says of a tensor that may have a row for each id, too.
_TELLING = ("embed", "vocab", "lm_head", "logit", "wte")


@dataclass(frozen=True)
class Matrices:
    """Names of tensors; `output` is None where the checkpoint has none, `bias` belongs to it."""

    input: str
    output: str | None
    bias: str | None
    is_tied: bool

    @property
    def names(self) -> list[str]:
        """All of them."""
        return [name for name in (self.input, self.output, self.bias) if name is not None]


def find_matrices(checkpoint: Checkpoint, *, input_name: str | None = None, output_name: str | None = None) -> Matrices:
    """Find them by their names, or take the names given.

    Raises UserError where a name is not clear, InputError where the tensors are of another kind or have rows that cannot be
    added to.
    """
    found = _named(checkpoint, INPUT_MATRICES, input_name, "input", None)
    if found is None:
        raise UserError(
            f"{checkpoint.folder}: no input matrix found (looked for {', '.join(INPUT_MATRICES)}); name it with "
            f"--input-matrix; there are {_listed(_matrices(checkpoint))}"
        )
    num_rows = checkpoint.tensors[found].shape[0]
    output = _named(checkpoint, OUTPUT_MATRICES, output_name, "output", num_rows)
    bias = None if output is None else output.removesuffix("weight") + "bias"
    matrices = Matrices(found, output, bias if bias in checkpoint.tensors else None, _is_tied(checkpoint, found, output))
    _check(checkpoint, matrices, num_rows)
    return matrices


def _named(checkpoint: Checkpoint, names: Iterable[str], given: str | None, what: str, num_rows: int | None) -> str | None:
    if given is not None:
        if given not in checkpoint.tensors:
            there = _listed(_matrices(checkpoint))
            raise UserError(f"{checkpoint.folder}: --{what}-matrix: no tensor {given!r}; there are {there}")
        return given
    ends = tuple(f".{name}.weight" for name in names)
    found = [name for name in _matrices(checkpoint) if f".{name}".endswith(ends)]
    if num_rows is not None:  # layers may end in output.weight, too
        found = [name for name in found if checkpoint.tensors[name].shape[0] == num_rows]
    if len(found) > 1:
        raise UserError(
            f"{checkpoint.folder}: several tensors may be the {what} matrix: {_listed(found)}; name it with --{what}-matrix"
        )
    return found[0] if found else None


def _matrices(checkpoint: Checkpoint) -> list[str]:
    return sorted(name for name, tensor in checkpoint.tensors.items() if len(tensor.shape) == 2)


def _listed(names: Iterable[str]) -> str:
    shown = list(names)
    return ", ".join(shown[:8]) + (f" and {len(shown) - 8} more" if len(shown) > 8 else "")


def _is_tied(checkpoint: Checkpoint, source: str, output: str | None) -> bool:
    """Whether both matrices are one: as the configuration says, or where it is silent, as the tensors are."""
    stated = is_tied(checkpoint.config)
    if output is None:
        if stated is False:
            raise UserError(
                f"{checkpoint.folder / CONFIG}: says that the output matrix is one of its own, and none is found (looked for "
                f"{', '.join(OUTPUT_MATRICES)}); name it with --output-matrix"
            )
        return True
    if stated is False:
        return False
    one, two = checkpoint.shard_of(source), checkpoint.shard_of(output)
    is_one = one.tensors[source].dtype == two.tensors[output].dtype and is_same(one.raw(source), two.raw(output))
    if stated and not is_one:
        raise UserError(
            f"{checkpoint.folder / CONFIG}: says that {source} and {output} are one matrix, and they differ; set "
            "tie_word_embeddings to what is meant"
        )
    return is_one


def _check(checkpoint: Checkpoint, matrices: Matrices, num_rows: int) -> None:
    for name in matrices.names:
        tensor = checkpoint.tensors[name]
        if tensor.dtype not in STORED:
            raise InputError(
                f"{checkpoint.folder}: {name} is {tensor.dtype}, and rows can be made in {', '.join(STORED)} only; give the "
                "checkpoint that is not quantised"
            )
        if tensor.shape[:1] != (num_rows,):
            raise InputError(
                f"{checkpoint.folder}: {name} has {list(tensor.shape)} and {matrices.input} {num_rows} rows; name the matrices "
                "with --input-matrix and --output-matrix"
            )
    others = {name: each for name, each in checkpoint.tensors.items() if name not in matrices.names}
    odd = [name for name, each in others.items() if num_rows in each.shape and any(part in name for part in _TELLING)]
    if odd:
        raise InputError(f"{checkpoint.folder}: {odd[0]} has {num_rows} rows or columns, too; such a model cannot be extended")
