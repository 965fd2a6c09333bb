"""Worker processes on this machine; with one worker, this process itself."""

from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import chain, count, islice
from multiprocessing.connection import wait
from types import TracebackType
from typing import Any, Self

from corpusforge.engine.executor import Result, Task, Tick, named, prepare_process, silent
from corpusforge.engine.executors.worker import Failed, Worker
from corpusforge.errors import system_error

# Tasks that may be ahead of the one whose result is awaited, for each worker: a slow task does not stop the others at once.
WINDOW = 4


class Local:
    """`workers` processes. State: those that were started; they start when there is a task for them."""

    def __init__(self, workers: int) -> None:
        """Start no process yet."""
        self.workers = workers
        self._started: list[Worker] = []

    def __enter__(self) -> Self:
        prepare_process()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._stop()

    def map(self, function: Callable[[Task], Result], tasks: Iterable[Task], tick: Tick = silent) -> Iterator[Result]:
        """See Executor. At most WINDOW tasks per worker are ahead, so a long list of tasks costs no memory."""
        coming = iter(tasks)
        first = list(islice(coming, 2))
        if self.workers == 1 or (len(first) < 2 and not self._started):
            for task in chain(first, coming):
                result = _here(function, task)
                tick()
                yield result
            return
        finished = False
        try:
            yield from self._spread(function, chain(first, coming), tick)
            finished = True
        finally:
            if not finished:  # some are still at work on tasks that nobody waits for
                self._stop()

    def _spread(self, function: Callable[[Task], Result], coming: Iterator[Task], tick: Tick) -> Iterator[Result]:
        """Hand out and collect. An error waits for its turn, so it is the same one however fast the others were."""
        answers: dict[int, Any] = {}
        at_work: dict[Worker, int] = {}
        given = 0
        for turn in count():
            while True:
                room = min(self.workers - len(at_work), WINDOW * self.workers - (given - turn))
                for task in islice(coming, room):
                    at_work[self._give(function, task, at_work)] = given
                    given += 1
                if turn in answers or not at_work:
                    break
                for worker in _answering(at_work):
                    answer = worker.answer()
                    if isinstance(answer, Failed):
                        answer, coming = answer.raised(worker.task), iter(())
                    else:
                        tick()
                    answers[at_work.pop(worker)] = answer
            if turn not in answers:
                return
            if isinstance(answers[turn], Exception):
                raise answers[turn]
            yield answers.pop(turn)

    def _give(self, function: Callable[[Task], Result], task: Task, at_work: Collection[Worker]) -> Worker:
        """Let a worker that is free, or a new one, do the task."""
        worker = next((each for each in self._started if each not in at_work), None)
        if worker is None:
            worker = Worker()
            self._started.append(worker)
        worker.give(function, task)
        return worker

    def _stop(self) -> None:
        for worker in self._started:
            worker.stop()
        for worker in self._started:
            worker.join()
        self._started.clear()


def _answering(workers: Collection[Worker]) -> list[Worker]:
    """Those of the workers that have answered or died; waits until there is one."""
    ready = set(wait([end for worker in workers for end in (worker.pipe, worker.process.sentinel)]))
    return [worker for worker in workers if worker.pipe in ready or worker.process.sentinel in ready]


def _here(function: Callable[[Task], Result], task: Task) -> Result:
    """Do the task in this process."""
    try:
        return function(task)
    except MemoryError as error:
        raise system_error(error, named(function, task)) from error
