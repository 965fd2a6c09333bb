"""One stage on one part: columns added, verdicts given, the books of that part.

A library that raises on one document must not take the others with it: the batch is halved until the row stands alone, and
that row is marked failed with the exception's words.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from corpusforge.core import VERDICT_FIELDS, Artifacts, Filter, Transform
from corpusforge.engine.decide import decide, kept_verdicts
from corpusforge.engine.ledger import Entry, entry
from corpusforge.engine.parts import VERDICTS, Part
from corpusforge.errors import CorpusForgeError
from corpusforge.recipe.model import NamedStage
from corpusforge.text.hashing import content_hashes
from corpusforge.text.view import TextView

Work = Callable[[pa.RecordBatch], pa.RecordBatch]

_VERDICT_NAMES = [field.name for field in VERDICT_FIELDS]


@dataclass(frozen=True)
class Outcome:
    """What a stage made of a part: the part after it, what its folder keeps, its entry in the books.

    `added` holds the columns added, with row numbers, None where they stand beside the verdicts.
    """

    part: Part
    added: pa.Table | None
    verdicts: pa.Table
    entry: Entry


def apply_stage(named: NamedStage, part: Part, artifacts: Artifacts) -> Outcome:
    """Run a Transform or a Filter over the live rows of a part."""
    stage = named.stage
    if isinstance(stage, Filter):
        return _outcome_of_filter(named, part, _run(filter_work(stage), part, ["text", *columns_of_rules(stage)]))
    assert isinstance(stage, Transform)
    return _outcome_of_transform(named, part, _run(transform_work(stage, artifacts), part, stage.reads))


def _run(work: Work, part: Part, columns: list[str] | tuple[str, ...]) -> pa.Table:
    return pa.Table.from_batches([isolated(work, batch) for batch in part.batches(columns)])


def columns_of_rules(stage: Filter) -> list[str]:
    """Columns, beside signals, that the rules of a filter ask for."""
    asked = [rule.when[0] for rule in stage.rules() if rule.when is not None]
    return [name for name in dict.fromkeys(asked) if name not in stage.adds]


def transform_work(stage: Transform, artifacts: Artifacts) -> Work:
    """Columns and verdicts of a Transform for one batch."""

    def work(batch: pa.RecordBatch) -> pa.RecordBatch:
        given = stage.apply(batch, artifacts)
        assert given.num_rows == batch.num_rows, f"{type(stage).__name__} gave {given.num_rows} rows for {batch.num_rows}"
        verdicts = given.select(_VERDICT_NAMES) if "drop" in given.schema.names else kept_verdicts(batch.num_rows)
        return _beside(given.select(list(stage.adds)), verdicts)

    return work


def filter_work(stage: Filter) -> Work:
    """Signals and verdicts of a Filter for one batch."""

    def work(batch: pa.RecordBatch) -> pa.RecordBatch:
        signals = pa.RecordBatch.from_pydict(stage.annotate(TextView(batch["text"])))
        assert signals.schema.names == list(stage.adds), f"{type(stage).__name__} gave {signals.schema.names}"
        others = {name: batch[name] for name in columns_of_rules(stage)}
        return _beside(signals, decide(stage.rules(), {**dict(zip(stage.adds, signals.columns, strict=True)), **others}))

    return work


def _beside(left: pa.RecordBatch, right: pa.RecordBatch) -> pa.RecordBatch:
    schema = pa.schema([*left.schema, *right.schema])
    return pa.RecordBatch.from_arrays([*left.columns, *right.columns], schema=schema)


def isolated(work: Work, batch: pa.RecordBatch) -> pa.RecordBatch:
    """What `work` gives for the batch; rows on which it raises come back empty and failed, with the message."""
    try:
        return work(batch)
    except (CorpusForgeError, MemoryError):
        raise
    except Exception as error:
        if batch.num_rows == 0:
            raise
        if batch.num_rows == 1:
            return _failed_row(work(batch.slice(0, 0)).schema, error)
        half = batch.num_rows // 2
        halves = [isolated(work, batch.slice(0, half)), isolated(work, batch.slice(half))]
        return pa.Table.from_batches(halves).combine_chunks().to_batches()[0]


def _failed_row(schema: pa.Schema, error: Exception) -> pa.RecordBatch:
    message = f"{type(error).__name__}: {error}".encode("utf-8", "replace").decode()[:500]
    verdict = {"drop": "failed", "failed": True, "message": message}
    values = [pa.array([verdict.get(field.name, _empty(field))], field.type) for field in schema]
    return pa.RecordBatch.from_arrays(values, schema=schema)


def _empty(field: pa.Field) -> object:
    if field.nullable:
        return None
    if pa.types.is_large_list(field.type) or pa.types.is_list(field.type):
        return []
    return "" if pa.types.is_string(field.type) or pa.types.is_large_string(field.type) else 0


def _outcome_of_transform(named: NamedStage, part: Part, result: pa.Table) -> Outcome:
    keep = pc.equal(result["drop"], "").to_numpy()
    columns = result.select(list(named.stage.adds)).filter(pa.array(keep))
    if "text" in columns.column_names:
        columns = _with_text_facts(columns)
    kept = part.select(keep).with_columns(columns)
    verdicts = _verdicts(named, part, result).filter(pa.array(~keep))
    books = entry(named.use, len(part.rows), len(kept.rows), verdicts)
    return Outcome(kept, columns.add_column(0, "row", pa.array(kept.rows)), verdicts, books)


def _with_text_facts(columns: pa.Table) -> pa.Table:
    """With rewritten text go a new hash and a new size."""
    texts = columns["text"].combine_chunks()
    columns = columns.append_column("content_hash", content_hashes(texts))
    return columns.append_column("num_bytes", pc.cast(pc.binary_length(texts), pa.int64()))


def _outcome_of_filter(named: NamedStage, part: Part, result: pa.Table) -> Outcome:
    keep = pc.equal(result["drop"], "").to_numpy()
    signals = result.select(list(named.stage.adds))
    kept = part.with_columns(signals).select(keep)
    verdicts = _verdicts(named, part, result)
    books = entry(named.use, len(part.rows), len(kept.rows), verdicts)
    for field in signals.schema:
        verdicts = verdicts.append_column(field, signals[field.name])
    return Outcome(kept, None, verdicts, books)


def _verdicts(named: NamedStage, part: Part, result: pa.Table) -> pa.Table:
    count = result.num_rows
    columns = {
        "row": pa.array(part.rows.astype(np.int32)),
        "stage": pa.array([named.use] * count, pa.string()),
        **{name: result[name] for name in _VERDICT_NAMES},
        "witness": pa.nulls(count, pa.binary(16)),
    }
    return pa.table(columns, schema=VERDICTS)
