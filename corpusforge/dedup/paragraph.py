"""Lines or paragraphs that many documents share, such as licences, credits and navigation: cut, with the owner named.

    mark   parts        128 bits of every line or paragraph that is long enough
    find   partitions   who shares it: the first document is its owner, the copies of the others go
    cut    parts        spans to cut, and the documents of which too little is left

Peers that keep a Bloom filter (Dolma, DCLM's BFF) depend on the order of arrival, take strangers for copies, and cannot say
where the text stayed. Here whatever is cut stays once, in a document that stays too.
"""

from collections.abc import Iterator
from typing import ClassVar, Literal, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pydantic import Field, model_validator

from corpusforge.core import OWNED_EDIT, OWNED_EDITS_FIELD, REVISION, Barrier, Desk, Round
from corpusforge.dedup.copies import copies_to_cut, id_words, ids_of
from corpusforge.dedup.cuts import cuts
from corpusforge.text.spans import Spans, line_spans, paragraph_spans
from corpusforge.text.units import folded_units
from corpusforge.text.view import TextView


class Paragraph(Barrier):
    """Cuts paragraphs that several documents share out of all of them but one, their owner, where the first copy stays.

    Two are the same that differ in blanks, case and full width alone. The owner is the first by position of the source in the
    recipe, then by id. Documents of which too little is left are rejected as `too_little_left`. A copy of a whole document is
    better taken out before, by dedup.minhash.
    """

    reads: ClassVar[tuple[str, ...]] = ("text",)
    edits_text: ClassVar[bool] = True

    unit: Literal["paragraph", "line"] = "paragraph"
    """What is compared; a paragraph is a run of lines between blank ones. Lines also go out of lists, tables and code."""
    min_documents: int = Field(default=3, ge=2)
    """Documents that have to share it; what only two have is more often a quotation than boilerplate."""
    min_words: int = Field(default=10, ge=1)
    """Shorter ones always stay, such as headings; a CJK character is a word."""
    keep: Literal["first", "none"] = "first"
    """Whether the owner keeps its first copy, or loses it like all others; further copies in the owner go in both cases."""
    scope: Literal["corpus", "source"] = "corpus"
    """Whether documents of different sources are compared."""
    min_words_left: int = Field(default=5, ge=1)
    """Documents that were cut and have fewer words left are rejected; with `keep: first` not above min_words."""

    @model_validator(mode="after")
    def _owners_stay(self) -> Self:
        if self.keep == "first" and self.min_words_left > self.min_words:
            raise ValueError(
                f"min_words_left, {self.min_words_left}, is above min_words, {self.min_words}: a document could be rejected "
                "that keeps the only copy of a text; lower it"
            )
        return self

    def rounds(self) -> tuple[Round, ...]:
        """mark, find, cut."""
        return (
            Round("mark", "parts", self._mark),
            Round("find", "partitions", self._find),
            Round("cut", "parts", self._cut),
        )

    def record_bytes(self, num_documents: int, text_bytes: int) -> int:
        """48 bytes for each unit that is long enough: at most a quarter of the text where that is ten words."""
        return text_bytes // 4

    def _spans(self, view: TextView) -> Spans:
        return view.once(paragraph_spans if self.unit == "paragraph" else line_spans)

    def _mark(self, desk: Desk) -> pa.Table:
        return pa.concat_tables([self._records(batch) for batch in desk.batches(self.reads)])

    def _records(self, batch: pa.RecordBatch) -> pa.Table:
        view = TextView(batch["text"])
        spans = self._spans(view)
        found = folded_units(view, spans)
        chosen = np.flatnonzero(found.num_words >= self.min_words)
        document = np.repeat(np.arange(len(view)), np.diff(spans.first))[chosen]
        ids = id_words(batch["id"])[document]
        columns = {  # in the order by which records are sorted
            "key": found.high[chosen],
            "low": found.low[chosen],
            "source_rank": batch["source_rank"].to_numpy()[document],
            "id_high": np.ascontiguousarray(ids[:, 0]),
            "id_low": np.ascontiguousarray(ids[:, 1]),
            "unit": (chosen - spans.first[document]).astype(np.int32),
            "part": batch["part"].to_numpy()[document],
            "row": batch["row"].to_numpy()[document],
        }
        return pa.table(columns)

    def _find(self, desk: Desk) -> pa.Table:
        return copies_to_cut(
            desk.records,
            min_documents=self.min_documents,
            in_source=self.scope == "source",
            keeps_first=self.keep == "first",
        )

    def _cut(self, desk: Desk) -> pa.Table:
        return pa.concat_tables([REVISION.empty_table(), *self._revisions(desk)])

    def _revisions(self, desk: Desk) -> Iterator[pa.Table]:
        records = desk.records
        rows_cut = records["row"].to_numpy()
        for batch in desk.batches(self.reads) if len(rows_cut) else ():
            rows = batch["row"].to_numpy()
            begin, end = np.searchsorted(rows_cut, [rows[0], rows[-1] + 1])
            here, document = np.unique(rows_cut[begin:end], return_inverse=True)
            documents = batch.take(pa.array(np.searchsorted(rows, here)))
            yield self._revised(documents, document, records.slice(begin, end - begin))

    def _revised(self, documents: pa.RecordBatch, document: NDArray[np.int64], records: pa.Table) -> pa.Table:
        """REVISION rows of the documents, of which `records` are the units to cut, in order; `document` numbers theirs."""
        view = TextView(documents["text"])
        spans = self._spans(view)
        num_words = folded_units(view, spans).num_words
        is_cut = np.zeros(len(num_words), np.bool_)
        is_cut[spans.first[document] + records["unit"].to_numpy()] = True
        begin, end = cuts(spans, is_cut)
        words_left = view.num_words - np.bincount(document, weights=num_words[is_cut], minlength=len(view)).astype(np.int64)
        owners = np.column_stack([records["owner_high"].to_numpy(), records["owner_low"].to_numpy()])
        offsets = view.offsets[document]
        edits = _edits(document, begin - offsets, end - offsets, f"repeated_{self.unit}", owners)
        goes = words_left < self.min_words_left
        columns = {
            "part": documents["part"],
            "row": documents["row"],
            "drop": pa.array(np.where(goes, "too_little_left", "")),
            "failed": pa.array(np.zeros(len(view), np.bool_)),
            "value": pa.array(words_left.astype(np.float64), mask=~goes),
            "threshold": pa.array(np.full(len(view), float(self.min_words_left)), mask=~goes),
            "message": pa.array(self._messages(np.bincount(document, minlength=len(view)), np.diff(spans.first), goes)),
            "witness": self._witnesses(document, end - begin, owners, goes),
            "edits": edits,
        }
        return pa.table(columns, schema=REVISION)

    def _messages(self, num_cut: NDArray[np.int64], num_units: NDArray[np.int64], goes: NDArray[np.bool_]) -> list[str]:
        lines = zip(num_cut.tolist(), num_units.tolist(), goes.tolist(), strict=True)
        return [f"{cut} of {units} {self.unit}s are repeated" if is_gone else "" for cut, units, is_gone in lines]

    def _witnesses(
        self, document: NDArray[np.int64], sizes: NDArray[np.int64], owners: NDArray[np.uint64], goes: NDArray[np.bool_]
    ) -> pa.Array:
        """Of documents that go, the owner that keeps most of their bytes; none where no owner keeps any."""
        if self.keep == "none":
            return pa.nulls(len(goes), pa.binary(16))
        shares = pa.table({"document": document, "high": owners[:, 0], "low": owners[:, 1], "size": sizes})
        summed = shares.group_by(["document", "high", "low"]).aggregate([("size", "sum")])
        best = summed.sort_by(
            [("document", "ascending"), ("size_sum", "descending"), ("high", "ascending"), ("low", "ascending")]
        )
        _, first = np.unique(best["document"].to_numpy(), return_index=True)
        ids = ids_of(np.column_stack([best["high"].to_numpy()[first], best["low"].to_numpy()[first]]))
        return pc.if_else(pa.array(goes), ids, None)


def _edits(
    document: NDArray[np.int64], begin: NDArray[np.int64], end: NDArray[np.int64], reason: str, owners: NDArray[np.uint64]
) -> pa.Array:
    """The spans of each document as OWNED_EDITS_FIELD has them; all documents have some."""
    values = [pa.array(begin), pa.array(end), pa.array([reason] * len(begin), pa.string()), ids_of(owners)]
    items = pa.StructArray.from_arrays(values, fields=list(OWNED_EDIT))
    first = np.append(np.flatnonzero(np.diff(document, prepend=-1)), len(document))
    return pa.LargeListArray.from_arrays(pa.array(first), items, type=OWNED_EDITS_FIELD.type)
