"""Who builds a folder: one process alone, or a team of n, of which each does every n-th task of each pass (`--task i/n`).

The processes of a team share nothing but the folder, so any scheduler, or a person at several terminals, can start them. All
of them go through the same passes in the same order; only tasks are divided:

    each         does its tasks of a phase, then puts their results down: <last step>/slices.scratch/<pass>-<phase>-<i>.json
    each         waits until all n results are there (or ends, with wait=False), and goes on with all of them
    one at a time, in turn (a file lock): prepare a pass, write its reports; who comes second finds it done and takes it over

So a process that dies leaves its tasks to the next one started with the same i/n, and nobody else's work is lost. What the
first to come found done is noted, since all must cut the same steps into the same passes. Locks are flock: they end with
their process, and need a file system that has them on all machines (NFS 4, Lustre mounted with flock, GPFS, BeeGFS).
"""

import fcntl
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from itertools import chain, zip_longest
from pathlib import Path
from typing import IO, Any, ClassVar, Protocol

from corpusforge.engine.executor import Executor, Result, Task, Tick, silent
from corpusforge.engine.fingerprint import fingerprint
from corpusforge.engine.plan import Plan, Step
from corpusforge.engine.progress import Progress
from corpusforge.engine.store import locked, read_json, remove_partials, write_json
from corpusforge.errors import BuildStopped, FolderInUse, FolderRefused, StoreDamaged, UserError, translated_os_errors

# In the folder of the last step of a pass: what each process has done. It ends with the step's report, as other *.scratch do.
RESULTS = "slices.scratch"

# Seconds between two looks for the results of others: at first, at most.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 5.0

# Seconds in which a task that had stopped with an error may come back, before those that wait for it stop as well.
GRACE_SECONDS = 600.0


class SlicesMissing(BuildStopped):
    """This process has done its share for now; the others have to do theirs before there is more."""

    exit_code: ClassVar[int] = 75  # EX_TEMPFAIL: run it again later


class PassDone(Exception):
    """Another process has written the reports of this pass. Never shown: the build takes them over."""


@dataclass(frozen=True)
class Slice:
    """Task `index` (from 1) of `of`; without `wait`, a process ends where it would have to wait for others."""

    index: int
    of: int
    wait: bool = True

    @classmethod
    def parse(cls, text: str, wait: bool = True) -> "Slice":
        """ "2/8" is the second of eight; raises UserError for anything else."""
        match = re.fullmatch(r"([0-9]+)/([0-9]+)", text)
        if match is None or not 1 <= int(match[1]) <= int(match[2]):
            raise UserError(f"--task: got {text!r}; give i/n with 1 <= i <= n, such as 2/8 for the second of eight processes")
        return cls(int(match[1]), int(match[2]), wait)

    def __str__(self) -> str:
        return f"{self.index}/{self.of}"


class Crew(Protocol):
    """Those who build a folder at the same time."""

    def agree(self, plan: Plan) -> frozenset[str]:
        """Fingerprints of the steps that were done when the crew began; called in turn."""
        ...

    def turn(self) -> AbstractContextManager[None]:
        """While it lasts, no other process of the crew is in its turn."""
        ...

    def begin(self, steps: Sequence[Step], prepare: Callable[[], None], executor: Executor) -> Executor:
        """Prepare a pass, once for all, and give what runs its tasks; raises PassDone when all its steps are done."""
        ...


class Alone:
    """The only process that builds here."""

    def agree(self, plan: Plan) -> frozenset[str]:
        """See Crew."""
        return frozenset(step.fingerprint for step in plan.steps if step.is_done)

    def turn(self) -> AbstractContextManager[None]:
        """See Crew."""
        return nullcontext()

    def begin(self, steps: Sequence[Step], prepare: Callable[[], None], executor: Executor) -> Executor:
        """See Crew."""
        prepare()
        return executor


@contextmanager
def alone(out: Path) -> Iterator[Crew]:
    """Hold the folder; raises FolderInUse when anyone else builds there."""
    with locked(out):
        remove_partials(out)
        yield Alone()


