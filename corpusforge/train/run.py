"""Runs the stages of a training in this process, one of several that do the same: opened, trained, written, verified."""

import gc
import platform
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import distributed

from corpusforge.engine.manifest import REPORT
from corpusforge.engine.store import claim, locked
from corpusforge.errors import OutOfMemory
from corpusforge.recipe import Training
from corpusforge.recipe.training import TrainStage
from corpusforge.train import engine as deepspeed_engine
from corpusforge.train.base import Base
from corpusforge.train.begin import Begin, begin_stage
from corpusforge.train.checkpoints import read_manifest, remove_partials, step_folder
from corpusforge.train.data import Samples
from corpusforge.train.export import export, final_facts
from corpusforge.train.flops import Work
from corpusforge.train.held_out import Slice, bits_per_byte, open_slice
from corpusforge.train.loop import Job, train
from corpusforge.train.metrics import Hardware, Metrics
from corpusforge.train.origin import CHECKPOINTS, FINAL
from corpusforge.train.plan import chosen_stages, open_rows, status
from corpusforge.train.state import Saver, restore, universal
from corpusforge.train.stopping import StopRequest, stop_requests
from corpusforge.train.weights import load_objective
from corpusforge.weights.provenance import TRAINING_RECORD

# What torch, the driver and cuBLAS say where memory is short.
_NO_MEMORY = ("out of memory", "can't allocate memory", "CUBLAS_STATUS_ALLOC_FAILED")


@dataclass(frozen=True)
class Hooks:
    """Who hears of a training; called in process 0 alone."""

    say: Callable[[str], None]
    report: Callable[[Path], None]
    """After each checkpoint, with the folder of the training."""


@dataclass(frozen=True)
class _Run:
    """One stage in this process."""

    training: Training
    stage: TrainStage
    device: torch.device
    hooks: Hooks
    stop: StopRequest

    @property
    def folder(self) -> Path:
        """Of the stage."""
        return self.training.out / self.stage.name

    def say(self, text: str) -> None:
        """Tell, in process 0."""
        if distributed.get_rank() == 0:
            self.hooks.say(text)


def run(training: Training, only: str | None, hooks: Hooks) -> None:
    """Train the stages that are not done; raises what training.errors says, in every process alike where it can."""
    device = deepspeed_engine.start()
    train_stages(training, only, device, hooks)
    deepspeed_engine.stop()


def train_stages(training: Training, only: str | None, device: torch.device, hooks: Hooks) -> None:
    """The same in a process group that is there already."""
    is_first = distributed.get_rank() == 0
    with locked(training.out) if is_first else nullcontext(), stop_requests() as stop:
        if is_first:
            claim(training.out, f"training {training.name}", (REPORT,))
        for stage in chosen_stages(training, only):
            run = _Run(training, stage, device, hooks, stop)
            if (run.folder / FINAL / TRAINING_RECORD).is_file():
                run.say(f"stage {stage.name}: {status(run.folder)}, not done again")
                continue
            with memory_advice(stage):
                _run_stage(run)
            gc.collect()


def _run_stage(run: _Run) -> None:
    stage, folder = run.stage, run.folder
    if distributed.get_rank() == 0:
        (folder / CHECKPOINTS).mkdir(parents=True, exist_ok=True)
        remove_partials(folder / CHECKPOINTS)
    distributed.barrier()
    begin = begin_stage(run.training, stage, folder)
    objective = load_objective(stage, begin.origin.base, begin.origin.adapter, run.device)
    engine = deepspeed_engine.engine(stage, objective, begin.batches, run.device, load_universal=begin.changes_world)
    if begin.checkpoint is not None:
        restore(engine, universal(begin.checkpoint) if begin.changes_world else begin.checkpoint, stage)
    with _metrics(run, begin) as metrics:
        run.say(_opening(stage, begin))
        train(_job(run, begin, engine, metrics), begin.first_step)
    _finish(run, begin, engine)
    run.say(f"stage {stage.name}: done; {folder / FINAL} is written and compared")
    engine.destroy()


