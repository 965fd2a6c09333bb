"""Reads shards: ours, megatron-core's, and those of GPT-NeoX and bigscience, which share the layout.

Everything is a view of two memory maps, so opening costs no memory and a training process pays only for the pages it
touches. A map is never closed by hand: megatron-core's reader does, and a view that outlives it ends the process with
SIGSEGV; here each array keeps its map alive. What the file says is checked once, on opening.
"""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar, overload

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from corpusforge.errors import BadShard, InputError
from corpusforge.index.format import (
    BIN,
    DOCS,
    DTYPES,
    FLOAT_CODES,
    HEADER,
    IDX,
    MAGIC,
    SEGMENTS,
    VERSION,
    Header,
    sequence_offsets,
    shard_file,
)
from corpusforge.index.lineage import LINEAGE

Number = TypeVar("Number", bound=np.integer)

_INT32: np.dtype[np.int32] = np.dtype("<i4")
_INT64: np.dtype[np.int64] = np.dtype("<i8")

_log = logging.getLogger(__name__)

_COPY_AGAIN = "the file is damaged or was copied in part: copy it again, or build the shard again"


class ShardReader:
    """The sequences of one shard as read-only arrays, without copying.

    `reader[i]` is the ids of sequence i, `reader[a:b]` a list of them, `tokens(begin, end)` a run of the shard's tokens
    whatever the sequences. Raises InputError when a file is missing and BadShard, with file and byte offset, when it is not
    a shard. Pickles as its prefix: another process maps the files anew.
    """

    def __init__(self, prefix: Path) -> None:
        self.prefix = Path(prefix)
        index = _mapped(shard_file(self.prefix, IDX))
        header = _header(shard_file(self.prefix, IDX), index)
        self.dtype = DTYPES[header.dtype_code]
        """Little-endian dtype of the ids."""
        self.lengths: npt.NDArray[np.int32] = _array(index, _INT32, header.num_sequences, header.lengths_at)
        """Tokens of each sequence, int32 [num_sequences], not aligned in memory."""
        self.offsets: npt.NDArray[np.int64] = _array(index, _INT64, header.num_sequences, header.offsets_at)
        """Byte offset in .bin of each sequence, int64 [num_sequences], not aligned in memory."""
        self.document_indices: npt.NDArray[np.int64] = _array(index, _INT64, header.num_document_indices, header.documents_at)
        """First sequence of each document, then the number of sequences, int64 [num_documents + 1], not aligned."""
        _check_pointers(shard_file(self.prefix, IDX), header, self.lengths, self.offsets, self.dtype.itemsize)
        self._tokens = self._mapped_tokens()
        self._warn_of_lost_documents()

    def __reduce__(self) -> tuple[type["ShardReader"], tuple[Path]]:
        return type(self), (self.prefix,)

    def __len__(self) -> int:
        return len(self.lengths)

    @overload
    def __getitem__(self, which: int) -> npt.NDArray[np.integer]: ...
    @overload
    def __getitem__(self, which: slice) -> list[npt.NDArray[np.integer]]: ...
    def __getitem__(self, which: int | slice) -> npt.NDArray[np.integer] | list[npt.NDArray[np.integer]]:
        if isinstance(which, slice):
            return [self[number] for number in range(*which.indices(len(self)))]
        begin = int(self.offsets[which]) // self.dtype.itemsize
        return self._tokens[begin : begin + int(self.lengths[which])]

    @property
    def num_tokens(self) -> int:
        """Ids in .bin."""
        return len(self._tokens)

    @property
    def num_documents(self) -> int:
        """Documents as the .idx counts them; 0 where GPT-NeoX's merge has lost them."""
        return len(self.document_indices) - 1

    def tokens(self, begin: int, end: int) -> npt.NDArray[np.integer]:
        """Ids at positions begin <= x < end of the shard; raises IndexError outside 0..num_tokens."""
        if not 0 <= begin <= end <= len(self._tokens):
            raise IndexError(f"{self.prefix}: tokens {begin} to {end} are not inside 0 to {len(self._tokens)}")
        return self._tokens[begin:end]

    def _mapped_tokens(self) -> npt.NDArray[np.integer]:
        path = shard_file(self.prefix, BIN)
        data = _mapped(path)
        expected = int(self.offsets[-1]) + int(self.lengths[-1]) * self.dtype.itemsize
        if len(data) != expected:
            what = f"the file has {len(data)} bytes, its .idx describes {expected} ({self.dtype.name} ids)"
            raise BadShard(str(path), min(len(data), expected), what, _COPY_AGAIN)
        return _array(data, self.dtype, expected // self.dtype.itemsize, 0)

    def _warn_of_lost_documents(self) -> None:
        if int(self.document_indices[-1]) != len(self):
            _log.warning(
                "%s: documents end at sequence %d of %d: GPT-NeoX's merge loses them; sequences are read all the same",
                shard_file(self.prefix, IDX),
                int(self.document_indices[-1]),
                len(self),
            )


def segment_lengths(prefix: Path, rows: ShardReader) -> ShardReader:
    """Of a packed shard: for each row the lengths of its segments, int32; behind them comes fill.

    Raises InputError when the files are missing, BadShard when they do not fit the rows.
    """
    found = ShardReader(shard_file(prefix, SEGMENTS))
    path = str(shard_file(found.prefix, IDX))
    if len(found) != len(rows):
        raise BadShard(path, 18, f"it has {len(found)} sequences, one for each of {len(rows)} rows were due", _COPY_AGAIN)
    return found


def read_lineage(prefix: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """The LINEAGE table of a shard, or some of its columns; raises InputError when it is missing, damaged or another table."""
    path = shard_file(prefix, DOCS)
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            found = file.schema_arrow
            table = file.read(columns=list(columns) if columns is not None else None) if found.equals(LINEAGE) else None
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file; a shard is .bin, .idx and .docs.parquet: copy all three") from error
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path}: not a readable Parquet file ({error}); {_COPY_AGAIN}") from error
    if table is None:
        raise InputError(f"{path}: columns are {found.names}, not {LINEAGE.names} with their types; build the shard again")
    return table


def _mapped(path: Path) -> npt.NDArray[np.uint8]:
    try:
        size_bytes = path.stat().st_size
        if size_bytes:
            return np.asarray(np.memmap(path, np.uint8, mode="r"))
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file; a shard is named by its prefix and has .bin and .idx") from error
    raise BadShard(str(path), 0, "the file is empty", _COPY_AGAIN)


def _header(path: Path, index: npt.NDArray[np.uint8]) -> Header:
    if len(index) < HEADER.size:
        raise BadShard(str(path), len(index), f"the header has {HEADER.size} bytes, the file {len(index)}", _COPY_AGAIN)
    magic, version, code, num_sequences, num_indices = HEADER.unpack(index[: HEADER.size].tobytes())
    if magic != MAGIC:
        cure = "give the prefix of a Megatron .bin/.idx pair (fairseq's older TNTIDX has to be converted)"
        raise BadShard(str(path), 0, f"it starts with {magic!r}, not {MAGIC!r}", cure)
    if version != VERSION:
        raise BadShard(str(path), 9, f"version {version}, not {VERSION}", "convert it with the tool that wrote it")
    if code in FLOAT_CODES:
        what = f"dtype code {code} is a float, float32 or float64 depending on the fork that wrote it"
        raise BadShard(str(path), 17, what, "token ids are integers: this is no shard of tokens")
    if code not in DTYPES:
        raise BadShard(str(path), 17, f"dtype code {code}, known are {sorted(DTYPES)}", _COPY_AGAIN)
    header = Header(code, num_sequences, num_indices)
    _check_counts(path, header, len(index))
    return header


def _check_counts(path: Path, header: Header, size_bytes: int) -> None:
    if not header.num_sequences:
        raise BadShard(str(path), 18, "it has no sequences", "leave this shard out")
    if not header.num_document_indices:
        raise BadShard(str(path), 26, "it has no document indices; even one document has two", _COPY_AGAIN)
    with_modes = header.size_bytes + header.num_sequences
    if size_bytes not in (header.size_bytes, with_modes):
        what = (
            f"the file has {size_bytes} bytes; {header.num_sequences} sequences and {header.num_document_indices} "
            f"document indices take {header.size_bytes} (multimodal: {with_modes})"
        )
        raise BadShard(str(path), min(size_bytes, header.size_bytes), what, _COPY_AGAIN)


def _check_pointers(
    path: Path,
    header: Header,
    lengths: npt.NDArray[np.int32],
    offsets: npt.NDArray[np.int64],
    itemsize: int,
) -> None:
    negative = np.flatnonzero(lengths < 0)
    if len(negative):
        which = int(negative[0])
        what = f"sequence {which} has length {int(lengths[which])}"
        raise BadShard(str(path), header.lengths_at + 4 * which, what, _COPY_AGAIN)
    expected = sequence_offsets(lengths, itemsize)
    wrong = np.flatnonzero(offsets != expected)
    if len(wrong):
        which = int(wrong[0])
        what = f"sequence {which} points to byte {int(offsets[which])}, the lengths before it sum to {int(expected[which])}"
        raise BadShard(str(path), header.offsets_at + 8 * which, what, _COPY_AGAIN)


def _array(data: npt.NDArray[np.uint8], dtype: np.dtype[Number], count: int, begin: int) -> npt.NDArray[Number]:
    # frombuffer gives views at any byte, and holds on to the map they lie in.
    return np.frombuffer(data, dtype, count, begin)
