"""Builds a recipe: pass after pass, barrier after barrier, then the shards; every step's report is written last.

What is done is never done again: a step whose report exists is skipped, and inside a step a task whose file exists. So a
build that was stopped in any way goes on by running the same command.
"""

import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from corpusforge.engine import stream
from corpusforge.engine.alarm import check_alarm
from corpusforge.engine.barrier import run_barrier
from corpusforge.engine.executor import Executor, Local
from corpusforge.engine.ledger import Entry, check_flow, checked, total
from corpusforge.engine.manifest import publish_outputs, write_run
from corpusforge.engine.parts import PartInfo
from corpusforge.engine.plan import Plan, Step, make_plan, source_of
from corpusforge.engine.progress import SILENT, Progress
from corpusforge.engine.reading import ReadTask
from corpusforge.engine.shards import run_sink
from corpusforge.engine.store import locked, read_json, remove_partials, write_json
from corpusforge.errors import NothingLeft
from corpusforge.recipe.model import Recipe


def build(recipe: Recipe, out: Path, workers: int = 1, progress: Progress = SILENT) -> Plan:
    """Run every step that is not done and publish the shards under `out`; gives the plan that was carried out.

    Raises CorpusForgeError where the input, the recipe or the machine has to change; what is finished is kept.
    """
    out = out.absolute()
    began = time.time()
    with locked(out):
        remove_partials(out)
        plan = make_plan(recipe, out)
        with Local(workers) as executor:
            running = _Build(plan, executor, progress)
            running.run()
        publish_outputs(plan, running.reports)
        write_run(plan, workers, began, running.seconds)
    return plan


