"""Layout packed: rows of exactly `row_length` tokens, pieces one behind the other, and where the pieces of a row end.

Which pieces share a row can be told only when all are known, so they are spooled to disk first, and then gathered row by row.
Memory: some 60 bytes for each piece and the addresses of the documents, beside one block of rows.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from corpusforge.index.format import DOCS, SEGMENTS, ShardWriter, shard_file
from corpusforge.index.lineage import ABOUT, LINEAGE, LineageWriter
from corpusforge.index.packing import Rows, best_fit
from corpusforge.index.segments import Segments, checked_ids, piece_segments, ranges, with_marks
from corpusforge.tokens import TokenFacts

_BLOCK_TOKENS = 2**22


def write_packed(tables: Iterator[pa.Table], prefix: Path, tokenizer: TokenFacts, row_length: int) -> dict[str, int]:
    """Write .bin, .idx, .docs.parquet and .segments.bin/.idx of the rows; gives the numbers for the manifest.

    Behind the last piece of a row the rest is filled with EOD. Raises ValueError where a piece is longer than a row.
    """
    with TemporaryFile(dir=prefix.parent) as file:
        spool = _Spool(file, tokenizer)
        for table in tables:
            spool.append(table)
        return spool.write(prefix, row_length)


@dataclass
class _Spool:
    """Pieces as they come: their tokens in `file`, whose they are in memory."""

    file: BinaryIO
    tokenizer: TokenFacts
    lengths: list[npt.NDArray[np.int32]] = field(default_factory=list)
    segments: list[pa.Table] = field(default_factory=list)
    documents: list[pa.Table] = field(default_factory=list)
    num_documents: int = 0
    max_id: int = 0

    def append(self, table: pa.Table) -> None:
        ids, segments = checked_ids(table, self.tokenizer), piece_segments(table)
        tokens, lengths = with_marks(ids, segments.num_tokens, self.tokenizer)
        self.file.write(tokens.view(np.uint8).data)
        self.lengths.append(lengths.astype(np.int32))
        self.segments.append(_segment_columns(segments, self.num_documents))
        self.documents.append(table.select(["id", *ABOUT]).rename_columns(["document", *ABOUT]))
        self.num_documents += table.num_rows
        self.max_id = max(self.max_id, int(tokens.max()))

    def write(self, prefix: Path, row_length: int) -> dict[str, int]:
        self.file.flush()
        lengths = np.concatenate(self.lengths)
        rows = best_fit(lengths, row_length)
        blocks = self._blocks(lengths, rows, row_length)
        with (
            ShardWriter(prefix, self.tokenizer.dtype) as shard,
            ShardWriter(shard_file(prefix, SEGMENTS), "int32") as ends,
            LineageWriter(shard_file(prefix, DOCS)) as lineage,
        ):
            for block in blocks:
                ones = np.ones(len(block.counts), np.int64)
                shard.append(block.tokens, ones * row_length, ones)
                ends.append(block.lengths, block.counts, ones)
                lineage.append(block.lineage)
        num_tokens = int(lengths.sum(dtype=np.int64))
        return {
            "num_documents": self.num_documents,
            "num_sequences": shard.num_sequences,
            "num_segments": len(lengths),
            "num_tokens": num_tokens,
            "num_fill_tokens": shard.num_tokens - num_tokens,
            "num_text_tokens": num_tokens - len(lengths) * self.tokenizer.num_marks,
            "max_id": self.max_id,
        }

    def _blocks(self, lengths: npt.NDArray[np.int32], rows: Rows, row_length: int) -> Iterator["_Block"]:
        spooled: npt.NDArray[np.integer] = np.memmap(self.file, self.tokenizer.dtype, mode="r")
        starts = np.cumsum(lengths, dtype=np.int64) - lengths
        segments, documents = pa.concat_tables(self.segments), pa.concat_tables(self.documents)
        step = max(1, _BLOCK_TOKENS // row_length)
        for first in range(0, len(rows.bounds) - 1, step):
            bounds = rows.bounds[first : first + step + 1]
            pieces = rows.pieces[bounds[0] : bounds[-1]]
            counts, its = np.diff(bounds), lengths[pieces].astype(np.int64)
            row = np.repeat(np.arange(len(counts)), counts)
            begin = np.cumsum(its) - its
            start = begin - np.repeat(begin[bounds[:-1] - bounds[0]], counts)
            tokens = np.full(len(counts) * row_length, self.tokenizer.eod_id, self.tokenizer.dtype)
            tokens[ranges(row * row_length + start, its)] = spooled[ranges(starts[pieces], its)]
            its_segments = segments.take(pa.array(pieces))
            about = documents.take(its_segments["number"])
            columns = {
                "sequence": pa.array(first + row),
                "start": pa.array(start.astype(np.int32)),
                "length": pa.array(lengths[pieces]),
                **{name: its_segments[name] for name in ("piece", "text_begin", "text_end")},
                **{name: about[name] for name in about.column_names},
            }
            lineage = pa.table([columns[name] for name in LINEAGE.names], schema=LINEAGE)
            yield _Block(tokens, its, counts, lineage)


@dataclass(frozen=True)
class _Block:
    """Some rows: their tokens, the lengths of their pieces, how many pieces each has, and their lineage."""

    tokens: npt.NDArray[np.integer]
    lengths: npt.NDArray[np.int64]
    counts: npt.NDArray[np.int64]
    lineage: pa.Table


def _segment_columns(segments: Segments, first_document: int) -> pa.Table:
    columns = {
        "number": pa.array(segments.row + first_document),
        "piece": pa.array(segments.piece.astype(np.int32)),
        "text_begin": pa.array(segments.text_begin),
        "text_end": pa.array(segments.text_end),
    }
    return pa.table(columns)
