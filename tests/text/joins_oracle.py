"""Byte-pair merges the slow, obvious way: count all pairs, merge the most frequent one everywhere, count again."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise

Word = tuple[int, ...]


def merged(word: Word, pair: tuple[int, int], new: int) -> Word:
    """The word with every occurrence of the pair replaced, from the left."""
    out: list[int] = []
    for symbol in word:
        if out and (out[-1], symbol) == pair:
            out[-1] = new
        else:
            out.append(symbol)
    return tuple(out)


def learn(
    documents: Sequence[Mapping[Word, int]],
    spelled: Sequence[str],
    worth: Sequence[int],
    weights: Sequence[int],
    *,
    max_length: int,
    num_joins: int,
    min_count: int,
) -> list[tuple[int, int, int, int]]:
    """(left, right, score, times used) of each merge in order."""
    spelled = list(spelled)
    documents = [dict(words) for words in documents]
    joins: list[tuple[int, int, int, int]] = []
    refused: set[tuple[int, int]] = set()
    while len(joins) < num_joins:
        counts: Counter[tuple[int, int]] = Counter()
        scores: Counter[tuple[int, int]] = Counter()
        for words, weight in zip(documents, weights, strict=True):
            own: Counter[tuple[int, int]] = Counter()
            for word, times in words.items():
                for pair in pairwise(word):
                    own[pair] += times
            counts.update(own)
            scores.update({pair: weight * worth[min(count, len(worth) - 1)] for pair, count in own.items()})
        allowed = [
            (-scores[pair], pair)
            for pair, count in counts.items()
            if count >= min_count and pair not in refused and len(spelled[pair[0]] + spelled[pair[1]]) <= max_length
        ]
        if not allowed:
            break
        negative, pair = min(allowed)
        text = spelled[pair[0]] + spelled[pair[1]]
        if text in spelled:
            refused.add(pair)
            continue
        used = 0
        for place, words in enumerate(documents):
            after: Counter[Word] = Counter()
            for word, times in words.items():
                shorter = merged(word, pair, len(spelled))
                used += times * (len(word) - len(shorter))
                after[shorter] += times
            documents[place] = dict(after)
        joins.append((*pair, -negative, used))
        spelled.append(text)
    return joins


def apply(word: Word, joins: Sequence[tuple[int, int]], made: Sequence[int]) -> tuple[Word, list[int]]:
    """The word after merging by rank, leftmost first, and how often each merge was used."""
    uses = [0] * len(joins)
    ranks = {pair: rank for rank, pair in enumerate(joins)}
    symbols = list(word)
    while True:
        found = [(ranks.get(pair, len(joins)), at) for at, pair in enumerate(pairwise(symbols))]
        rank, at = min(found, default=(len(joins), 0))
        if rank == len(joins):
            return tuple(symbols), uses
        symbols[at : at + 2] = [made[rank]]
        uses[rank] += 1
