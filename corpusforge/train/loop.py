"""The loop over the optimizer steps of one stage: thin, and every number in it can be checked by hand.

A step's loss is the sum of the losses of its label tokens over all processes and micro batches, divided once by how many they
are. DeepSpeed takes the mean of gradients over processes, so what it is given is world / labels times a micro batch's sum.
All generators are seeded anew for each step from (seed, step, process): dropout after a resume is what it would have been.
"""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, distributed

from corpusforge.errors import Diverged, NothingToLearn, TrainingStopped
from corpusforge.recipe.training import TrainStage
from corpusforge.train import attention
from corpusforge.train.batches import Batches
from corpusforge.train.data import Batch
from corpusforge.train.engine import set_learning_rate, total
from corpusforge.train.feed import Rows, Share, shares
from corpusforge.train.metrics import Metrics, StepFacts
from corpusforge.train.schedule import learning_rate
from corpusforge.train.stopping import StopRequest

_ADVICE = (
    "lower the learning rate, warm up longer, clip more (clip_norm), or take precision bf16 instead of fp16; "
    "the last checkpoint is kept"
)


@dataclass(frozen=True)
class Job:
    """All that a stage trains with, in one process."""

    stage: TrainStage
    engine: Any
    source: Rows
    batches: Batches
    device: torch.device
    metrics: Metrics | None
    """Of process 0."""
    evaluate: Callable[[], dict[str, float]]
    """Bits per byte by held-out group."""
    save: Callable[[int, dict[str, float]], None]
    """Write a checkpoint after so many steps."""
    stop: StopRequest

    @property
    def attention(self) -> str:
        """The name transformers has for it."""
        name = self.engine.module.model.config._attn_implementation
        assert isinstance(name, str)
        return name


@dataclass(frozen=True)
class Sums:
    """Of a step, over all processes."""

    loss: float
    gradient_norm: float
    loss_scale: float | None
    stops: bool
    next_counts: list[float]
    """Of the step after it: label tokens, tokens, pairs."""


def train(job: Job, first_step: int) -> None:
    """Do the steps from `first_step` on; raises TrainingStopped when a signal came, with everything saved."""
    feed = shares(job.source, job.batches, first_step)
    share = next(feed, None)
    counts = total(share.counts, job.device) if share else []
    if first_step == 0:
        _look(job, 0)
    step = first_step
    while share is not None:
        ahead = next(feed, None)
        sums = _step(job, step, share, ahead, counts)
        step += 1
        _note(job, step, share, sums, counts)
        _after(job, step, sums.stops)
        share, counts = ahead, sums.next_counts


def _step(job: Job, step: int, share: Share, ahead: Share | None, counts: list[float]) -> Sums:
    """One optimizer step, once its loss is known to be a number."""
    if not counts[0]:
        raise NothingToLearn(_where(job, step, *_whole(job, step)) + ": no token of these rows has a label")
    seed_all(job.stage.seed, step, job.batches.rank)
    set_learning_rate(job.engine, learning_rate(job.stage.schedule, job.stage.learning_rate, step, job.batches.num_steps))
    job.engine.train()
    losses: list[Tensor] = []
    for micro in _micro_batches(share.batch, job.batches.micro_rows):
        if losses:
            job.engine.step()  # DeepSpeed counts micro batches by it; the last one's call updates the weights
        losses.append(_backward(job, micro, job.batches.world / counts[0]))
    own = torch.stack(losses).double().tolist()
    found = total([sum(own), float(bool(job.stop)), *(ahead.counts if ahead else [0, 0, 0])], job.device)
    if not np.isfinite(found[0]):
        raise _diverged(job, step, share, own)
    scale = float(job.engine.optimizer.loss_scale) if job.stage.precision == "fp16" else None
    return Sums(found[0] / counts[0], update(job, step), scale, found[1] > 0, found[2:])


def update(job: Job, step: int) -> float:
    """Change the weights; the norm of the gradient, infinite where it overflowed fp16: then none changes, the scale falls."""
    try:
        job.engine.step()
    except Exception as error:  # DeepSpeed has no class for it
        if "loss scale already at minimum" not in str(error):
            raise
        raise Diverged(
            _where(job, step, *_whole(job, step)) + f": the gradient overflows fp16 at any scale; {_ADVICE}"
        ) from error
    norm = float(job.engine.get_global_grad_norm() or 0.0)
    if not np.isfinite(norm) and job.stage.precision != "fp16":
        raise Diverged(_where(job, step, *_whole(job, step)) + f": the gradient is not a number; {_ADVICE}")
    return norm


