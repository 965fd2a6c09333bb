"""MinHash signatures from one hash of each shingle: one-permutation hashing with optimal densification.

The hash says which of `permutations` bins a shingle belongs to, and each bin keeps its minimum (Li, Owen and Zhang 2012), so a
shingle costs one step where corpusforge.text.minhash takes `permutations`. A bin that got none borrows from the first bin
that got one, in a random order of its own that is the same for every document (Shrivastava 2017, "Optimal Densification for
Fast and Accurate Minwise Hashing"), so the share of equal places still estimates the Jaccard similarity without bias.
Measured at 256: five times as fast for a document of 1,000 shingles, slower below 150 (2 to 4 microseconds to borrow); root
mean square error 0.97 to 1.1 of what theory says of independent permutations from 100 shingles on, 1.2 at 30.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from corpusforge.text.kernels import kernel
from corpusforge.text.shingles import Shingles, mixed, mixed_all

_EMPTY = np.uint32(0xFFFFFFFF)
_EVEN = np.uint64(0xFFFFFFFE)  # what a bin keeps of a hash: never all ones
_HALF = np.uint64(32)


def one_permutation_signatures(given: Shingles, permutations: int, seed: int = 1) -> NDArray[np.uint32]:
    """One row of `permutations` minima for each document, uint32[num_documents, permutations]; all ones without shingles.

    Takes 8 * permutations ** 2 bytes beside the result: half a MB at 256.
    """
    key = mixed_all(np.array([2 * seed + 1], np.uint64))[0]
    return _minima(given.first, given.hashes, *_orders(permutations, seed), key).reshape(-1, permutations)


@lru_cache(maxsize=4)
def _orders(permutations: int, seed: int) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """The order in which each bin asks the others, and the rank of each other in it; uint32[permutations ** 2], read-only."""
    key = mixed_all(np.array([2 * seed + 2], np.uint64))
    drawn = mixed_all(np.arange(permutations**2, dtype=np.uint64) ^ key).reshape(permutations, permutations)
    order = np.argsort(drawn, axis=1, kind="stable")
    found = order.astype(np.uint32).ravel(), np.argsort(order, axis=1).astype(np.uint32).ravel()
    for each in found:
        each.flags.writeable = False
    return found


@kernel
def _minima(
    first: NDArray[np.int64], hashes: NDArray[np.uint64], order: NDArray[np.uint32], rank: NDArray[np.uint32], key: np.uint64
) -> NDArray[np.uint32]:
    permutations = int(np.sqrt(len(order)))
    minima = np.full((len(first) - 1) * permutations, _EMPTY, np.uint32)
    for document in range(len(first) - 1):
        own = minima[document * permutations : (document + 1) * permutations]
        for place in range(first[document], first[document + 1]):
            value = mixed(hashes[place] ^ key)
            index = int((value >> _HALF) * np.uint64(permutations) >> _HALF)
            own[index] = min(own[index], np.uint32(value & _EVEN))
        if first[document] < first[document + 1]:
            own[:] = _densified(own, order, rank)
    return minima


@kernel
def _densified(bins: NDArray[np.uint32], order: NDArray[np.uint32], rank: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """The bins with what each empty one borrows: sought among the few filled ones, or in order where they are many."""
    full = np.flatnonzero(bins != _EMPTY)
    filled = bins.copy()
    for index in range(len(bins)):
        if filled[index] != _EMPTY:
            continue
        own = index * len(bins)
        if len(full) * len(full) < len(bins):
            nearest = len(bins)
            for other in full:
                nearest = min(nearest, int(rank[own + other]))
            filled[index] = bins[order[own + nearest]]
        else:
            place = own
            while bins[order[place]] == _EMPTY:
                place += 1
            filled[index] = bins[order[place]]
    return filled
