"""Why a worker process died, in words, with the setting to change.

A process that the kernel kills for want of memory ends by SIGKILL, as one killed by hand does. What tells them apart is a
counter: the kernel counts its kills per cgroup (a container, a Slurm job) and for the machine.
"""

import signal
from pathlib import Path

from corpusforge.errors import WorkerLost

AGAIN = "finished tasks are kept: run the same command again"
LESS_MEMORY = "with fewer --workers, or a smaller max_document_bytes in the source's settings"

# Below this share of free memory, a SIGKILL that no counter explains is still put down to memory.
_SCARCE = 0.05


def lost(task: str, process: int | None, exitcode: int | None, kills_before: tuple[int, ...]) -> WorkerLost:
    """The error for `task`, whose worker `process` ended without an answer."""
    return WorkerLost(f"{task}: its worker process {process} {ending(exitcode)}; {_cure(exitcode, kills_before)}")


def ending(exitcode: int | None) -> str:
    """How a process with this exit code (negative: a signal) ended."""
    if exitcode is None:
        return "closed its pipe and still runs"
    if exitcode >= 0:
        return f"ended with exit code {exitcode}"
    try:
        return f"was ended by {signal.Signals(-exitcode).name}"
    except ValueError:
        return f"was ended by signal {-exitcode}"


def _cure(exitcode: int | None, kills_before: tuple[int, ...]) -> str:
    if exitcode != -signal.SIGKILL:
        return f"a library may have crashed on a document of this task; {AGAIN}; if it stays, report it with the recipe"
    if memory_kills() > kills_before:
        return f"the kernel killed it because the memory of this machine, container or job ran out; {AGAIN}, {LESS_MEMORY}"
    if available_memory() < _SCARCE:
        return f"probably by the kernel, for memory is nearly used up; {AGAIN}, {LESS_MEMORY}"
    return f"by hand, or by the system for want of memory; {AGAIN}, {LESS_MEMORY} if memory was short"


def memory_kills(root: Path = Path("/")) -> tuple[int, ...]:
    """Processes killed for memory so far, as this process's cgroup and the machine count them; 0 where nobody counts."""
    files = [*(root / f"sys/fs/cgroup{path}" for path in _cgroup_files(root)), root / "proc/vmstat"]
    return tuple(_field(path, "oom_kill") for path in files)


def _cgroup_files(root: Path) -> list[str]:
    """Of this process, the files that hold the counter: cgroup version 2, version 1."""
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return []
    groups = {controllers: path.rstrip("/") for _, controllers, path in (line.split(":", 2) for line in lines)}
    second = [f"{groups['']}/memory.events"] if "" in groups else []
    first = [f"/memory{path}/memory.oom_control" for name, path in groups.items() if "memory" in name.split(",")]
    return second + first


def available_memory(root: Path = Path("/")) -> float:
    """Share of the machine's memory that is free for use, 0 to 1; 1 where the system does not say."""
    everything = _field(root / "proc/meminfo", "MemTotal:")
    return _field(root / "proc/meminfo", "MemAvailable:") / everything if everything else 1.0


def _field(path: Path, name: str) -> int:
    try:
        words = [line.split() for line in path.read_text().splitlines()]
    except OSError:
        return 0
    return next((int(each[1]) for each in words if len(each) > 1 and each[0] == name), 0)