def _backward(job: Job, micro: Batch, factor: float) -> Tensor:
    """Add the gradients of a micro batch; the sum of its losses."""
    loss: Tensor = job.engine(**inputs(micro, job.attention, job.device))
    job.engine.backward(loss * factor, scale_wrt_gas=False)
    return loss.detach()


def inputs(batch: Batch, attention_name: str, device: torch.device) -> dict[str, Tensor]:
    """Rows as the objective takes them."""
    tensors = {
        name: torch.from_numpy(getattr(batch, name)).to(device, torch.long) for name in ("tokens", "labels", "positions")
    }
    return tensors | attention.arguments(attention_name, batch.positions, device)


def seed_all(seed: int, step: int, rank: int) -> None:
    """Seed every generator for one step of one process."""
    mixed = int(np.random.SeedSequence((seed, step, rank)).generate_state(1)[0])
    random.seed(mixed)
    np.random.seed(mixed)  # for libraries that draw from it
    torch.manual_seed(mixed)


def _micro_batches(batch: Batch, rows: int) -> list[Batch]:
    return [
        Batch(*(each[begin : begin + rows] for each in (batch.tokens, batch.labels, batch.positions, batch.segments)))
        for begin in range(0, len(batch.tokens), rows)
    ]


def _note(job: Job, step: int, share: Share, sums: Sums, counts: list[float]) -> None:
    if job.metrics is None:
        return
    labels, tokens, pairs = map(int, counts)
    rate = job.engine.optimizer.param_groups[0]["lr"]
    facts = StepFacts(step, sums.loss, rate, sums.gradient_norm, labels, tokens, pairs, share.waited_seconds, sums.loss_scale)
    job.metrics.step(facts, step % job.stage.log_every == 0 or step == job.batches.num_steps, memory_bytes(job.device))


def _after(job: Job, step: int, stops: bool) -> None:
    """Look at the held-out slices and write a checkpoint where it is time to."""
    stage, is_last = job.stage, step == job.batches.num_steps
    saves = stops or is_last or step % stage.save_every == 0
    looks = is_last or step % (stage.evaluate_every or stage.save_every) == 0
    begun = time.perf_counter()
    scores = _look(job, step) if looks else {}
    if saves:
        job.save(step, scores)
    if job.metrics is not None:
        job.metrics.pause(time.perf_counter() - begun)
    if stops and not is_last:
        raise TrainingStopped(
            f"train: stage {stage.name!r}: stopped by a signal after step {step:,}, which is saved; run the same command "
            "to go on"
        )


def _look(job: Job, step: int) -> dict[str, float]:
    scores = job.evaluate()
    if job.metrics is not None:
        job.metrics.held_out(step, scores)
    return scores


def memory_bytes(device: torch.device) -> int:
    """The most that this process has held: on the GPU, or of the CPU's memory."""
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _whole(job: Job, step: int) -> tuple[int, int]:
    return job.batches.consumed(step), job.batches.consumed(step + 1)


def _diverged(job: Job, step: int, share: Share, losses: list[float]) -> Diverged:
    """What every process raises when a loss is no number: with the first rows of which it is not."""
    micro = job.batches.micro_rows
    bad = [share.start + index * micro for index, loss in enumerate(losses) if not np.isfinite(loss)]
    everywhere: list[int | None] = [None] * job.batches.world
    distributed.all_gather_object(everywhere, bad[0] if bad else None)
    first = min((each for each in everywhere if each is not None), default=job.batches.consumed(step))
    return Diverged(
        _where(job, step, first, first + micro)
        + f": the loss is not a number; look at these rows (`corpusforge trace`), or {_ADVICE}"
    )


def _where(job: Job, step: int, start: int, stop: int) -> str:
    wrapped = start % job.source.num_rows
    origins = job.source.origins(wrapped, min(job.source.num_rows, wrapped + min(4, stop - start)))
    rows = ", ".join(f"{shard} sequence {sequence}" for shard, sequence in origins)
    return f"train: stage {job.stage.name!r}, step {step + 1:,}, rows {start:,} to {stop - 1:,} ({rows})"
