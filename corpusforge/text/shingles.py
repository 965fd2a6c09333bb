"""Shingles: every run of n words of a document as one 64-bit hash, the sets that near-duplicates share.

Words are those of corpusforge.text.words, so a CJK character is one: five words of English and five characters of Chinese
make a shingle. Case and full width are folded, punctuation and joiners inside words are left out, digits count. The hash of
a run is a polynomial over its words' hashes modulo 2**64, rolled from one to the next and then mixed (Karp and Rabin 1987).
A document of fewer than n words has one shingle, of all its words; one without words has none.
"""

import unicodedata
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from corpusforge.text.characters import CJK, LETTER, MARK, NUMBER, TABLE_SIZE, character_flags, flags_at
from corpusforge.text.kernels import kernel
from corpusforge.text.view import TextView
from corpusforge.text.words import AFTER_LETTER, step

# Odd numbers with well-spread bits: of characters, of words, and of the final mix (MurmurHash3's fmix64, Appleby).
_CHARACTER = np.uint64(0x9E3779B97F4A7C15)
_WORD = np.uint64(0xD6E8FEB86659FD93)
_MIX_1 = np.uint64(0xFF51AFD7ED558CCD)
_MIX_2 = np.uint64(0xC4CEB9FE1A85EC53)
_HALF = np.uint64(33)

ASCII_A, ASCII_Z = 0x61, 0x7A

# No character from here on has case.
_FOLDING = 0x20000
_HALF_AND_FULL_WIDTH = (0xFF00, 0xFFEF)
_NEVER_FOLDED = 0x10FFFF


class Shingles(NamedTuple):
    """`hashes[first[i] : first[i + 1]]` are those of document i, in text order, repeats included; int64, uint64."""

    first: NDArray[np.int64]
    hashes: NDArray[np.uint64]


def shingles(view: TextView, ngram: int) -> Shingles:
    """The shingles of `ngram` words of every document."""
    first, words = view.once(folded_words)
    counts = np.diff(first)
    targets = np.concatenate([np.zeros(1, np.int64), np.cumsum(np.where(counts > 0, np.maximum(counts - ngram + 1, 1), 0))])
    return Shingles(targets, _rolled(first, words, targets, ngram))


def folded_words(view: TextView) -> Shingles:
    """A hash for every word, case and width folded."""
    counts, words = _word_hashes(view.data, view.offsets, character_flags(), folded_characters())
    return Shingles(np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)]), words)


@lru_cache(maxsize=1)
def folded_characters() -> NDArray[np.uint32]:
    """Each code point below TABLE_SIZE with case and width folded, where that is one code point: uint32, read-only.

    All are folded as one text, each between characters that never fold: 131,072 calls take several times as long.
    """
    apart = np.full(2 * _FOLDING, _NEVER_FOLDED, np.uint32)
    apart[::2] = np.arange(_FOLDING)
    text = apart.tobytes().decode("utf-32", "surrogatepass")
    wide, end = 2 * _HALF_AND_FULL_WIDTH[0], 2 * _HALF_AND_FULL_WIDTH[1] + 2
    text = (text[:wide] + unicodedata.normalize("NFKC", text[wide:end]) + text[end:]).casefold()
    points = np.array([text]).view(np.uint32)
    stops = np.flatnonzero(points == _NEVER_FOLDED)
    single = np.flatnonzero(np.diff(stops, prepend=-1) == 2)
    folded = np.arange(TABLE_SIZE, dtype=np.uint32)
    folded[single] = points[stops[single] - 1]
    folded.flags.writeable = False
    return folded


@kernel
def mixed(value: np.uint64) -> np.uint64:
    """A hash whose bits all depend on all bits of `value`."""
    value = (value ^ (value >> _HALF)) * _MIX_1
    value = (value ^ (value >> _HALF)) * _MIX_2
    return value ^ (value >> _HALF)


@kernel
def _point_at(data: NDArray[np.uint8], position: int, size: int) -> int:
    """The code point of `size` bytes at `position`."""
    first = int(data[position])
    if size == 1:
        return first
    point = first & (0xFF >> (size + 1))
    for offset in range(1, size):
        point = (point << 6) | (int(data[position + offset]) & 0x3F)
    return point


