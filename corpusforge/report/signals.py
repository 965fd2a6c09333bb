"""What each filter measured on the documents that it judges, and how its rules divide them.

Steps of several sources that are the same filter with the same rules are looked at together. Counts, extremes and what lies
beside a threshold are exact; histograms and quantiles come from a sample where there are more documents than it holds.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from corpusforge.core import Rule
from corpusforge.engine.decide import asks, columns_asked, fails
from corpusforge.engine.ledger import Entry, total
from corpusforge.inspect.steps import StepOnDisk
from corpusforge.report.examples import Nearest, Place
from corpusforge.report.histogram import Floats, Sample
from corpusforge.report.rows import PartRows

_NO_SIGNALS = ("failed", "message", "edits")
_MAX_NAMES = 1000
NOT_MEASURED, OTHER_NAMES = "(not measured)", "(others)"


@dataclass
class Measured:
    """A signal that is a number. State: how many documents have none, or one that is not finite; the extremes so far."""

    num_null: int = 0
    num_not_finite: int = 0
    low: float = np.inf
    high: float = -np.inf

    def add(self, values: Floats, is_null: NDArray[np.bool_]) -> None:
        """Look at values, NaN where they are null."""
        finite = values[np.isfinite(values)]
        self.num_null += int(is_null.sum())
        self.num_not_finite += len(values) - len(finite) - int(is_null.sum())
        self.low = min(self.low, float(finite.min(initial=np.inf)))
        self.high = max(self.high, float(finite.max(initial=-np.inf)))


@dataclass
class Asked:
    """A rule and the documents it was asked of, whatever other rules say. State: how many it holds for, and the border."""

    rule: Rule
    num_holding: int = 0
    num_failing: int = 0
    kept: Nearest = field(default_factory=Nearest)
    rejected: Nearest = field(default_factory=Nearest)


@dataclass
class FilterSeen:
    """One filter with one set of rules, in one place of the chains that have it. State: what was seen so far.

    Columns of the sample are the numeric signals and last 1 for documents that the step kept, 0 for others.
    """

    stage: str
    lang: str
    rules: tuple[Rule, ...]
    has_rules: bool
    books: dict[str, Entry] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    numbers: dict[str, Measured] = field(default_factory=dict)
    names: dict[str, Counter[str]] = field(default_factory=dict)
    sample: Sample = field(default_factory=lambda: Sample(0))

    @property
    def entry(self) -> Entry:
        """The books of all its sources together."""
        return total(self.books.values())

    @property
    def places(self) -> list[Place]:
        """Documents beside thresholds."""
        return [place for each in self.asked for place in (*each.kept.places, *each.rejected.places)]

    def add(self, rows: PartRows, index: int) -> None:
        """Look at the documents of a part that came to step number `index`, which is this filter, and are judged by it."""
        self.books.setdefault(rows.source, rows.steps[index].books[rows.source][0])
        reached = np.flatnonzero(rows.reached(index) & self._judged(rows, index))
        names = [name for name in rows.measured_names(index) if name not in _NO_SIGNALS]
        signals = rows.measured(index, names).take(pa.array(reached)).combine_chunks()
        kept = rows.reached(index + 1)[reached]
        self._begin(signals)
        numbers = {name: _numbers(signals[name]) for name in self.numbers}
        for name, measured in self.numbers.items():
            measured.add(numbers[name], _is_null(signals[name]))
        for name, counts in self.names.items():
            _count_names(counts, signals[name])
        self.sample.add(np.column_stack([*numbers.values(), kept.astype(np.float64)]))
        self._ask(rows, index, reached, signals)

    def _judged(self, rows: PartRows, index: int) -> NDArray[np.bool_]:
        """Which documents of a part are of the filter's language, bool [rows]."""
        if not self.lang:
            return np.ones(rows.part.rows, np.bool_)
        column = rows.column("lang", index)
        assert column is not None, f"{self.stage}: the plan was made, so lang is there"
        return _equals(column, self.lang)

    def _begin(self, signals: pa.Table) -> None:
        if self.sample.width:
            return
        self.numbers = {name: Measured() for name in signals.column_names if _is_number(signals[name].type)}
        self.names = {name: Counter() for name in signals.column_names if _is_name(signals[name].type)}
        self.asked = [Asked(rule) for rule in self.rules]
        self.sample = Sample(len(self.numbers) + 1)

    def _ask(self, rows: PartRows, index: int, reached: NDArray[np.int64], signals: pa.Table) -> None:
        columns = self._columns(rows, index, reached, signals)
        kept = rows.reached(index + 1)[reached]
        verdicts = rows.verdicts[index].filter(pc.invert(rows.verdicts[index]["failed"]))
        like = Place(rows.source, rows.part.name, index, 0)
        for each in self.asked:
            rule = each.rule
            asked = asks(rule, columns)
            failing = fails(rule, columns) & asked
            each.num_failing += int(failing.sum())
            each.num_holding += int((asked & ~failing).sum())
            near = asked & kept
            each.kept.add(reached[near], _numbers(columns[rule.signal])[near], rule.threshold, like)
            own = verdicts.filter(pc.equal(verdicts["drop"], rule.reason))
            each.rejected.add(own["row"].to_numpy().astype(np.int64), _numbers(own["value"]), rule.threshold, like)

    def _columns(self, rows: PartRows, index: int, reached: NDArray[np.int64], signals: pa.Table) -> dict[str, pa.Array]:
        """Signals, and the other columns that rules ask for, of the rows in `reached`."""
        columns = {name: signals[name].combine_chunks() for name in signals.column_names}
        for name in columns_asked(self.rules):
            if name not in columns:
                column = rows.column(name, index)
                assert column is not None, f"{self.stage}: the plan was made, so {name} is there"
                columns[name] = column.take(pa.array(reached)).combine_chunks()
        return columns


