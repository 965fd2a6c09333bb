"""Document ids that occur twice: possible only where the recipe maps a column of the data to the id."""

from typing import ClassVar

import pyarrow as pa

from corpusforge.core import Barrier
from corpusforge.dedup.groups import decide_groups
from corpusforge.text.hashing import leading_bits


class Ids(Barrier):
    """Rejects as `duplicate_id` every document whose id another has that lies before it by path and position.

    The engine puts it where the sources join if any source maps ids; a recipe need not name it.
    """

    reads: ClassVar[tuple[str, ...]] = ("id", "origin")

    def map(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """One record per document, keyed by the first 64 bits of its id."""
        columns = {
            "key": pa.array(leading_bits(batch["id"])),
            "group": batch["id"],
            "origin": batch["origin"],
            "id": batch["id"],
            "part": batch["part"],
            "row": batch["row"],
        }
        return pa.RecordBatch.from_pydict(columns)

    def reduce(self, records: pa.Table) -> pa.Table:
        """Everything after the first of each id, as DECISION rows; the message names the origin of the one that stays."""
        return decide_groups(records, "duplicate_id")
