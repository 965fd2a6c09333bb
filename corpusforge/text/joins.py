"""Byte-pair merges, learned from words that are cut into symbols already.

Learning looks at each occurrence twice, not at the corpus once per merge. Every occurrence of a pair that holds a new symbol is
born in the merge that makes its newer member, so a pair's positions are one sorted segment, written once; later they only die.
`slot_at` names the pair that begins at a position, so an occurrence lives while it still says so, and what a merge takes from
its neighbours' counts needs no look-up. Counts only fall, so a heap with stale entries gives the best pair; of equals the one
with the smallest symbols, which makes the result independent of the order of documents.

What a pair scores is, summed over documents, worth[times it occurs there]. With worth[n] = n that is byte-pair encoding as it
is known; with less for repetition, what many documents use comes before what one repeats.
"""

from collections.abc import Iterable, Iterator, Sequence
from heapq import heapify, heappop, heappush
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from corpusforge.text.kernels import kernel

_BASE = np.uint64(0x9E3779B97F4A7C15)


Array = NDArray[Any]


class Words(NamedTuple):
    """Word i has the symbols tokens[offsets[i]:offsets[i + 1]] and occurs times[i] times in document documents[i].

    Words of a document stand together.
    """

    tokens: NDArray[np.int32]
    offsets: NDArray[np.int64]
    times: NDArray[np.int64]
    documents: NDArray[np.int64]


class Worth(NamedTuple):
    """What n occurrences in a document are worth, the last entry where they are more; and the weight of each document."""

    values: NDArray[np.int64]
    document_weights: NDArray[np.int64]


class Symbols(NamedTuple):
    """Of each symbol its length, the hash of its spelling and what shifts a hash by that spelling (see `spelling_hash`)."""

    lengths: NDArray[np.int64]
    hashes: NDArray[np.uint64]
    shifts: NDArray[np.uint64]


def spelling_hashes(spelled: Sequence[str]) -> Symbols:
    """Symbols of these spellings; hash(a + b) = hash(a) * shift(b) + hash(b), a polynomial over bytes modulo 2**64."""
    encoded = [text.encode() for text in spelled]
    bounds = np.cumsum([0, *map(len, encoded)], dtype=np.int64)
    hashes, shifts = _hashes(np.frombuffer(b"".join(encoded), np.uint8), bounds)
    return Symbols(np.array([len(text) for text in spelled], np.int64), hashes, shifts)


class Joins(NamedTuple):
    """Merges in order: the k-th makes a symbol of `left` and `right`, scored `scores` and was done `uses` times."""

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    scores: NDArray[np.int64]
    uses: NDArray[np.int64]


@kernel
def _hashes(content: NDArray[np.uint8], bounds: NDArray[np.int64]) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    hashes, shifts = np.zeros(len(bounds) - 1, np.uint64), np.ones(len(bounds) - 1, np.uint64)
    for symbol in range(len(bounds) - 1):
        for at in range(bounds[symbol], bounds[symbol + 1]):
            # A byte is never 0 here, so that no spelling hashes like a longer one.
            hashes[symbol] = hashes[symbol] * _BASE + np.uint64(content[at] + 1)
            shifts[symbol] *= _BASE
    return hashes, shifts


def learned_joins(words: Words, symbols: Symbols, worth: Worth, *, max_length: int, num_joins: int, min_count: int) -> Joins:
    """At most `num_joins` merges, the pair of the highest score first; each occurs `min_count` times when it is chosen.

    The k-th makes symbol len(symbols) + k. No merge crosses a word, makes a symbol longer than `max_length`, or spells what is
    a symbol already.
    """
    given = Words(*fixed(words)), Symbols(*fixed(symbols)), Worth(*fixed(worth))
    return _learned(*given, max_length, num_joins, min_count)


def fixed(arrays: Iterable[Array]) -> Iterator[Array]:
    """Views that cannot be written to, as kernels take them."""
    for array in arrays:
        view = array.view()
        view.flags.writeable = False
        yield view


class Links(NamedTuple):
    """Words as linked positions: the neighbours of each, -1 beyond a word's ends, and its word's number."""

    before: NDArray[np.int32]
    following: NDArray[np.int32]
    word_at: NDArray[np.int32]


class Born(NamedTuple):
    """Pairs that came to be: left << 32 | right, and where the left one stands."""

    keys: NDArray[np.int64]
    places: NDArray[np.int32]


