"""Runs the stages of a training in this process, one of several that do the same: opened, trained, written, verified."""

import gc
import platform
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import distributed

from corpusforge.engine.manifest import REPORT
from corpusforge.engine.store import claim, file_digest, locked
from corpusforge.errors import OutOfMemory
from corpusforge.recipe import Training
from corpusforge.recipe.training import TrainStage
from corpusforge.train import engine as deepspeed_engine
from corpusforge.train.base import Base, check_vocabulary, read_base
from corpusforge.train.batches import Batches, batches
from corpusforge.train.checkpoints import Facts, Manifest, check_facts, newest_whole, read_manifest, remove_partials
from corpusforge.train.data import Samples
from corpusforge.train.export import export, final_facts
from corpusforge.train.flops import Work
from corpusforge.train.held_out import Slice, bits_per_byte, open_slice
from corpusforge.train.loop import Job, train
from corpusforge.train.metrics import Hardware, Metrics
from corpusforge.train.origin import CHECKPOINTS, FACTS, FINAL, Origin, origin
from corpusforge.train.plan import chosen_stages, open_rows, status
from corpusforge.train.state import Saver, restore, universal
from corpusforge.train.stopping import StopRequest, stop_requests
from corpusforge.train.weights import load_objective

# Settings that change how fast or where a stage runs, or what is told of it, and not what it trains.
_FREE = {
    "activation_checkpointing", "attention", "compile", "evaluate_every", "evaluate_rows", "keep", "log_every",
    "loss_chunk_tokens", "micro_batch_rows", "offload", "save_every",
}  # fmt: skip


@dataclass(frozen=True)
class Hooks:
    """Who hears of a training; called in process 0 alone."""

    say: Callable[[str], None]
    report: Callable[[Path], None]
    """After each checkpoint, with the folder of the training."""


@dataclass(frozen=True)
class Begin:
    """What a stage begins with, opened and checked."""

    origin: Origin
    base: Base
    source: Samples
    batches: Batches
    facts: Facts
    resumed: Manifest | None
    """Of the checkpoint that the stage goes on from."""
    checkpoint: Path | None


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
            if (training.out / stage.name / FINAL / FACTS).is_file():
                _say(hooks, f"stage {stage.name}: {status(training.out / stage.name)}, not done again")
                continue
            with _memory_advice(stage):
                _run_stage(training, stage, device, hooks, stop)
            gc.collect()


def _run_stage(training: Training, stage: TrainStage, device: torch.device, hooks: Hooks, stop: StopRequest) -> None:
    folder = training.out / stage.name
    if distributed.get_rank() == 0:
        (folder / CHECKPOINTS).mkdir(parents=True, exist_ok=True)
        remove_partials(folder / CHECKPOINTS)
    distributed.barrier()
    begin = _begin(training, stage, folder)
    objective = load_objective(stage, begin.origin.base, begin.origin.adapter, device)
    changes_world = begin.resumed is not None and begin.resumed.world != begin.batches.world
    engine = deepspeed_engine.engine(stage, objective, begin.batches, device, load_universal=changes_world)
    if begin.checkpoint is not None:
        restore(engine, universal(begin.checkpoint) if changes_world else begin.checkpoint, stage)
    first = 0 if begin.resumed is None or begin.checkpoint == begin.origin.branch else begin.resumed.step
    saver = Saver(folder / CHECKPOINTS, stage, begin.facts, begin.batches, _recipe(training))
    with _metrics(training, stage, begin, device, first, hooks) as metrics:
        job = _job(training, stage, begin, engine, saver, metrics, stop, hooks)
        _say(hooks, _opening(stage, begin, first))
        train(job, first)
    _finish(training, stage, begin, engine, folder)
    _say(hooks, f"stage {stage.name}: done; {folder / FINAL} is written and compared")
    engine.destroy()


def _begin(training: Training, stage: TrainStage, folder: Path) -> Begin:
    """Open and check everything that a stage needs; the slow digests are process 0's, which tells the others."""
    start = origin(training, stage)
    base = read_base(start.base)
    source = open_rows(training.build, stage)
    check_vocabulary(base, source.tokenizer, source.vocab_size)
    found: list[Any] = [None]
    if distributed.get_rank() == 0:
        found = [_told(lambda: (_base_digest(start, base), newest_whole(folder / CHECKPOINTS)))]
    distributed.broadcast_object_list(found)
    if isinstance(found[0], Exception):
        raise found[0]
    digest, own = found[0]
    wanted = Facts(stage.name, source.fingerprint, file_digest(source.tokenizer / "tokenizer.json"), digest, identity(stage))
    checkpoint = own or start.branch
    resumed = read_manifest(checkpoint) if checkpoint else None
    if resumed is not None and checkpoint is not None:
        there = resumed.facts if own else replace(resumed.facts, stage=stage.name, settings=wanted.settings)
        check_facts(checkpoint, there, wanted)
    first_row = read_manifest(start.branch).rows if start.branch else 0
    shared = batches(stage, source.num_rows, distributed.get_rank(), distributed.get_world_size(), first_row)
    return Begin(start, base, source, shared, wanted, resumed, checkpoint)


