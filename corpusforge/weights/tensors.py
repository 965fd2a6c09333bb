"""The safetensors format: a header in JSON that says where each tensor lies, then their bytes.

Read through a memory map and written in blocks, so that a file larger than memory is no matter. The safetensors package hands
out numpy arrays, which cannot be bfloat16, and writes from memory only; it is the oracle in the tests.
https://github.com/huggingface/safetensors#format
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from corpusforge.errors import InputError
from corpusforge.weights.floats import STORED

# Bytes of a value; formats that are not named here are handed on as they are.
SIZES = {"F64": 8, "I64": 8, "U64": 8, "F32": 4, "I32": 4, "U32": 4, "F16": 2, "BF16": 2, "I16": 2, "U16": 2}
SIZES |= {"I8": 1, "U8": 1, "BOOL": 1, "F8_E4M3": 1, "F8_E5M2": 1, "F8_E8M0": 1}

# As the safetensors package has it: no longer header is read.
_MAX_HEADER_BYTES = 100_000_000
_METADATA = "__metadata__"

_BLOCK_BYTES = 2**24


@dataclass(frozen=True)
class Tensor:
    """A tensor in a file: its format as the header names it, and its bytes begin <= x < end behind the header."""

    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int

    @classmethod
    def of(cls, dtype: str, shape: Sequence[int]) -> "Tensor":
        """A tensor to be written: in a format whose size is known, at no place yet."""
        return cls(dtype, tuple(shape), 0, SIZES[dtype] * math.prod(shape))

    @property
    def num_bytes(self) -> int:
        """Its size."""
        return self.end - self.begin


@dataclass(frozen=True)
class TensorFile:
    """A safetensors file whose header has been read and checked; tensors by name, in the order of their bytes."""

    path: Path
    tensors: Mapping[str, Tensor]
    metadata: Mapping[str, str]
    data_begin: int

    @classmethod
    def read(cls, path: Path) -> "TensorFile":
        """Read the header; raises InputError where it is damaged or the file is not as long as it says."""
        size = path.stat().st_size
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if size < 8 or length > min(size - 8, _MAX_HEADER_BYTES):
                raise _damaged(path, f"a header of {length:,} bytes in {size:,}")
            header = file.read(length)
        try:
            described = orjson.loads(header)
            metadata = described.pop(_METADATA, {})
            tensors = {name: _tensor(fields) for name, fields in described.items()}
        except (orjson.JSONDecodeError, AttributeError, KeyError, TypeError, ValueError) as error:
            raise _damaged(path, f"its header cannot be read ({error})") from error
        ordered = dict(sorted(tensors.items(), key=lambda item: (item[1].begin, item[1].end)))
        _check_layout(path, ordered, size - 8 - length)
        return cls(path, ordered, metadata, 8 + length)

    def raw(self, name: str) -> NDArray[np.uint8]:
        """Bytes of a tensor, mapped."""
        tensor = self.tensors[name]
        if tensor.begin == tensor.end:  # which cannot be mapped
            return np.zeros(0, np.uint8)
        place, length = self.data_begin + tensor.begin, tensor.end - tensor.begin
        return np.memmap(self.path, np.uint8, "r", offset=place, shape=(length,))

    def stored(self, name: str) -> NDArray[np.generic]:
        """Bits of a tensor of floats (`floats.STORED`) in its shape, mapped."""
        tensor = self.tensors[name]
        bits: NDArray[np.generic] = self.raw(name).view(STORED[tensor.dtype]).reshape(tensor.shape)
        return bits


def write_tensors(
    path: Path,
    tensors: Mapping[str, Tensor],
    blocks: Callable[[str], Iterable[NDArray[np.generic]]],
    metadata: Mapping[str, str],
) -> None:
    """Write a file of tensors in this order, wherever they were; `blocks` gives the bytes of each, piece by piece."""
    header: dict[str, Any] = {_METADATA: dict(metadata)} if metadata else {}
    begin = 0
    for name, tensor in tensors.items():
        end = begin + tensor.num_bytes
        header[name] = {"dtype": tensor.dtype, "shape": list(tensor.shape), "data_offsets": [begin, end]}
        begin = end
    described = orjson.dumps(header)
    described += b" " * (-len(described) % 8)  # so that tensors lie at multiples of 8
    with path.open("wb") as file:
        file.write(len(described).to_bytes(8, "little") + described)
        for name in tensors:
            for block in blocks(name):
                file.write(np.ascontiguousarray(block).data.cast("B") if block.size else b"")
            written = file.tell() - 8 - len(described)
            assert written == header[name]["data_offsets"][1], f"{name}: {written} bytes"


def is_same(one: NDArray[np.generic], two: NDArray[np.generic]) -> bool:
    """Whether two arrays of one shape hold the same bits, compared block by block."""
    size = max(1, _BLOCK_BYTES * len(one) // max(1, one.nbytes))
    blocks = ((one[begin : begin + size], two[begin : begin + size]) for begin in range(0, len(one), size))
    return len(one) == len(two) and all(np.array_equal(_bits(old), _bits(new)) for old, new in blocks)


def _bits(block: NDArray[np.generic]) -> NDArray[np.uint8]:
    found: NDArray[np.uint8] = np.ascontiguousarray(block).view(np.uint8)
    return found


def _tensor(fields: Mapping[str, Any]) -> Tensor:
    begin, end = fields["data_offsets"]
    shape = tuple(fields["shape"])
    if not all(isinstance(value, int) and value >= 0 for value in (*shape, begin, end)):
        raise ValueError(f"shape {shape}, bytes {begin} to {end}")
    return Tensor(str(fields["dtype"]), shape, begin, end)


def _check_layout(path: Path, tensors: Mapping[str, Tensor], size: int) -> None:
    """Tensors lie one behind another, from the first to the last byte, each as long as its shape says."""
    for name, tensor in tensors.items():
        if tensor.dtype in SIZES and tensor.num_bytes != SIZES[tensor.dtype] * math.prod(tensor.shape):
            raise _damaged(path, f"{name} has {tensor.num_bytes:,} bytes for {tensor.dtype} {list(tensor.shape)}")
    borders = [(0, 0), *((tensor.begin, tensor.end) for tensor in tensors.values()), (size, size)]
    for (_, end), (begin, _) in pairwise(borders):
        if begin != end:
            raise _damaged(path, f"tensors end at byte {end:,} and go on at {begin:,}")


def _damaged(path: Path, what: str) -> InputError:
    return InputError(f"{path}: not a whole safetensors file: {what}; get the file again")
