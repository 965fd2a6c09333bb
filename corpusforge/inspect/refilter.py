"""Decide again: what a build with other thresholds would keep, from the signals that an earlier one stored.

No text is read and nothing is written. Filters come one after another as in the recipe; the first step that would have to look
at documents again (a filter that was not measured on these rows, a deduplication behind a verdict that changed) ends the walk.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from corpusforge.core import Filter
from corpusforge.engine.apply import decided
from corpusforge.engine.decide import columns_of_rules
from corpusforge.engine.parts import aligned, signals_path, verdicts_path
from corpusforge.engine.plan import Plan, Step, make_plan
from corpusforge.engine.store import read_json, read_parquet
from corpusforge.errors import InputError
from corpusforge.inspect.diff import Counted
from corpusforge.inspect.folder import Documents, open_documents
from corpusforge.inspect.steps import StepOnDisk
from corpusforge.recipe.model import Recipe


@dataclass(frozen=True)
class Turned:
    """A document whose fate changes: the step and reason that reject it (now, or before), the value and the threshold."""

    id: str
    source: str
    origin: str
    step: str
    reason: str
    value: float | None
    threshold: float | None


@dataclass(frozen=True)
class Redecided:
    """Counts before and after; `undecided` names, by source, the step at which documents have to be looked at again."""

    counts: tuple[Counted, ...]
    num_newly_rejected: int
    num_newly_kept: int
    newly_rejected: tuple[Turned, ...]
    newly_kept: tuple[Turned, ...]
    undecided: Mapping[str, str]


# (step, verdicts on the rows that it drops), step after step; a row is in one of them at most.
_Lost = list[tuple[str, pa.Table]]


@dataclass
class _Tally:
    """State: what has been counted so far."""

    num_examples: int
    counts: list[Counted] = field(default_factory=list)
    turned: dict[str, list[Turned]] = field(default_factory=lambda: {"rejected": [], "kept": []})
    num_turned: Counter[str] = field(default_factory=Counter)


def refilter(recipe: Recipe, out: Path, num_examples: int = 10) -> Redecided:
    """Decide by the rules of `recipe` on what the last build in `out` has measured.

    Raises InputError where nothing was built in `out`, or where no source of the recipe was read there as it is now.
    """
    documents = open_documents(out)
    plan = make_plan(recipe, out.absolute())
    ways = {name: _decidable(plan, name) for name in plan.chains if plan.chains[name][0].is_done and name in documents.sources}
    if not ways:
        raise InputError(
            f"{out}: no source of {recipe.path.name} was read here as it is now, so nothing is measured; build first"
        )
    tally = _Tally(num_examples)
    undecided = {name: plan.chains[name][0].name for name in plan.chains if name not in ways}
    for name, (steps, stopped_at) in ways.items():
        undecided |= {name: stopped_at} if stopped_at else {}
        _source(documents, plan, name, steps, tally)
    turned = tally.turned
    return Redecided(
        tuple(tally.counts), tally.num_turned["rejected"], tally.num_turned["kept"], tuple(turned["rejected"]),
        tuple(turned["kept"]), undecided,
    )  # fmt: skip


def _decidable(plan: Plan, source: str) -> tuple[list[Step], str]:
    """The steps of a source that can be decided from what is stored, and the name of the one that cannot ("": all can)."""
    parts = _part_names(plan.chains[source][0])
    steps: list[Step] = []
    for step in (*plan.chains[source], *plan.joined[:-1]):
        if step.kind == "barrier" and step.stages[0].stage.provides:
            continue
        if not (all(signals_path(step, part).exists() for part in parts) if step.signals is not None else step.is_done):
            return steps, step.name
        steps.append(step)
    return steps, ""


def _part_names(read: Step) -> list[str]:
    return [part["name"] for part in read_json(read.report)["parts"]]


def _source(documents: Documents, plan: Plan, source: str, steps: Sequence[Step], tally: _Tally) -> None:
    """Count a source before and after, and keep examples of what turns."""
    left_out = [step.name for step in (*plan.chains[source], *plan.joined)][len(steps) :] if steps else []
    known = _numbered(step.name for step in steps)
    old_steps = [
        step
        for step, number in zip(
            documents.steps_of(source), _numbered(step.name for step in documents.steps_of(source)), strict=True
        )
        if number in known or step.name not in left_out
    ]
    before: Counter[tuple[str, str]] = Counter()
    after: Counter[tuple[str, str]] = Counter()
    num_rows = 0
    for part in read_json(steps[0].report)["parts"]:
        num_rows += part["rows"]
        lost_before = _lost_before(documents, old_steps, part["name"])
        lost_after = _lost_after(steps, part["name"], part["rows"])
        for counter, lost in ((before, lost_before), (after, lost_after)):
            for step, verdicts in lost:
                for each in verdicts["drop"].value_counts().to_pylist():
                    counter[step, each["values"]] += each["counts"]
        _turn(documents, source, part["name"], lost_before, lost_after, tally)
    tally.counts.append(Counted(source, "", "in", num_rows, num_rows))
    for key in dict.fromkeys([*before, *after]):
        tally.counts.append(Counted(source, *key, before[key], after[key]))
    tally.counts.append(Counted(source, "", "kept", num_rows - before.total(), num_rows - after.total()))


def _numbered(names: Iterator[str]) -> list[tuple[str, int]]:
    """Each name with how often it came before: a recipe may use a stage twice."""
    seen: Counter[str] = Counter()
    numbered = []
    for name in names:
        numbered.append((name, seen[name]))
        seen[name] += 1
    return numbered


def _lost_before(documents: Documents, steps: Sequence[StepOnDisk], part: str) -> _Lost:
    tables = ((step.name, documents.verdict_table(step, part)) for step in steps)
    return [(name, table) for name, table in tables if table is not None]


def _lost_after(steps: Sequence[Step], part: str, num_rows: int) -> _Lost:
    """What the steps drop of a part, by their rules as they are now."""
    lost: _Lost = []
    alive = np.ones(num_rows, np.bool_)
    given: dict[str, pa.Table] = {}
    for step in steps:
        if step.signals is None:
            verdicts = read_parquet(verdicts_path(step, part))
        else:
            verdicts = _decide(step, steps[0], part, np.flatnonzero(alive).astype(np.int32), given)
        lost.append((step.name, verdicts))
        alive[verdicts["row"].to_numpy()] = False
    return lost


def _decide(step: Step, read: Step, part: str, rows: NDArray[np.int32], given: dict[str, pa.Table]) -> pa.Table:
    """Verdicts, with row, of a filter on the `rows` still alive; what it measured is `given` to those behind it."""
    stage = step.stages[0].stage
    assert isinstance(stage, Filter)
    measured = read_parquet(signals_path(step, part))
    others = {name: _column(name, read, part, rows, given) for name in columns_of_rules(stage)}
    given |= dict.fromkeys(stage.adds, measured)
    verdicts = decided(stage, aligned(measured, rows), pa.table(others) if others else pa.table({"row": rows}))
    verdicts = verdicts.append_column("row", pa.array(rows, pa.int32()))
    return verdicts.filter(pc.not_equal(verdicts["drop"], ""))


def _column(name: str, read: Step, part: str, rows: NDArray[np.int32], given: Mapping[str, pa.Table]) -> pa.ChunkedArray:
    """A column that a rule asks for: of the last filter that gives it, or as it was read."""
    if name in given:
        return aligned(given[name], rows)[name]
    return read_parquet(read.folder / f"{part}.parquet", [name])[name].take(pa.array(rows))


def _turn(documents: Documents, source: str, part: str, before: _Lost, after: _Lost, tally: _Tally) -> None:
    """Count the rows of a part whose fate changes, and keep the first ones as examples."""
    rows = [
        np.concatenate([np.empty(0, np.int32), *(table["row"].to_numpy() for _, table in lost)]) for lost in (before, after)
    ]
    for what, lost, turned in (
        ("rejected", after, np.setdiff1d(rows[1], rows[0])),
        ("kept", before, np.setdiff1d(rows[0], rows[1])),
    ):
        tally.num_turned[what] += len(turned)
        shown = turned[: tally.num_examples - len(tally.turned[what])]
        tally.turned[what] += _examples(documents, source, part, shown, lost)


def _examples(documents: Documents, source: str, part: str, rows: NDArray[np.int32], lost: _Lost) -> Iterator[Turned]:
    verdicts = {
        row["row"]: (step, row["drop"], row["value"], row["threshold"])
        for step, table in lost
        for row in table.filter(pc.is_in(table["row"], pa.array(rows, pa.int32()))).to_pylist()
    }
    for row, about in zip(rows.tolist(), documents.about(source, part, rows.tolist()), strict=True):
        yield Turned(about["id"].hex(), source, about["origin"], *verdicts[row])
