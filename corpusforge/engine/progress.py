"""What a build tells while it runs. The engine calls, the command line shows."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager

from corpusforge.engine.estimate import Estimate
from corpusforge.engine.ledger import Entry
from corpusforge.engine.plan import Step


class Progress:
    """Listens to a build and says nothing; the command line's listener extends it."""

    def planned(self, needed: Estimate) -> None:
        """The build knows its steps, and about what the ones to run will take on disk."""

    def skipped(self, step: Step) -> None:
        """The step had been done before."""

    def running(self, steps: Sequence[Step], num_tasks: int) -> AbstractContextManager[Callable[[], None]]:
        """The steps are worked on together; the context gives what to call once for each finished task."""
        return _quiet()

    def waiting(self, steps: Sequence[Step], tasks: Sequence[int]) -> None:
        """This process has done its share of the steps and waits for other tasks (`--task`); called every few seconds."""

    def finished(self, step: Step, entries: Mapping[str, Sequence[Entry]]) -> None:
        """The step's report is written."""


@contextmanager
def _quiet() -> Iterator[Callable[[], None]]:
    yield lambda: None


SILENT = Progress()
