"""Lines or paragraphs that several documents share, such as licences, credits and navigation: cut, with the owner named.

    mark   parts        128 bits of every line or paragraph that is long enough, once a part
    find   partitions   which of them enough documents have, and whose copy stays
    cut    parts        spans to cut, and the documents of which too little is left

Peers that keep a Bloom filter (Dolma, DCLM's BFF) depend on the order of arrival, take strangers for copies, and cannot say
where the text stayed. Here what is cut stays once, in a document that stays.
"""

from typing import ClassVar, Literal, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pydantic import Field, model_validator

from corpusforge.core import REVISION, Barrier, Desk, Round
from corpusforge.dedup.copies import Copies, found_in, id_words, shared, summed_up
from corpusforge.dedup.cuts import Cuts, spans_to_cut
from corpusforge.text.spans import Spans, line_spans, paragraph_spans
from corpusforge.text.units import Units, folded_units
from corpusforge.text.view import TextView


class Paragraph(Barrier):
    """Cuts paragraphs that several documents share out of all of them but one, their owner, where the first copy stays.

    Two are the same that differ in blanks, case and full width alone. The owner is the first by position of the source in the
    recipe, then by id. Documents of which too little is left are rejected as `too_little_left`. Put it behind dedup.minhash:
    that takes copies of whole documents, of which this would leave what differs.
    """

    reads: ClassVar[tuple[str, ...]] = ("text",)
    edits_text: ClassVar[bool] = True

    unit: Literal["paragraph", "line"] = "paragraph"
    """What is compared; a paragraph is a run of lines between blank ones. Lines also go out of lists, tables and code."""
    min_documents: int = Field(default=3, ge=2)
    """Documents that have to share it; what only two have is more often quoted than boilerplate."""
    min_words: int = Field(default=10, ge=1)
    """Shorter ones stay, such as headings; a CJK character is a word."""
    keep: Literal["first", "none"] = "first"
    """Whether the owner keeps its first copy, or loses it like the others; further copies in the owner go in both cases."""
    scope: Literal["corpus", "source"] = "corpus"
    """Whether documents of different sources are compared."""
    min_words_left: int = Field(default=5, ge=1)
    """Documents that were cut and have fewer words left are rejected; with `keep: first` not above min_words."""

    @model_validator(mode="after")
    def _owners_stay(self) -> Self:
        if self.keep == "first" and self.min_words_left > self.min_words:
            raise ValueError(
                f"min_words_left, {self.min_words_left}, is above min_words, {self.min_words}: the document that keeps the "
                "only copy of a paragraph could be rejected itself; lower it, and let filter.length judge what is left"
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
        """48 bytes for each unit that is long enough; most have some 200."""
        return text_bytes // 4

    def _mark(self, desk: Desk) -> pa.Table:
        found, ids, count, source_rank = [], [], 0, 0
        for batch in desk.batches(self.reads):
            spans, units = self._units(TextView(batch["text"]))
            is_long = np.flatnonzero(units.num_words >= self.min_words)
            found.append(Copies(units.high[is_long], units.low[is_long], count + _documents(spans)[is_long]))
            ids.append(id_words(batch["id"]))
            count += batch.num_rows
            source_rank = batch["source_rank"][0].as_py() if count else 0  # one for the whole part
        copies = Copies(*(np.concatenate(column) for column in zip(*found, strict=True)))
        return summed_up(copies, np.concatenate(ids), source_rank=source_rank, part=desk.number)

    def _units(self, view: TextView) -> tuple[Spans, Units]:
        spans = view.once(paragraph_spans if self.unit == "paragraph" else line_spans)
        return spans, folded_units(view, spans)

    def _find(self, desk: Desk) -> pa.Table:
        return shared(desk.records, min_documents=self.min_documents, in_source=self.scope == "source")

    def _cut(self, desk: Desk) -> pa.Table:
        batches = desk.batches(self.reads) if desk.records.num_rows else ()
        return pa.concat_tables([REVISION.empty_table(), *(self._revised(batch, desk.records) for batch in batches)])

    def _revised(self, batch: pa.RecordBatch, records: pa.Table) -> pa.Table:
        """REVISION rows of the documents of a batch that lose one of the units in `records`."""
        view = TextView(batch["text"])
        spans, units = self._units(view)
        document = _documents(spans)
        record = np.where(units.num_words >= self.min_words, found_in(records, units), -1)
        owners = np.column_stack([records["owner_high"].to_numpy(), records["owner_low"].to_numpy()])[record]
        is_cut = record >= 0
        if self.keep == "first":
            of_owner = np.flatnonzero(is_cut & (id_words(batch["id"])[document] == owners).all(axis=1))
            is_cut[of_owner[np.unique(record[of_owner], return_index=True)[1]]] = False
        begin, end = spans_to_cut(spans, is_cut)
        offsets = view.offsets[document[is_cut]]
        cuts = Cuts(document[is_cut], begin - offsets, end - offsets, owners[is_cut])
        words_cut = np.bincount(cuts.document, weights=units.num_words[is_cut], minlength=len(view)).astype(np.int64)
        here = np.unique(cuts.document)
        words_left = (view.num_words - words_cut)[here]
        num_cut = np.bincount(cuts.document, minlength=len(view))[here]
        return self._revisions(batch.take(pa.array(here)), cuts, words_left, num_cut, np.diff(spans.first)[here])

    def _revisions(
        self, documents: pa.RecordBatch, cuts: Cuts, words_left: NDArray[np.int64], num_cut: NDArray[np.int64],
        num_units: NDArray[np.int64],
    ) -> pa.Table:  # fmt: skip
        count, goes = documents.num_rows, words_left < self.min_words_left
        told = zip(num_cut.tolist(), num_units.tolist(), goes.tolist(), strict=True)
        witnesses = cuts.main_owners() if self.keep == "first" else pa.nulls(count, pa.binary(16))
        columns = {
            "part": documents["part"],
            "row": documents["row"],
            "drop": pa.array(["too_little_left" if is_gone else "" for is_gone in goes.tolist()], pa.string()),
            "failed": pa.array(np.zeros(count, np.bool_)),
            "value": pa.array(words_left.astype(np.float64), mask=~goes),
            "threshold": pa.array(np.full(count, float(self.min_words_left)), mask=~goes),
            "message": pa.array([self._message(*each) for each in told], pa.string()),
            "witness": pc.if_else(pa.array(goes), witnesses, None),
            "edits": cuts.edits(f"repeated_{self.unit}"),
        }
        return pa.table(columns, schema=REVISION)

    def _message(self, num_cut: int, num_units: int, is_gone: bool) -> str:
        return f"{num_cut} of {num_units} {self.unit}s are repeated" if is_gone else ""


def _documents(spans: Spans) -> NDArray[np.int64]:
    """Which document each span is of."""
    return np.repeat(np.arange(len(spans.first) - 1), np.diff(spans.first))