@contextmanager
def joined(out: Path, task: Slice, progress: Progress) -> Iterator[Crew]:
    """Build together with the other tasks; raises FolderInUse when a build without --task, or this same task, runs there."""
    team = Team(out, task, progress)
    folder = team.folder
    with translated_os_errors(out):
        folder.mkdir(parents=True, exist_ok=True)
    with (out / ".lock").open("a+") as lock:
        _lock(
            lock, fcntl.LOCK_SH | fcntl.LOCK_NB, f"{out}: a build without --task runs here; wait for it, or give another --out"
        )
        with (folder / f"{task.index}.lock").open("a") as own:
            with team.turn():
                _lock(own, fcntl.LOCK_EX | fcntl.LOCK_NB, f"{out}: task {task} runs here already; each task runs once")
                own.truncate(0)
                lock.truncate(0)
                lock.write("a team of processes (build --task)")
                lock.flush()
                team.arrive()
            try:
                yield team
            except SlicesMissing:
                raise
            except Exception as error:
                team.error(task.index).write_text(str(error) or type(error).__name__, "utf-8")
                raise
            with team.turn():
                team.leave()


class Team:
    """One of the processes that build together. State: errors of others that were there before it came."""

    def __init__(self, out: Path, task: Slice, progress: Progress) -> None:
        """Touch nothing yet."""
        self.out, self.task, self.progress = out, task, progress
        self.folder = out / ".slices"
        self._facts = self.folder / "team.json"
        self._old_errors: dict[int, tuple[int, int]] = {}

    @contextmanager
    def turn(self) -> Iterator[None]:
        """See Crew."""
        with (self.folder / "turn.lock").open("a") as lock:
            _lock(lock, fcntl.LOCK_EX, "")
            yield

    def arrive(self) -> None:
        """In turn: clean up after processes that died, unless others are at work."""
        self.error(self.task.index).unlink(missing_ok=True)
        others = {index: _mark(self.error(index)) for index in range(1, self.task.of + 1)}
        self._old_errors = {index: mark for index, mark in others.items() if mark is not None}
        if not self._others():
            remove_partials(self.out)

    def leave(self) -> None:
        """In turn, when the build is done: the last one leaves nothing behind that one process would not have left."""
        self._facts.unlink(missing_ok=True)
        if not self._others():
            remove_partials(self.out)

    def agree(self, plan: Plan) -> frozenset[str]:
        """See Crew; raises FolderInUse when the others build another plan, or are another number of processes."""
        facts = {"of": self.task.of, "plan": [step.fingerprint for step in plan.steps]}
        done = {step.fingerprint for step in plan.steps if step.is_done}
        found = read_json(self._facts) if self._facts.exists() else {"done": []}
        if found == {**facts, "done": found["done"]} and done.issuperset(found["done"]):
            self._own.write_text("agreed", "utf-8")
            return frozenset(found["done"])
        if any(lock.stat().st_size for lock in self._others()):  # one that has only just come has agreed to nothing yet
            if found.get("of") not in (None, self.task.of):
                raise FolderInUse(
                    f"{self.out}: {found['of']} tasks build here, this is {self.task}; give --task i/{found['of']}"
                )
            raise FolderInUse(
                f"{self.out}: other tasks build another recipe here, or see other input; wait, or give another --out"
            )
        write_json(self._facts, {**facts, "done": sorted(done)})
        self._own.write_text("agreed", "utf-8")
        return frozenset(done)

    def begin(self, steps: Sequence[Step], prepare: Callable[[], None], executor: Executor) -> Executor:
        """See Crew."""
        share = Share(self, tuple(steps), executor)
        with self.turn():
            share.check_done()
            if not share.prepared.exists():
                prepare()
                write_json(share.prepared, {})
        return share

    def error(self, index: int) -> Path:
        """Where a task notes why it stopped."""
        return self.folder / f"{index}.error"

    def refuse_errors(self, missing: Iterable[int], waited_seconds: float) -> None:
        """Raise BuildStopped when a task that results are awaited from has stopped, and has had time to come back."""
        for index in missing:
            mark = _mark(self.error(index))
            if mark is not None and (mark != self._old_errors.get(index) or waited_seconds > GRACE_SECONDS):
                said = self.error(index).read_text("utf-8")
                raise BuildStopped(f"task {index}/{self.task.of} stopped: {said}\nmend that, then run all tasks again")

    @property
    def _own(self) -> Path:
        """Locked while this process runs; says something once it has agreed to a plan."""
        return self.folder / f"{self.task.index}.lock"

    def _others(self) -> list[Path]:
        """The lock files of the others that run."""
        return [path for path in self.folder.glob("[0-9]*.lock") if path != self._own and _is_held(path)]


