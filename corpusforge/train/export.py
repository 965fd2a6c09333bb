"""What a stage leaves for others: a Hugging Face checkpoint or an adapter, re-opened and compared before it counts.

Weights are gathered one at a time from wherever ZeRO put them, so what is written is what trained, by name. An adapter must
hold every weight that trained, embeddings too: transformers' Trainer under ZeRO-3 loses those of a resized vocabulary in
silence.
"""

import os
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, distributed, nn

from corpusforge.engine.store import sync, write_json
from corpusforge.errors import VerificationError
from corpusforge.recipe.training import TrainStage
from corpusforge.train.checkpoints import Manifest
from corpusforge.train.engine import gathered_weights
from corpusforge.train.origin import FINAL
from corpusforge.weights.provenance import TRAINING_RECORD, digests

_ADAPTER = "adapter_model.safetensors"


def export(engine: Any, stage: TrainStage, folder: Path, tokenizer: Path, facts: dict[str, Any]) -> Path:
    """Write folder/final, with the digest of each file beside it, and verify it; all processes together.

    Raises VerificationError where it is not what trained.
    """
    objective = engine.module
    names = _training(objective.model) if is_adapter(stage) else dict(objective.model.named_parameters())
    weights = _gathered(names)
    if distributed.get_rank() == 0:
        partial = folder / f"{FINAL}.partial"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        _check_shapes(names, weights)
        write = _write_adapter if is_adapter(stage) else _write_model
        write(objective.model, weights, partial)
        _copy_tokenizer(tokenizer, partial)
        files = digests({path.name: path for path in partial.iterdir()})
        write_json(partial / TRAINING_RECORD, facts | {"files": files})
        _publish(partial, folder / FINAL)
    distributed.barrier()
    return folder / FINAL


def is_adapter(stage: TrainStage) -> bool:
    """Whether a stage leaves an adapter instead of a whole model."""
    return stage.trains in ("lora", "qlora")


def _training(model: nn.Module) -> dict[str, nn.Parameter]:
    return {name: weight for name, weight in model.named_parameters() if weight.requires_grad}


def _gathered(names: dict[str, nn.Parameter]) -> dict[str, Tensor]:
    """Copies on the CPU of process 0, others get nothing; whole under ZeRO-3 as well."""
    found: dict[str, Tensor] = {}
    for name, weight in names.items():
        with gathered_weights([weight]):
            if distributed.get_rank() == 0:
                found[name] = weight.detach().to("cpu", copy=True).contiguous()
    return found


def _check_shapes(names: dict[str, nn.Parameter], weights: dict[str, Tensor]) -> None:
    """Every weight is there in its full shape and finite."""
    full = {name: tuple(getattr(weight, "ds_shape", weight.shape)) for name, weight in names.items()}
    wrong = [
        f"{name}: {tuple(weights[name].shape)}, not {shape}"
        for name, shape in full.items()
        if tuple(weights[name].shape) != shape
    ]
    wrong += [f"{name}: it has values that are no numbers" for name, weight in weights.items() if not weight.isfinite().all()]
    if wrong or not weights:
        raise VerificationError(wrong or ["train: nothing trained, so there is nothing to write"])


def _write_model(model: Any, weights: dict[str, Tensor], folder: Path) -> None:
    """The whole model, under the names transformers reads it by."""
    model.save_pretrained(folder, state_dict=weights)
    _compare(folder.glob("*.safetensors"), weights)


def _write_adapter(model: Any, weights: dict[str, Tensor], folder: Path) -> None:
    """The adapter, in peft's own format, from the very weights that trained."""
    config = model.adapters.peft_config["default"]
    config.inference_mode = True
    config.save_pretrained(str(folder))
    stored = {_adapter_name(name): weight for name, weight in weights.items()}
    save_file(stored, folder / _ADAPTER, metadata={"format": "pt"})
    _compare([folder / _ADAPTER], stored)


def _adapter_name(name: str) -> str:
    """peft's name of a weight in an adapter's file: without the adapter's own name."""
    return "base_model.model." + name.replace(".modules_to_save.default", "").replace(".default", "")


def _compare(paths: Any, weights: dict[str, Tensor]) -> None:
    """Re-open what was written: the same names, shapes and values, bit for bit."""
    seen: set[str] = set()
    wrong = []
    for path in paths:
        with safe_open(path, framework="pt") as file:
            for name in file.keys():  # noqa: SIM118  # no mapping
                seen.add(name)
                if name in weights and not torch.equal(file.get_tensor(name), weights[name]):
                    wrong.append(f"{path}: {name} is not what trained")
    wrong += [f"{name} trained but was not written" for name in sorted(weights.keys() - seen)]
    wrong += [f"{name} was written but is no weight of the model" for name in sorted(seen - weights.keys())]
    if wrong:
        raise VerificationError(wrong)


def _copy_tokenizer(tokenizer: Path, folder: Path) -> None:
    for path in sorted(tokenizer.iterdir()):
        if path.is_file() and path.name not in (TRAINING_RECORD, "config.json"):
            shutil.copy2(path, folder / path.name)


def _publish(partial: Path, final: Path) -> None:
    for path in [*partial.iterdir(), partial]:
        sync(path)
    shutil.rmtree(final, ignore_errors=True)
    os.replace(partial, final)
    sync(final.parent)


def final_facts(manifest: Manifest) -> dict[str, Any]:
    """What stands in corpusforge.json of a finished stage: its shards, recipe and base."""
    return {key: value for key, value in asdict(manifest).items() if key not in ("files", "random")}