@kernel
def _word_hashes(
    data: NDArray[np.uint8], offsets: NDArray[np.int64], table: NDArray[np.uint16], folded: NDArray[np.uint32]
) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    """Words of each document, and the hashes of all words."""
    counts = np.empty(len(offsets) - 1, np.int64)
    hashes = np.empty((offsets[-1] - offsets[0] + len(offsets)) // 2, np.uint64)  # no word takes less than two bytes
    used = 0
    for document in range(len(counts)):
        position, stop = offsets[document], offsets[document + 1]
        before, left, word = used, 0, np.uint64(0)
        while position < stop:
            while position < stop and left == AFTER_LETTER and ASCII_A <= (data[position] | 0x20) <= ASCII_Z:
                word = (word ^ np.uint64(data[position] | 0x20)) * _CHARACTER  # most of Latin text is inside a word
                word ^= word >> _HALF
                hashes[used - 1] = word
                position += 1
            if position == stop:
                break
            flags, size = flags_at(data, position, table)
            starts, left = step(flags, left)
            if starts:
                used += 1
                word = np.uint64(0)
            if flags & (LETTER | NUMBER | MARK | CJK) and (starts or left):
                point = _point_at(data, position, size)
                word = (word ^ np.uint64(folded[point] if point < TABLE_SIZE else point)) * _CHARACTER
                word ^= word >> _HALF
                hashes[used - 1] = word
            position += size
        counts[document] = used - before
    return counts, hashes[:used].copy()


@kernel
def _rolled(first: NDArray[np.int64], words: NDArray[np.uint64], targets: NDArray[np.int64], ngram: int) -> NDArray[np.uint64]:
    """Hashes of runs of words; those of document i begin at targets[i]."""
    hashes = np.empty(targets[-1], np.uint64)
    oldest = np.uint64(1)
    for _ in range(ngram):
        oldest *= _WORD
    for document in range(len(first) - 1):
        begin, end, target = first[document], first[document + 1], targets[document]
        rolled = np.uint64(0)
        for index in range(begin, min(begin + ngram, end)):
            rolled = rolled * _WORD + words[index]
        if end - begin < ngram:
            rolled += np.uint64(end - begin)
        if end > begin:
            hashes[target] = mixed(rolled)
        for index in range(begin + ngram, end):
            rolled = rolled * _WORD + words[index] - words[index - ngram] * oldest
            target += 1
            hashes[target] = mixed(rolled)
    return hashes


@kernel
def mixed_all(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """`mixed` of each value."""
    found = np.empty(len(values), np.uint64)
    for index in range(len(values)):
        found[index] = mixed(values[index])
    return found


def set_hashes(given: Shingles) -> NDArray[np.uint64]:
    """128 bits that are equal where two documents have the same shingles equally often: uint64[num_documents, 2]."""
    return _set_hashes(given.first, given.hashes).reshape(-1, 2)


@kernel
def _set_hashes(first: NDArray[np.int64], hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    sums = np.zeros(2 * (len(first) - 1), np.uint64)
    for document in range(len(first) - 1):
        for place in range(first[document], first[document + 1]):
            sums[2 * document] += hashes[place]
            sums[2 * document + 1] += mixed(hashes[place] ^ _WORD)
    return sums


def shingle_sets(given: Shingles) -> Shingles:
    """The same without repeats, each document's hashes ascending."""
    return Shingles(*_sets(given.first, given.hashes))


@kernel
def _sets(first: NDArray[np.int64], hashes: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    members = np.empty(len(hashes), np.uint64)
    bounds = np.zeros(len(first), np.int64)
    used = 0
    for document in range(len(first) - 1):
        own = np.sort(hashes[first[document] : first[document + 1]])
        for index in range(len(own)):
            if index == 0 or own[index] != own[index - 1]:
                members[used] = own[index]
                used += 1
        bounds[document + 1] = used
    return bounds, members[:used].copy()