@dataclass
class _Build:
    """One build as it runs. State: reports of the steps done so far, by fingerprint."""

    plan: Plan
    executor: Executor
    progress: Progress
    reports: dict[str, dict[str, Any]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    def run(self) -> None:
        for step in self.plan.steps:
            if step.is_done:
                self.reports[step.fingerprint] = read_json(step.report)
                self.progress.skipped(step)
        began = time.monotonic()
        self._chains()
        self.seconds["sources"] = time.monotonic() - began
        for steps in _passes(self.plan.joined, self._is_done):
            began = time.monotonic()
            self._joined_pass(steps)
            self.seconds["+".join(step.name for step in steps)] = time.monotonic() - began
        self._check_flow()

    def _is_done(self, step: Step) -> bool:
        return step.fingerprint in self.reports

    def _chains(self) -> None:
        """Every source's chain up to the join, their tasks side by side."""
        todo = {name: list(_passes(chain, self._is_done)) for name, chain in self.plan.chains.items()}
        reading: list[ReadTask] = []
        for name, passes in todo.items():
            if passes and passes[0][0].kind == "read":
                reading += self._read_tasks(name, passes.pop(0))
        self._stream(stream.run_read, reading)
        for name, passes in todo.items():
            for steps in passes:
                self._stream(stream.run_part, self._part_tasks([name], steps))

    def _joined_pass(self, steps: tuple[Step, ...]) -> None:
        if steps[0].kind == "stream":
            self._stream(stream.run_part, self._part_tasks(list(self.plan.chains), steps))
        elif steps[0].kind == "barrier":
            self._barrier(steps[0])
        else:
            self._sink(steps[0])

    def _read_tasks(self, name: str, steps: tuple[Step, ...]) -> list[ReadTask]:
        chain = next(each for each in self.plan.recipe.sources if each.name == name)
        self._prepare(steps)
        keep_going = self.plan.recipe.on_bad_shard == "keep_going"
        cut = source_of(steps[0]).shards(self.plan.inputs[name])
        return [
            ReadTask(f"{name}-{index:05d}", name, chain.license, chain.lang, keep_going, shard, steps)
            for index, shard in enumerate(cut)
        ]

    def _part_tasks(self, sources: list[str], steps: tuple[Step, ...]) -> list[stream.PartTask]:
        self._prepare(steps)
        return [stream.PartTask(info, self.plan.before(info.source, steps[0]), steps) for info in self._parts(sources)]

    def _prepare(self, steps: Sequence[Step]) -> None:
        for step in steps:
            step.folder.mkdir(parents=True, exist_ok=True)
            for named in step.stages:
                named.stage.prepare(step.artifacts, step.folder)

    def _parts(self, sources: Sequence[str] | None = None) -> list[PartInfo]:
        """Parts of the sources, in the order of the recipe."""
        names = self.plan.chains if sources is None else sources
        return [
            PartInfo(part["name"], part["source"], part["rows"], part["text_bytes"])
            for name in names
            for part in self.reports[self.plan.chains[name][0].fingerprint]["parts"]
        ]

    def _stream(self, function: Callable[[Any], dict[str, Any]], tasks: Sequence[Any]) -> None:
        """Run tasks that take parts through their steps, and report those steps."""
        steps = list({step.fingerprint: step for task in tasks for step in task.steps}.values())
        with self.progress.running(steps, len(tasks)) as tick:
            results = []
            for result in self.executor.map(function, tasks):
                results.append(result)
                tick()
        for step in steps:
            self._report_stream(step, [each for each in results if _concerns(step, each)])
            for leftover in step.folder.glob("*.task.json"):
                leftover.unlink()

    def _report_stream(self, step: Step, results: list[dict[str, Any]]) -> None:
        parts = [part for result in results for part in result["parts"]]
        entries: dict[str, list[list[Entry]]] = {}
        for part in parts:
            books = [Entry.from_json(each) for each in part["entries"][step.fingerprint]]
            entries.setdefault(part["source"], []).append(books)
        facts: dict[str, Any] = {}
        if step.kind == "read":
            facts["parts"] = [{key: part[key] for key in ("name", "source", "rows", "text_bytes")} for part in parts]
            facts["bad_shards"] = [bad for result in results for bad in result["bad_shards"]]
        if step.signals is not None:
            facts["signals"] = step.signals.name
        self._report(step, {source: _totals(books) for source, books in entries.items()}, facts)

    def _barrier(self, step: Step) -> None:
        self._prepare([step])
        entries = run_barrier(self.plan, step, self._parts(), self.executor, self.progress)
        self._report(step, entries, {})
        shutil.rmtree(step.folder / "scratch", ignore_errors=True)

    def _sink(self, step: Step) -> None:
        self._prepare([step])
        written = run_sink(self.plan, step, self._parts(), self.executor, self.progress)
        self._report_sink(step, written)
        shutil.rmtree(step.folder / "scratch", ignore_errors=True)
        for leftover in step.folder.glob("*.shard.json"):
            leftover.unlink()

    def _report_sink(self, step: Step, written: list[dict[str, Any]]) -> None:
        """The sink's books are per group: what the sources of the group kept must be what its shards hold."""
        group_of = {chain.name: chain.group for chain in self.plan.recipe.sources}
        entries = {}
        for group in sorted(set(group_of.values())):
            sources = [name for name, its in group_of.items() if its == group]
            came_in = sum(self._flow(name)[-1].kept for name in sources)
            held = sum(each["num_documents"] for each in written if each["group"] == group)
            entries[group] = [checked(Entry(step.name, came_in, held), f"shards of group {group}")]
        self._report(step, entries, {"shards": written})

    def _flow(self, source: str) -> list[Entry]:
        """The books of a source, stage after stage, as far as its steps are done, up to the sink."""
        steps = (*self.plan.chains[source], *self.plan.joined[:-1])
        reports = [self.reports[step.fingerprint]["ledger"] for step in steps if step.fingerprint in self.reports]
        return [Entry.from_json(each) for ledger in reports for each in ledger.get(source, [])]

    def _check_flow(self) -> None:
        for source in self.plan.chains:
            check_flow(source, self._flow(source))

    def _report(self, step: Step, entries: dict[str, list[Entry]], facts: dict[str, Any]) -> None:
        ledger = {
            source: [checked(each, f"{step.name}, {source}").to_json() for each in books] for source, books in entries.items()
        }
        report = {
            "name": step.name, "kind": step.kind, "fingerprint": step.fingerprint, "parents": list(step.parents),
            "ledger": ledger, **facts,
        }  # fmt: skip
        self._refuse_nothing(step, entries, facts)
        self.reports[step.fingerprint] = report
        self._sound_alarm(step, entries)
        write_json(step.report, report)
        self.progress.finished(step, entries)

    def _sound_alarm(self, step: Step, entries: dict[str, list[Entry]]) -> None:
        for chain in self.plan.recipe.sources:
            if chain.name in entries and step.kind != "sink":
                read = self.plan.chains[chain.name][0]
                parts = [(part, read) for part in self._parts([chain.name])]
                check_alarm(chain.name, chain.alarm_share, self._flow(chain.name), step, parts)

    def _refuse_nothing(self, step: Step, entries: dict[str, list[Entry]], facts: dict[str, Any]) -> None:
        if step.kind == "read" and not entries:
            name = step.name.removesuffix("-read")
            raise NothingLeft(f"source {name}: its {len(self.plan.inputs[name])} files hold no document; mend `path`")
        if entries and not any(books[-1].kept for books in entries.values()):
            raise NothingLeft(f"{step.name}: no document is left: {_losses(entries)}; loosen the rule or look at the input")


def _passes(steps: Sequence[Step], is_done: Callable[[Step], bool]) -> Iterator[tuple[Step, ...]]:
    """Steps to do, in order: neighbours that stream (a read step may open) together, others alone."""
    group: list[Step] = []
    for step in steps:
        if group and (is_done(step) or step.kind != "stream"):
            yield tuple(group)
            group = []
        if is_done(step):
            continue
        if step.kind in ("barrier", "sink"):
            yield (step,)
        else:
            group.append(step)
    if group:
        yield tuple(group)


def _concerns(step: Step, result: dict[str, Any]) -> bool:
    """Whether a task went through `step`; a read task that met no document concerns its own source's read step."""
    if not result["parts"]:
        return step.name == f"{result['source']}-read"
    return step.fingerprint in result["parts"][0]["entries"]


def _totals(books: list[list[Entry]]) -> list[Entry]:
    """Entries of many parts, stage by stage."""
    return [total(same) for same in zip(*books, strict=True)]


def _losses(entries: dict[str, list[Entry]]) -> str:
    lost = [(source, each) for source, books in entries.items() for each in books if each.came_in > each.kept]
    texts = []
    for source, each in lost:
        reasons = ", ".join(f"{reason} {count}" for reason, count in sorted(each.rejected.items()))
        failures = f"failed {each.failed}" if each.failed else ""
        texts.append(f"{each.stage} on {source}: {each.came_in} in, {', '.join(part for part in (reasons, failures) if part)}")
    return "; ".join(texts)
