"""What a build tells while it runs. The engine calls, the command line shows."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TypeVar

from corpusforge.engine.ledger import Entry
from corpusforge.engine.plan import Step

Result = TypeVar("Result")


class Progress:
    """Listens to a build and says nothing; the command line's listener extends it."""

    def skipped(self, step: Step) -> None:
        """The step had been done before."""

    def running(self, steps: Sequence[Step], num_tasks: int) -> AbstractContextManager[Callable[[], None]]:
        """The steps are worked on together; the context gives what to call once for each finished task."""
        return _quiet()

    def finished(self, step: Step, entries: Mapping[str, Sequence[Entry]]) -> None:
        """The step's report is written."""


@contextmanager
def _quiet() -> Iterator[Callable[[], None]]:
    yield lambda: None


SILENT = Progress()


def ticking(results: Iterator[Result], tick: Callable[[], None]) -> Iterator[Result]:
    """The results, with a tick for each."""
    for result in results:
        tick()
        yield result
