"""Bits per byte on slices that never enter training: comparable between tokenizers, as perplexity is not.

The sum of the losses of a slice's label tokens in bits, over the UTF-8 bytes of its text. The first token of a document has
no label (nothing predicts it) but its bytes count, the same for every model with that tokenizer. Of fine-tuning rows only
the answers have labels, so only their bytes count.
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc
import torch

from corpusforge.errors import InputError
from corpusforge.index.reader import read_lineage
from corpusforge.train.data import NO_LOSS, Batch, Samples
from corpusforge.train.engine import total
from corpusforge.train.feed import Rows, read_rows
from corpusforge.train.loop import inputs


@dataclass(frozen=True)
class Slice:
    """Rows of a held-out group, and the bytes of their text."""

    group: str
    source: Rows
    num_rows: int
    text_bytes: int


def open_slice(group: str, source: Samples, most_rows: int) -> Slice:
    """The first rows of a held-out group; raises InputError where nothing is in it."""
    num_rows = min(most_rows, source.num_rows)
    origins = source.origins(0, num_rows)
    if any(Path(f"{shard}.labels.idx").exists() for shard, _ in origins):
        text_bytes = labelled_bytes(source.tokenizer, source.rows(0, num_rows))
    else:
        text_bytes = _text_bytes(origins)
    if not text_bytes:
        raise InputError(f"held-out group {group!r}: its first {num_rows} rows have no text; hold out more of it")
    return Slice(group, source, num_rows, text_bytes)


def labelled_bytes(tokenizer: Path, batch: Batch) -> int:
    """UTF-8 bytes of what the label tokens of rows spell, without special tokens; `tokenizer` is a folder."""
    from tokenizers import Tokenizer

    reader = Tokenizer.from_file(str(tokenizer / "tokenizer.json"))
    found = 0
    for labels in batch.labels:
        has_loss = np.concatenate(([False], labels != NO_LOSS, [False]))
        edges = np.flatnonzero(has_loss[1:] != has_loss[:-1])
        found += sum(len(reader.decode(labels[begin:end].tolist()).encode()) for begin, end in edges.reshape(-1, 2))
    return found


def _text_bytes(origins: list[tuple[str, int]]) -> int:
    """Bytes of text behind some sequences of shards, from their lineage."""
    by_shard: dict[str, list[int]] = {}
    for shard, sequence in origins:
        by_shard.setdefault(shard, []).append(sequence)
    found = 0
    for shard, sequences in by_shard.items():
        table = read_lineage(Path(shard), ["sequence", "text_begin", "text_end"])
        table = table.filter(pc.is_in(table["sequence"], value_set=_values(sequences, table)))
        found += pc.sum(pc.subtract(table["text_end"], table["text_begin"])).as_py() or 0
    return found


def _values(sequences: list[int], table: Any) -> Any:
    import pyarrow as pa

    return pa.array(sequences, table.schema.field("sequence").type)


@torch.no_grad()
def bits_per_byte(engine: Any, held: Slice, micro_rows: int, device: torch.device) -> float:
    """Of one slice, over all processes, which take turns by micro batches and all run the model equally often."""
    from torch import distributed

    rank, world = distributed.get_rank(), distributed.get_world_size()
    engine.eval()
    nats = torch.zeros((), dtype=torch.float64, device=device)
    for begin in range(0, held.num_rows, micro_rows * world):
        start = begin + rank * micro_rows
        batch = _rows_or_none(held, start, min(held.num_rows, start + micro_rows), micro_rows)
        nats += engine(**inputs(batch, engine.module.model.config._attn_implementation, device)).double()
    return total([float(nats)], device)[0] / math.log(2) / held.text_bytes


def _rows_or_none(held: Slice, start: int, stop: int, micro_rows: int) -> Batch:
    """Rows of a slice; behind its end the first ones without labels, since ZeRO-3 needs all processes at work."""
    if start < stop:
        return read_rows(held.source, start, stop)
    batch = read_rows(held.source, 0, min(micro_rows, held.num_rows))
    return Batch(batch.tokens, np.full_like(batch.labels, NO_LOSS), batch.positions, batch.segments)
