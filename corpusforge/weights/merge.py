"""A LoRA adapter merged into its base: `corpusforge weights merge`. The plan: which tensors change, and how.

What comes out does what base and adapter do together. Where the base ties its two matrices and the adapter changes one of them
only, the other stays as the base has it and the matrices are no longer tied; peft's merge_and_unload changes both.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpusforge.errors import InputError
from corpusforge.weights.adapter import Adapter, Factors
from corpusforge.weights.checkpoint import Checkpoint
from corpusforge.weights.configuration import is_tied, num_rows, untied, with_rows
from corpusforge.weights.floats import STORED, Floats, narrowed, widened
from corpusforge.weights.lora_settings import CONFIG as ADAPTER_CONFIG
from corpusforge.weights.names import INPUT_MATRICES, OUTPUT_MATRICES, is_matrix
from corpusforge.weights.product import add_product
from corpusforge.weights.tensors import Tensor

# Values at a time.
_BLOCK_VALUES = 2**22


@dataclass(frozen=True)
class Change:
    """A tensor of the result: rows of the base or of the adapter, and what factors add to them."""

    dtype: str
    shape: tuple[int, ...]
    base: str | None
    whole: str | None = None
    factors: Factors | None = None
    is_transposed: bool = False


@dataclass(frozen=True)
class Merge:
    """A base, an adapter, and the tensors that change, by name; `beside` names the file that gets a new one."""

    base: Checkpoint
    adapter: Adapter
    changes: Mapping[str, Change]
    config: Mapping[str, Any]
    beside: Mapping[str, str]

    def blocks(self, name: str) -> Iterator[NDArray[np.generic]]:
        """Bits of a tensor that changes, rows after rows; raises InputError where one becomes infinite."""
        change = self.changes[name]
        width = max(1, int(np.prod(change.shape[1:])))
        rows = max(1, _BLOCK_VALUES // width)
        left, right, scale = self._factors(change)
        for begin in range(0, change.shape[0], rows):
            values = self._rows(change, begin, begin + rows)
            if left is not None and right is not None:
                values = add_product(values, left[begin : begin + rows], right, scale)
            bits = narrowed(values, change.dtype)
            if not np.isfinite(widened(bits, change.dtype)).all():
                raise InputError(
                    f"{self.base.folder}: {name} is not finite after merging, from row {begin}; look at the adapter"
                )
            yield bits

    def facts(self) -> dict[str, Any]:
        """What is done, for people and for the record."""
        changed = self.changes.values()
        return {
            "low_rank": sum(change.factors is not None for change in changed),
            "whole": sorted(name for name, change in self.changes.items() if change.whole is not None),
            "added": sorted(self.beside),
            "kept": len(self.base.tensors.keys() - self.changes.keys()),
            "scales": sorted({change.factors.scale for change in changed if change.factors is not None}),
            "vocab_size": num_rows(self.config),
            "tie_word_embeddings": is_tied(self.config),
        }

    def _rows(self, change: Change, begin: int, end: int) -> Floats:
        if change.whole is not None:
            file = self.adapter.file
            return widened(file.stored(change.whole)[begin:end], file.tensors[change.whole].dtype)
        assert change.base is not None
        return widened(self.base.shard_of(change.base).stored(change.base)[begin:end], self.base.tensors[change.base].dtype)

    def _factors(self, change: Change) -> tuple[Floats | None, Floats | None, float]:
        if change.factors is None:
            return None, None, 0.0
        a, b = self.adapter.values(change.factors.a), self.adapter.values(change.factors.b)
        return (a.T, b.T, change.factors.scale) if change.is_transposed else (b, a, change.factors.scale)


def plan_merge(base: Path, adapter: Path) -> Merge:
    """Read headers and find the tensor of the base for every tensor of the adapter.

    Raises InputError where one of them is damaged, of a kind that cannot be merged, or does not fit the other.
    """
    checkpoint, found = Checkpoint.read(base), Adapter.read(adapter)
    _check_targets(checkpoint, found)
    factors = {f"{module}.weight": each for module, each in found.factors.items()}
    names = {name: _base_name(checkpoint, name) for name in sorted({*factors, *found.whole})}
    lost = [name for name, there in names.items() if there is None and not is_matrix(name, OUTPUT_MATRICES)]
    if lost:
        raise InputError(
            f"{base}: has no tensor {lost[0]} ({len(lost)} of the adapter's {len(names)} are not there); give the base that "
            f"{found.folder} was trained on"
        )
    matrix = _input_matrix(checkpoint)
    changes = {}
    for name, there in names.items():
        source = there or matrix
        if source is None:
            raise InputError(f"{base}: has no tensor {name}, and no input matrix is found that it could be tied to")
        changes[there or name] = _change(checkpoint, found, source, found.whole.get(name), factors.get(name))
    return _with_matrices(checkpoint, found, changes, matrix)


def _check_targets(base: Checkpoint, adapter: Adapter) -> None:
    """Every module that is named as a target has its factors, unless the configuration leaves layers out."""
    config = adapter.settings
    if config.leaves_out:
        return
    modules = [name.removesuffix(".weight") for name, tensor in base.tensors.items() if len(tensor.shape) == 2]
    targets = [module for module in modules if any(f".{module}".endswith(f".{name}") for name in config.target_modules)]
    have = tuple(f".{module}" for module in adapter.factors)
    lost = [module for module in targets if not any(each.endswith(f".{module}") for each in have)]
    if lost:
        raise InputError(
            f"{adapter.file.path}: has no factors of {lost[0]} ({len(lost)} of {len(targets)} modules that {ADAPTER_CONFIG} "
            f"names are missing); save the adapter again, or give the base it was trained on"
        )


def _base_name(base: Checkpoint, name: str) -> str | None:
    """A checkpoint may have been saved with or without the first part of names, as GPT-2's "transformer."."""
    tensors = base.tensors
    return next((each for each in (name, name.partition(".")[2]) if each in tensors), None)


