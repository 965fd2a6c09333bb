"""A training as one Slurm job: srun starts a process for each GPU and tells it its rank, without another launcher between.

Some minutes before the time is up Slurm sends SIGTERM; training saves and ends with code 75, and the job queues itself again.
torchrun would hide that code.
"""

import shlex
import sys
from dataclasses import dataclass
from pathlib import Path

from corpusforge.handoff.slurm import job_name, plain


@dataclass(frozen=True)
class TrainingOptions:
    """What the cluster has to know."""

    nodes: int = 1
    gpus_per_node: int = 8
    cpus: int = 8
    """Cores of each process."""
    memory: str = "0"
    """Of a node; 0 is all of it."""
    time: str = "24:00:00"
    partition: str = ""
    account: str = ""
    logs: Path = Path("logs")
    save_seconds: int = 300
    """How long before the end of its time a job is told to save."""
    overrides: tuple[str, ...] = ()
    """As after --set."""


def training_script(recipe: Path, stage: str | None, options: TrainingOptions, folder: Path | None = None) -> str:
    """A script for sbatch; it works in `folder`, the working folder unless given, with this very Python.

    Raises UserError where an option cannot stand in an #SBATCH line.
    """
    folder = (folder or Path.cwd()).absolute()
    logs = str(folder / options.logs).replace("%", "%%")
    directives = {
        "job-name": job_name(f"corpusforge-train-{recipe.stem}"),
        "nodes": str(options.nodes),
        "ntasks-per-node": str(options.gpus_per_node),
        "gpus-per-node": str(options.gpus_per_node),
        "cpus-per-task": str(options.cpus),
        "mem": options.memory,
        "time": options.time,
        "signal": f"TERM@{options.save_seconds}",
        "partition": options.partition,
        "account": options.account,
        "output": f"{logs}/%j.log",
        "open-mode": "append",
    }
    command = [
        sys.executable, "-m", "corpusforge", "train", str(folder / recipe), *(["--stage", stage] if stage else []),
        *(word for each in options.overrides for word in ("--set", each)),
    ]  # fmt: skip
    lines = [
        "#!/usr/bin/env bash",
        f"# Trains on {options.nodes} x {options.gpus_per_node} GPUs, and queues itself again until it is done.",
        *(f"#SBATCH --{name}={plain(name, value)}" for name, value in directives.items() if value),
        "#SBATCH --requeue",
        "set -euo pipefail",
        f"cd -- {shlex.quote(str(folder))}",
        'hosts=$(scontrol show hostnames "$SLURM_JOB_NODELIST")',
        "MASTER_ADDR=${hosts%%$'\\n'*}",
        "MASTER_PORT=$((20000 + SLURM_JOB_ID % 20000))",
        "export MASTER_ADDR MASTER_PORT",
        f"run=({' '.join(map(shlex.quote, command))})",
        "ranked='RANK=$SLURM_PROCID LOCAL_RANK=$SLURM_LOCALID WORLD_SIZE=$SLURM_NTASKS exec \"$@\"'",
        "code=0",
        'srun --kill-on-bad-exit=1 bash -c "$ranked" _ "${run[@]}" || code=$?',
        'if [ "$code" -eq 75 ]; then  # saved, since the time was up',
        '  exec scontrol requeue "$SLURM_JOB_ID"',
        "fi",
        'exit "$code"',
    ]
    return "\n".join(lines) + "\n"
