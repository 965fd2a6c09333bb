"""MinHash signatures of shingle sets (Broder 1997): the share of equal places estimates the Jaccard similarity.

Permutations are x -> a * x + b modulo 2**32 with odd a, on 32 bits of each shingle's mixed hash: eight of them fit a vector
register, so 256 cost less than reading the text (multiply-shift, Dietzfelbinger et al. 1997; measured root mean square error
at 256: that of theory, sqrt(s * (1 - s) / 256)).
"""

import numpy as np
from numpy.typing import NDArray

from corpusforge.text.kernels import kernel
from corpusforge.text.shingles import Shingles, mixed, mixed_all

_EMPTY = np.uint32(0xFFFFFFFF)
_HIGH = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)


def signatures(given: Shingles, permutations: int, seed: int = 1) -> NDArray[np.uint32]:
    """One row of `permutations` minima for each document, uint32[num_documents, permutations]; all ones without shingles."""
    random = mixed_all(np.arange(1, permutations + 1, dtype=np.uint64) + mixed_all(np.array([seed], np.uint64)))
    factors, addends = random.astype(np.uint32) | np.uint32(1), (random >> _HIGH).astype(np.uint32)
    return _minima(given.first, given.hashes, factors, addends).reshape(-1, permutations)


@kernel
def _minima(
    first: NDArray[np.int64], hashes: NDArray[np.uint64], factors: NDArray[np.uint32], addends: NDArray[np.uint32]
) -> NDArray[np.uint32]:
    count = len(factors)
    minima = np.full((len(first) - 1) * count, _EMPTY, np.uint32)
    for document in range(len(first) - 1):
        own = minima[document * count : (document + 1) * count]
        for place in range(first[document], first[document + 1]):
            value = np.uint32(hashes[place] >> _HIGH)
            for index in range(count):
                own[index] = min(own[index], np.uint32(factors[index] * value + addends[index]))
    return minima


@kernel
def band_keys(signatures: NDArray[np.uint16], permutations: int, bands: int, rows: int) -> NDArray[np.uint64]:
    """Hashes of `bands` runs of `rows` places each, uint64[num_documents * bands], document by document; bands never share one.

    `signatures` are those of all documents one after another, `permutations` to each.
    """
    keys = np.empty(len(signatures) // permutations * bands, np.uint64)
    for target in range(len(keys)):
        document, band = target // bands, target % bands
        key = mixed(np.uint64(band + 1))
        for place in range(document * permutations + band * rows, document * permutations + (band + 1) * rows):
            key = mixed(key ^ np.uint64(signatures[place]))
        keys[target] = key
    return keys


@kernel
def jaccards(
    first: NDArray[np.int64], hashes: NDArray[np.uint64], a: NDArray[np.int64], b: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Jaccard similarity of sets a[i] and b[i]; set j is hashes[first[j] : first[j + 1]], ascending without repeats.

    0 for two empty sets.
    """
    found = np.zeros(len(a), np.float64)
    for pair in range(len(a)):
        left, left_end, right, right_end = first[a[pair]], first[a[pair] + 1], first[b[pair]], first[b[pair] + 1]
        union, shared = left_end - left + right_end - right, 0
        while left < left_end and right < right_end:
            one, other = hashes[left], hashes[right]
            shared += one == other
            left += one <= other
            right += other <= one
        if union:
            found[pair] = shared / (union - shared)
    return found
