"""Which samples a run has seen between two positions, and whose text they are: from the shards' lineage."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np
import pyarrow as pa

from corpusforge.index.reader import read_lineage
from corpusforge.train.data import Samples

# Rows whose lineage is looked up together: each shard is read once for so many.
_BLOCK = 65_536

_COLUMNS = ("sequence", "document", "piece", "source", "origin", "url", "license")


@dataclass(frozen=True)
class ConsumedPiece:
    """A piece of a document, by the document's id in hex, and where that comes from."""

    document: str
    piece: int
    source: str
    origin: str
    url: str
    license: str


@dataclass(frozen=True)
class ConsumedRow:
    """The row at a position: sequence number `sequence` of the shard at the prefix `shard`, and its pieces in order."""

    position: int
    shard: str
    sequence: int
    pieces: tuple[ConsumedPiece, ...]


def consumed(samples: Samples, start: int, stop: int) -> Iterator[ConsumedRow]:
    """The rows at positions start <= x < stop, in their order; raises IndexError outside 0..num_rows."""
    for begin in range(start, stop, _BLOCK):
        origins = samples.origins(begin, min(begin + _BLOCK, stop))
        pieces: dict[tuple[str, int], tuple[ConsumedPiece, ...]] = {}
        for shard in sorted({shard for shard, _ in origins}):
            sequences = sorted({sequence for its, sequence in origins if its == shard})
            pieces |= {(shard, sequence): its for sequence, its in _pieces(Path(shard), sequences)}
        for position, (shard, sequence) in enumerate(origins, begin):
            yield ConsumedRow(position, shard, sequence, pieces[shard, sequence])


def _pieces(prefix: Path, sequences: list[int]) -> Iterator[tuple[int, tuple[ConsumedPiece, ...]]]:
    lineage = read_lineage(prefix, _COLUMNS)
    wanted = np.isin(lineage["sequence"].to_numpy(), sequences)
    rows = lineage.filter(pa.array(wanted)).to_pylist()
    for sequence, its in groupby(rows, lambda row: row["sequence"]):
        about = ("piece", "source", "origin", "url", "license")
        yield sequence, tuple(ConsumedPiece(row["document"].hex(), *(row[name] for name in about)) for row in its)