FilterKey = tuple[str, str, tuple[Rule, ...], int]


@dataclass
class Signals:
    """Every filter of a build. State: what was seen of each."""

    filters: dict[FilterKey, FilterSeen] = field(default_factory=dict)

    def add(self, rows: PartRows) -> None:
        """Look at a part."""
        seen: Counter[str] = Counter()
        for index, step in enumerate(rows.steps):
            if "signals" in step.report:
                stage = step.books[rows.source][0].stage
                lang, rules = step.report.get("lang", ""), rules_of(step)
                key = (stage, lang, rules, seen[stage])
                seen[stage] += 1
                has_rules = "rules" in step.report
                self.filters.setdefault(key, FilterSeen(stage, lang, rules, has_rules)).add(rows, index)

    @property
    def places(self) -> list[Place]:
        """Documents beside thresholds."""
        return [place for each in self.filters.values() for place in each.places]


def rules_of(step: StepOnDisk) -> tuple[Rule, ...]:
    """The rules that a filter's step decided by, from its report."""
    return tuple(_rule(rule) for rule in step.report.get("rules", ()))


def _rule(facts: Mapping[str, Any]) -> Rule:
    threshold, when, unless = facts["threshold"], facts["when"], facts["unless"]
    if threshold is None:  # JSON has no infinity: a limit that nothing passes
        threshold = np.inf if facts["keep"] == "<=" else -np.inf
    return Rule(
        facts["signal"], facts["keep"], threshold, facts["reason"],
        (when[0], when[1]) if when else None, (unless[0], tuple(unless[1])) if unless else None,
    )  # fmt: skip


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind))


def _is_name(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _numbers(column: pa.Array | pa.ChunkedArray) -> Floats:
    return np.asarray(pc.cast(column, pa.float64()).to_numpy(zero_copy_only=False), np.float64)


def _is_null(column: pa.Array | pa.ChunkedArray) -> NDArray[np.bool_]:
    return np.asarray(pc.is_null(column).to_numpy(zero_copy_only=False), np.bool_)


def _equals(column: pa.Array | pa.ChunkedArray, value: str) -> NDArray[np.bool_]:
    return np.asarray(pc.fill_null(pc.equal(column, value), False).to_numpy(zero_copy_only=False), np.bool_)


def _count_names(counts: Counter[str], column: pa.ChunkedArray) -> None:
    """Count the values of a signal that is text; past so many different ones, those that are new count together."""
    for each in column.value_counts().to_pylist():
        name = each["values"] if each["values"] is not None else NOT_MEASURED
        counts[name if name in counts or len(counts) < _MAX_NAMES else OTHER_NAMES] += each["counts"]
