"""Starts the processes of a training on this machine, when no launcher has: the same command once for each, told its rank.

torchrun, the deepspeed launcher and srun set RANK and its fellows themselves; then nothing is started here. Children are in
sessions of their own, so that a Ctrl-C reaches this process alone, which passes it on once; they die with it, also by kill -9.
"""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from types import FrameType

from corpusforge.errors import UserError

# How long the others may still save or report once one process has ended badly.
_GRACE_SECONDS = 30.0
_PARENT = "CORPUSFORGE_TRAIN_PARENT"


def is_launched() -> bool:
    """Whether this process is one of a group already; raises UserError where a launcher told only half of it."""
    names = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT")
    missing = [name for name in names if name not in os.environ]
    if missing and "RANK" in os.environ:
        raise UserError(f"train: RANK is set, but {', '.join(missing)} is not; start with torchrun, or unset RANK")
    return not missing


def launch(arguments: Sequence[str], processes: int) -> int:
    """Run `corpusforge ARGUMENTS` in so many processes and wait; the exit code of the first that ended badly, else 0."""
    port = _free_port()
    children = [
        subprocess.Popen(
            [sys.executable, "-m", "corpusforge", *arguments], env=_environment(rank, processes, port), start_new_session=True
        )
        for rank in range(processes)
    ]
    before = {number: signal.signal(number, _passing_on(children)) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        return _wait(children)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _environment(rank: int, processes: int, port: int) -> dict[str, str]:
    own = {
        "RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(processes), "LOCAL_WORLD_SIZE": str(processes),
        "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), _PARENT: str(os.getpid()),
    }  # fmt: skip
    threads = max(1, (os.cpu_count() or 1) // processes)
    return {"OMP_NUM_THREADS": str(threads), **os.environ, **own}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _passing_on(children: list["subprocess.Popen[bytes]"]) -> Callable[[int, FrameType | None], None]:
    def handler(number: int, _frame: FrameType | None) -> None:
        for child in children:
            if child.poll() is None:
                child.send_signal(number)

    return handler


def _wait(children: list["subprocess.Popen[bytes]"]) -> int:
    """Until all have ended; where one fails the others get a little time, then are ended."""
    first_bad, deadline = 0, float("inf")
    while any(child.poll() is None for child in children):
        codes = [code for child in children if (code := child.poll())]
        if codes and not first_bad:
            first_bad, deadline = _exit_code(codes[0]), time.monotonic() + _GRACE_SECONDS
        if time.monotonic() > deadline:
            for child in children:
                child.kill()
        time.sleep(0.05)
    return first_bad or next((_exit_code(code) for child in children if (code := child.returncode)), 0)


def _exit_code(code: int) -> int:
    return 128 - code if code < 0 else code


def die_with_parent() -> None:
    """In a child: end when the process that launched it is gone, looked at twice a second."""
    parent = os.environ.get(_PARENT)
    if parent is None:
        return

    def watch() -> None:
        while os.getppid() == int(parent):
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def num_devices() -> int:
    """GPUs of this machine; one where there is none, for one process on the CPU."""
    import torch

    return torch.cuda.device_count() or 1
