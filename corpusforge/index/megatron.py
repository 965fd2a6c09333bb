"""The sink: documents or pieces as a Megatron shard, with the lineage of every token beside it.

One sequence is what Megatron's GPTDataset shuffles and masks, whatever its document indices say. `layout: documents` is
therefore what its own preprocessing would write; `pieces` is for trainers that take one sequence as one sample.
"""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from corpusforge.core import Artifacts, Sink
from corpusforge.index.format import DOCS, ShardWriter, shard_file
from corpusforge.index.lineage import ABOUT, LINEAGE, LineageWriter
from corpusforge.index.segments import Segments, document_segments, piece_segments, token_ids, with_marks
from corpusforge.tokens import TokenFacts


class Megatron(Sink):
    """Writes <prefix>.bin and .idx as megatron-core would, and <prefix>.docs.parquet, one row per segment.

    Every sequence is [BOS] ids EOD; BOS only where the tokenizer artefact has one. A document's sequences follow each other,
    and the .idx marks where each document ends.
    """

    reads: ClassVar[tuple[str, ...]] = ("ids",)
    needs: ClassVar[tuple[str, ...]] = ("tokenizer",)

    layout: Literal["documents", "pieces"]
    """documents: one sequence per document (for Megatron's GPTDataset); pieces: one sequence per piece."""

    def required(self) -> tuple[str, ...]:
        """The ids, the pieces where they are the sequences, and the tokenizer."""
        pieces = ("pieces",) if self.layout == "pieces" else ()
        return (*self.reads, *pieces, *self.needs)

    def write(self, rows: Iterator[pa.Table], prefix: Path, artifacts: Artifacts) -> dict[str, int | str]:
        """Write one shard; gives num_documents, num_sequences, num_tokens, num_text_tokens, max_id, dtype and layout.

        Tables have id, source, origin, url, license, ids, num_bytes (UTF-8 bytes of the stored text) and, for layout pieces,
        pieces. Without any row nothing is written and the numbers are 0. Raises ValueError where ids or pieces contradict
        the tokenizer or each other: a stage before is at fault.
        """
        tokenizer = TokenFacts.read(artifacts["tokenizer"])
        tables = (table for table in rows if table.num_rows)
        first = next(tables, None)
        names = {"dtype": tokenizer.dtype, "layout": self.layout}
        if first is None:
            numbers = dict.fromkeys(("num_documents", "num_sequences", "num_tokens", "num_text_tokens", "max_id"), 0)
        else:
            numbers = self._write(chain((first,), tables), prefix, tokenizer)
        return {**numbers, **names}

    def _write(self, tables: Iterator[pa.Table], prefix: Path, tokenizer: TokenFacts) -> dict[str, int]:
        marks = [tokenizer.eod_id] if tokenizer.bos_id is None else [tokenizer.bos_id, tokenizer.eod_id]
        max_id = _checked_max(np.array(marks, np.int32), tokenizer)
        with ShardWriter(prefix, tokenizer.dtype) as shard, LineageWriter(shard_file(prefix, DOCS)) as lineage:
            for table in tables:
                segments = document_segments(table) if self.layout == "documents" else piece_segments(table)
                ids = token_ids(table)
                max_id = max(max_id, _checked_max(ids, tokenizer))
                tokens, lengths = with_marks(ids, segments.num_tokens, tokenizer)
                lineage.append(_lineage(table, segments, lengths, shard.num_sequences))
                shard.append(tokens, lengths, segments.per_document(table.num_rows))
        return {
            "num_documents": shard.num_documents,
            "num_sequences": shard.num_sequences,
            "num_tokens": shard.num_tokens,
            "num_text_tokens": shard.num_tokens - shard.num_sequences * tokenizer.num_marks,
            "max_id": max_id,
        }


def _checked_max(ids: npt.NDArray[np.int32], tokenizer: TokenFacts) -> int:
    smallest, largest = (int(ids.min()), int(ids.max())) if len(ids) else (0, 0)
    if smallest < 0 or largest >= tokenizer.vocab_size:
        raise ValueError(f"token ids run from {smallest} to {largest}, but the tokenizer has {tokenizer.vocab_size} ids")
    return largest


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
