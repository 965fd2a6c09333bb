"""The sink: documents or pieces as a Megatron shard, with the lineage of every token beside it.

One sequence is what Megatron's GPTDataset shuffles and masks, whatever its document indices say. `layout: documents` is
therefore what its own preprocessing would write; `pieces` is for trainers that take one sequence as one sample, `packed` for
those that take rows of one length, as ours does.
"""

from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import Field, model_validator

from corpusforge.core import Artifacts, Sink, Stage
from corpusforge.index.format import DOCS, Layout, ShardWriter, shard_file
from corpusforge.index.lineage import ABOUT, LINEAGE, LineageWriter
from corpusforge.index.packed import write_packed
from corpusforge.index.segments import Segments, checked_ids, document_segments, piece_segments, with_marks
from corpusforge.tokens import TokenFacts

# What a shard counts. Segments are runs of one document's tokens; tokens are those of segments, marks included; fill is behind.
NUMBERS = (
    "num_documents", "num_sequences", "num_segments", "num_tokens", "num_fill_tokens", "num_text_tokens", "max_id",
)  # fmt: skip


class Megatron(Sink):
    """Writes <prefix>.bin and .idx as megatron-core would, and <prefix>.docs.parquet, one row per segment.

    Every segment is [BOS] ids EOD; BOS only where the tokenizer artefact has one. In layouts documents and pieces it is a
    sequence, a document's sequences follow each other, and the .idx marks where each document ends. In layout packed several
    make a sequence, a row of exactly `seq_length` tokens, filled with EOD; <prefix>.segments.bin and .idx say where they end.
    """

    reads: ClassVar[tuple[str, ...]] = ("ids",)
    needs: ClassVar[tuple[str, ...]] = ("tokenizer",)

    layout: Layout
    """documents: one sequence per document (for Megatron's GPTDataset); pieces: one sequence per piece; packed: rows of
    seq_length tokens, pieces one behind the other, for training."""
    seq_length: int = Field(default=0, ge=0, lt=2**31)
    """Of layout packed, and only there: tokens of a row, usually the training length; at least split.greedy's max_tokens."""

    @model_validator(mode="after")
    def _length_of_packed_rows(self) -> Self:
        if (self.layout == "packed") != (self.seq_length > 0):
            cure = "layout packed needs seq_length, tokens of a row, such as 2048; other layouts have none"
            raise ValueError(f"seq_length {self.seq_length} with layout {self.layout}: {cure}")
        return self

    def required(self) -> tuple[str, ...]:
        """The ids, the pieces where sequences are made of them, and the tokenizer."""
        pieces = () if self.layout == "documents" else ("pieces",)
        return (*self.reads, *pieces, *self.needs)

    @property
    def row_length(self) -> int:
        """Tokens of a row in layout packed."""
        return self.seq_length

    def misfits(self, stages: Sequence[Stage]) -> Iterator[str]:
        """Where pieces may be longer than a row."""
        limits = [(stage.max_tokens, stage) for stage in stages if "pieces" in stage.adds and hasattr(stage, "max_tokens")]
        for limit, _ in limits[-1:]:
            if self.layout == "packed" and limit > self.seq_length:
                yield (
                    f"seq_length: rows of {self.seq_length} tokens cannot hold pieces of up to {limit}; set max_tokens of the "
                    f"splitting stage to {self.seq_length} or less, or seq_length to {limit}"
                )

    def write(self, rows: Iterator[pa.Table], prefix: Path, artifacts: Artifacts) -> dict[str, int | str]:
        """Write one shard; gives the numbers in NUMBERS, dtype and layout.

        Tables have id, source, origin, url, license, ids, num_bytes (UTF-8 bytes of the stored text) and, but for layout
        documents, pieces. Without any row nothing is written and the numbers are 0. Raises ValueError where ids or pieces
        contradict the tokenizer, each other or the row's length: a stage before is at fault.
        """
        tokenizer = TokenFacts.read(artifacts["tokenizer"])
        tables = (table for table in rows if table.num_rows)
        first = next(tables, None)
        names = {"dtype": tokenizer.dtype, "layout": self.layout}
        if first is None:
            return {**dict.fromkeys(NUMBERS, 0), **names}
        if self.layout == "packed":
            return {**write_packed(chain((first,), tables), prefix, tokenizer, self.seq_length), **names}
        return {**self._write(chain((first,), tables), prefix, tokenizer), **names}

    def _write(self, tables: Iterator[pa.Table], prefix: Path, tokenizer: TokenFacts) -> dict[str, int]:
        max_id = 0
        with ShardWriter(prefix, tokenizer.dtype) as shard, LineageWriter(shard_file(prefix, DOCS)) as lineage:
            for table in tables:
                segments = document_segments(table) if self.layout == "documents" else piece_segments(table)
                tokens, lengths = with_marks(checked_ids(table, tokenizer), segments.num_tokens, tokenizer)
                max_id = max(max_id, int(tokens.max()))
                lineage.append(_lineage(table, segments, lengths, shard.num_sequences))
                shard.append(tokens, lengths, segments.per_document(table.num_rows))
        return {
            "num_documents": shard.num_documents,
            "num_sequences": shard.num_sequences,
            "num_segments": shard.num_sequences,
            "num_tokens": shard.num_tokens,
            "num_fill_tokens": 0,
            "num_text_tokens": shard.num_tokens - shard.num_sequences * tokenizer.num_marks,
            "max_id": max_id,
        }


def _lineage(table: pa.Table, segments: Segments, lengths: npt.NDArray[np.int64], first_sequence: int) -> pa.Table:
    num_segments = len(segments.row)
    about = table.select(["id", *ABOUT]).take(pa.array(segments.row)).rename_columns(["document", *ABOUT])
    columns = {
        "sequence": pa.array(np.arange(first_sequence, first_sequence + num_segments)),
        "start": pa.array(np.zeros(num_segments, np.int32)),
        "length": pa.array(lengths.astype(np.int32)),
        "piece": pa.array(segments.piece.astype(np.int32)),
        "text_begin": pa.array(segments.text_begin),
        "text_end": pa.array(segments.text_end),
        **{name: about.column(name) for name in about.column_names},
    }
    return pa.table([columns[name] for name in LINEAGE.names], schema=LINEAGE)
