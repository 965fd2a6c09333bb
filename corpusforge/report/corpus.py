"""How long the kept documents and their pieces are, and of what languages all were that were read."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from corpusforge.index.reader import read_lineage
from corpusforge.report.histogram import Floats, Sample
from corpusforge.report.rows import PartRows

# Columns that filters measure under these names, if the recipe has such a filter.
_SIGNALS = {"num_chars": "characters per document", "num_words": "words per document"}
_BYTES, _TOKENS = "bytes of text per document", "tokens per document"
_PIECES, _PIECE_TOKENS = "pieces per document", "tokens per piece"


@dataclass
class Lengths:
    """Lengths of one kind. State: a sample of them, extremes and sum of all, and how many documents or pieces have none."""

    sample: Sample = field(default_factory=lambda: Sample(1))
    low: float = np.inf
    high: float = -np.inf
    total: float = 0.0
    num_missing: int = 0

    @property
    def num_known(self) -> int:
        """How many lengths there are."""
        return self.sample.num_seen

    def add(self, values: Floats) -> None:
        """Look at lengths; NaN is missing."""
        known = values[~np.isnan(values)]
        self.num_missing += len(values) - len(known)
        self.low, self.high = min(self.low, known.min(initial=np.inf)), max(self.high, known.max(initial=-np.inf))
        self.total += float(known.sum())
        self.sample.add(known[:, None])


@dataclass
class Kept:
    """State: documents that were read, by language, and lengths of those that were kept."""

    num_read: Counter[str] = field(default_factory=Counter)
    lengths: dict[str, Lengths] = field(default_factory=dict)

    def add(self, rows: PartRows) -> None:
        """Look at a part."""
        end = len(rows.steps)
        kept = pa.array(np.flatnonzero(rows.reached(end)))
        langs, sizes = rows.column("lang", end), rows.column("num_bytes", end)
        assert langs is not None, "reading gives it"
        assert sizes is not None, "reading gives it"
        for each in pc.fill_null(langs, "").value_counts().to_pylist():
            self.num_read[each["values"]] += each["counts"]
        self._measure(_BYTES, sizes.take(kept))
        for name, title in _SIGNALS.items():
            column = rows.column(name, end)
            if column is not None:
                self._measure(title, column.take(kept))

    def add_lineage(self, prefixes: Sequence[Path]) -> None:
        """Look at what documents became in shards; one shard's lineage is in memory at a time."""
        for prefix in prefixes:
            table = read_lineage(prefix, ["document", "piece", "length"])
            pieces = table.group_by(["document", "piece"], use_threads=False).aggregate([("length", "sum")])
            documents = pieces.group_by("document", use_threads=False).aggregate([("piece", "count"), ("length_sum", "sum")])
            self._measure(_TOKENS, documents["length_sum_sum"])
            self._measure(_PIECES, documents["piece_count"])
            self._measure(_PIECE_TOKENS, pieces["length_sum"])

    def _measure(self, title: str, column: pa.ChunkedArray) -> None:
        values = np.asarray(pc.cast(column, pa.float64()).to_numpy(), np.float64)
        self.lengths.setdefault(title, Lengths()).add(values)


def shard_prefixes(out: Path, manifest: Mapping[str, Any]) -> list[Path]:
    """Paths of the shards without their suffixes."""
    return [out / "shards" / shard["name"] for shard in manifest["shards"]]
