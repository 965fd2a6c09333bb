"""A LoRA adapter as peft saves it: adapter_config.json and adapter_model.safetensors, read with all that can be wrong in them.

Adapters that lost tensors are the usual damage: ZeRO-3 saves matrices of no size, or leaves out the embeddings that
modules_to_save names (peft #2450, transformers #28468). So what the configuration promises has to be there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from corpusforge.errors import InputError
from corpusforge.weights.checkpoint import read_object
from corpusforge.weights.floats import STORED, Floats, widened
from corpusforge.weights.lora_settings import CONFIG, LoraSettings
from corpusforge.weights.tensors import TensorFile

WEIGHTS = "adapter_model.safetensors"

_PREFIX = "base_model.model."
_FACTORS = {
    ".lora_A.weight": "A",
    ".lora_B.weight": "B",
    ".lora_embedding_A": "A",
    ".lora_embedding_B": "B",
}


@dataclass(frozen=True)
class Factors:
    """Names of the two tensors of a module: A [rank, columns] and B [rows, rank], of B @ A for a linear layer."""

    a: str
    b: str
    scale: float
    is_embedding: bool


@dataclass(frozen=True)
class Adapter:
    """Factors by module, and names of whole tensors by the name that they have in the base."""

    folder: Path
    settings: LoraSettings
    file: TensorFile
    factors: Mapping[str, Factors]
    whole: Mapping[str, str]

    @classmethod
    def read(cls, folder: Path) -> "Adapter":
        """Read the configuration and the header; raises InputError where something is missing, lost or not understood."""
        if not (folder / CONFIG).is_file():
            raise InputError(f"{folder}: no {CONFIG} there; give the folder of an adapter that peft saved")
        settings = LoraSettings.of(read_object(folder / CONFIG), folder / CONFIG)
        file = adapter_file(folder)
        parts, whole = _sorted_out(file)
        factors = {module: _factors(file, settings, module, names) for module, names in sorted(parts.items())}
        adapter = cls(folder, settings, file, factors, whole)
        adapter._check()
        return adapter

    def values(self, name: str) -> Floats:
        """Values of a tensor; raises InputError where one is not finite."""
        found = widened(self.file.stored(name), self.file.tensors[name].dtype)
        if not np.isfinite(found).all():
            raise InputError(f"{self.file.path}: {name} has values that are not finite; take an earlier checkpoint")
        return found

    def _check(self) -> None:
        kept = [name.rpartition(".")[0] for name in self.whole]
        lost = [name for name in self.settings.modules_to_save if not any(_ends(module, name) for module in kept)]
        lost += [name for name in self.settings.target_modules if not any(_ends(module, name) for module in self.factors)]
        if lost:
            raise InputError(
                f"{self.file.path}: has no tensors of {lost[0]}, which {CONFIG} names; the adapter was saved incompletely (as "
                "under ZeRO-3 without gathering): save it again"
            )
        if self.factors and not any(self.values(each.b).any() for each in self.factors.values()):
            raise InputError(
                f"{self.file.path}: every lora_B is zero, so the adapter changes nothing; give one that was trained"
            )


def adapter_file(folder: Path) -> TensorFile:
    """The tensors of an adapter, of whatever kind it is; raises InputError where they are missing or damaged."""
    if not (folder / WEIGHTS).is_file():
        raise _no_weights(folder)
    return TensorFile.read(folder / WEIGHTS)


def _ends(module: str, name: str) -> bool:
    return f".{module}".endswith(f".{name}")


def _sorted_out(file: TensorFile) -> tuple[dict[str, dict[str, str]], dict[str, str]]:
    """Factors of each module by letter and kind, and whole tensors."""
    parts: dict[str, dict[str, str]] = {}
    whole: dict[str, str] = {}
    for name, tensor in file.tensors.items():
        _check_tensor(file, name, tensor.dtype)
        plain = name.removeprefix(_PREFIX)
        end = next((end for end in _FACTORS if plain.endswith(end)), None)
        if end is not None:
            parts.setdefault(plain.removesuffix(end), {})[_FACTORS[end]] = name
        else:
            whole[plain.replace(".base_layer.", ".")] = name
    return parts, whole


def _check_tensor(file: TensorFile, name: str, dtype: str) -> None:
    if not name.startswith(_PREFIX) or (".lora_" in name and not name.endswith(tuple(_FACTORS))):
        raise InputError(f"{file.path}: merging does not know the tensor {name}; merge with peft itself (merge_and_unload)")
    if dtype not in STORED:
        raise InputError(f"{file.path}: {name} is {dtype}; merging knows {', '.join(STORED)}")


def _factors(file: TensorFile, settings: LoraSettings, module: str, names: Mapping[str, str]) -> Factors:
    if names.keys() != {"A", "B"}:
        raise InputError(f"{file.path}: {module} has lora_{'/'.join(names)} only; save the adapter again")
    shape_a, shape_b = (file.tensors[names[letter]].shape for letter in "AB")
    if len(shape_a) == len(shape_b) == 2 and 0 not in shape_a + shape_b:
        rank = settings.rank_of(module)
        if shape_a[0] == shape_b[1] == rank:
            return Factors(names["A"], names["B"], settings.scale_of(module), "lora_embedding" in names["A"])
        raise InputError(f"{file.path}: {module} has rank {shape_a[0]}, and {CONFIG} says {rank}; give both of one adapter")
    if len(shape_a) > 2:
        raise InputError(f"{file.path}: {module} is a convolution ({list(shape_a)}); merge with peft itself (merge_and_unload)")
    raise InputError(
        f"{file.path}: {module} has matrices {list(shape_a)} and {list(shape_b)}: parameters were not gathered when they were "
        "saved (ZeRO-3, FSDP); save the adapter again from the training checkpoint"
    )


def _no_weights(folder: Path) -> InputError:
    if (folder / "adapter_model.bin").is_file():
        return InputError(
            f"{folder}: adapter_model.bin is pickled, and unpickling runs whatever a file holds; write it as safetensors: "
            "PeftModel.from_pretrained(base, FOLDER).save_pretrained(OTHER_FOLDER)"
        )
    return InputError(f"{folder}: no {WEIGHTS} there; give the folder of an adapter that peft saved")
