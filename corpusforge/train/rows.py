"""Rows of packed shards as tokens, labels, positions and segments: numpy on memory maps, nothing per row in Python."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corpusforge.errors import InputError
from corpusforge.index.format import BIN, LABELS, NO_LOSS, shard_file
from corpusforge.index.mix import MixShard
from corpusforge.index.reader import ShardReader, segment_lengths
from corpusforge.index.segments import ranges

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Batch:
    """Rows of tokens; all arrays are int32 [rows, sequence_length].

    `labels` stand where their tokens stand (the model shifts) and are NO_LOSS at the first token of each segment, in the fill
    behind the last one, and where the shard's labels say so. `positions` count from 0 in each segment; `segments` numbers
    the segments of a row from 0. The fill is one segment of its own, the last.
    """

    tokens: NDArray[np.int32]
    labels: NDArray[np.int32]
    positions: NDArray[np.int32]
    segments: NDArray[np.int32]


@dataclass(frozen=True)
class PackedShard:
    """A packed shard, mapped: its rows, the lengths of their segments, and the labels where it has some."""

    rows: ShardReader
    segments: ShardReader
    labels: ShardReader | None

    @classmethod
    def open(cls, prefix: Path, facts: MixShard, row_length: int) -> "PackedShard":
        """Map the files; raises InputError where they are not what the mix says."""
        rows = ShardReader(prefix)
        labels = ShardReader(shard_file(prefix, LABELS)) if LABELS + BIN in facts.files else None
        for each in [rows, *([labels] if labels else [])]:
            if len(each) != facts.num_sequences or (each.lengths != row_length).any():
                what = f"not {facts.num_sequences} rows of {row_length} tokens, as mix.json says"
                raise InputError(f"{shard_file(each.prefix, BIN)}: {what}; run `corpusforge build` again")
        return cls(rows, segment_lengths(prefix, rows), labels)


class RowReader:
    """The rows of several shards, numbered through. A shard is mapped when a row of it is read for the first time."""

    def __init__(self, folder: Path, shards: Sequence[MixShard], row_length: int) -> None:
        self._folder, self._shards, self._row_length = folder, tuple(shards), row_length
        self._ends = np.cumsum([shard.num_sequences for shard in shards], dtype=np.int64)
        self._open: dict[int, PackedShard] = {}
        self._check_sizes()

    def __len__(self) -> int:
        return int(self._ends[-1]) if len(self._ends) else 0

    def prefix(self, shard: int) -> Path:
        """Where a shard lies."""
        return self._folder / self._shards[shard].name

    def find(self, rows: Ints) -> tuple[Ints, Ints]:
        """The shard of each row, and which sequence of it the row is."""
        shards = np.searchsorted(self._ends, rows, "right")
        return shards, rows - np.append(0, self._ends)[shards]

    def read(self, rows: Ints) -> Batch:
        """These rows, in this order."""
        shards, sequences = self.find(rows)
        tokens = np.empty((len(rows), self._row_length), np.int32)
        labels = np.empty_like(tokens)
        lengths: list[NDArray[np.int32]] = [np.empty(0, np.int32)] * len(rows)
        for which in np.unique(shards).tolist():
            places = np.flatnonzero(shards == which)
            shard, wanted = self._shard(which), sequences[places]
            tokens[places] = _rows(shard.rows, self._row_length)[wanted]
            labels[places] = tokens[places] if shard.labels is None else _rows(shard.labels, self._row_length)[wanted]
            for place, sequence in zip(places.tolist(), wanted.tolist(), strict=True):
                lengths[place] = shard.segments[sequence]
        return _Segments.of(lengths, self._row_length).batch(tokens, labels)

    def _shard(self, which: int) -> PackedShard:
        if which not in self._open:
            self._open[which] = PackedShard.open(self.prefix(which), self._shards[which], self._row_length)
        return self._open[which]

    def _check_sizes(self) -> None:
        for which, shard in enumerate(self._shards):
            for suffix, facts in shard.files.items():
                path = shard_file(self.prefix(which), suffix)
                found = path.stat().st_size if path.is_file() else None
                if found != facts.size_bytes:
                    what = "no such file" if found is None else f"it has {found:,} bytes, mix.json says {facts.size_bytes:,}"
                    raise InputError(f"{path}: {what}; copy it again, or run `corpusforge build` again")


@dataclass(frozen=True)
class _Segments:
    """The segments of some rows, the fill among them: their lengths, one behind the other, and how many each row has."""

    lengths: Ints
    counts: Ints
    fill: Ints
    row_length: int

    @classmethod
    def of(cls, lengths: Sequence[NDArray[np.integer]], row_length: int) -> "_Segments":
        text = np.array([len(each) for each in lengths], np.int64)
        fill = row_length - np.array([int(each.sum()) for each in lengths], np.int64)
        has_fill = fill > 0
        counts = text + has_fill
        every = np.empty(int(counts.sum()), np.int64)
        is_fill = np.zeros(len(every), np.bool_)
        is_fill[np.cumsum(counts)[has_fill] - 1] = True
        every[~is_fill] = np.concatenate(lengths) if len(lengths) else ()
        every[is_fill] = fill[has_fill]
        return cls(every, counts, fill, row_length)

    @cached_property
    def begins(self) -> Ints:
        """The first token of each segment, counted through all rows."""
        return np.cumsum(self.lengths) - self.lengths

    def batch(self, tokens: NDArray[np.int32], labels: NDArray[np.int32]) -> Batch:
        """The rows with what follows from their segments; `labels` is taken over."""
        shape = tokens.shape
        positions = np.arange(tokens.size) - np.repeat(self.begins, self.lengths)
        number = ranges(np.zeros_like(self.counts), self.counts)
        flat = labels.reshape(-1)
        flat[self.begins] = NO_LOSS
        ends = self.row_length * np.arange(1, len(self.counts) + 1)
        flat[ranges(ends - self.fill, self.fill)] = NO_LOSS
        segments = np.repeat(number, self.lengths)
        return Batch(tokens, labels, positions.astype(np.int32).reshape(shape), segments.astype(np.int32).reshape(shape))


def _rows(shard: ShardReader, row_length: int) -> NDArray[np.integer]:
    return shard.tokens(0, shard.num_tokens).reshape(-1, row_length)
