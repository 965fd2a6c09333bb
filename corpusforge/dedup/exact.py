"""Documents whose normalised text is equal: one stays."""

from typing import ClassVar

import pyarrow as pa

from corpusforge.core import Barrier
from corpusforge.dedup.groups import decide_groups
from corpusforge.text.hashing import leading_bits


class Exact(Barrier):
    """Rejects as `duplicate` every document whose content hash an earlier one has.

    Earlier is by position of the source in the recipe, then by id, never by arrival; the one that stays is the witness.
    """

    reads: ClassVar[tuple[str, ...]] = ("id", "content_hash")

    def map(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """One record per document, keyed by the first 64 bits of its content hash."""
        hashes = batch["content_hash"]
        columns = {
            "key": pa.array(leading_bits(hashes)),
            "group": hashes,
            "rank": batch["source_rank"],
            "id": batch["id"],
            "part": batch["part"],
            "row": batch["row"],
        }
        return pa.RecordBatch.from_pydict(columns)

    def reduce(self, records: pa.Table) -> pa.Table:
        """Everything after the first of each content hash, as DECISION rows."""
        return decide_groups(records, "duplicate")
