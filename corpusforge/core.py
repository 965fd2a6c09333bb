"""What flows, and the five kinds of stage.

One thing flows: Arrow RecordBatches of documents. A stage is a frozen pydantic model whose fields are its recipe settings
and whose one verb is a pure function on a batch. The engine does the rest: it hands out work, writes columns and verdicts,
counts, resumes. A document never vanishes: a stage sets `drop` to a reason, and where a library raises on a document the
engine marks it failed, with the message.

    Source     files(), shards(), read()      bytes on disk -> rows                    data enters here, only here
    Transform  apply(batch)                   adds or rewrites columns, row by row     extraction, encoding, splitting
    Filter     annotate(view), rules()        signals, and the rules that decide
    Barrier    map, reduce, finish            looks at the whole corpus, on the engine's exchange
    Sink       write(rows)                    data leaves here, only here
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import pyarrow as pa
from pydantic import Field

from corpusforge.documented import Documented
from corpusforge.settings import ThresholdMark
from corpusforge.text.view import TextView

Batches = Iterator[pa.RecordBatch]

# Name of an artefact ("tokenizer") -> folder that holds it.
Artifacts = Mapping[str, Path]

MAX_TASK_BYTES = 32 * 2**20
MAX_BATCH_BYTES = 8 * 2**20
MAX_DOCUMENT_BYTES = 16 * 2**20

# Behind a group's name, that of the shards that never enter training.
HELD_OUT = "-held-out"

Share = Annotated[float, Field(ge=0, lt=1)]

# What a verdict on a row says: drop is "" for kept, else a short snake_case reason; message is for people.
VERDICT_FIELDS = (
    pa.field("drop", pa.string(), nullable=False),
    pa.field("failed", pa.bool_(), nullable=False),
    pa.field("value", pa.float64()),
    pa.field("threshold", pa.float64()),
    pa.field("message", pa.string(), nullable=False),
)

# What a source says of every document beside its text; "" where the input says nothing, meta is a JSON object.
ABOUT_FIELDS = (
    pa.field("key", pa.string(), nullable=False),
    pa.field("origin", pa.string(), nullable=False),
    pa.field("url", pa.string(), nullable=False),
    pa.field("lang", pa.string(), nullable=False),
    pa.field("license", pa.string(), nullable=False),
    pa.field("date", pa.string(), nullable=False),
    pa.field("meta", pa.string(), nullable=False),
)
TEXT_FIELD = pa.field("text", pa.large_string(), nullable=False)
RAW_FIELDS = (pa.field("raw", pa.large_binary(), nullable=False), pa.field("mime", pa.string(), nullable=False))

# What Source.read yields: sources of text, and sources of bytes that an extract stage turns into text. The text of a rejected
# row is the beginning of what was found, for people to look at; it never flows on.
TEXT_ROWS = pa.schema([*ABOUT_FIELDS, TEXT_FIELD, *VERDICT_FIELDS])
RAW_ROWS = pa.schema([*ABOUT_FIELDS, *RAW_FIELDS, *VERDICT_FIELDS])

# The `drop` of a row that stands for no document at all, such as a request in a crawl; its message says of what kind it is.
# The engine counts these apart: they are neither kept nor rejected and no share is told of them.
NO_DOCUMENT = "no_document"

# A document as it is stored after extraction. id = hash128(source name, key); content_hash = hash128(normalised text);
# num_bytes = UTF-8 bytes of its text.
DOCUMENT = pa.schema(
    [
        pa.field("id", pa.binary(16), nullable=False),
        pa.field("content_hash", pa.binary(16), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        *ABOUT_FIELDS[1:],
        pa.field("num_bytes", pa.int64(), nullable=False),
        TEXT_FIELD,
    ]
)

# Spans that a filter cuts out of a text: UTF-8 bytes, begin <= x < end, and why.
EDIT = pa.struct(
    [
        pa.field("begin", pa.int64(), nullable=False),
        pa.field("end", pa.int64(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),
    ]
)
EDITS_FIELD = pa.field("edits", pa.large_list(pa.field("item", EDIT, nullable=False)))

# Spans that a Barrier cuts, because another document, the owner, has the same text.
OWNED_EDIT = pa.struct([*EDIT, pa.field("owner", pa.binary(16), nullable=False)])
OWNED_EDITS_FIELD = pa.field("edits", pa.large_list(pa.field("item", OWNED_EDIT, nullable=False)))

# What the last round of a deciding Barrier returns: which row of which part (by number) is dropped, and the document that
# stays instead.
DECISION = pa.schema(
    [
        pa.field("part", pa.int32(), nullable=False),
        pa.field("row", pa.int32(), nullable=False),
        *VERDICT_FIELDS,
        pa.field("witness", pa.binary(16)),
    ]
)

# The message of a decision whose witness is no document of this build, though one of it may have the same id.
ELSEWHERE = "its witness is in an earlier build"

# What the last round of a Barrier that edits texts returns: a row for each document that goes, or of which spans are cut.
REVISION = pa.schema([*DECISION, OWNED_EDITS_FIELD])


@dataclass(frozen=True)
class InputFile:
    """One input file: its absolute path, its path relative to the source's root (posix), its size in bytes.

    `stamp` is what a write changes (modification time, inode), so that reading can notice one; "" is not checked.
    """

    path: str
    relative: str
    size_bytes: int
    stamp: str = ""


@dataclass(frozen=True)
class Range:
    """A piece of an input file: `begin` <= x < `end`, in bytes or row groups as the source counts."""

    file: InputFile
    begin: int
    end: int


@dataclass(frozen=True)
class Shard:
    """The input of one task: at most MAX_TASK_BYTES where the format can be cut."""

    ranges: tuple[Range, ...]


@dataclass(frozen=True)
class Rule:
    """Keep a document when `signal` `keep` `threshold` holds; a null signal was not measured and never drops.

    `when` limits the rule to rows where a column has a value, ("lang", "zh"); `unless` spares rows where it has one of some,
    ("lang", ("en", "zh")).
    """

    signal: str
    keep: Literal[">=", "<="]
    threshold: float
    reason: str
    when: tuple[str, str] | None = None
    unless: tuple[str, tuple[str, ...]] | None = None


class Stage(Documented):
    """A step of a recipe; its fields are its settings. File name = class name = recipe name.

    `reads` and `adds` are the columns it needs and gives, `needs` and `provides` the artefacts (folders, such as the
    tokenizer); both are checked when the plan is made. `revision` is bumped when equal input gives other output.
    """

    revision: ClassVar[int] = 1
    reads: ClassVar[tuple[str, ...]] = ()
    adds: ClassVar[tuple[str, ...]] = ()
    needs: ClassVar[tuple[str, ...]] = ()
    provides: ClassVar[tuple[str, ...]] = ()

    def required(self) -> tuple[str, ...]:
        """Columns and artefacts this stage cannot work without, given its settings."""
        return (*self.reads, *self.needs)

    def remarks(self) -> tuple[str, ...]:
        """Lines that `plan` prints: what follows from the settings and cannot be read off them."""
        return ()

    def prepare(self, artifacts: Artifacts, folder: Path) -> None:
        """Check settings against `artifacts` and write what the stage `provides` to `folder`/<name>; once per step."""


class Source(Stage):
    """Where documents come from."""

    max_document_bytes: int = Field(default=MAX_DOCUMENT_BYTES, gt=0)
    """Longer documents are rejected as too_large without being parsed whole."""

    @property
    def has_mapped_ids(self) -> bool:
        """Whether keys come from the data, so that one may occur twice."""
        return False

    def given(self) -> tuple[str, ...]:
        """The columns that its rows have, given its settings: text, or raw and mime."""
        return self.adds

    def files(self) -> Sequence[InputFile]:
        """The input files, sorted by relative path; raises InputError naming the setting's value when there are none."""
        raise NotImplementedError

    def shards(self, files: Sequence[InputFile]) -> list[Shard]:
        """Cut the input into tasks; the same files give the same shards on every machine."""
        raise NotImplementedError

    def read(self, shard: Shard) -> Batches:
        """Yield TEXT_ROWS or RAW_ROWS batches of at most MAX_BATCH_BYTES; raises BadShard where the file is damaged."""
        raise NotImplementedError


