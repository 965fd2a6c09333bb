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

from corpusforge.text.joins import Joins, Words, joined_words, learned_joins, spelling_hashes
from corpusforge.vocab.growth import Base, Counted, Row

# Rounds of pruning and refilling; each round leaves out what the one before it made a leaf.
_MAX_ROUNDS = 50

# Rows whose savings are averaged where it is decided whether more are worth it.
_BLOCK = 64


@dataclass(frozen=True)
class Limits:
    """What a row must be worth; `coverage` is the share of the text's characters that are to be pieces in any case."""

    coverage: float
    min_count: int
    min_held_out: int


@dataclass(frozen=True)
class Candidates:
    """Rows that could be added, as symbols: base ids, then characters (by code point), then joins in order of rank.

    `left` and `right` are the parts of a symbol (-1 for characters), `gains` the tokens that it saves in the sample, `pinned`
    those that are added whatever they save. `held_out` are words of unseen text.
    """

    spelled: Sequence[str]
    num_base: int
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    gains: NDArray[np.int64]
    held_out_gains: NDArray[np.int64]
    pinned: frozenset[int]
    held_out: Words

    def parts(self, symbol: int) -> tuple[int, ...]:
        """Symbols beyond the base that this one is joined from; for a piece also its characters come in by these."""
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
    codes = [code for code in sorted({*sample.characters, *held_out.characters, *terms.characters}) if chr(code).isprintable()]
    spelled = [*base.symbols, *map(chr, codes)]
    words, unseen, named = (_renumbered(each.words, size, codes) for each in (sample, held_out, terms))
    first = _learned(named, spelled, base.max_length, len(named.tokens), 1)
    made = np.arange(len(first.left)) + len(spelled)
    joined = joined_words(words, first.left, first.right, made)
    spelled += _spelled(spelled, first)
    words = Words(joined.tokens, joined.offsets, words.weights)
    second = _learned(words, spelled, base.max_length, num_joins, limits.min_count)
    spelled += _spelled(spelled, second)

    counts, unseen_counts = (np.array([each.characters.get(code, 0) for code in codes], np.int64) for each in (sample, held_out))
    extra = np.array([len(chr(code).encode()) - 1 for code in codes], np.int64)
    covering = _covering(counts, round((1 - limits.coverage) * sample.weighted_chars))
    named_characters = {place for place, code in enumerate(codes) if code in terms.characters}
    term_joins = {int(symbol) - size for symbol in made}
    none = np.full(len(codes), -1, np.int64)
    return Candidates(
        spelled,
        size,
        np.concatenate([none, first.left, second.left]),
        np.concatenate([none, first.right, second.right]),
        np.concatenate([counts * extra, joined.uses, second.counts]),
        unseen_counts * extra,
        frozenset(size + place for place in covering | named_characters | term_joins),
        unseen,
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
        is_useless = savings < limits.min_held_out
        useless = {symbol for symbol, bad in zip(taken, is_useless, strict=True) if bad and symbol not in found.pinned}
        if not useless - parts:
            break
        banned |= useless - parts
    end = _last_worth(savings, sum(symbol in found.pinned for symbol in taken), min_savings)
    return Grown([_row(found, symbol) for symbol in sorted(taken[:end])], savings[:end], len(banned))


def _learned(words: Words, spelled: Sequence[str], max_length: int, num_joins: int, min_count: int) -> Joins:
    symbols = spelling_hashes(spelled)
    return learned_joins(words, symbols, max_length=max_length, num_joins=num_joins, min_count=min_count)


def _spelled(spelled: Sequence[str], joins: Joins) -> list[str]:
    """Spellings of the symbols that the joins make."""
    texts = list(spelled)
    for left, right in zip(joins.left.tolist(), joins.right.tolist(), strict=True):
        texts.append(texts[left] + texts[right])
    return texts[len(spelled) :]


def _renumbered(words: Words, size: int, codes: Sequence[int]) -> Words:
    """The words with characters numbered from `size` on by their place in `codes`."""
    is_base = words.tokens < size
    places = np.searchsorted(np.array(codes, np.int64), words.tokens - size)
    return Words(np.where(is_base, words.tokens, size + places).astype(np.int32), words.offsets, words.weights)


def _covering(counts: NDArray[np.int64], allowed: int) -> set[int]:
    """The fewest places so that the others count at most `allowed` together."""
    order = np.argsort(counts, kind="stable")
    num_left = int(np.searchsorted(np.cumsum(counts[order]), allowed, side="right"))
    return set(order[num_left:].tolist())


def _order(found: Candidates, min_count: int) -> list[int]:
    """Symbols in the order in which they are taken: pinned ones, then by gain, characters before equal joins."""
    size = found.num_base
    gains = found.gains.tolist()
    num_characters = int((found.left < 0).sum())
    free = [place for place in range(len(gains)) if size + place not in found.pinned]
    characters = [place for place in free if place < num_characters and gains[place] >= min_count]
    characters.sort(key=lambda place: (-gains[place], place))
    joins = [place for place in free if place >= num_characters]
    order = sorted(found.pinned)
    # Joins stay in order of rank, though a merge of overlapping pairs may have saved a little less than the next.
    for place in joins:
        while characters and gains[characters[0]] >= gains[place]:
            order.append(size + characters.pop(0))
        order.append(size + place)
    return [*order, *(size + place for place in characters)]


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
    savings[: len(found.held_out_gains)] = found.held_out_gains
    joins = np.sort(places[found.left[places] >= 0])
    savings[joins] = joined_words(found.held_out, found.left[joins], found.right[joins], joins + found.num_base).uses
    return savings[places]


def _last_worth(savings: NDArray[np.int64], num_pinned: int, least: float) -> int:
    """How many rows to take: those before the first block, behind the pinned ones, that saves less than `least` a row."""
    for begin in range(num_pinned, len(savings), _BLOCK):
        if savings[begin : begin + _BLOCK].mean() < least:
            return begin
    return len(savings)


def _row(found: Candidates, symbol: int) -> Row:
    left, right = found.left[symbol - found.num_base], found.right[symbol - found.num_base]
    return Row(found.spelled[symbol], None if left < 0 else (found.spelled[left], found.spelled[right]))
