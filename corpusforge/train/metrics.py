"""What a training tells while it runs: a line now and then, metrics.jsonl with every step, curves for TensorBoard.

After a resume the file is cut back to the step that the run goes on from, so that no step is in it twice.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from corpusforge.engine.store import publish
from corpusforge.train.flops import Work, peak_flops

METRICS = "metrics.jsonl"


@dataclass(frozen=True)
class StepFacts:
    """One optimizer step, over all processes."""

    step: int
    """Steps that are done with it."""
    loss: float
    """Mean over its label tokens, in nats."""
    learning_rate: float
    gradient_norm: float
    """Infinite where it overflowed fp16."""
    num_labels: int
    num_tokens: int
    num_pairs: int
    waited_seconds: float
    loss_scale: float | None = None
    """Of fp16: what the loss was multiplied by."""

    @property
    def is_skipped(self) -> bool:
        """Whether no weight was changed, since the gradient overflowed."""
        return not math.isfinite(self.gradient_norm)


@dataclass(frozen=True)
class Hardware:
    """What the figures are of."""

    device_name: str
    """"cpu" on one."""
    world: int
    work: Work


class Metrics:
    """The books of one stage. State: what came since the last line, and the open files; only process 0 has one."""

    def __init__(self, folder: Path, first_step: int, num_steps: int, hardware: Hardware, say: Callable[[str], None]) -> None:
        """Go on in `folder` behind `first_step`."""
        self._say, self._num_steps, self._hardware = say, num_steps, hardware
        self._curves: Any = None
        self._since: list[StepFacts] = []
        self._began = time.perf_counter()
        _cut_back(folder / METRICS, first_step)
        self._file = (folder / METRICS).open("ab")

    def draw_curves(self, folder: Path, first_step: int) -> None:
        """Write for TensorBoard, too."""
        from torch.utils.tensorboard import SummaryWriter

        self._curves = SummaryWriter(str(folder), purge_step=first_step + 1)

    def step(self, facts: StepFacts, is_told: bool, memory_bytes: int) -> None:
        """Note a step, and tell of those since the last line where it is time to."""
        self._since.append(facts)
        if facts.is_skipped:
            self._say(
                f"step {facts.step:,}/{self._num_steps:,}  skipped: its gradient overflowed fp16 at loss scale "
                f"{facts.loss_scale:,.0f}, so its rows changed nothing; the scale falls until gradients fit"
            )
        told = self._tell(memory_bytes) if is_told else {}
        scale = {} if facts.loss_scale is None else {"loss_scale": facts.loss_scale, "skipped": facts.is_skipped}
        self._write({
            "step": facts.step, "loss": facts.loss, "learning_rate": facts.learning_rate,
            "gradient_norm": facts.gradient_norm, "num_labels": facts.num_labels, **scale, **told,
        })  # fmt: skip

    def held_out(self, step: int, bits_per_byte: dict[str, float]) -> None:
        """Note a look at the held-out slices."""
        if bits_per_byte:
            shown = ", ".join(f"{group} {bits:.4f}" for group, bits in bits_per_byte.items())
            self._say(f"step {step:,}/{self._num_steps:,}  held-out bits per byte: {shown}")
            self._write({"step": step, "bits_per_byte": bits_per_byte})

    def pause(self, seconds: float) -> None:
        """Leave out time that was not training: a checkpoint, a look at the held-out slices."""
        self._began += seconds

    def close(self) -> None:
        """Nothing more comes."""
        self._file.close()
        if self._curves is not None:
            self._curves.close()

    def _tell(self, memory_bytes: int) -> dict[str, float]:
        seconds = max(1e-9, time.perf_counter() - self._began)
        told = speeds(self._since, seconds, self._hardware) | {"memory_bytes": memory_bytes}
        last = self._since[-1]
        loss = sum(each.loss * each.num_labels for each in self._since) / sum(each.num_labels for each in self._since)
        left = (self._num_steps - last.step) * seconds / len(self._since)
        mfu = f"  MFU {100 * told['mfu']:.1f} %" if "mfu" in told else ""
        self._say(
            f"step {last.step:,}/{self._num_steps:,}  loss {loss:.4f}  lr {last.learning_rate:.3g}  "
            f"{told['tokens_per_second']:,.0f} tokens/s{mfu}  memory {memory_bytes / 1e9:.2f} GB  "
            f"data wait {100 * told['data_wait']:.1f} %  left {_duration(left)}"
        )
        self._since, self._began = [], time.perf_counter()
        return told | {"seconds_left": left}

    def _write(self, facts: dict[str, Any]) -> None:
        self._file.write(orjson.dumps(facts) + b"\n")
        self._file.flush()
        if self._curves is not None:
            bits = {f"bits_per_byte/{group}": value for group, value in facts.get("bits_per_byte", {}).items()}
            for name, value in (facts | bits).items():
                if isinstance(value, int | float) and name != "step":
                    self._curves.add_scalar(name, value, facts["step"])


def speeds(steps: list[StepFacts], seconds: float, hardware: Hardware) -> dict[str, float]:
    """Tokens a second over all processes, the share of time in which data was waited for, and MFU where the peak is known."""
    tokens, pairs = sum(each.num_tokens for each in steps), sum(each.num_pairs for each in steps)
    found = {"tokens_per_second": tokens / seconds, "data_wait": sum(each.waited_seconds for each in steps) / seconds}
    peak = peak_flops(hardware.device_name)
    if peak is not None:
        found["mfu"] = hardware.work.flops(tokens, pairs) / seconds / (peak * hardware.world)
    return found


def read_metrics(path: Path) -> list[dict[str, Any]]:
    """The lines of metrics.jsonl that are whole."""
    if not path.is_file():
        return []
    return [orjson.loads(line) for line in path.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")]


def _cut_back(path: Path, step: int) -> None:
    kept = [
        line for line in read_metrics(path) if line["step"] <= step and not ("bits_per_byte" in line and line["step"] == step)
    ]
    with publish(path) as partial:
        partial.write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in kept))


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    return (
        f"{seconds:.0f} s"
        if seconds < 60
        else f"{minutes // 60} h {minutes % 60:02d} min"
        if minutes >= 60
        else f"{minutes} min"
    )
