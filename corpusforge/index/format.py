"""Megatron's .bin and .idx as bytes: the layout in one place, and the one writer of it.

Token ids go to .bin as they come; only lengths and document ends stay in memory, 12 bytes for each sequence. megatron-core's
own builder takes one tensor at a time (about 4 us each); here a whole table of documents is one `append`. The bytes are
the same, which tests/index/test_outside_reader.py holds against megatron-core 0.16.1. Described in schemas/index.md.
"""

import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Literal

import numpy as np
import numpy.typing as npt

from corpusforge.tokens import TokenDtype

MAGIC = b"MMIDIDX\x00\x00"
VERSION = 1
# Magic, version, dtype code, sequences, document indices: 34 bytes, so the arrays behind it are not aligned.
HEADER = struct.Struct("<9sQBQQ")

# Codes that mean the same in all forks. 6 and 7 are float32 and float64, in an order that differs between forks.
DTYPES: Mapping[int, np.dtype[np.integer]] = {
    1: np.dtype("<u1"),
    2: np.dtype("<i1"),
    3: np.dtype("<i2"),
    4: np.dtype("<i4"),
    5: np.dtype("<i8"),
    8: np.dtype("<u2"),
}
FLOAT_CODES = (6, 7)
CODES: Mapping[TokenDtype, int] = {"int32": 4, "uint16": 8}

BIN, IDX, DOCS = ".bin", ".idx", ".docs.parquet"

# Two further pairs of .bin and .idx, int32, one sequence for each of the shard: the lengths of a packed row's segments, and the
# labels of a shard for fine-tuning, NO_LOSS where no loss falls.
SEGMENTS, LABELS = ".segments", ".labels"
NO_LOSS = -100

Layout = Literal["documents", "pieces", "packed"]
_OF_PACKED = (SEGMENTS + BIN, SEGMENTS + IDX)
SUFFIXES = (BIN, IDX, DOCS, *_OF_PACKED, LABELS + BIN, LABELS + IDX)


def suffixes(layout: Layout) -> tuple[str, ...]:
    """The files that every shard of this layout has."""
    return (BIN, IDX, DOCS, *(_OF_PACKED if layout == "packed" else ()))


# Megatron keeps lengths and sequence numbers as int32.
MAX_INT32 = 2**31 - 1


def shard_file(prefix: Path, suffix: str) -> Path:
    """Path of one file of a shard; `Path.with_suffix` would cut a prefix that has a dot in its name."""
    return prefix.with_name(prefix.name + suffix)


def sequence_offsets(lengths: npt.NDArray[np.integer], itemsize: int) -> npt.NDArray[np.int64]:
    """Byte offset in .bin of each sequence, int64 [num_sequences], from lengths in tokens and bytes per token.

    int64 from the start: Megatron-LM #1672 multiplied int32 and wrote negative pointers past 2^31 bytes.
    """
    offsets = np.zeros(len(lengths), np.int64)
    np.cumsum(lengths[:-1], dtype=np.int64, out=offsets[1:])
    offsets *= itemsize
    return offsets


@dataclass(frozen=True)
class Header:
    """The first 34 bytes of an .idx, and where the arrays behind them lie, in bytes.

    `num_document_indices` is the number of documents + 1: the array starts with 0.
    """

    dtype_code: int
    num_sequences: int
    num_document_indices: int

    @property
    def lengths_at(self) -> int:
        """Start of the lengths, int32 [num_sequences], in tokens."""
        return HEADER.size

    @property
    def offsets_at(self) -> int:
        """Start of the offsets, int64 [num_sequences], in bytes of .bin."""
        return self.lengths_at + 4 * self.num_sequences

    @property
    def documents_at(self) -> int:
        """Start of the document indices, int64 [num_document_indices], counted in sequences."""
        return self.offsets_at + 8 * self.num_sequences

    @property
    def size_bytes(self) -> int:
        """Size of the file; Megatron's multimodal mode adds one byte for each sequence, and no flag that says so."""
        return self.documents_at + 8 * self.num_document_indices

    def pack(self) -> bytes:
        """The 34 bytes."""
        return HEADER.pack(MAGIC, VERSION, self.dtype_code, self.num_sequences, self.num_document_indices)


