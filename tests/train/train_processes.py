"""Processes that train on made rows, recipes for them, and what they leave."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import yaml
from made_rows import make_base, make_build
from safetensors.torch import load_file

from corpusforge.train.metrics import read_metrics

DRIVER = Path(__file__).with_name("made_driver.py")
PATIENCE_SECONDS = 240


@dataclass(frozen=True)
class Place:
    """A folder with a base, a build, and a recipe and an output folder for each name."""

    folder: Path

    @classmethod
    def make(cls, folder: Path) -> "Place":
        make_base(folder / "base")
        make_build(folder / "build")
        return cls(folder)

    def recipe(self, name: str, *stages: dict[str, Any], model: str = "base") -> str:
        """A recipe that trains these stages; the path of its file."""
        usual = {
            "sequence_length": 32, "global_batch_tokens": 256, "micro_batch_rows": 2, "steps": 4, "learning_rate": 0.01,
            "schedule": {"shape": "constant"}, "precision": "fp32", "log_every": 1, "save_every": 2, "loss_chunk_tokens": 40,
        }  # fmt: skip
        train = {
            "build": "build", "model": model, "out": f"out-{name}", "tensorboard": False,
            "stages": [{"name": "a", **usual, **stage} for stage in stages],
        }  # fmt: skip
        path = self.folder / f"{name}.yaml"
        path.write_text(yaml.safe_dump({"version": 1, "name": name, "train": train}, sort_keys=False))
        return str(path)

    def stage(self, name: str, stage: str = "a") -> Path:
        """The folder of a stage."""
        return self.folder / f"out-{name}" / stage

    def losses(self, name: str, stage: str = "a") -> list[float]:
        """Of all steps, in order."""
        return [line["loss"] for line in read_metrics(self.stage(name, stage) / "metrics.jsonl") if "loss" in line]

    def weights(self, name: str, stage: str = "a", file: str = "model.safetensors") -> dict[str, torch.Tensor]:
        """What a stage left."""
        return load_file(self.stage(name, stage) / "final" / file)


class Group:
    """Processes started together, as a launcher would. State: the processes."""

    def __init__(self, place: Place, recipes: Sequence[str], processes: int = 2, stall_at_row: int | None = None) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        stall = {} if stall_at_row is None else {"MADE_ROWS_STALL_AT": str(stall_at_row)}
        self.processes = [
            subprocess.Popen(
                [sys.executable, "-W", "ignore", str(DRIVER), *recipes], cwd=place.folder, text=True,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                env={
                    **os.environ, "RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(processes),
                    "OMP_NUM_THREADS": "1", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), **stall,
                },
            )
            for rank in range(processes)
        ]  # fmt: skip

    def done(self) -> str:
        """Wait for all; what the first said. Fails where one ended with an error."""
        said = [process.communicate(timeout=PATIENCE_SECONDS)[0] for process in self.processes]
        assert [process.returncode for process in self.processes] == [0] * len(said), "\n".join(said)
        return said[0]

    def failed(self) -> tuple[int, str]:
        """Wait for all; exit code and words of the first."""
        said = [process.communicate(timeout=PATIENCE_SECONDS)[0] for process in self.processes]
        return self.processes[0].returncode, said[0]

    def wait_for(self, path: Path, text: str = "") -> None:
        """Until a file is there and has a text in it."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (path.is_file() and text in path.read_text()):
            assert all(process.poll() is None for process in self.processes), self.processes[0].communicate()[0]
            assert time.monotonic() < deadline, f"{path} has no {text!r}"
            time.sleep(0.05)

    def signal(self, number: signal.Signals) -> None:
        """To every process, which ends it where it is SIGKILL."""
        for process in self.processes:
            process.send_signal(number)
        if number == signal.SIGKILL:
            for process in self.processes:
                process.communicate()
