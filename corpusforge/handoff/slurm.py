"""A build as an array of Slurm jobs: each does its share of every step (`corpusforge build --task i/n`) in one shared folder.

Tasks that wait for each other must run at the same time, or those that hold the machines wait for those that get none. Where
the cluster may give fewer than all, `wait=False` makes each end with code 75 after its share and queue itself again.
"""

import re
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path

from corpusforge.errors import UserError

# What #SBATCH lines may hold: no shell reads them, and how Slurm's own reader treats quotes depends on its version.
_PLAIN = re.compile(r"[A-Za-z0-9_./:,+@%=\[\]-]+")


@dataclass(frozen=True)
class SlurmOptions:
    """What the cluster has to know."""

    tasks: int
    """Jobs in the array; at most as many as there are input shards are of use."""
    cpus: int = 8
    """Cores, and worker processes, of each."""
    memory: str = "32G"
    """Of each; about 2 GB a worker."""
    time: str = "24:00:00"
    partition: str = ""
    account: str = ""
    logs: Path = Path("logs")
    """Folder for one log per job; it must exist when the jobs start."""
    wait: bool = True
    """Whether jobs wait for each other, which needs all of them at the same time; else they end and queue themselves again."""
    overrides: tuple[str, ...] = ()
    """As after --set."""


def slurm_script(recipe: Path, out: Path, options: SlurmOptions, folder: Path | None = None) -> str:
    """A script for sbatch; the commands run in `folder`, the working folder unless given, with this very Python.

    Raises UserError where an option cannot stand in an #SBATCH line.
    """
    folder = (folder or Path.cwd()).absolute()
    logs = str(folder / options.logs).replace("%", "%%")
    directives = {
        "job-name": job_name(f"corpusforge-{recipe.stem}"),
        "array": f"0-{options.tasks - 1}",
        "ntasks": "1",
        "cpus-per-task": str(options.cpus),
        "mem": options.memory,
        "time": options.time,
        "partition": options.partition,
        "account": options.account,
        "output": f"{logs}/%A-%a.log",
        "open-mode": "append",
    }
    command = [
        sys.executable, "-m", "corpusforge", "build", str(folder / recipe), "--out", str(folder / out),
        "--workers", str(options.cpus), *(word for each in options.overrides for word in ("--set", each)),
        *([] if options.wait else ["--no-wait"]),
    ]  # fmt: skip
    lines = [
        "#!/usr/bin/env bash",
        f"# Builds a corpus as {options.tasks} jobs that share one folder. {_HOW[options.wait]}",
        "# Submit it again, as it is, to go on with a build that was stopped: what is finished is kept.",
        *(f"#SBATCH --{name}={plain(name, value)}" for name, value in directives.items() if value),
        "#SBATCH --requeue",
        "set -euo pipefail",
        f"cd -- {shlex.quote(str(folder))}",
        f'run=({" ".join(map(shlex.quote, command))} --task "$((SLURM_ARRAY_TASK_ID + 1))/{options.tasks}")',
        *_ENDINGS[options.wait],
    ]
    return "\n".join(lines) + "\n"


_HOW = {
    True: "They wait for each other, so all have to run at the same time.",
    False: "Each does its share and queues itself again until all is done.",
}

_ENDINGS = {
    True: ['exec "${run[@]}"'],
    False: [
        "code=0",
        '"${run[@]}" || code=$?',
        "if [ \"$code\" -eq 75 ]; then  # the others have to do their share first",
        '  sleep "${CORPUSFORGE_PAUSE:-60}"',
        '  exec scontrol requeue "${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}"',
        "fi",
        'exit "$code"',
    ],
}  # fmt: skip


def write_script(path: Path, script: str, logs: Path | None = None) -> None:
    """Write a script that can be executed, and make the folder for its logs: Slurm starts no job whose log it cannot write."""
    if logs is not None:
        logs.mkdir(parents=True, exist_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(script, "utf-8")
    path.chmod(0o755)


def job_name(text: str) -> str:
    """The text with nothing that a job's name cannot hold."""
    return re.sub(r"[^A-Za-z0-9_.-]", "_", text)


def plain(name: str, value: str) -> str:
    """The value of a directive; raises UserError where an #SBATCH line cannot hold it."""
    if _PLAIN.fullmatch(value) is None:
        raise UserError(
            f"handoff slurm: {name}: got {value!r}, which an #SBATCH line cannot hold; use letters, digits and _./:,+@%=[]-"
        )
    return value