def _job(run: _Run, begin: Begin, engine: Any, metrics: Metrics | None) -> Job:
    stage, device = run.stage, run.device
    slices = _slices(run.training, stage)
    saver = Saver(run.folder / CHECKPOINTS, stage, begin.facts, begin.batches, _recipe(run.training))

    def save(step: int, scores: dict[str, float]) -> None:
        saver.save(engine, step, scores)
        if metrics is not None:
            run.hooks.report(run.training.out)

    def evaluate() -> dict[str, float]:
        return {held.group: bits_per_byte(engine, held, stage.micro_batch_rows, device) for held in slices}

    return Job(stage, engine, begin.source, begin.batches, device, metrics, evaluate, save, run.stop)


def _slices(training: Training, stage: TrainStage) -> list[Slice]:
    groups = open_rows(training.build, stage).held_out_groups
    return [open_slice(group, Samples.held_out(training.build, group), stage.evaluate_rows) for group in groups]


@contextmanager
def _metrics(run: _Run, begin: Begin) -> Iterator[Metrics | None]:
    """The books of the stage, in process 0."""
    if distributed.get_rank():
        yield None
        return
    name = torch.cuda.get_device_name(run.device) if run.device.type == "cuda" else f"cpu ({platform.machine()})"
    hardware = Hardware(name, begin.batches.world, work_of(run.stage, begin.base))
    metrics = Metrics(run.folder, begin.first_step, begin.batches.num_steps, hardware, run.hooks.say)
    if run.training.settings.tensorboard:
        metrics.draw_curves(run.folder / "tensorboard", begin.first_step)
    try:
        yield metrics
    finally:
        metrics.close()


def work_of(stage: TrainStage, base: Base) -> Work:
    """What the model does for a token, from its config."""
    config = base.config
    heads = int(config.get("num_attention_heads") or 1)
    size = int(config.get("head_dim") or base.embedding[1] // heads)
    layers = int(config.get("num_hidden_layers") or 1)
    return Work(base.matrix_weights, layers, heads * size, stage.trains not in ("lora", "qlora"))


def _finish(run: _Run, begin: Begin, engine: Any) -> None:
    """Write what the stage leaves; the last checkpoint has its facts."""
    manifest = read_manifest(step_folder(run.folder / CHECKPOINTS, begin.batches.num_steps))
    facts = final_facts(manifest) | {"base_folder": str(begin.origin.base), "build": str(run.training.build)}
    export(engine, run.stage, run.folder, begin.source.tokenizer, facts)


def _recipe(training: Training) -> dict[str, Any]:
    return {
        "name": training.name, "path": str(training.path), "overrides": list(training.overrides), "build": str(training.build),
        "settings": training.settings.model_dump(mode="json"),
    }  # fmt: skip


def _opening(stage: TrainStage, begin: Begin) -> str:
    shared = begin.batches
    going = f"going on after step {begin.first_step:,}, " if begin.first_step else ""
    return (
        f"stage {stage.name}: {going}{shared.num_steps:,} steps of {stage.global_batch_tokens:,} tokens "
        f"({shared.batch_rows:,} rows), {shared.world} processes x {shared.accumulation} x {shared.micro_rows} rows; "
        f"{stage.trains}, ZeRO-{stage.zero}, {stage.precision}, from {begin.origin.base}"
    )


@contextmanager
def memory_advice(stage: TrainStage) -> Iterator[None]:
    """Turn what torch says of memory into advice."""
    try:
        yield
    except RuntimeError as error:
        if not any(words in str(error) for words in _NO_MEMORY):
            raise
        own_rows = stage.batch_rows // distributed.get_world_size()
        fewer = [rows for rows in range(stage.micro_batch_rows // 2, 0, -1) if own_rows % rows == 0]
        advice = [
            f"micro_batch_rows: {fewer[0]}" if fewer else "",
            "loss_chunk_tokens: 2048" if not stage.loss_chunk_tokens else "",
            "activation_checkpointing: true" if not stage.activation_checkpointing else "",
            f"zero: {stage.zero + 1} with more processes" if stage.zero < 3 else "",
            "offload: optimizer" if stage.offload == "none" and stage.zero else "",
            {"full": "trains: lora", "lora": "trains: qlora"}.get(stage.trains, ""),
        ]
        raise OutOfMemory(
            f"train: stage {stage.name!r}: memory is short ({str(error).splitlines()[0][:200]}); try, in this order: "
            f"{', '.join(each for each in advice if each)}; checkpoints are kept"
        ) from error
