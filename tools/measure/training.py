"""Measures the training loop on a GPU: tokens a second, MFU, memory; then proves isolation and resume there.

Our own loop, engine and loss, on random weights and rows made by numpy. Every figure is printed when it is known and kept in
OUT/training.json, so that a run that is cut off has shown what it could. A variant that fails says so, and the next one runs.

    python tools/measure/training.py --out OUT [--parts checks,1b,8b] [--seconds 270]
"""

import argparse
import gc
import json
import os
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ |= {"RANK": "0", "LOCAL_RANK": "0", "WORLD_SIZE": "1", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "29555"}
os.environ.setdefault("PYTORCH_CUDA_ALLOC_CONF", "expandable_segments:True")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from corpusforge.recipe.training import TrainStage
from corpusforge.train import attention
from corpusforge.train.batches import Batches
from corpusforge.train.checkpoints import Facts, step_folder
from corpusforge.train.engine import engine, start, stop
from corpusforge.train.flops import Work, peak_flops
from corpusforge.train.loop import Job, train
from corpusforge.train.loss import NO_LABEL, Chunks, plain_loss
from corpusforge.train.metrics import StepFacts
from corpusforge.train.objective import Objective
from corpusforge.train.rows import Batch
from corpusforge.train.state import Saver, restore
from corpusforge.train.stopping import StopRequest
from corpusforge.train.weights import prepared

Save = Callable[[int, dict[str, float]], None]

BEGUN = time.perf_counter()
LENGTH = 4096

# Llama-3.2-1B and Llama-3.1-8B by shape.
SHAPES = {
    "1b": {"hidden_size": 2048, "intermediate_size": 8192, "num_hidden_layers": 16, "num_attention_heads": 32},
    "8b": {"hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32, "num_attention_heads": 32},
    "tiny": {"hidden_size": 256, "intermediate_size": 512, "num_hidden_layers": 2, "num_attention_heads": 4},
}

# (part, what it is, settings of the stage); the most telling first.
VARIANTS: list[tuple[str, str, dict[str, Any]]] = [
    ("1b", "varlen, compiled", {"compile": True, "micro_batch_rows": 4}),
    ("1b", "varlen, compiled, 8 rows", {"compile": True, "micro_batch_rows": 8}),
    ("1b", "varlen, compiled, 8 rows, not deterministic", {"compile": True, "micro_batch_rows": 8, "deterministic": False}),
    ("1b", "varlen", {"micro_batch_rows": 4}),
    ("1b", "sdpa with a dense mask", {"micro_batch_rows": 4, "attention": "sdpa"}),
    ("1b", "varlen, plain loss", {"micro_batch_rows": 2, "loss_chunk_tokens": 0}),
    ("8b", "varlen, compiled, 2 rows", {"compile": True, "micro_batch_rows": 2}),
    ("8b", "varlen, compiled, 2 rows, not deterministic", {"compile": True, "micro_batch_rows": 2, "deterministic": False}),
    ("8b", "varlen, compiled, recomputing, 4 rows", {"compile": True, "micro_batch_rows": 4, "activation_checkpointing": True}),
    ("8b", "varlen, 1 row", {"micro_batch_rows": 1}),
    ("1b", "flex", {"micro_batch_rows": 4, "attention": "flex"}),
]  # fmt: skip


class MadeRows:
    """Packed rows of documents of random tokens: lengths as of web pages, median 700 tokens, cut at the row."""

    fingerprint = "made"
    num_rows = 100_000

    def __init__(self, vocab_size: int, length: int = LENGTH) -> None:
        self.vocab_size, self.sequence_length = vocab_size, length

    def rows(self, start: int, stop: int) -> Batch:
        """A function of the numbers of the rows alone."""
        return Batch(*(np.stack(each) for each in zip(*map(self._row, range(start, stop)), strict=True)))

    def origins(self, start: int, stop: int) -> list[tuple[str, int]]:
        """They come from nowhere."""
        return [("made", number) for number in range(start, stop)]

    def _row(self, number: int) -> list[np.ndarray]:
        random = np.random.default_rng(number)
        lengths = np.maximum(2, random.lognormal(np.log(700), 1.1, LENGTH).astype(int))
        begins = np.append(0, np.cumsum(lengths))
        begins = begins[begins < self.sequence_length]
        is_first = np.zeros(self.sequence_length, bool)
        is_first[begins] = True
        segments = np.cumsum(is_first) - 1
        positions = np.arange(self.sequence_length) - begins[segments]
        tokens = random.integers(3, self.vocab_size, self.sequence_length)
        labels = np.where(is_first, NO_LABEL, tokens)
        return [each.astype(np.int32) for each in (tokens, labels, positions, segments)]


class Clock:
    """Stands in for Metrics: when each step was done, and what it did."""

    def __init__(self) -> None:
        self.steps: list[tuple[float, StepFacts]] = []

    def step(self, facts: StepFacts, is_told: bool, memory_bytes: int) -> None:
        """Note a step; its loss has been read, so the GPU has done it."""
        del is_told, memory_bytes
        torch.cuda.synchronize()
        self.steps.append((time.perf_counter(), facts))

    def held_out(self, step: int, bits_per_byte: dict[str, float]) -> None:
        """Nothing is held out."""

    def pause(self, seconds: float) -> None:
        """Checkpoints count, since none is written."""


def made_model(name: str, vocab_size: int = 128_256) -> LlamaForCausalLM:
    """A Llama of that shape with random bf16 weights, on the GPU from the beginning."""
    config = LlamaConfig(
        vocab_size=vocab_size, num_key_value_heads=SHAPES[name]["num_attention_heads"] // 4, max_position_embeddings=8192,
        rope_parameters={"rope_type": "default", "rope_theta": 500_000.0}, attn_implementation="sdpa",
        tie_word_embeddings=name == "1b", **SHAPES[name],
    )  # fmt: skip
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.bfloat16)
    try:
        with torch.device("cuda"):
            return LlamaForCausalLM(config)
    finally:
        torch.set_default_dtype(before)


