"""MinHash signatures equal to those of datatrove 0.10.0 and NeMo Curator: for comparison, not for removing documents.

datatrove: 5-grams of simplified English words, hashed by xxhash or the first bytes of SHA-1, x -> (a * x + b) modulo
2**61 - 1 after wrapping at 2**64, 14 * 8 permutations. NeMo Curator: 24-grams of the characters of the text as it is,
MurmurHash3, x -> a * x + b modulo 2**32, 20 * 13 permutations, computed there by cuDF. Both draw a and b from NumPy's
frozen RandomState.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from hashlib import sha1
from typing import Literal

import numpy as np
import xxhash
from numpy.typing import NDArray

from corpusforge.text.kernels import kernel
from corpusforge.text.murmur import murmur3_32
from corpusforge.text.shingles import Shingles
from corpusforge.text.view import TextView

ShingleHash = Literal["xxhash64", "xxhash32", "sha1_64", "sha1_32"]

_HASHES: dict[ShingleHash, Callable[[bytes], int]] = {
    "xxhash64": xxhash.xxh64_intdigest,
    "xxhash32": xxhash.xxh32_intdigest,
    "sha1_64": lambda data: int.from_bytes(sha1(data, usedforsecurity=False).digest()[:8], "little"),
    "sha1_32": lambda data: int.from_bytes(sha1(data, usedforsecurity=False).digest()[:4], "little"),
}
_WORDS_IN_A_SHINGLE, _CHARACTERS_IN_A_SHINGLE = 5, 24
_MERSENNE_PRIME = np.uint64(2**61 - 1)
_MERSENNE_BITS = np.uint64(61)
_ALL_ONES = np.uint64(2**64 - 1)
_ALL_ONES_32 = np.uint32(2**32 - 1)


def datatrove_shingles(words: Sequence[Sequence[str]], hashed_by: ShingleHash = "xxhash64") -> Shingles:
    """Every run of five words of each document, in order; `words` are those of corpusforge.text.simplify, by document."""
    hash_of, size = _HASHES[hashed_by], _WORDS_IN_A_SHINGLE
    runs = [[" ".join(each[i : i + size]).encode() for i in range(len(each) - size + 1)] for each in words]
    first = np.cumsum([0, *map(len, runs)], dtype=np.int64)
    return Shingles(first, np.array([hash_of(run) for some in runs for run in some], np.uint64))


def datatrove_signatures(
    words: Sequence[Sequence[str]], hashed_by: ShingleHash = "xxhash64", permutations: int = 112
) -> NDArray[np.uint64]:
    """datatrove's minima, bucket after bucket, uint64[num_documents, permutations].

    All ones, which no minimum ever is, for a document of fewer than five words: datatrove gives it no signature and never
    removes it.
    """
    first, hashes = datatrove_shingles(words, hashed_by)
    mask = np.uint64(_ALL_ONES_32) if hashed_by.endswith("32") else _ALL_ONES
    return _datatrove_minima(first, hashes, *datatrove_permutations(permutations), mask).reshape(-1, permutations)


def datatrove_permutations(count: int) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Factors and addends: uint64[count] each."""
    random = np.random.RandomState(1)
    factors = random.randint(1, int(_MERSENNE_PRIME), count, np.uint64)
    return factors, random.randint(0, int(_MERSENNE_PRIME), count, np.uint64)


@kernel
def _datatrove_minima(
    first: NDArray[np.int64],
    hashes: NDArray[np.uint64],
    factors: NDArray[np.uint64],
    addends: NDArray[np.uint64],
    mask: np.uint64,
) -> NDArray[np.uint64]:
    count = len(factors)
    minima = np.full((len(first) - 1) * count, _ALL_ONES, np.uint64)
    for document in range(len(first) - 1):
        own = minima[document * count : (document + 1) * count]
        for place in range(first[document], first[document + 1]):
            for index in range(count):
                value = hashes[place] * factors[index] + addends[index]
                value = (value & _MERSENNE_PRIME) + (value >> _MERSENNE_BITS)
                if value >= _MERSENNE_PRIME:
                    value -= _MERSENNE_PRIME
                own[index] = min(own[index], value & mask)
    return minima


def nemo_signatures(view: TextView, permutations: int = 260) -> NDArray[np.uint32]:
    """NeMo Curator's minima, band after band, uint32[num_documents, permutations]; zeros for an empty document, as there."""
    factors, addends = nemo_permutations(permutations)
    return cudf_signatures(view, _CHARACTERS_IN_A_SHINGLE, int(factors[0]), factors, addends)


@lru_cache(maxsize=4)
def nemo_permutations(count: int) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Factors and addends, drawn in turn: uint32[count] each, read-only."""
    random = np.random.RandomState(42)
    most = 2**31 - 1
    drawn = [(random.randint(1, most, dtype=np.uint32), random.randint(0, most, dtype=np.uint32)) for _ in range(count)]
    factors, addends = np.array(drawn, np.uint32).reshape(-1, 2).T.copy()
    factors.flags.writeable = addends.flags.writeable = False
    return factors, addends


def cudf_signatures(
    view: TextView, width: int, seed: int, factors: NDArray[np.uint32], addends: NDArray[np.uint32]
) -> NDArray[np.uint32]:
    """What cuDF's minhash gives, uint32[num_documents, len(factors)].

    Of a shorter text than `width` characters all is hashed; a hash of 0 becomes 1.
    """
    return _cudf_minima(view.data, view.offsets, width, seed, factors, addends).reshape(-1, len(factors))


@kernel
def _cudf_minima(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    width: int,
    seed: int,
    factors: NDArray[np.uint32],
    addends: NDArray[np.uint32],
) -> NDArray[np.uint32]:
    count = len(factors)
    minima = np.zeros((len(offsets) - 1) * count, np.uint32)
    for document in range(len(offsets) - 1):
        begin, stop = offsets[document], offsets[document + 1]
        if begin == stop:
            continue
        own = minima[document * count : (document + 1) * count]
        own[:] = _ALL_ONES_32
        end = begin
        for _ in range(width):
            end = _next_character(data, end, stop)
        while True:
            value = np.uint32(max(murmur3_32(data, begin, end, seed), 1))
            for index in range(count):
                own[index] = min(own[index], np.uint32(value * factors[index] + addends[index]))
            if end == stop:
                break
            begin, end = _next_character(data, begin, stop), _next_character(data, end, stop)
    return minima


@kernel
def _next_character(data: NDArray[np.uint8], position: int, stop: int) -> int:
    """Where the next character begins, `stop` behind the last."""
    position = min(position + 1, stop)
    while position < stop and data[position] & 0xC0 == 0x80:
        position += 1
    return position
