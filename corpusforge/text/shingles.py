"""Shingles: every run of n words of a document as one 64-bit hash, the sets that near-duplicates share.

Words are those of corpusforge.text.words, so a CJK character is one: five words of English and five characters of Chinese
make a shingle, or more of these where the caller says so. Case and full width are folded, punctuation and joiners inside
words are left out, digits count. The hash of a run is a polynomial over its words' hashes modulo 2**64, rolled from one to
the next and then mixed (Karp and Rabin 1987). A document of fewer than n words has one shingle, of all its words; one
without words has none. Runs of characters are hashed in the same way, for peers and languages that know no words.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from corpusforge.text.characters import CJK, LETTER, MARK, NUMBER, SPACE, TABLE_SIZE, character_flags, flags_at
from corpusforge.text.folding import folded_characters
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
BLANK = 0x20


class Shingles(NamedTuple):
    """`hashes[first[i] : first[i + 1]]` are those of document i, in text order, repeats included; int64, uint64."""

    first: NDArray[np.int64]
    hashes: NDArray[np.uint64]


def shingles(view: TextView, ngram: int, cjk_ngram: int | None = None) -> Shingles:
    """The shingles of `ngram` words of every document; of `cjk_ngram` where they are CJK characters.

    No document is of one script or the other: a word weighs cjk_ngram, a CJK character weighs ngram, and a shingle is the
    shortest run from a word on that weighs ngram * cjk_ngram. None stands for ngram: all weigh the same.
    """
    words = view.once(folded_words)
    if cjk_ngram is None or cjk_ngram == ngram:
        return _runs(words, ngram)
    return Shingles(*_weighed_runs(words.first, words.hashes, view.once(cjk_words), ngram, cjk_ngram))


def character_shingles(view: TextView, ngram: int) -> Shingles:
    """The runs of `ngram` characters of every document, whatever they are.

    Characters are code points; case and width are folded where that gives one code point, every run of whitespace is one
    blank, whitespace at both ends is left out, all else counts. A document of fewer characters has one run, of all.
    """
    first, characters = _character_hashes(view.data, view.offsets, character_flags(), folded_characters())
    return _runs(Shingles(first, characters), ngram)


def _runs(units: Shingles, ngram: int) -> Shingles:
    """Every run of `ngram` units of a document, or one of all where there are fewer."""
    counts = np.diff(units.first)
    targets = np.concatenate([np.zeros(1, np.int64), np.cumsum(np.where(counts > 0, np.maximum(counts - ngram + 1, 1), 0))])
    return Shingles(targets, _rolled(units.first, units.hashes, targets, ngram))


def folded_words(view: TextView) -> Shingles:
    """A hash for every word, case and width folded."""
    counts, words = _word_hashes(view.data, view.offsets, character_flags(), folded_characters())
    return Shingles(np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)]), words)


def cjk_words(view: TextView) -> NDArray[np.bool_]:
    """Whether each of the `folded_words` is a CJK character: bool[num_words]."""
    return _cjk_words(view.data, view.offsets, character_flags(), len(view.once(folded_words).hashes))


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
def _cjk_words(
    data: NDArray[np.uint8], offsets: NDArray[np.int64], table: NDArray[np.uint16], num_words: int
) -> NDArray[np.bool_]:
    is_cjk = np.zeros(num_words, np.bool_)
    used = 0
    for document in range(len(offsets) - 1):
        position, stop, left = offsets[document], offsets[document + 1], 0
        while position < stop:
            flags, size = flags_at(data, position, table)
            starts, left = step(flags, left)
            if starts:
                is_cjk[used] = flags & CJK != 0
                used += 1
            position += size
    return is_cjk


@kernel
def _character_hashes(
    data: NDArray[np.uint8], offsets: NDArray[np.int64], table: NDArray[np.uint16], folded: NDArray[np.uint32]
) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    """Where the characters of each document begin, and the hashes of all: of each alone what a word of it would have."""
    first = np.zeros(len(offsets), np.int64)
    hashes = np.empty(offsets[-1] - offsets[0], np.uint64)
    used = 0
    for document in range(len(offsets) - 1):
        position, stop, is_gap = offsets[document], offsets[document + 1], False
        while position < stop:
            flags, size = flags_at(data, position, table)
            if flags & SPACE:
                is_gap = used > first[document]
            else:
                if is_gap:
                    hashes[used] = _character_hash(np.uint64(BLANK))
                    used += 1
                    is_gap = False
                point = _point_at(data, position, size)
                hashes[used] = _character_hash(np.uint64(folded[point] if point < TABLE_SIZE else point))
                used += 1
            position += size
        first[document + 1] = used
    return first, hashes[:used].copy()


@kernel
def _character_hash(point: np.uint64) -> np.uint64:
    point *= _CHARACTER
    return point ^ (point >> _HALF)


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
def _weighed_runs(
    first: NDArray[np.int64], words: NDArray[np.uint64], is_cjk: NDArray[np.bool_], ngram: int, cjk_ngram: int
) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    """Where the runs of each document begin, and the hashes of all, as `_rolled` would give of as many words."""
    powers = np.ones(max(ngram, cjk_ngram), np.uint64)  # of the first word in a run; no run has more words
    for index in range(1, len(powers)):
        powers[index] = powers[index - 1] * _WORD
    bounds = np.zeros(len(first), np.int64)
    hashes = np.empty(len(words), np.uint64)
    used = 0
    for document in range(len(first) - 1):
        begin, stop, end, rolled, missing = (
            first[document],
            first[document + 1],
            first[document],
            np.uint64(0),
            ngram * cjk_ngram,
        )
        while True:
            while missing > 0 and end < stop:
                rolled = rolled * _WORD + words[end]
                missing -= ngram if is_cjk[end] else cjk_ngram
                end += 1
            if missing > 0:
                break
            hashes[used] = mixed(rolled)
            used += 1
            rolled -= words[begin] * powers[end - begin - 1]
            missing += ngram if is_cjk[begin] else cjk_ngram
            begin += 1
        if begin == first[document] < stop:
            hashes[used] = mixed(rolled + np.uint64(stop - begin))
            used += 1
        bounds[document + 1] = used
    return bounds, hashes[:used].copy()


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
