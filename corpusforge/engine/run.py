"""Builds a recipe: pass after pass, barrier after barrier, then the shards; every step's report is written last.

What is done is never done again: a step whose report exists is skipped, and inside a step a task whose file exists. So a
build that was stopped in any way goes on by running the same command.
"""

import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from corpusforge.engine import stream
from corpusforge.engine.barrier import barrier_facts, run_barrier
from corpusforge.engine.estimate import estimate
from corpusforge.engine.executor import Executor
from corpusforge.engine.executors.local import Local
from corpusforge.engine.executors.ray import Ray
from corpusforge.engine.ledger import Entry
from corpusforge.engine.manifest import publish_outputs, published_names, write_plan, write_run
from corpusforge.engine.plan import Plan, Step, make_plan, source_of
from corpusforge.engine.progress import SILENT, Progress
from corpusforge.engine.reading import ReadTask
from corpusforge.engine.reports import Books, Reports
from corpusforge.engine.shards import run_sink
from corpusforge.engine.slices import RESULTS, Crew, PassDone, Slice, alone, joined
from corpusforge.engine.store import claim
from corpusforge.errors import translated_os_errors
from corpusforge.recipe.model import Recipe


def build(
    recipe: Recipe,
    out: Path,
    workers: int | Ray = 1,
    progress: Progress = SILENT,
    *,
    task: Slice | None = None,
    until: str | None = None,
) -> Plan:
    """Run every step that is not done and publish the shards under `out`; gives the plan that was carried out.

    Tasks run in so many processes, or on a Ray cluster. With `task` this process does its share and the others of the team
    theirs. With `until`, the name of a step or a stage, no step runs that it does not stand on, and nothing is published: the
    same call without it goes on from there. Raises CorpusForgeError where the input, the recipe or the machine has to change,
    and SlicesMissing when a task that does not wait has done its share; what is finished is kept.
    """
    out = out.absolute()
    began = time.time()
    with alone(out) if task is None else joined(out, task, progress) as crew, translated_os_errors(out):
        with crew.turn():
            claim(out, recipe.name, published_names(recipe))
            plan = make_plan(recipe, out)
            needed = plan.needed_for(until or plan.joined[-1].name)
            write_plan(plan)
            done = crew.agree(plan)
            progress.planned(estimate(plan))
        with workers if isinstance(workers, Ray) else Local(workers) as executor:
            running = _Build(plan, crew, executor, progress, Reports(plan))
            running.run(done, needed)
        if until is None:
            with crew.turn():
                publish_outputs(plan, running.reports.done)
                write_run(plan, executor.workers, began, running.seconds)
    return plan


