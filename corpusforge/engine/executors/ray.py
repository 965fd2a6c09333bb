"""Tasks on a Ray cluster: the driver sends tasks and gets small reports; what a task reads and writes lies in files.

Driver and workers see the build folder and the input under the same paths (a shared file system), and have the same version of
CorpusForge installed. Ray is given a bounded number of tasks at a time and repeats none by itself: a task whose worker died
stops the build, as it does on one machine, and is done again by the same command.
"""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from importlib.util import find_spec
from itertools import islice
from types import ModuleType, TracebackType
from typing import Any, Self

from corpusforge.engine.executor import ONE_THREAD, Result, Task, Tick, named, prepare_process, silent
from corpusforge.engine.executors.lost import AGAIN, LESS_MEMORY
from corpusforge.engine.executors.worker import Failed, attempt
from corpusforge.errors import InputError, MissingExtra, WorkerLost

# Tasks that Ray holds for each core: enough that none waits for the driver.
WINDOW = 4


class Ray:
    """The cluster at `address`: "auto" for the one this machine belongs to, "ray://host:10001", or "local" for a new one here.

    State: the connection, from entering the context to leaving it.
    """

    def __init__(self, address: str) -> None:
        """Connect to nothing yet; raises MissingExtra when Ray is not installed."""
        if find_spec("ray") is None:
            raise MissingExtra("the executor Ray", "ray", "ray")
        self.address = address
        self.workers = 0
        self._ray: ModuleType | None = None

    def __enter__(self) -> Self:
        """Connect; raises InputError where no cluster answers."""
        prepare_process()
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # a cluster started here reports to nobody
        ray = import_module("ray")
        try:
            ray.init(address=self.address, runtime_env={"env_vars": ONE_THREAD}, log_to_driver=False, logging_level="ERROR")
        except (ConnectionError, ValueError, RuntimeError) as error:
            cure = "start one with `ray start --head`, or mend the address"
            raise InputError(f"Ray at {self.address}: {error}; {cure}") from error
        self._ray = ray
        self.workers = max(1, int(ray.cluster_resources().get("CPU", 1)))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        """Disconnect; tasks still at work are ended with the connection, a "local" cluster as well."""
        if self._ray is not None:
            self._ray.shutdown()
            self._ray = None

    def map(self, function: Callable[[Task], Result], tasks: Iterable[Task], tick: Tick = silent) -> Iterator[Result]:
        """See Executor."""
        assert self._ray is not None, "used outside its context"
        remote = self._ray.remote(num_cpus=1, max_retries=0)(_attempt)
        coming = iter(tasks)
        waiting: deque[tuple[str, Any]] = deque()
        try:
            while True:
                for task in islice(coming, WINDOW * self.workers - len(waiting)):
                    waiting.append((named(function, task), remote.remote(function, task)))
                if not waiting:
                    return
                result = self._result(*waiting.popleft())
                tick()
                yield result
        finally:
            for _, reference in waiting:
                self._ray.cancel(reference, force=True)

    def _result(self, task: str, reference: object) -> Any:
        assert self._ray is not None
        exceptions = self._ray.exceptions
        try:
            answer = self._ray.get(reference)
        except exceptions.OutOfMemoryError as error:
            raise WorkerLost(f"{task}: Ray ended its worker because memory ran out; {AGAIN}, {LESS_MEMORY}") from error
        except (exceptions.WorkerCrashedError, exceptions.NodeDiedError, exceptions.ObjectLostError) as error:
            words = str(error).strip().splitlines()[0]
            raise WorkerLost(f"{task}: its Ray worker died ({type(error).__name__}: {words}); {AGAIN}") from error
        if isinstance(answer, Failed):
            raise answer.raised(task)
        return answer


def _attempt(function: Callable[[Any], Any], task: object) -> Any:
    """On the cluster: the result, or Failed."""
    prepare_process()
    return attempt(function, task)
