"""MurmurHash3_x86_32 (Appleby 2011, public domain), which cuDF hashes strings with."""

import numpy as np
from numpy.typing import NDArray

from corpusforge.text.kernels import kernel

_FACTOR_1, _FACTOR_2 = 0xCC9E2D51, 0x1B873593
_MIX_1, _MIX_2 = 0x85EBCA6B, 0xC2B2AE35
_MASK = 0xFFFFFFFF


@kernel
def murmur3_32(data: NDArray[np.uint8], begin: int, end: int, seed: int) -> int:
    """The hash of data[begin:end], below 2**32; `seed` too."""
    found, position = seed, begin
    while position + 4 <= end:
        found ^= _scrambled(_little_endian(data, position, position + 4))
        found = (found << 13 | found >> 19) & _MASK
        found = (found * 5 + 0xE6546B64) & _MASK
        position += 4
    found ^= _scrambled(_little_endian(data, position, end)) ^ (end - begin)
    found = ((found ^ (found >> 16)) * _MIX_1) & _MASK
    found = ((found ^ (found >> 13)) * _MIX_2) & _MASK
    return found ^ (found >> 16)


@kernel
def _little_endian(data: NDArray[np.uint8], begin: int, end: int) -> int:
    value = 0
    for position in range(begin, end):
        value |= int(data[position]) << 8 * (position - begin)
    return value


@kernel
def _scrambled(block: int) -> int:
    block = (block * _FACTOR_1) & _MASK
    return ((block << 15 | block >> 17) & _MASK) * _FACTOR_2 & _MASK