def work_of(model: Any, weights_train: bool) -> Work:
    """As train.run reckons it from files."""
    matrices = sum(each.numel() for each in model.parameters() if each.ndim == 2)
    if not model.config.tie_word_embeddings:
        matrices -= model.get_input_embeddings().weight.numel()
    return Work(matrices, model.config.num_hidden_layers, model.config.hidden_size, weights_train)


def stage_of(part: str, settings: dict[str, Any], steps: int) -> TrainStage:
    """A stage of one micro batch a step, so that a step is what is named."""
    rows = settings.get("micro_batch_rows", 1)
    lora = (
        {"trains": "lora", "lora": {"rank": 16, "alpha": 32}, "learning_rate": 1e-4, "weight_decay": 0.0}
        if part == "8b"
        else {}
    )
    return TrainStage.model_validate(
        {
            "name": part, "sequence_length": LENGTH, "global_batch_tokens": rows * LENGTH, "steps": steps,
            "learning_rate": 1e-5, "zero": 1, "schedule": {"shape": "constant"}, "loss_chunk_tokens": 4096,
            "save_every": 10**6, **lora, **settings,
        }
    )  # fmt: skip


def measure(part: str, settings: dict[str, Any], device: torch.device, steps: int = 10, warm: int = 4) -> dict[str, Any]:
    """Train some steps and time those behind the warm-up."""
    stage = stage_of(part, settings, steps)
    model = made_model(part)
    num_weights, work = sum(each.numel() for each in model.parameters()), work_of(model, part != "8b")
    torch.cuda.reset_peak_memory_stats()
    objective = prepared(stage, model, None, device)
    shared = Batches(stage.batch_rows, stage.micro_batch_rows, steps, 0, 1)
    made, clock = engine(stage, objective, shared, device), Clock()
    source = MadeRows(model.config.vocab_size)
    save: Save = lambda step, scores: None  # noqa: E731  # nothing is kept
    job = Job(stage, made, source, shared, device, clock, dict, save, StopRequest())
    begun = time.perf_counter()
    train(job, 0)
    seconds = clock.steps[-1][0] - clock.steps[warm - 1][0]
    timed = [facts for _, facts in clock.steps[warm:]]
    tokens, pairs = sum(each.num_tokens for each in timed), sum(each.num_pairs for each in timed)
    flops, peak = work.flops(tokens, pairs), peak_flops(torch.cuda.get_device_name(device))
    figures = {
        "num_weights": num_weights, "steps": len(timed), "seconds_per_step": seconds / len(timed),
        "tokens_per_second": tokens / seconds,
        "tflops": flops / seconds / 1e12, "mfu": flops / seconds / peak if peak else None, "peak_tflops": peak and peak / 1e12,
        "peak_memory_gib": torch.cuda.max_memory_allocated() / 2**30, "warm_up_seconds": clock.steps[warm - 1][0] - begun,
        "data_wait": sum(each.waited_seconds for each in timed) / seconds,
        "losses": [round(facts.loss, 4) for _, facts in clock.steps],
    }  # fmt: skip
    made.destroy()
    return figures