@dataclass
class _Build:
    """One build as it runs. State: reports of the steps done so far, seconds of each pass."""

    plan: Plan
    crew: Crew
    executor: Executor
    progress: Progress
    reports: Reports
    seconds: dict[str, float] = field(default_factory=dict)

    def run(self, done: frozenset[str], needed: frozenset[str]) -> None:
        """Carry out the `needed` steps of the plan, of which the steps `done` were done when its crew began."""
        for step in self.plan.steps:
            if step.fingerprint in done:
                self.reports.read(step)
                self.progress.skipped(step)
        todo = needed - done
        began = time.monotonic()
        self._chains(todo)
        self.seconds["sources"] = time.monotonic() - began
        for steps in _passes(self.plan.joined, todo):
            began = time.monotonic()
            self._joined_pass(steps)
            self.seconds["+".join(step.name for step in steps)] = time.monotonic() - began
        self.reports.check_flow()

    def _chains(self, todo: frozenset[str]) -> None:
        """Every source's chain up to the join, their read tasks side by side."""
        chains = {name: list(_passes(chain, todo)) for name, chain in self.plan.chains.items()}
        reading = {name: passes.pop(0) for name, passes in chains.items() if passes and passes[0][0].kind == "read"}
        if reading:
            self._pass([step for steps in reading.values() for step in steps], partial(self._read, reading))
        for name, passes in chains.items():
            for steps in passes:
                self._pass(steps, partial(self._stream, [name], steps))

    def _joined_pass(self, steps: tuple[Step, ...]) -> None:
        if steps[0].kind == "stream":
            self._pass(steps, partial(self._stream, list(self.plan.chains), steps))
        elif steps[0].kind == "barrier":
            self._pass(steps, partial(self._barrier, steps[0]))
        else:
            self._pass(steps, partial(self._sink, steps[0]))

    def _pass(self, steps: Sequence[Step], work: "Work") -> None:
        """Prepare the steps, do the work, write their reports; whatever of it others have done is taken over."""
        try:
            report = work(self.crew.begin(steps, partial(_prepare, steps), self.executor))
        except PassDone:
            self._take_over(steps)
            return
        with self.crew.turn():
            is_new = not all(step.is_done for step in steps)
            for step in steps:
                self.progress.finished(step, report(step) if is_new else self.reports.read(step))
                _remove_leftovers(step)

    def _take_over(self, steps: Sequence[Step]) -> None:
        for step in steps:
            self.progress.finished(step, self.reports.read(step))

    def _read(self, reading: Mapping[str, tuple[Step, ...]], executor: Executor) -> "Report":
        tasks = [task for name, steps in reading.items() for task in self._read_tasks(name, steps)]
        with self.progress.running([step for steps in reading.values() for step in steps], len(tasks)) as tick:
            results = list(executor.map(stream.run_read, tasks, tick))
        return lambda step: self.reports.write_stream(step, results)

    def _read_tasks(self, name: str, steps: tuple[Step, ...]) -> list[ReadTask]:
        chain = next(each for each in self.plan.recipe.sources if each.name == name)
        keep_going = self.plan.recipe.on_bad_shard == "keep_going"
        cut = source_of(steps[0]).shards(self.plan.inputs[name])
        together = [tuple(cut)] if chain.limit is not None else [(shard,) for shard in cut]
        return [
            ReadTask(
                f"{name}-{index:05d}", name, chain.license, chain.lang, keep_going, shards, chain.limit, chain.sample, steps
            )
            for index, shards in enumerate(together)
        ]

    def _stream(self, sources: Sequence[str], steps: tuple[Step, ...], executor: Executor) -> "Report":
        parts = self.reports.parts(sources)
        tasks = [stream.PartTask(info, self.plan.before(info.source, steps[0]), steps) for info in parts]
        with self.progress.running(steps, len(tasks)) as tick:
            results = list(executor.map(stream.run_part, tasks, tick))
        return lambda step: self.reports.write_stream(step, results)

    def _barrier(self, step: Step, executor: Executor) -> "Report":
        entries: dict[str, list[Entry]] = run_barrier(self.plan, step, self.reports.parts(), executor, self.progress)
        return lambda step: self.reports.write(step, entries, barrier_facts(step))

    def _sink(self, step: Step, executor: Executor) -> "Report":
        written: list[dict[str, Any]] = run_sink(self.plan, step, self.reports.parts(), executor, self.progress)
        return lambda step: self.reports.write_sink(step, written)


# Runs the tasks of a pass and gives what writes the report of each of its steps.
Report = Callable[[Step], Books]
Work = Callable[[Executor], Report]


def _passes(steps: Sequence[Step], todo: frozenset[str]) -> Iterator[tuple[Step, ...]]:
    """Steps to do, in order: neighbours that stream (a read step may open) together, others alone."""
    group: list[Step] = []
    for step in steps:
        is_idle = step.fingerprint not in todo
        if group and (is_idle or step.kind != "stream"):
            yield tuple(group)
            group = []
        if is_idle:
            continue
        if step.kind in ("barrier", "sink"):
            yield (step,)
        else:
            group.append(step)
    if group:
        yield tuple(group)


def _prepare(steps: Sequence[Step]) -> None:
    for step in steps:
        with translated_os_errors(step.folder):
            step.folder.mkdir(parents=True, exist_ok=True)
            for named in step.stages:
                named.stage.prepare(step.artifacts, step.folder)


def _remove_leftovers(step: Step) -> None:
    """Delete what a step needed only while it ran: notes of finished tasks and shards, the exchange, results of a team."""
    for name in ("scratch", RESULTS):
        shutil.rmtree(step.folder / name, ignore_errors=True)
    for pattern in ("*.task.json", "*.shard.json"):
        for leftover in step.folder.glob(pattern):
            leftover.unlink()