# One loop of 80 lines: a kernel cannot change the arrays of its caller, and every step of a merge changes most of them.
@kernel
def _learned(words: Words, symbols: Symbols, worth: Worth, max_length: int, num_joins: int, min_count: int) -> Joins:
    first = len(symbols.lengths)
    lengths = np.concatenate((symbols.lengths, np.zeros(num_joins, np.int64)))
    hashes = np.concatenate((symbols.hashes, np.zeros(num_joins, np.uint64)))
    shifts = np.concatenate((symbols.shifts, np.zeros(num_joins, np.uint64)))
    known = set(symbols.hashes)
    tokens = words.tokens.copy()
    before, following, word_at = _linked(words)
    # Slots are pairs that are frequent enough; each has its occurrences in a part of a segment.
    slot_at = np.full(len(tokens), -1, np.int32)
    slot_count, slot_segment, slot_begin, slot_end = [0], [0], [0], [0]  # the first is none
    segments = [np.zeros(0, np.int32)]
    heap = [(0, 0, 0, 0)]  # -score, pair, slot, its count when it was scored
    left, right = np.empty(num_joins, np.int64), np.empty(num_joins, np.int64)
    scores, uses = np.empty(num_joins, np.int64), np.empty(num_joins, np.int64)
    made = 0
    keys, places = _all_pairs(tokens, following, lengths, max_length)
    while True:
        order = np.argsort(keys, kind="mergesort")
        segments.append(places[order])
        begin = 0
        while begin < len(order):
            key, count, end = int(keys[order[begin]]), 0, begin
            while end < len(order) and keys[order[end]] == key:
                count += int(words.times[word_at[segments[-1][end]]])
                end += 1
            if count >= min_count:
                slot = len(slot_count)
                slot_at[segments[-1][begin:end]] = slot
                heap.append((-_score(segments[-1][begin:end], slot, slot_at, word_at, words, worth), key, slot, count))
                if made:
                    heappush(heap, heap.pop())
                slot_count.append(count)
                slot_segment.append(len(segments) - 1)
                slot_begin.append(begin)
                slot_end.append(end)
            begin = end
        if not made:
            heap.pop(0)
            heapify(heap)

        # The best pair whose entry is not out of date.
        slot, a, b, spelled = 0, 0, 0, np.uint64(0)
        while len(heap) > 0 and made < num_joins and not slot:
            negative, key, candidate, count = heappop(heap)
            if slot_count[candidate] == count:
                a, b = key >> 32, key & 0xFFFFFFFF
                spelled = hashes[a] * shifts[b] + hashes[b]
                slot = candidate if spelled not in known else 0
                scores[made] = -negative
            elif slot_count[candidate] >= min_count:
                occurrences = segments[slot_segment[candidate]][slot_begin[candidate] : slot_end[candidate]]
                score = _score(occurrences, candidate, slot_at, word_at, words, worth)
                heappush(heap, (-score, key, candidate, slot_count[candidate]))
        if not slot:
            return Joins(left[:made].copy(), right[:made].copy(), scores[:made].copy(), uses[:made].copy())
        new = first + made
        known.add(spelled)
        lengths[new], hashes[new], shifts[new] = lengths[a] + lengths[b], spelled, shifts[a] * shifts[b]

        occurrences = segments[slot_segment[slot]][slot_begin[slot] : slot_end[slot]]
        merged = np.empty(len(occurrences), np.int32)
        num_merged, used = 0, 0
        for at in occurrences:
            if slot_at[at] != slot:
                continue
            previous, other, times = before[at], following[at], int(words.times[word_at[at]])
            if previous >= 0 and slot_at[previous] >= 0:
                slot_count[slot_at[previous]] -= times
                slot_at[previous] = -1
            if slot_at[other] >= 0:
                slot_count[slot_at[other]] -= times
                slot_at[other] = -1
            slot_at[at] = -1
            tokens[at], following[at] = new, following[other]
            if following[other] >= 0:
                before[following[other]] = at
            merged[num_merged] = at
            num_merged += 1
            used += times
        slot_count[slot] = 0
        left[made], right[made], uses[made] = a, b, used
        made += 1
        keys, places = _pairs_of(new, merged[:num_merged], tokens, before, following, lengths, max_length)


@kernel
def _score(
    places: NDArray[np.int32],
    slot: int,
    slot_at: NDArray[np.int32],
    word_at: NDArray[np.int32],
    words: Words,
    worth: Worth,
) -> int:
    """What the occurrences of a pair that are left are worth."""
    score, count, document, most = 0, 0, -1, len(worth.values) - 1
    for at in places:
        if slot_at[at] != slot:
            continue
        if words.documents[word_at[at]] != document:
            if count:
                score += int(worth.values[min(count, most)] * worth.document_weights[document])
            count, document = 0, int(words.documents[word_at[at]])
        count += int(words.times[word_at[at]])
    return score + int(worth.values[min(count, most)] * worth.document_weights[document]) if count else score


@kernel
def _linked(words: Words) -> Links:
    size = len(words.tokens)
    word_at = np.zeros(size, np.int32)
    before, following = np.arange(-1, size - 1).astype(np.int32), np.arange(1, size + 1).astype(np.int32)
    for word in range(len(words.offsets) - 1):
        begin, end = words.offsets[word], words.offsets[word + 1]
        if begin < end:
            word_at[begin:end] = word
            before[begin] = following[end - 1] = -1
    return Links(before, following, word_at)


@kernel
def _all_pairs(tokens: NDArray[np.int32], following: NDArray[np.int32], lengths: NDArray[np.int64], max_length: int) -> Born:
    keys, places = np.empty(len(tokens), np.int64), np.empty(len(tokens), np.int32)
    born = 0
    for at in range(len(tokens)):
        if following[at] >= 0 and lengths[tokens[at]] + lengths[tokens[at + 1]] <= max_length:
            keys[born], places[born] = np.int64(tokens[at]) << 32 | np.int64(tokens[at + 1]), at
            born += 1
    return Born(keys[:born].copy(), places[:born].copy())


@kernel
def _pairs_of(
    new: int,
    merged: NDArray[np.int32],
    tokens: NDArray[np.int32],
    before: NDArray[np.int32],
    following: NDArray[np.int32],
    lengths: NDArray[np.int64],
    max_length: int,
) -> Born:
    """Pairs of a symbol that was just made at the places `merged`."""
    keys, places = np.empty(2 * len(merged), np.int64), np.empty(2 * len(merged), np.int32)
    born = 0
    for at in merged:
        previous, after = before[at], following[at]
        if previous >= 0 and tokens[previous] != new and lengths[tokens[previous]] + lengths[new] <= max_length:
            keys[born], places[born] = np.int64(tokens[previous]) << 32 | new, previous
            born += 1
        if after >= 0 and lengths[new] + lengths[tokens[after]] <= max_length:
            keys[born], places[born] = np.int64(new) << 32 | np.int64(tokens[after]), at
            born += 1
    return Born(keys[:born].copy(), places[:born].copy())
