"""Which rows to add: merges learned on top of the base, by what they save; those that do not pay on unseen text go.

Every merge ranks below all merges of the base, so text is segmented as before and then only joined further: boundaries are
a subset of the base's. A piece that was learned is also reached: what happens inside a span until it is one token never looks
beyond it, so the isolated piece goes through the very merges that made it. Leaving out a merge that no other row is made of
changes nothing for the others, hence pruning takes leaves only.

A character that the base spells in n bytes saves n - 1 tokens each time, more than any piece that holds it can. So with rows in
order of what they save, characters come before the pieces that need them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corpusforge.text.joined import joined_words
from corpusforge.text.joins import Joins, Words, Worth, learned_joins, spelling_hashes
from corpusforge.vocab.growth import Base, Characters, Counted, Row

# Rounds of pruning and refilling; each round leaves out what the one before it made a leaf.
_MAX_ROUNDS = 50

# Rows whose savings are averaged where it is decided whether more are worth it.
_BLOCK = 64

# Tokens that a row must be expected to save on the held-out text before it is judged: to save one or none is then a chance of
# 1 in 300.
_MIN_PROMISED = 8

# Documents that must be held out before any row is judged: a handful may have none of some collection.
_MIN_DOCUMENTS = 50

# What an occurrence counts, and the occurrences in a document beyond which no more count.
_UNIT, _MOST = 1000, 2**16


@dataclass(frozen=True)
class Limits:
    """What a row must be worth.

    `coverage` is the share of the text's characters that are to be pieces in any case. A pair that occurs n times in a document
    is worth n ** `repeats`. A row goes that is used on the held-out text `min_held_out` times less than its use in the sample
    promises.
    """

    coverage: float
    max_length: int
    min_count: int
    repeats: float
    min_held_out: float


@dataclass(frozen=True)
class Candidates:
    """Rows that could be added, as symbols: base ids, then characters (by code point), then joins in order of rank.

    The arrays are by row: its parts (-1 for characters), its score, and the tokens that it saves in the sample; for characters
    also how often they occur there, and what they save on the held-out text, of which `held_out` has the words. `pinned` are
    added whatever they save. `held_out_share` is how large the held-out text is against the sample, in tokens or in documents,
    whichever is less: one long document holds little of what many use.
    """

    spelled: Sequence[str]
    num_base: int
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    scores: NDArray[np.int64]
    uses: NDArray[np.int64]
    times: NDArray[np.int64]
    held_out_uses: NDArray[np.int64]
    pinned: frozenset[int]
    held_out: Words
    held_out_share: float

    def parts(self, symbol: int) -> tuple[int, ...]:
        """Symbols beyond the base that this one is joined from."""
        found = (int(self.left[symbol - self.num_base]), int(self.right[symbol - self.num_base]))
        return tuple(part for part in found if part >= self.num_base)


@dataclass(frozen=True)
class Grown:
    """Rows in the order of their ids; `savings` are tokens saved on the held-out text, by rows in order of what they save."""

    rows: Sequence[Row]
    savings: NDArray[np.int64]
    num_pruned: int


def candidates(base: Base, sample: Counted, held_out: Counted, terms: Counted, *, num_joins: int, limits: Limits) -> Candidates:
    """Characters and merges of the sample, after those that make each of `terms` a single token."""
    size = len(base.symbols)
    parts = (sample, held_out, terms)
    codes = np.unique(np.concatenate([each.characters.codes for each in parts]))
    codes = codes[np.array([chr(code).isprintable() for code in codes.tolist()], np.bool_)]
    spelled = [*base.symbols, *map(chr, codes.tolist())]
    words, unseen, named = (_renumbered(each.words, size, codes) for each in parts)
    worth = Worth(_values(limits.repeats), sample.weights)

    each_once = Worth(np.arange(2), np.ones(terms.num_documents, np.int64))
    first = _learned(named, spelled, each_once, limits.max_length, len(named.tokens), 1)
    made = np.arange(len(first.left)) + len(spelled)
    joined = joined_words(words, first.left, first.right, made)
    spelled += _spelled(spelled, first)
    words = words._replace(tokens=joined.tokens, offsets=joined.offsets)
    second = _learned(words, spelled, worth, limits.max_length, num_joins, limits.min_count)
    spelled += _spelled(spelled, second)

    extra = np.array([len(chr(code).encode()) - 1 for code in codes.tolist()], np.int64)
    times = _by_code(sample.characters, codes, sample.characters.times)
    covering = _covering(times, round((1 - limits.coverage) * sample.num_chars))
    pinned = covering | set(np.searchsorted(codes, terms.characters.codes).tolist()) | set((made - size).tolist())
    none = np.full(len(codes), -1, np.int64)
    return Candidates(
        spelled,
        size,
        np.concatenate([none, first.left, second.left]),
        np.concatenate([none, first.right, second.right]),
        np.concatenate(
            [_by_code(sample.characters, codes, _scores(sample.characters, worth)) * extra, first.scores, second.scores]
        ),
        np.concatenate([times * extra, joined.uses, second.uses]),
        np.concatenate([times, np.zeros(len(first.left) + len(second.left), np.int64)]),
        _by_code(held_out.characters, codes, held_out.characters.times) * extra,
        frozenset(size + place for place in pinned),
        unseen,
        _comparable_share(sample, held_out),
    )


def grown(found: Candidates, num_rows: int, limits: Limits, *, min_savings: float = 0) -> Grown:
    """At most `num_rows` rows: the pinned ones, then those that save most and are used on the held-out text.

    Where a block of rows saves less than `min_savings` tokens each on the held-out text, no more are taken.
    """
    order = _order(found, limits.min_count)
    banned: set[int] = set()
    for _ in range(_MAX_ROUNDS):
        taken = _taken(found, order, banned, num_rows)
        savings = _savings(found, taken)
        parts = {part for symbol in taken for part in found.parts(symbol)}
        useless = _useless(found, taken, savings, limits.min_held_out) - parts - found.pinned
        if not useless:
            break
        banned |= useless
    end = _last_worth(savings, sum(symbol in found.pinned for symbol in taken), min_savings)
    return Grown([row_of(found, symbol) for symbol in sorted(taken[:end])], savings[:end], len(banned))


def _learned(words: Words, spelled: Sequence[str], worth: Worth, max_length: int, num_joins: int, min_count: int) -> Joins:
    symbols = spelling_hashes(spelled)
    return learned_joins(words, symbols, worth, max_length=max_length, num_joins=num_joins, min_count=min_count)


def _values(repeats: float) -> NDArray[np.int64]:
    """What n occurrences in a document are worth, as whole numbers, so that sums do not depend on their order."""
    return np.round(_UNIT * np.arange(_MOST + 1) ** repeats).astype(np.int64) * (np.arange(_MOST + 1) > 0)


def _scores(found: Characters, worth: Worth) -> NDArray[np.int64]:
    return worth.values[np.minimum(found.times, _MOST)] * worth.document_weights[found.documents]


def _by_code(found: Characters, codes: NDArray[np.int64], values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Sum of the values of each of the codes, which are sorted."""
    is_known = np.isin(found.codes, codes)
    sums = np.zeros(len(codes), np.int64)
    np.add.at(sums, np.searchsorted(codes, found.codes[is_known]), values[is_known])
    return sums


