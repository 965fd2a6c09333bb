"""One stage on one part: columns added, verdicts given, the books of that part.

A library that raises on one document must not take the others with it: the batch is halved until the row stands alone, and
that row is marked failed with the exception's words.
"""

import errno
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from corpusforge.core import EDITS_FIELD, TEXT_FIELD, VERDICT_FIELDS, Artifacts, Filter, Transform
from corpusforge.engine.decide import columns_of_rules, decide, judged, kept_verdicts
from corpusforge.engine.ledger import Entry, entry
from corpusforge.engine.parts import VERDICTS, Part, aligned
from corpusforge.errors import CorpusForgeError, StageDefect
from corpusforge.recipe.model import NamedStage
from corpusforge.text.cut import cut_spans
from corpusforge.text.hashing import content_hashes
from corpusforge.text.view import TextView

Work = Callable[[pa.RecordBatch], pa.RecordBatch]

# Of an OSError inside a stage: the machine, not the document.
_NO_DOCUMENTS_FAULT = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EMFILE, errno.ENFILE, errno.ENOMEM)

_VERDICT_NAMES = [field.name for field in VERDICT_FIELDS]


@dataclass(frozen=True)
class Outcome:
    """What a stage made of a part: the part after it, what its folders keep, its entry in the books.

    `columns` carry row numbers; None where the stage adds none.
    """

    part: Part
    columns: pa.Table | None
    verdicts: pa.Table
    entry: Entry


def apply_transform(named: NamedStage, part: Part, artifacts: Artifacts) -> Outcome:
    """Run a Transform over the live rows of a part; the rows it drops are no longer in it."""
    assert isinstance(named.stage, Transform)
    part = part.live()
    result = _run(transform_work(named.stage, artifacts), part, named.stage.reads)
    keep = np.asarray(pc.equal(result["drop"], "").to_numpy(), np.bool_)
    columns = result.select(list(named.stage.adds)).filter(pa.array(keep))
    if "text" in columns.column_names:
        columns = _with_text_facts(columns)
    kept = part.keeping(keep).live().with_columns(columns)
    verdicts = _verdicts(named, part.rows, result).filter(pa.array(~keep))
    books = entry(named.use, len(part.rows), len(kept.rows), verdicts)
    if "edits" in columns.column_names:
        books = replace(books, cut_bytes=_bytes_in(columns["edits"].combine_chunks()))
    return Outcome(kept, _with_rows(columns, kept), verdicts, books)


def _bytes_in(edits: pa.Array) -> int:
    spans = edits.flatten()
    return pc.sum(pc.subtract(spans.field("end"), spans.field("begin"))).as_py() or 0


def _with_rows(columns: pa.Table, part: Part) -> pa.Table:
    return columns.add_column(0, pa.field("row", pa.int32(), nullable=False), pa.array(part.rows, pa.int32()))


def apply_filter(named: NamedStage, part: Part, signals: pa.Table) -> Outcome:
    """Decide by signals on the live rows of a part, and cut what is to be cut from those kept."""
    stage = named.stage
    assert isinstance(stage, Filter)
    own = aligned(signals, part.rows)
    alive = pa.array(part.alive)
    result = decided(stage, own.filter(alive), part.columns.select(columns_of_rules(stage)).filter(alive))
    keep = part.alive.copy()
    keep[part.alive] = pc.equal(result["drop"], "").to_numpy()
    verdicts = _verdicts(named, part.rows[part.alive], result).filter(pc.not_equal(result["drop"], ""))
    kept = part.keeping(keep).with_columns(own.select(list(stage.adds)))
    books = entry(named.use, int(part.alive.sum()), int(keep.sum()), verdicts)
    columns = None
    if stage.edits_text:
        edits = own.filter(pa.array(keep))["edits"]
        kept = kept.live()
        of_language = judged(stage, {"lang": kept.columns["lang"]} if stage.lang else {}, len(kept.rows))
        kept, columns, cut_bytes = edited(kept, pc.if_else(pa.array(of_language), edits, None))
        books = replace(books, cut_bytes=cut_bytes)
    return Outcome(kept, columns, verdicts, books)


def edited(part: Part, edits: pa.ChunkedArray) -> tuple[Part, pa.Table, int]:
    """The part with spans cut out of its texts, the new text columns with rows, and the bytes cut; few texts have any."""
    is_cut = pc.greater(pc.fill_null(pc.list_value_length(edits), 0), 0).combine_chunks()
    spans = ([(span["begin"], span["end"]) for span in some] for some in edits.filter(is_cut).to_pylist())
    before = part.columns["text"].filter(is_cut).to_pylist()
    cut = [cut_spans(text, some) for text, some in zip(before, spans, strict=True)]
    texts = pa.array([text for text, _ in cut], pa.large_string())
    changed = _with_text_facts(pa.table([texts], schema=pa.schema([TEXT_FIELD])))
    columns = pa.table(
        {name: _replaced(part.columns[name], is_cut, changed[name]) for name in changed.column_names}, schema=changed.schema
    )
    return part.with_columns(columns), _with_rows(columns, part), sum(size for _, size in cut)


def _replaced(column: pa.ChunkedArray, where: pa.BooleanArray, values: pa.ChunkedArray) -> pa.Array:
    """The column with other values in some rows."""
    return pc.replace_with_mask(pa.concat_arrays(column.chunks or [pa.array([], column.type)]), where, values.combine_chunks())


