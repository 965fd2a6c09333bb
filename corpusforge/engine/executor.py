"""How work is spread: `map` over picklable tasks, results in the order of the tasks.

What runs tasks knows nothing of stages, and what makes tasks knows nothing of processes: `executors` holds worker processes
on this machine and a Ray cluster, `slices` several processes that share one build folder.
"""

import gc
import os
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar

import pyarrow as pa

Task = TypeVar("Task")
Result = TypeVar("Result")

# The environment of a process that does one task at a time: workers are how cores are used, not threads of libraries.
ONE_THREAD = {
    "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1",
    "POLARS_MAX_THREADS": "1", "RAYON_NUM_THREADS": "1", "FASTOKENS_BPE_THREADS": "1", "TOKENIZERS_PARALLELISM": "false",
}  # fmt: skip


Tick = Callable[[], None]


def silent() -> None:
    """A tick that nobody listens to."""


class Executor(Protocol):
    """The only way in which work is spread."""

    workers: int
    """Tasks that run at the same time."""

    def map(self, function: Callable[[Task], Result], tasks: Iterable[Task], tick: Tick = silent) -> Iterator[Result]:
        """Results in the order of the tasks; `tick` is called for each as it ends, in any order.

        Raises what a task raised, WorkerLost when its process died, OutOfMemory when it was refused memory. A result is a small
        value of JSON's kinds (dict, list, str, int, float, bool, None): the work itself lies in files. A function may be called
        again on a task that was finished, and then gives the same result.
        """
        ...


def named(function: Callable[[Task], Result], task: Task) -> str:
    """A task, for people: "notes-00003 (run_read)"; one without a name by the beginning of its text."""
    return f"{getattr(task, 'name', None) or repr(task)[:80]} ({function.__name__})"


# Objects made before Python looks for cycles; by default 700.
_NUM_OBJECTS = 20_000


def prepare_process() -> None:
    """Give libraries one thread in this process and those it starts, unless the environment says otherwise.

    And have Python look for cycles of garbage less often, which took 3 % of the time: tasks make many objects, hardly a cycle.
    """
    gc.set_threshold(_NUM_OBJECTS)
    for name, value in ONE_THREAD.items():
        os.environ.setdefault(name, value)
    pa.set_cpu_count(1)
