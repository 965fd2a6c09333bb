"""Saving and restoring a whole training: weights, optimizer, place in the data.

DeepSpeed writes its files into a folder of ours, which becomes a checkpoint by one rename (checkpoints.py). Weights that do not
train are left out: the base has them. Files of ZeRO belong to a number of processes; for another number they are converted
to DeepSpeed's universal form first, once, beside the checkpoint.
"""

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import distributed

from corpusforge.errors import StoreDamaged, translated_os_errors
from corpusforge.recipe.training import TrainStage
from corpusforge.train.batches import Batches
from corpusforge.train.checkpoints import (
    Facts,
    Manifest,
    digests,
    finish,
    partial_folder,
    remove,
    remove_partials,
    surplus,
)

TAG = "state"
_UNIVERSAL = ".universal"

# A disk with less is full, for files of this size.
_LITTLE_BYTES = 64 * 2**20


@dataclass(frozen=True)
class Saver:
    """Writes the checkpoints of a stage into `folder`."""

    folder: Path
    stage: TrainStage
    facts: Facts
    batches: Batches
    recipe: dict[str, Any]

    def save(self, engine: Any, step: int, scores: dict[str, float]) -> None:
        """Write the state after `step` steps; all processes together.

        Raises DiskFull or FileFailed where the disk refuses; the former checkpoints stay as they are.
        """
        partial = partial_folder(self.folder, step)
        rank, world = self.batches.rank, self.batches.world
        with translated_os_errors(partial), _torch_refusals(partial):
            if rank == 0:
                remove_partials(self.folder)
                partial.mkdir(parents=True)
            distributed.barrier()
            engine.save_checkpoint(str(partial), tag=TAG, exclude_frozen_parameters=self.stage.trains != "full")
            parts: list[dict[str, Any]] = [{} for _ in range(world)]
            distributed.all_gather_object(parts, digests(partial, rank, world))
            if rank == 0:
                files = {name: facts for part in parts for name, facts in part.items()}
                rows = self.batches.consumed(step)
                finish(self.folder, Manifest(step, rows, world, self.facts, self.recipe, scores, files=files))
                remove([*surplus(self.folder, self.stage.keep), *self.folder.glob(f"*{_UNIVERSAL}")])
        distributed.barrier()


def restore(engine: Any, checkpoint: Path, stage: TrainStage) -> None:
    """Put weights and optimizer back as they were saved; `checkpoint` is one of as many processes, or universal."""
    groups = engine.optimizer.param_groups
    kept = [{name: value for name, value in group.items() if name != "params"} for group in groups]
    path, _ = engine.load_checkpoint(
        str(checkpoint), tag=TAG, load_module_strict=stage.trains == "full", load_lr_scheduler_states=False
    )
    if path is None:
        raise StoreDamaged(f"{checkpoint}: DeepSpeed finds no state in it; delete it to go on from an older one")
    # From a universal checkpoint every group gets the settings of the first one, weight decay among them, and all weights
    # get one and the same counter of steps, which AdamW would then raise once for each of them.
    for group, settings in zip(groups, kept, strict=True):
        group.update(settings)
    for state in getattr(engine.optimizer, "optimizer", engine.optimizer).state.values():
        if torch.is_tensor(state.get("step")):
            state["step"] = state["step"].clone()


def universal(checkpoint: Path) -> Path:
    """The same checkpoint for any number of processes, converted unless it has been; process 0 does it, all wait."""
    converted = checkpoint.with_name(checkpoint.name + _UNIVERSAL)
    if distributed.get_rank() == 0 and not converted.is_dir():
        partial = converted.with_name(f"{converted.name}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        _convert(checkpoint / TAG, partial / TAG)
        (partial / "latest_universal").write_text(TAG, "utf-8")
        os.replace(partial, converted)
    distributed.barrier()
    return converted


def _convert(source: Path, target: Path) -> None:
    names = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT")
    alone = {name: value for name, value in os.environ.items() if name not in names}
    command = [
        sys.executable, "-m", "deepspeed.checkpoint.ds_to_universal", "--input_folder", str(source),
        "--output_folder", str(target), "--inject_missing_state", "--num_extract_workers", "1", "--num_merge_workers", "1",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, env=alone, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise StoreDamaged(
            f"{source.parent}: it cannot be converted to another number of processes ({last}); start as many as before"
        )


@contextmanager
def _torch_refusals(path: Path) -> Iterator[None]:
    """torch tells a full disk as a RuntimeError of its zip writer: say it as the OSError that it was."""
    try:
        yield
    except RuntimeError as error:
        if "PytorchStreamWriter" not in str(error) and "unexpected pos" not in str(error):
            raise
        full = shutil.disk_usage(path.parent).free < _LITTLE_BYTES
        raise OSError(errno.ENOSPC if full else errno.EFBIG, "torch could not write the whole file", str(path)) from error