class Transform(Stage):
    """Adds or rewrites columns, one row in, one row out."""

    def apply(self, batch: pa.RecordBatch, artifacts: Artifacts) -> pa.RecordBatch:
        """Give the columns in `adds`, as many rows as `batch`; columns named as in VERDICT_FIELDS reject rows.

        May raise on a document it cannot handle: the engine finds that row and marks it failed with the message.
        """
        raise NotImplementedError


class Filter(Stage):
    """Measures signals; the rules decide from them. Fields with ThresholdMark enter only rules, never `annotate`.

    Signals are stored apart from verdicts, so other thresholds never read text again. A cheap filter measures every document
    that has text; an expensive one those that are still kept when it is asked, and again when that changes.
    The view is over the first column in `reads`: the text, or for a filter of addresses ("url",).
    """

    reads: ClassVar[tuple[str, ...]] = ("text",)
    cost: ClassVar[Literal["cheap", "expensive"]] = "cheap"
    edits_text: ClassVar[bool] = False
    """Whether `edits` cuts spans out of the documents that its rules keep."""

    lang: Annotated[str, ThresholdMark()] = ""
    """Judge only documents of this language, such as en or zh; the others pass. Empty judges all."""

    def annotate(self, view: TextView) -> dict[str, pa.Array]:
        """Signal name -> one value for each document of the view."""
        raise NotImplementedError

    def rules(self) -> tuple[Rule, ...]:
        """In the order in which they are asked; the first that fails gives the reason."""
        raise NotImplementedError

    def edits(self, view: TextView) -> pa.Array:
        """For each document the spans to cut, an array of EDITS_FIELD's type; asked where `edits_text` is set."""
        raise NotImplementedError


def writes_text(stage: Stage) -> bool:
    """Whether later stages find another text than earlier ones."""
    return "text" in stage.adds or (isinstance(stage, Filter | Barrier) and stage.edits_text)


