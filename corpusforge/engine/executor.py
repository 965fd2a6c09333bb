"""How work is spread: `map` over picklable tasks, results in the order of the tasks.

`Local` starts fresh processes (fork copies locks and threads of the libraries in an unknown state), gives every library one
thread, and takes them down with the parent even when that is killed.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from types import TracebackType
from typing import Protocol, Self, TypeVar

import pyarrow as pa

from corpusforge.errors import WorkerLost

Task = TypeVar("Task")
Result = TypeVar("Result")

_ONE_THREAD = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "POLARS_MAX_THREADS",
    "RAYON_NUM_THREADS", "FASTOKENS_BPE_THREADS",
)  # fmt: skip


class Executor(Protocol):
    """The only way in which work is spread."""

    def map(self, function: Callable[[Task], Result], tasks: Sequence[Task]) -> Iterator[Result]:
        """Results in the order of the tasks; raises what a task raised, WorkerLost when a worker died."""
        ...


class Local:
    """Worker processes on this machine; with one worker, this process itself."""

    def __init__(self, workers: int) -> None:
        """Start no process yet: they start with the first map."""
        self.workers = workers
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        one_thread_each()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=kind is None, cancel_futures=True)
            self._pool = None

    def map(self, function: Callable[[Task], Result], tasks: Sequence[Task]) -> Iterator[Result]:
        """See Executor. At most four tasks per worker wait, so a long list of tasks costs no memory."""
        if self.workers == 1 or len(tasks) < 2:
            yield from map(function, tasks)
            return
        pool = self._started()
        waiting: list[Future[Result]] = []
        coming = iter(tasks)
        try:
            for task in coming:
                waiting.append(pool.submit(function, task))
                if len(waiting) >= 4 * self.workers:
                    yield waiting.pop(0).result()
            while waiting:
                yield waiting.pop(0).result()
        except BrokenProcessPool as error:
            raise WorkerLost(
                "a worker process was killed, by hand or by the system for want of memory; finished tasks are kept: "
                "run the same command again, with fewer --workers if memory was short"
            ) from error

    def _started(self) -> ProcessPoolExecutor:
        if self._pool is None:
            context = get_context("spawn")
            self._pool = ProcessPoolExecutor(self.workers, mp_context=context, initializer=_start, initargs=(os.getpid(),))
        return self._pool


def one_thread_each() -> None:
    """Give libraries one thread in this process and those it starts: workers are how we use cores."""
    for name in _ONE_THREAD:
        os.environ.setdefault(name, "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    pa.set_cpu_count(1)


def _start(parent: int) -> None:
    """In a worker: die with the parent, leave Ctrl-C to it, one thread per library."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # 1 = PR_SET_PDEATHSIG
        if os.getppid() != parent:  # it died before the line above took hold
            os._exit(1)
    one_thread_each()
