"""The difference of two tensors as compressed bytes, from which the new one comes back bit by bit.

Subtracting bfloat16 is not invertible: base + (new - base) rounds twice, and where one is much larger than the other the
smaller is lost. So bits are subtracted as the integers that they are, modulo their width. Floats next to each other have bits
next to each other, so what training moved a little differs in its lowest bits only. Zigzag makes those small whatever their
sign (0, -1, 1, -2 -> 0, 1, 2, 3), planes of bytes put the zeros side by side, and zstd takes them away. Where there is no base,
it is zeros, so that new rows and new tensors need no second way.
"""

from collections.abc import Iterator

import numpy as np
import zstandard
from numpy.typing import NDArray

Raw = NDArray[np.uint8]

# Bytes of a tensor in one frame; a multiple of every width.
FRAME_BYTES = 2**23
_LEVEL = 3


def compressed(new: Raw, base: Raw, width: int) -> Iterator[bytes]:
    """Frames of new - base, both raw bytes of values of `width` bytes; a base that is shorter goes on with zeros."""
    compressor = zstandard.ZstdCompressor(level=_LEVEL)
    for begin in range(0, len(new), FRAME_BYTES):
        values = _integers(new[begin : begin + FRAME_BYTES], width)
        difference = values - _integers(_slice(base, begin, values.nbytes), width)  # modulo 2 ** bits
        yield compressor.compress(_zigzag(difference).view(np.uint8).reshape(-1, width).T.tobytes())


def restored(frames: Raw, base: Raw, width: int, num_bytes: int) -> Iterator[Raw]:
    """The new tensor, `num_bytes` in blocks, from all frames and the base."""
    with zstandard.ZstdDecompressor().stream_reader(frames.data, read_across_frames=True) as reader:
        for begin in range(0, num_bytes, FRAME_BYTES):
            size = min(FRAME_BYTES, num_bytes - begin)
            planes = np.frombuffer(_read(reader, size), np.uint8).reshape(width, -1)
            difference = _unzigzag(_integers(planes.T.reshape(-1), width))
            yield (difference + _integers(_slice(base, begin, size), width)).view(np.uint8)


def _slice(base: Raw, begin: int, size: int) -> Raw:
    found = base[begin : begin + size]
    return found if len(found) == size else np.concatenate([found, np.zeros(size - len(found), np.uint8)])


def _integers(raw: Raw, width: int) -> NDArray[np.unsignedinteger]:
    found: NDArray[np.unsignedinteger] = np.ascontiguousarray(raw).view(f"<u{width}")
    return found


def _zigzag(values: NDArray[np.unsignedinteger]) -> NDArray[np.unsignedinteger]:
    one = values.dtype.type(1)
    sign = values >> values.dtype.type(values.itemsize * 8 - 1)
    found: NDArray[np.unsignedinteger] = (values << one) ^ (~sign + one)
    return found


def _unzigzag(values: NDArray[np.unsignedinteger]) -> NDArray[np.unsignedinteger]:
    one = values.dtype.type(1)
    found: NDArray[np.unsignedinteger] = (values >> one) ^ (~(values & one) + one)
    return found


def _read(reader: zstandard.ZstdDecompressionReader, size: int) -> bytes:
    parts: list[bytes] = []
    while size > 0:
        part = reader.read(size)
        if not part:
            raise EOFError("the frames end too early")
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