class ShardWriter:
    """Writes <prefix>.bin as sequences are appended and, when left without an error, <prefix>.idx; both are fsynced.

    A shard without tokens cannot be opened by Megatron (nor mapped at all), so leaving an empty writer raises ValueError.
    After an error there is no .idx, and a .bin alone is not a shard.

        with ShardWriter(Path("geo-00000"), "uint16") as shard:
            shard.append(np.array([5, 6, 0, 7, 0]), np.array([3, 2]), np.array([1, 1]))    # two documents, EOD = 0
    """

    def __init__(self, prefix: Path, dtype: TokenDtype) -> None:
        self.num_tokens = self.num_sequences = self.num_documents = 0
        self._code, self._prefix = CODES[dtype], prefix
        self._dtype = DTYPES[self._code]
        self._lengths: list[npt.NDArray[np.int32]] = []
        self._ends: list[npt.NDArray[np.int64]] = []
        self._bin: BinaryIO = shard_file(prefix, BIN).open("wb")

    def __enter__(self) -> "ShardWriter":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        with self._bin:
            if kind is None:
                self._finish()

    def append(
        self,
        tokens: npt.NDArray[np.integer],
        lengths: npt.NDArray[np.integer],
        sequences_per_document: npt.NDArray[np.integer],
    ) -> None:
        """Add whole documents: ids back to back [sum(lengths)], tokens per sequence, sequences per document.

        Raises ValueError for an empty sequence or document, for counts that do not add up and for what the format cannot
        hold: ids outside the dtype, more than 2^31 - 1 tokens in a sequence or sequences in a shard.
        """
        if not len(lengths) and not len(sequences_per_document) and not len(tokens):
            return
        self._check(tokens, lengths, sequences_per_document)
        self._bin.write(np.ascontiguousarray(tokens, dtype=self._dtype).view(np.uint8).data)
        self._lengths.append(lengths.astype("<i4"))
        self._ends.append(np.cumsum(sequences_per_document, dtype=np.int64) + self.num_sequences)
        self.num_tokens += len(tokens)
        self.num_sequences += len(lengths)
        self.num_documents += len(sequences_per_document)

    def _check(
        self,
        tokens: npt.NDArray[np.integer],
        lengths: npt.NDArray[np.integer],
        sequences_per_document: npt.NDArray[np.integer],
    ) -> None:
        where = f"{self._prefix}: append after sequence {self.num_sequences}"
        if self.num_sequences + len(lengths) > MAX_INT32:
            raise ValueError(f"{where}: {len(lengths)} more sequences pass {MAX_INT32} in one shard; use more shards")
        _check_sizes(f"{where}: sequence lengths", lengths, len(tokens))
        _check_sizes(f"{where}: sequences per document", sequences_per_document, len(lengths))
        if tokens.dtype != self._dtype:
            _check_range(where, tokens, self._dtype)

    def _finish(self) -> None:
        if not self.num_tokens:
            raise ValueError(f"{self._prefix}: no tokens were appended; Megatron cannot open an empty shard, leave it out")
        self._bin.flush()
        os.fsync(self._bin.fileno())
        lengths = np.concatenate(self._lengths)
        ends = np.concatenate([np.zeros(1, np.int64), *self._ends])
        with shard_file(self._prefix, IDX).open("wb") as file:
            file.write(Header(self._code, len(lengths), len(ends)).pack())
            file.write(lengths.tobytes())
            file.write(sequence_offsets(lengths, self._dtype.itemsize).astype("<i8", copy=False).tobytes())
            file.write(ends.astype("<i8", copy=False).tobytes())
            file.flush()
            os.fsync(file.fileno())


def _check_sizes(where: str, sizes: npt.NDArray[np.integer], total: int) -> None:
    smallest, largest = (int(sizes.min()), int(sizes.max())) if len(sizes) else (1, 1)
    if smallest < 1:
        raise ValueError(f"{where}: number {int(sizes.argmin())} is {smallest}; each must be at least 1")
    if largest > MAX_INT32:
        raise ValueError(f"{where}: number {int(sizes.argmax())} is {largest}; Megatron counts them in int32")
    if int(sizes.sum(dtype=np.int64)) != total:
        raise ValueError(f"{where}: they sum to {int(sizes.sum(dtype=np.int64))}, but {total} were given")


def _check_range(where: str, tokens: npt.NDArray[np.integer], dtype: np.dtype[np.integer]) -> None:
    limits = np.iinfo(dtype)
    smallest, largest = int(tokens.min()), int(tokens.max())
    if smallest < limits.min or largest > limits.max:
        raise ValueError(f"{where}: ids run from {smallest} to {largest}; {dtype.name} holds {limits.min} to {limits.max}")