def _spelled(spelled: Sequence[str], joins: Joins) -> list[str]:
    """Spellings of the symbols that the joins make."""
    texts = list(spelled)
    for left, right in zip(joins.left.tolist(), joins.right.tolist(), strict=True):
        texts.append(texts[left] + texts[right])
    return texts[len(spelled) :]


def _renumbered(words: Words, size: int, codes: NDArray[np.int64]) -> Words:
    """The words with characters numbered from `size` on by their place in `codes`."""
    is_base = words.tokens < size
    places = np.searchsorted(codes, words.tokens - size)
    return words._replace(tokens=np.where(is_base, words.tokens, size + places).astype(np.int32))


def _covering(counts: NDArray[np.int64], allowed: int) -> set[int]:
    """The fewest places so that the others count at most `allowed` together."""
    order = np.argsort(counts, kind="stable")
    num_left = int(np.searchsorted(np.cumsum(counts[order]), allowed, side="right"))
    return set(order[num_left:].tolist())


def _order(found: Candidates, min_count: int) -> list[int]:
    """Symbols in the order in which they are taken: pinned ones, then by score, characters before equal joins."""
    scores = found.scores.tolist()
    free = [place for place in range(len(scores)) if found.num_base + place not in found.pinned]
    # No join of the sample scores more than one before it, but for runs, whose pairs overlap: those stay in order of rank.
    joins = [place for place in free if found.left[place] >= 0]
    characters = [place for place in free if found.left[place] < 0 and found.times[place] >= min_count]
    falling = np.minimum.accumulate([scores[place] for place in joins]).tolist() if joins else []
    keys = [(-score, 1, place) for score, place in zip(falling, joins, strict=True)]
    keys += [(-scores[place], 0, place) for place in characters]
    return [*sorted(found.pinned), *(found.num_base + place for *_, place in sorted(keys))]


def _taken(found: Candidates, order: Sequence[int], banned: set[int], num_rows: int) -> list[int]:
    taken: list[int] = []
    known: set[int] = set()
    for symbol in order:
        if len(taken) == num_rows:
            break
        if symbol not in banned and known.issuperset(found.parts(symbol)):
            taken.append(symbol)
            known.add(symbol)
    return taken


def _savings(found: Candidates, taken: Sequence[int]) -> NDArray[np.int64]:
    """Tokens that each row saves on the held-out text."""
    places = np.array(taken, np.int64) - found.num_base
    savings = np.zeros(len(found.left), np.int64)
    savings[: len(found.held_out_uses)] = found.held_out_uses
    joins = np.sort(places[found.left[places] >= 0])
    savings[joins] = joined_words(found.held_out, found.left[joins], found.right[joins], joins + found.num_base).uses
    return savings[places]


def _comparable_share(sample: Counted, held_out: Counted) -> float:
    """What part of the uses in the sample are to be expected on the held-out text, 0 where it has too few documents to say."""
    if held_out.num_documents < _MIN_DOCUMENTS or not sample.num_tokens:
        return 0.0
    return min(held_out.num_tokens / sample.num_tokens, held_out.num_documents / sample.num_documents)


def _useless(found: Candidates, taken: Sequence[int], savings: NDArray[np.int64], least: float) -> set[int]:
    """Rows that save less on the held-out text than `least` of what they should; those that should save few cannot be told."""
    promised = found.uses[np.array(taken, np.int64) - found.num_base] * found.held_out_share
    return set(np.array(taken)[(promised >= _MIN_PROMISED) & (savings < least * promised)].tolist())


def _last_worth(savings: NDArray[np.int64], num_pinned: int, least: float) -> int:
    """How many rows to take: those before the first block, behind the pinned ones, that saves less than `least` a row."""
    for begin in range(num_pinned, len(savings), _BLOCK):
        if savings[begin : begin + _BLOCK].mean() < least:
            return begin
    return len(savings)


def row_of(found: Candidates, symbol: int) -> Row:
    """The row of a symbol."""
    left, right = found.left[symbol - found.num_base], found.right[symbol - found.num_base]
    return Row(found.spelled[symbol], None if left < 0 else (found.spelled[left], found.spelled[right]))