def _told(work: Callable[[], Any]) -> Any:
    """What `work` gives, or the error it raises, to be told to other processes."""
    try:
        return work()
    except Exception as error:
        return error


def _base_digest(start: Origin, base: Base) -> str:
    adapter = [file_digest(path) for path in sorted(start.adapter.glob("*.safetensors"))] if start.adapter else []
    return "-".join([base.digest(), *adapter])


def identity(stage: TrainStage) -> dict[str, Any]:
    """The settings of a stage that decide its weights."""
    return {name: value for name, value in stage.model_dump(mode="json").items() if name not in _FREE}


def _job(
    training: Training, stage: TrainStage, begin: Begin, engine: Any, saver: Saver, metrics: Metrics | None,
    stop: StopRequest, hooks: Hooks,
) -> Job:  # fmt: skip
    slices = _slices(training, stage)
    device = next(engine.module.parameters()).device

    def save(step: int, scores: dict[str, float]) -> None:
        saver.save(engine, step, scores)
        if metrics is not None:
            hooks.report(training.out)

    def evaluate() -> dict[str, float]:
        return {held.group: bits_per_byte(engine, held, stage.micro_batch_rows, device) for held in slices}

    return Job(stage, engine, begin.source, begin.batches, device, metrics, evaluate, save, stop)


def _slices(training: Training, stage: TrainStage) -> list[Slice]:
    groups = open_rows(training.build, stage).held_out_groups
    return [open_slice(group, Samples.held_out(training.build, group), stage.evaluate_rows) for group in groups]


@contextmanager
def _metrics(
    training: Training, stage: TrainStage, begin: Begin, device: torch.device, first: int, hooks: Hooks
) -> Iterator[Metrics | None]:
    """The books of the stage, in process 0."""
    if distributed.get_rank():
        yield None
        return
    folder = training.out / stage.name
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else f"cpu ({platform.machine()})"
    metrics = Metrics(
        folder, first, begin.batches.num_steps, Hardware(name, begin.batches.world, work_of(stage, begin.base)), hooks.say
    )
    if training.settings.tensorboard:
        metrics.draw_curves(folder / "tensorboard", first)
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


def _finish(training: Training, stage: TrainStage, begin: Begin, engine: Any, folder: Path) -> None:
    """Write what the stage leaves; the last checkpoint has its facts."""
    manifest = read_manifest(folder / CHECKPOINTS / f"step-{begin.batches.num_steps:08d}")
    facts = final_facts(manifest) | {"base_folder": str(begin.origin.base), "build": str(training.build)}
    export(engine, stage, folder, begin.source.tokenizer, facts)


def _recipe(training: Training) -> dict[str, Any]:
    return {
        "name": training.name, "path": str(training.path), "overrides": list(training.overrides), "build": str(training.build),
        "settings": training.settings.model_dump(mode="json"),
    }  # fmt: skip


def _opening(stage: TrainStage, begin: Begin, first: int) -> str:
    shared, going = begin.batches, f"going on after step {first:,}, " if first else ""
    return (
        f"stage {stage.name}: {going}{shared.num_steps:,} steps of {stage.global_batch_tokens:,} tokens ({shared.batch_rows:,} rows), "
        f"{shared.world} processes x {shared.accumulation} x {shared.micro_rows} rows; {stage.trains}, ZeRO-{stage.zero}, "
        f"{stage.precision}, from {begin.origin.base}"
    )


def _say(hooks: Hooks, text: str) -> None:
    if distributed.get_rank() == 0:
        hooks.say(text)


@contextmanager
def _memory_advice(stage: TrainStage) -> Iterator[None]:
    """Turn what torch says of memory into advice."""
    try:
        yield
    except RuntimeError as error:
        if not isinstance(error, torch.OutOfMemoryError) and "can't allocate memory" not in str(error):
            raise
        advice = [
            f"micro_batch_rows {stage.micro_batch_rows // 2}" if stage.micro_batch_rows > 1 else "",
            "activation_checkpointing: true" if not stage.activation_checkpointing else "",
            f"zero: {stage.zero + 1} with more processes" if stage.zero < 3 else "",
            "offload: optimizer" if stage.offload == "none" and stage.zero else "",
            "trains: lora" if stage.trains == "full" else "",
        ]
        raise OutOfMemory(
            f"train: stage {stage.name!r}: memory is short ({str(error).splitlines()[0][:200]}); try, in this order: "
            f"{', '.join(each for each in advice if each)}; checkpoints are kept"
        ) from error
