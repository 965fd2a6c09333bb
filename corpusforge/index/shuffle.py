"""A permutation that is a function: where each place goes is computed from the place alone, in constant time and memory.

A Feistel network on numbers of two digits (Black and Rogaway 2002): each round adds a hash of one digit to the other, which can
be undone, so no two places meet; a place that lands beyond the size goes through again until it is inside.
"""

from math import isqrt

import numpy as np
import xxhash
from numpy.typing import NDArray

_ROUNDS = 8


def shuffled(places: NDArray[np.int64], size: int, key: str) -> NDArray[np.int64]:
    """Where the places, each 0 <= x < size, go in the permutation of `size` that `key` names."""
    seeds = [np.uint64(xxhash.xxh3_64_intdigest(key.encode(), number)) for number in range(_ROUNDS)]
    moved = _feistel(places, isqrt(max(0, size - 1)) + 1, seeds)
    outside = np.flatnonzero(moved >= size)
    while len(outside):
        moved[outside] = _feistel(moved[outside], isqrt(max(0, size - 1)) + 1, seeds)
        outside = outside[moved[outside] >= size]
    return moved


def _feistel(places: NDArray[np.int64], base: int, seeds: list[np.uint64]) -> NDArray[np.int64]:
    left, right = np.divmod(places.astype(np.uint64), np.uint64(base))
    for seed in seeds:
        left, right = right, (left + _mixed(right + seed) % np.uint64(base)) % np.uint64(base)
    return (left * np.uint64(base) + right).astype(np.int64)


def _mixed(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """splitmix64's finalizer (Steele, Lea and Flood 2014)."""
    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return numbers ^ (numbers >> np.uint64(31))