def measure(stages: Sequence[Filter], part: Part) -> list[pa.Table]:
    """Signals of all rows of a part, for each filter a table with row, and failed and message where the filter raised.

    The filters look at the same views, batch by batch, so what they share is measured once.
    """
    measured: list[list[pa.RecordBatch]] = [[] for _ in stages]
    for batch in part.batches(list(dict.fromkeys(stage.reads[0] for stage in stages))):
        views = Views(batch)
        for stage, batches in zip(stages, measured, strict=True):
            batches.append(isolated(signals_work(stage, views), batch))
    return [_with_rows(pa.Table.from_batches(batches), part) for batches in measured]


class Views:
    """Views over the columns of a batch, made when first asked for; State: those made so far."""

    def __init__(self, batch: pa.RecordBatch) -> None:
        self._batch = batch
        self._made: dict[str, TextView] = {}

    def over(self, batch: pa.RecordBatch, column: str) -> TextView:
        """The shared view of the whole batch, or one of its own for a slice of it in which a raising row is looked for."""
        if batch is not self._batch:
            return TextView(batch[column])
        if column not in self._made:
            self._made[column] = TextView(batch[column])
        return self._made[column]


def decided(stage: Filter, signals: pa.Table, others: pa.Table) -> pa.Table:
    """Verdicts from signals: a row that could not be measured has failed."""
    columns = {name: signals[name].combine_chunks() for name in stage.adds}
    columns |= {name: others[name].combine_chunks() for name in others.column_names}
    result = pa.Table.from_batches([decide(stage.rules(), columns, signals.num_rows, judged(stage, columns, signals.num_rows))])
    failed = signals["failed"]
    result = result.set_column(0, VERDICT_FIELDS[0], pc.if_else(failed, "failed", result["drop"]))
    result = result.set_column(1, VERDICT_FIELDS[1], failed)
    return result.set_column(4, VERDICT_FIELDS[4], signals["message"])


def _run(work: Work, part: Part, columns: list[str] | tuple[str, ...]) -> pa.Table:
    return pa.Table.from_batches([isolated(work, batch) for batch in part.batches(columns)])


def transform_work(stage: Transform, artifacts: Artifacts) -> Work:
    """Columns and verdicts of a Transform for one batch."""

    def work(batch: pa.RecordBatch) -> pa.RecordBatch:
        given = stage.apply(batch, artifacts)
        _check_contract(stage, {name: given[name] for name in given.schema.names}, batch.num_rows)
        verdicts = given.select(_VERDICT_NAMES) if "drop" in given.schema.names else kept_verdicts(batch.num_rows)
        return _beside(given.select(list(stage.adds)), verdicts)

    return work


def signals_work(stage: Filter, views: Views) -> Work:
    """Signals of a Filter for one batch, and that none failed."""

    def work(batch: pa.RecordBatch) -> pa.RecordBatch:
        view = views.over(batch, stage.reads[0])
        columns = stage.annotate(view)
        _check_contract(stage, columns, batch.num_rows)
        signals = pa.RecordBatch.from_pydict({name: columns[name] for name in stage.adds})
        edits = (
            pa.record_batch([stage.edits(view)], schema=pa.schema([EDITS_FIELD])) if stage.edits_text else signals.select([])
        )
        state = kept_verdicts(batch.num_rows).select(["failed", "message"])
        return _beside(_beside(signals, edits), state)

    return work


def _check_contract(stage: Transform | Filter, given: Mapping[str, pa.Array], num_rows: int) -> None:
    """Raise StageDefect where a stage lacks a column, or gave a column of another length than it was given rows."""
    for name in stage.adds:
        found = len(given[name]) if name in given else "no column"
        if found != num_rows:
            raise StageDefect(
                f"{type(stage).__module__}.{type(stage).__name__}: {name} has {found} values for {num_rows} rows: "
                "a stage gives back every row, with all that it adds; mend it, or report it with the recipe"
            )


def _beside(left: pa.RecordBatch, right: pa.RecordBatch) -> pa.RecordBatch:
    schema = pa.schema([*left.schema, *right.schema])
    return pa.RecordBatch.from_arrays([*left.columns, *right.columns], schema=schema)


def isolated(work: Work, batch: pa.RecordBatch) -> pa.RecordBatch:
    """What `work` gives for the batch; rows on which it raises come back empty and failed, with the message."""
    try:
        return work(batch)
    except (CorpusForgeError, MemoryError, StageDefect):
        raise
    except Exception as error:
        if batch.num_rows == 0 or (isinstance(error, OSError) and error.errno in _NO_DOCUMENTS_FAULT):
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


def _with_text_facts(columns: pa.Table) -> pa.Table:
    """With rewritten text go a new hash and a new size."""
    texts = columns["text"].combine_chunks()
    columns = columns.append_column("content_hash", content_hashes(texts))
    return columns.append_column("num_bytes", pc.cast(pc.binary_length(texts), pa.int64()))


def _verdicts(named: NamedStage, rows: NDArray[np.int32], result: pa.Table) -> pa.Table:
    count = result.num_rows
    columns = {
        "row": pa.array(rows, pa.int32()),
        "stage": pa.array([named.use] * count, pa.string()),
        **{name: result[name] for name in _VERDICT_NAMES},
        "witness": pa.nulls(count, pa.binary(16)),
    }
    return pa.table(columns, schema=VERDICTS)
