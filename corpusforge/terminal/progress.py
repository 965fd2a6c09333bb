"""What a build tells while it runs: a live line for each pass on a terminal, plain lines elsewhere, the books of each step."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from rich.progress import BarColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from rich.table import Column

from corpusforge.engine.estimate import Estimate
from corpusforge.engine.ledger import Entry
from corpusforge.engine.plan import Step
from corpusforge.engine.progress import Progress
from corpusforge.inspect.steps import read_if_there
from corpusforge.terminal.console import disk_line, err, size_text

_LABEL = 34


class BuildProgress(Progress):
    """Rates come from what finished tasks have noted in the folders of their steps, looked at once a second at most."""

    def __init__(self, line_seconds: float = 30.0) -> None:
        """Away from a terminal a line is printed every `line_seconds` while a pass runs."""
        self._line_seconds = line_seconds
        self._waiting = ""

    def planned(self, needed: Estimate) -> None:
        """A line only where the disk is likely to run full."""
        if not needed.fits:
            err.print(f"[yellow]warning: {disk_line(needed)}; free some, or give another --out[/yellow]", soft_wrap=True)

    def skipped(self, step: Step) -> None:
        """One line."""
        err.print(f"[dim]{step.name:<{_LABEL}} done before[/dim]", soft_wrap=True)

    @contextmanager
    def running(self, steps: Sequence[Step], num_tasks: int) -> Iterator[Callable[[], None]]:
        """Show the steps of a pass until it ends."""
        passing = PassNotes(steps)
        if err.is_terminal:
            with _bar() as bar:
                yield _Live(bar, bar.add_task(_title(steps), total=num_tasks, facts=""), passing)
        else:
            yield _Lines(_title(steps), num_tasks, passing, self._line_seconds)

    def waiting(self, steps: Sequence[Step], tasks: Sequence[int]) -> None:
        """A line when it becomes known, or changes, which tasks are waited for."""
        line = f"{_title(steps)}: waiting for task {', '.join(str(task) for task in tasks)}"
        if line != self._waiting:
            err.print(line, soft_wrap=True, markup=False)
            self._waiting = line

    def finished(self, step: Step, entries: Mapping[str, Sequence[Entry]]) -> None:
        """A line for each source and stage."""
        if not entries:
            err.print(f"{step.name:<{_LABEL}} done", soft_wrap=True)
        for source, books in entries.items():
            for each in books:
                label = step.name if step.name.startswith(f"{source}-") else f"{step.name} {source}"
                stage = f" {each.stage}" if len(books) > 1 else ""
                err.print(f"{label + stage:<{_LABEL}} {books_line(each)}", soft_wrap=True)


def _bar() -> Bar:
    title = TextColumn("{task.description}", table_column=Column(no_wrap=True, overflow="ellipsis", ratio=1))
    facts = TextColumn("{task.completed:.0f} of {task.total:.0f} tasks{task.fields[facts]}", table_column=Column(no_wrap=True))
    return Bar(title, BarColumn(20), facts, TimeRemainingColumn(compact=True), console=err, transient=True, expand=True)


def _title(steps: Sequence[Step]) -> str:
    """ "geo-en-read + geo-en-filter.length", or the first of many and their number."""
    names = [step.name for step in steps]
    return " + ".join(names) if len(names) <= 2 else f"{names[0]} and {len(names) - 1} more steps"


class PassNotes:
    """Documents, bytes and kept documents of the tasks that have finished. State: the notes seen so far."""

    def __init__(self, steps: Sequence[Step]) -> None:
        """What an earlier run has noted counts for the kept share, not for the rates."""
        self._steps = steps
        self._parts: dict[str, tuple[int, int, int]] = {}
        self._seen: set[str] = set()
        self._look()
        self._began = self._looked = time.monotonic()
        self._before = self._sums()

    def facts(self) -> str:
        """ ", 1,234 documents/s, 5.6 MB/s, kept 87.2%"; "" while nothing is known."""
        now = time.monotonic()
        if now - self._looked >= 1.0:
            self._look()
            self._looked = now
        documents, kept, size = self._sums()
        seconds = self._looked - self._began
        shown = f", kept {kept / documents:.1%}" if documents else ""
        if documents > self._before[0] and seconds > 0:
            rate, speed = (documents - self._before[0]) / seconds, (size - self._before[2]) / seconds
            shown = f", {rate:,.0f} documents/s, {size_text(round(speed))}/s{shown}"
        return shown

    def _sums(self) -> tuple[int, int, int]:
        documents, kept, size = (sum(numbers) for numbers in zip((0, 0, 0), *self._parts.values(), strict=True))
        return documents, kept, size

    def _look(self) -> None:
        for folder in dict.fromkeys(step.folder for step in self._steps):
            for path in folder.glob("*.task.json"):
                if path.name not in self._seen:
                    self._seen.add(path.name)
                    self._note((read_if_there(path) or {"parts": ()})["parts"])

    def _note(self, parts: Sequence[Mapping[str, object]]) -> None:
        for part in parts:
            entries = part["entries"]
            assert isinstance(entries, dict)
            mine = [entries[step.fingerprint] for step in self._steps if step.fingerprint in entries]
            if mine:
                size = part["text_bytes"]
                assert isinstance(size, int)
                self._parts[str(part["name"])] = (mine[0][0]["in"], mine[-1][-1]["kept"], size)


class _Live:
    """Advances a bar by one task a call."""

    def __init__(self, bar: Bar, task: TaskID, notes: PassNotes) -> None:
        self._bar, self._task, self._notes = bar, task, notes

    def __call__(self) -> None:
        self._bar.update(self._task, advance=1, facts=self._notes.facts())


class _Lines:
    """Prints a line when enough time has passed since the last. State: tasks done, time of the last line."""

    def __init__(self, title: str, num_tasks: int, notes: PassNotes, seconds: float) -> None:
        self._title, self._num_tasks, self._notes, self._seconds = title, num_tasks, notes, seconds
        self._done = 0
        self._began = self._last = time.monotonic()

    def __call__(self) -> None:
        self._done += 1
        now = time.monotonic()
        if now - self._last >= self._seconds and self._done < self._num_tasks:
            self._last = now
            left = (now - self._began) / self._done * (self._num_tasks - self._done)
            line = f"{self._title}: {self._done} of {self._num_tasks} tasks{self._notes.facts()}, {_clock(left)} left"
            err.print(line, soft_wrap=True, markup=False)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"


def books_line(each: Entry) -> str:
    """ "61 in, 58 kept, 3 rejected (duplicate 3)"."""
    reasons = ", ".join(f"{reason} {count:,}" for reason, count in sorted(each.rejected.items(), key=lambda some: -some[1]))
    rejected = f", {sum(each.rejected.values()):,} rejected ({reasons})" if reasons else ""
    failed = f", [red]{each.failed:,} failed[/red]" if each.failed else ""
    cut = f", {size_text(each.cut_bytes)} cut" if each.cut_bytes else ""
    return f"{each.came_in:,} in, {each.kept:,} kept{rejected}{failed}{cut}"