def isolation(name: str, device: torch.device) -> dict[str, Any]:
    """How far hidden states move when another document changes, and between documents packed and each alone."""
    torch.manual_seed(5)
    attention.register()
    model = made_model("tiny", 512).eval()
    model.set_attn_implementation(attention.implementation(name, device, torch.bfloat16))
    made = attention.implementation(name, device, torch.bfloat16)
    batch = MadeRows(512, 1024).rows(0, 2)

    def states(batch: Batch) -> torch.Tensor:
        given = {key: torch.from_numpy(getattr(batch, key)).to(device, torch.long) for key in ("tokens", "positions")}
        with torch.no_grad():
            return model.get_decoder()(
                input_ids=given["tokens"], position_ids=given["positions"], use_cache=False,
                **attention.arguments(made, batch.positions, device),
            ).last_hidden_state.float()  # fmt: skip

    packed = states(batch)
    changed = Batch(
        np.where(batch.segments == 0, 7, batch.tokens).astype(np.int32), batch.labels, batch.positions, batch.segments
    )
    others = torch.from_numpy(batch.segments != 0).to(device)
    leak = (states(changed) - packed)[others].abs().max().item()
    moved = (states(changed) - packed)[~others].abs().max().item()
    model.set_attn_implementation("eager")
    worst = 0.0
    for row in range(len(batch.tokens)):
        for segment in range(batch.segments[row].max() + 1):
            at = batch.segments[row] == segment
            tokens = torch.from_numpy(batch.tokens[row][at]).to(device, torch.long).unsqueeze(0)
            with torch.no_grad():
                alone = model.get_decoder()(input_ids=tokens, use_cache=False).last_hidden_state.float()
            worst = max(worst, (alone[0] - packed[row][torch.from_numpy(at).to(device)]).abs().max().item())
    return {"leak": leak, "moved_where_it_should": moved, "against_each_alone": worst, "scale": packed.abs().max().item()}


def losses_agree(device: torch.device) -> dict[str, Any]:
    """Chunked loss and gradients, compiled and not, beside plain cross entropy in fp32."""
    torch.manual_seed(3)
    head = torch.nn.Linear(256, 32_000, bias=False, device=device)
    hidden = torch.randn(2, 1000, 256, device=device, requires_grad=True)
    labels = torch.from_numpy(MadeRows(32_000, 1000).rows(0, 2).labels).to(device, torch.long)
    plain = plain_loss(head(hidden), labels)
    wanted = torch.autograd.grad(plain, [hidden, head.weight])
    found = {}
    for compiled in (False, True):
        wrapped = _Stub(head, Chunks(300, is_compiled=compiled))
        loss = wrapped(hidden, labels)
        gradients = torch.autograd.grad(loss, [hidden, head.weight])
        off = [((a - b).norm() / b.norm()).item() for a, b in zip(gradients, wanted, strict=True)]
        found["compiled" if compiled else "eager"] = {"loss": abs(loss.item() / plain.item() - 1), "gradients": off}
    return found


