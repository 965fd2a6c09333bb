"""What stages cut out of the documents that they kept, by reason, with examples.

The books have the bytes of each source. Here spans are added up, which may overlap, so they may come to more.
"""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from corpusforge.report.examples import Place
from corpusforge.report.rows import PartRows

_NUM_EXAMPLES = 2


@dataclass
class Edits:
    """State: what was cut so far, by (stage, reason)."""

    span_bytes: Counter[tuple[str, str]] = field(default_factory=Counter)
    num_spans: Counter[tuple[str, str]] = field(default_factory=Counter)
    num_documents: Counter[tuple[str, str]] = field(default_factory=Counter)
    examples: dict[tuple[str, str], list[Place]] = field(default_factory=dict)

    def add(self, rows: PartRows) -> None:
        """Look at a part."""
        for index, step in enumerate(rows.steps):
            for entry in step.books[rows.source]:
                if entry.cut_bytes:
                    self._look(rows, index, entry.stage, step.report.get("lang", ""))

    def _look(self, rows: PartRows, index: int, stage: str, lang: str) -> None:
        edits = rows.edits(index)
        was_cut = rows.reached(index + 1) & np.asarray(pc.is_valid(edits).to_numpy(zero_copy_only=False), np.bool_)
        if lang:
            column = rows.column("lang", index + 1)
            assert column is not None
            was_cut &= np.asarray(pc.fill_null(pc.equal(column, lang), False).to_numpy(zero_copy_only=False), np.bool_)
        numbers = np.flatnonzero(was_cut)
        some = edits.take(pa.array(numbers))
        spans = pa.table(
            {
                "row": pa.array(numbers).take(pc.list_parent_indices(some)),
                "reason": pc.struct_field(some.flatten(), "reason"),
                "begin": pc.struct_field(some.flatten(), "begin"),
                "end": pc.struct_field(some.flatten(), "end"),
            }
        )
        spans = spans.append_column("bytes", pc.subtract(spans["end"], spans["begin"]))
        wanted = [("row", "count"), ("row", "count_distinct"), ("bytes", "sum")]
        for each in spans.group_by("reason").aggregate(wanted).to_pylist():
            key = (stage, each["reason"])
            self.num_spans[key] += each["row_count"]
            self.num_documents[key] += each["row_count_distinct"]
            self.span_bytes[key] += each["bytes_sum"]
            self._exemplify(rows, index, key, spans)

    def _exemplify(self, rows: PartRows, index: int, key: tuple[str, str], spans: pa.Table) -> None:
        known = self.examples.setdefault(key, [])
        wanted = _NUM_EXAMPLES - len(known)
        if wanted > 0:
            same = spans.filter(pc.equal(spans["reason"], key[1])).slice(0, wanted)
            known += [
                Place(rows.source, rows.part.name, index, each["row"], (each["begin"], each["end"]))
                for each in same.to_pylist()
            ]

    @property
    def places(self) -> list[Place]:
        """Of the examples."""
        return [place for some in self.examples.values() for place in some]