@dataclass(frozen=True)
class Desk:
    """What one task of a Barrier's round has before it.

    `number` is that of the part (in the order of the recipe, behind those of earlier builds) or of the partition; `records`
    are those that the round before sent here, sorted by all their columns in order if it asks for that. `batches` gives, over
    parts, columns of the documents that are kept so far, beside id, part, row and source_rank (position of the source in the
    recipe). Files in `folder` last until the step is done, those in `lasting` as long as the step: a round may write some of
    its own, whole or not at all, and later ones read them.
    """

    number: int
    records: pa.Table
    batches: Callable[[Sequence[str]], Batches]
    folder: Path
    lasting: Path
    part: "PartOrigin | None" = None


@dataclass(frozen=True)
class PartOrigin:
    """Where a part's documents come from: its name, its source and that source's group.

    A part of an earlier build has source ranks below zero, `build` is the name of its recipe, and `lasting` the folder of the
    step of the same stage there, if it had one.
    """

    name: str
    source: str
    group: str
    build: str = ""
    lasting: Path | None = None


@dataclass(frozen=True)
class Round:
    """One pass of a Barrier: `work` is done at each part, or at each partition of the records of the round before.

    What it returns goes on by its column `key` (uint64): to the partition whose range of numbers holds it, or, where the next
    round is over parts, to the part of that number.
    """

    name: str
    over: Literal["parts", "partitions", "one"]
    work: Callable[[Desk], pa.Table]
    takes_sorted: bool = True
    """Whether it needs the records of the round before sorted; they come in a fixed order anyway."""


class Barrier(Stage):
    """Looks at the whole corpus: map gives records with a 64-bit `key`, reduce sees all records of a range of keys.

    A barrier that `provides` an artefact writes it in `finish`; any other decides: its last round returns DECISION rows.
    Batches given to map carry, beside `reads`: id, part, row and source_rank (position of the source in the recipe). What
    takes more than two passes has `rounds` of its own.
    """

    edits_text: ClassVar[bool] = False
    """Whether the last round, which is then over parts, returns REVISION rows of its own part."""

    defaults: ClassVar[Mapping[str, int]] = {}
    """Of a deciding barrier that `adds` columns (int32, beside DECISION), their values in rows of which it says nothing.

    Rows that it keeps but has a value for are returned with an empty `drop`.
    """

    def earlier(self) -> tuple[Path, ...]:
        """Output folders of finished builds whose documents are looked at too, before all others; they are never dropped."""
        return ()

    def facts(self, folder: Path) -> dict[str, Any]:
        """What the step's report is to say beside its books, from the files that the rounds wrote in `folder`."""
        return {}

    def rounds(self) -> tuple[Round, ...]:
        """The passes: map over parts, reduce over partitions."""
        return (Round("map", "parts", self._map_part), Round("reduce", "partitions", self._reduce_partition))

    def _map_part(self, desk: Desk) -> pa.Table:
        return pa.Table.from_batches([self.map(batch) for batch in desk.batches(self.reads)])

    def _reduce_partition(self, desk: Desk) -> pa.Table:
        return self.reduce(desk.records)

    def record_bytes(self, num_documents: int, text_bytes: int) -> int:
        """About how many bytes of records the corpus gives in a round; a partition holds MAX_TASK_BYTES of them."""
        return text_bytes if "text" in self.reads else 64 * num_documents

    def map(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Records for the exchange: a column `key` (uint64) and whatever reduce needs."""
        raise NotImplementedError

    def reduce(self, records: pa.Table) -> pa.Table:
        """From all records of a range of keys, sorted by all their columns in order, to DECISION rows or to records."""
        raise NotImplementedError

    def finish(self, records: Iterator[pa.Table], folder: Path) -> None:
        """Write the artefacts that the stage `provides` under `folder`, from the records of reduce in key order."""


class Sink(Stage):
    """Writes the shards. Shards are fixed ranges of hash(seed, id), in that order inside."""

    takes: ClassVar[tuple[str, ...]] = ()
    """Columns that it also writes where a stage gives them."""

    num_shards: int = Field(default=1, gt=0, le=99_999)
    """Shards per group; pinned in the manifest."""
    held_out: Share | dict[str, Share] = 0.0
    """Share of the documents, of all groups or by group, that go to shards of their own, <group>-held-out-00000, and never into
    training. Whether one is held out follows from its text as it was read: copies go together, and it stays where it is
    whatever sources, groups and seeds a later recipe has; a larger share holds the smaller one."""

    def held_out_share(self, group: str) -> float:
        """The share of a group's documents that is held out."""
        return self.held_out.get(group, 0.0) if isinstance(self.held_out, dict) else self.held_out

    @property
    def row_length(self) -> int:
        """Tokens of each sequence, where all have the same number; 0 where they have not."""
        return 0

    def misfits(self, stages: Sequence[Stage]) -> Iterator[str]:
        """A line for each setting that those of the stages before it contradict."""
        return iter(())

    def write(self, rows: Iterator[pa.Table], prefix: Path, artifacts: Artifacts) -> dict[str, int | str]:
        """Write one shard's files at `prefix`.* from rows in shard order; gives facts for the manifest."""
        raise NotImplementedError
