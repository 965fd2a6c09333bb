"""From signals to verdicts: the first rule that fails gives the reason, its signal the value, its setting the threshold."""

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from corpusforge.core import VERDICT_FIELDS, Filter, Rule


def columns_of_rules(stage: Filter) -> list[str]:
    """Columns, beside signals, that the rules of a filter ask for."""
    asked = [*(["lang"] if stage.lang else []), *columns_asked(stage.rules())]
    return [name for name in dict.fromkeys(asked) if name not in stage.adds]


def kept_verdicts(count: int) -> pa.RecordBatch:
    """Verdicts that keep `count` rows."""
    columns = [
        pa.array([""] * count, pa.string()),
        pa.array(np.zeros(count, np.bool_)),
        pa.nulls(count, pa.float64()),
        pa.nulls(count, pa.float64()),
        pa.array([""] * count, pa.string()),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=pa.schema(VERDICT_FIELDS))


def judged(stage: Filter, columns: Mapping[str, pa.Array], count: int) -> NDArray[np.bool_]:
    """Which of `count` rows a filter judges, bool: those of its language, or all."""
    if not stage.lang:
        return np.ones(count, np.bool_)
    return _bools(pc.fill_null(pc.equal(columns["lang"], stage.lang), False))


def decide(
    rules: Sequence[Rule], columns: Mapping[str, pa.Array], count: int, where: NDArray[np.bool_] | None = None
) -> pa.RecordBatch:
    """Verdicts for the `count` rows of `columns` (signals, and columns that rules name in `when`), only `where` it holds."""
    failing = np.full(count, -1)
    asked = np.ones(count, np.bool_) if where is None else where
    for index, rule in enumerate(rules):
        failing[(failing < 0) & asked & fails(rule, columns)] = index
    dropped = failing >= 0
    signals = {rule.signal: _floats(columns[rule.signal]) for rule in rules}
    values = np.full(count, np.nan)
    for index, rule in enumerate(rules):
        values[failing == index] = signals[rule.signal][failing == index]
    reasons = np.array([*(rule.reason for rule in rules), ""], object)[failing]
    thresholds = np.array([*(rule.threshold for rule in rules), np.nan], np.float64)[failing]
    verdicts = [
        pa.array(reasons, pa.string()),
        pa.array(np.zeros(count, np.bool_)),
        pa.array(values, pa.float64(), mask=~dropped),
        pa.array(thresholds, pa.float64(), mask=~dropped),
        pa.array([""] * count, pa.string()),
    ]
    return pa.RecordBatch.from_arrays(verdicts, schema=pa.schema(VERDICT_FIELDS))


def fails(rule: Rule, columns: Mapping[str, pa.Array]) -> NDArray[np.bool_]:
    """Where a rule drops, bool; a null signal was not measured and never drops, NaN always does."""
    signal = columns[rule.signal]
    values = _floats(signal)
    holds = values >= rule.threshold if rule.keep == ">=" else values <= rule.threshold
    return asks(rule, columns) & ~holds


def asks(rule: Rule, columns: Mapping[str, pa.Array]) -> NDArray[np.bool_]:
    """Which rows a rule is asked of, bool: those that were measured and meet its conditions."""
    asked = _bools(pc.is_valid(columns[rule.signal]))
    if rule.when is not None:
        asked = asked & _bools(pc.fill_null(pc.equal(columns[rule.when[0]], rule.when[1]), False))
    if rule.unless is not None:
        spared = pa.array(rule.unless[1], pa.string())
        asked = asked & ~_bools(pc.is_in(columns[rule.unless[0]], value_set=spared))
    return asked


def columns_asked(rules: Sequence[Rule]) -> list[str]:
    """Columns that conditions of rules name."""
    named = [only[0] for rule in rules for only in (rule.when, rule.unless) if only is not None]
    return list(dict.fromkeys(named))


def _floats(signal: pa.Array) -> NDArray[np.float64]:
    return np.asarray(pc.cast(signal, pa.float64()).to_numpy(zero_copy_only=False), np.float64)


def _bools(values: pa.Array) -> NDArray[np.bool_]:
    return np.asarray(values.to_numpy(zero_copy_only=False), np.bool_)