def _input_matrix(base: Checkpoint) -> str | None:
    found = [name for name, tensor in base.tensors.items() if len(tensor.shape) == 2 and is_matrix(name, INPUT_MATRICES)]
    return found[0] if len(found) == 1 else None


def _change(base: Checkpoint, adapter: Adapter, source: str, whole: str | None, factors: Factors | None) -> Change:
    """What becomes of the tensor `source` of the base, in its format."""
    dtype, shape = base.tensors[source].dtype, base.tensors[source].shape
    if dtype not in STORED:
        raise InputError(f"{base.folder}: {source} is {dtype}; merge into the base that is not quantised")
    if whole is not None:
        given = adapter.file.tensors[whole].shape
        may_grow = is_matrix(source, INPUT_MATRICES + OUTPUT_MATRICES)
        if len(given) != len(shape) or given[may_grow:] != shape[may_grow:]:
            raise InputError(f"{adapter.file.path}: {whole} is {list(given)}, the base's is {list(shape)}; give its base")
        shape = given
    is_transposed = factors is not None and _is_transposed(base, adapter, source, factors, shape)
    return Change(dtype, shape, source, whole, factors, is_transposed)


def _is_transposed(base: Checkpoint, adapter: Adapter, source: str, factors: Factors, shape: tuple[int, ...]) -> bool:
    """Whether the tensor is (B @ A).T: an embedding, or a layer that is stored input first; shapes tell, else the setting."""
    columns, rows = adapter.file.tensors[factors.a].shape[1], adapter.file.tensors[factors.b].shape[0]
    fits = [turned for turned, product in ((False, (rows, columns)), (True, (columns, rows))) if product == shape]
    if not fits:
        raise InputError(
            f"{base.folder}: {source} is {list(shape)}, and the adapter changes {[rows, columns]}; give the base that "
            f"{adapter.folder} was trained on"
        )
    if factors.is_embedding:
        return True
    return fits[0] if len(fits) == 1 else adapter.settings.fan_in_fan_out


def _with_matrices(base: Checkpoint, adapter: Adapter, changes: dict[str, Change], matrix: str | None) -> Merge:
    """Settle whether the two matrices stay tied, and how many rows they have."""
    output = next((name for name in (*changes, *base.tensors) if is_matrix(name, OUTPUT_MATRICES)), None)
    config: dict[str, Any] = dict(base.config)
    if matrix is None or not {matrix, output} & changes.keys():
        return Merge(base, adapter, changes, config, {})
    if _are_tied(base, output):
        output = output or _output_name(matrix)
        source = base.tensors[matrix]
        both = {name: Change(source.dtype, source.shape, matrix) for name in (matrix, output)} | changes
        if _are_one(Merge(base, adapter, both, config, {}), matrix, output):
            changes = {name: change for name, change in both.items() if name != output or name in base.tensors}
        elif adapter.settings.keeps_tying:
            raise InputError(f"{adapter.folder / ADAPTER_CONFIG}: ensure_weight_tying is set, and the adapter has other values "
                             f"for {output} than for {matrix}; save it again from the training checkpoint")  # fmt: skip
        else:
            changes, config = both, untied(config)
    tensors: dict[str, Tensor | Change] = {**base.tensors, **changes}
    rows = {name: tensors[name].shape[0] for name in (matrix, output) if name in tensors}
    if len(set(rows.values())) > 1:
        stated = " and ".join(f"{name} has {count} rows" for name, count in rows.items())
        raise InputError(f"{adapter.folder}: {stated}; save the adapter with save_embedding_layers=True")
    if rows[matrix] != base.tensors[matrix].shape[0]:
        config = with_rows(config, rows[matrix])
    beside = {name: base.shard_of(matrix).path.name for name in changes if name not in base.tensors}
    return Merge(base, adapter, changes, config, beside)


def _are_tied(base: Checkpoint, output: str | None) -> bool:
    stated = is_tied(base.config)
    return output not in base.tensors if stated is None else stated


def _are_one(merge: Merge, matrix: str, output: str) -> bool:
    """Whether both tied matrices become the same, as when the adapter was trained with ensure_weight_tying."""
    pairs = zip_longest(merge.blocks(matrix), merge.blocks(output), fillvalue=np.zeros(0))
    return all(np.array_equal(read, written) for read, written in pairs)


def _output_name(matrix: str) -> str:
    return "embed_out.weight" if "embed_in" in matrix else "lm_head.weight"