class _Stub(torch.nn.Module):
    """A head alone, under the objective's loss."""

    def __init__(self, head: torch.nn.Linear, chunks: Chunks) -> None:
        super().__init__()
        from corpusforge.train.loss import LossHead

        head.__class__ = LossHead
        self.head, self.chunks = head, chunks

    def forward(self, hidden: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        from corpusforge.train.loss import targets_of

        return self.head(hidden.flatten(0, 1), targets_of(labels), self.chunks)


def resume(out: Path, device: torch.device, compiled: bool) -> dict[str, Any]:
    """Six steps at once, and three, a checkpoint, a new engine, three more: the same losses and weights?"""
    straight, weights = _trained(out / "straight", None, device, compiled)
    first, _ = _trained(out / "broken", None, device, compiled, until=3)
    second, resumed = _trained(out / "broken", step_folder(out / "broken", 3), device, compiled)
    same = all(torch.equal(weights[name], resumed[name]) for name in weights)
    return {
        "straight": straight,
        "resumed": first[:3] + second,
        "losses_equal": straight == first[:3] + second,
        "weights_equal": same,
    }


def _trained(
    folder: Path, checkpoint: Path | None, device: torch.device, compiled: bool, until: int = 6
) -> tuple[list[float], dict[str, torch.Tensor]]:
    torch.manual_seed(1)
    stage = TrainStage.model_validate(
        {
            "name": "resume", "sequence_length": 512, "global_batch_tokens": 4096, "micro_batch_rows": 4, "steps": 6,
            "learning_rate": 1e-3, "save_every": 3, "trains": "full", "compile": compiled,
        }
    )  # fmt: skip
    objective: Objective = prepared(stage, made_model("tiny", 512), None, device)
    shared = Batches(8, 4, until, 0, 1)
    made, clock = engine(stage, objective, shared, device), Clock()
    saver = Saver(folder, stage, Facts("resume", "made", "none", "none", {}), shared, {})
    if checkpoint is not None:
        restore(made, checkpoint, stage)
    save: Save = lambda step, scores: saver.save(made, step, scores)  # noqa: E731
    # The schedule is that of six steps also where the run ends after three, as after a kill.
    full = stage.model_copy(update={"schedule": stage.schedule.model_copy(update={"shape": "constant"})})
    train(Job(full, made, MadeRows(512, 512), shared, device, clock, dict, save, StopRequest()), 3 if checkpoint else 0)  # type: ignore[arg-type]
    weights = {name: weight.detach().clone() for name, weight in objective.named_parameters()}
    made.destroy()
    return [facts.loss for _, facts in clock.steps], weights


class Notes:
    """Results as they come. State: all of them, written anew each time."""

    def __init__(self, path: Path) -> None:
        self.path, self.found = path, {}  # type: Path, dict[str, Any]

    def take(self, name: str, work: Callable[[], dict[str, Any]]) -> None:
        """Do a piece of work, print and keep what it gives or how it failed."""
        begun = time.perf_counter()
        try:
            result = work()
        except Exception as error:  # the next piece of work may do well
            traceback.print_exc(limit=-6)
            result = {"failed": f"{type(error).__name__}: {str(error)[:300]}"}
        gc.collect()
        torch.cuda.empty_cache()
        torch._dynamo.reset()
        self.found[name] = result
        self.path.write_text(json.dumps(self.found, indent=1), "utf-8")
        shown = {key: round(value, 4) if isinstance(value, float) else value for key, value in result.items()}
        print(
            f"[{time.perf_counter() - BEGUN:.0f} s, took {time.perf_counter() - begun:.0f} s] {name}: {json.dumps(shown)}",
            flush=True,
        )


def main() -> None:
    """Do what there is time for, and print a table at the end."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--parts", default="checks,1b,8b")
    parser.add_argument("--seconds", type=float, default=270)
    asked = parser.parse_args()
    parts = asked.parts.split(",")
    asked.out.mkdir(parents=True, exist_ok=True)
    device = start()
    notes = Notes(asked.out / "training.json")
    notes.take("machine", lambda: {"gpu": torch.cuda.get_device_name(device), "torch": torch.__version__, "seed": 0})
    if "checks" in parts:
        for name in ("varlen", "sdpa", "flex"):
            notes.take(f"isolation, {name}", lambda name=name: isolation(name, device))  # type: ignore[misc]
        notes.take("losses", lambda: losses_agree(device))
        for compiled in (False, True):
            folder = Path(f"/tmp/corpusforge-resume-{compiled}")
            name = "resume, compiled" if compiled else "resume"
            notes.take(name, lambda compiled=compiled, folder=folder: resume(folder, device, compiled))  # type: ignore[misc]
    for part, what, settings in VARIANTS:
        if part in parts and time.perf_counter() - BEGUN < asked.seconds - 25:
            notes.take(f"{part}: {what}", lambda part=part, settings=settings: measure(part, settings, device))  # type: ignore[misc]
    print("\nvariant | tokens/s | MFU | TFLOP/s | peak GiB | s/step")
    for name, found in notes.found.items():
        if "tokens_per_second" in found:
            mfu = f"{100 * found['mfu']:.1f} %" if found["mfu"] else "-"
            print(
                f"{name} | {found['tokens_per_second']:,.0f} | {mfu} | {found['tflops']:.0f} | "
                f"{found['peak_memory_gib']:.1f} | {found['seconds_per_step']:.3f}"
            )
    stop()


if __name__ == "__main__":
    main()