class Share:
    """An Executor that does this process's share of every map and gets the results of the others from the folder."""

    def __init__(self, team: Team, steps: tuple[Step, ...], executor: Executor) -> None:
        """For one pass, whose maps are its phases."""
        self._team, self._steps, self._executor = team, steps, executor
        self._key = fingerprint({"of": team.task.of, "steps": [step.fingerprint for step in steps]})
        self._phase = 0
        self.workers = executor.workers

    @property
    def prepared(self) -> Path:
        """Is there when the steps are prepared."""
        return self._steps[-1].folder / RESULTS / f"{self._key}.prepared"

    def map(self, function: Callable[[Task], Result], tasks: Iterable[Task], tick: Tick = silent) -> Iterator[Result]:
        """See Executor; ticks for tasks of its own. Raises PassDone when another process has finished the pass."""
        self._phase += 1
        task, every = self._team.task, list(tasks)
        mine, own = every[task.index - 1 :: task.of], self._result(task.index)
        if mine and not own.exists():
            self.check_done()
            write_json(own, list(self._executor.map(function, mine, tick)))
        shares = self._all_results(min(task.of, len(every)))
        # back in the order of the tasks; shares differ in length by one, and self, which is no result, fills up
        return (each for each in chain.from_iterable(zip_longest(*shares, fillvalue=self)) if each is not self)

    def check_done(self) -> None:
        """Raise PassDone when all steps have their reports."""
        if all(step.is_done for step in self._steps):
            raise PassDone

    def _result(self, index: int) -> Path:
        return self._steps[-1].folder / RESULTS / f"{self._key}-{self._phase}-{index}.json"

    def _all_results(self, count: int) -> list[list[Any]]:
        """The results of the first `count` processes, which have tasks; waits for those that are missing."""
        team, pause, began = self._team, _FIRST_PAUSE, time.monotonic()
        while True:
            missing = [index for index in range(1, count + 1) if not self._result(index).exists()]
            if not missing:
                try:
                    return [read_json(self._result(index)) for index in range(1, count + 1)]
                except StoreDamaged:  # another process has finished the pass meanwhile, and removed them
                    self.check_done()
                    raise
            self.check_done()
            if not team.task.wait:
                rest = ", ".join(f"{index}/{team.task.of}" for index in missing)
                raise SlicesMissing(
                    f"{self._steps[0].name}: task {team.task} has done its share; run --task {rest}, then this one again"
                )
            team.refuse_errors(missing, time.monotonic() - began)
            team.progress.waiting(self._steps, missing)
            time.sleep(pause)
            pause = min(1.5 * pause, _LONGEST_PAUSE)


def _lock(file: IO[str], how: int, held: str) -> None:
    """flock; raises FolderInUse with the message `held` when another process has it, FolderRefused where there are no locks."""
    try:
        fcntl.flock(file, how)
    except BlockingIOError:
        raise FolderInUse(held) from None
    except OSError as error:
        what = f"its file system takes no locks ({os.strerror(error.errno or 0)}); give another --out, or mount it with locks"
        raise FolderRefused(f"{file.name}: {what}") from error


def _is_held(path: Path) -> bool:
    with path.open("a") as file, suppress(FolderInUse):
        _lock(file, fcntl.LOCK_EX | fcntl.LOCK_NB, str(path))
        return False
    return True


def _mark(path: Path) -> tuple[int, int] | None:
    """What tells a file from a later one at the same place; None when there is none."""
    with suppress(FileNotFoundError):
        status = path.stat()
        return status.st_mtime_ns, status.st_ino
    return None
