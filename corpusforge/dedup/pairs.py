"""Which documents that share a band are worth an exact comparison: pairs whose sketches agree enough, equal ones as one.

What stands in a band's bucket is looked at best first, and documents of earlier builds are never paired with each other: they
stay.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from corpusforge.dedup import sketches
from corpusforge.dedup.candidates import bucket_pairs

# Two documents to be compared; the same seen from the other one; two with equal shingles (a stands for b in all pairs).
PAIR, NEEDED, EQUAL = 0, 1, 2


@dataclass(frozen=True)
class Nominated:
    """Places of candidate pairs, and of equal documents (the best, another): int64[n, 2]; what of hot buckets was left out.

    `hot_buckets` are those of more documents than are compared pair by pair, `left_alone` how often a document in one was
    like none of its leaders.
    """

    pairs: NDArray[np.int64]
    equal: NDArray[np.int64]
    hot_buckets: int
    left_alone: int


@dataclass(frozen=True)
class Nomination:
    """How pairs are nominated: sketches of `permutations` places that agree in `least`, at most `cap` leaders in a bucket.

    Who agrees with no leader in `alike` places counts as left alone, unless it is one itself.
    """

    folder: Path
    permutations: int
    least: int
    alike: int
    cap: int

    def nominate(self, keys: NDArray[np.uint64], places: NDArray[np.int64]) -> Nominated:
        """From band keys and the places of the documents that have them, in any order."""
        buckets, places = shared_buckets(keys, places)
        documents, index = np.unique(places, return_inverse=True)
        nodes = sketches.nodes_at(self.folder, documents)
        rank = np.empty(len(documents), np.int64)
        rank[sketches.rank_order(nodes)] = np.arange(len(documents))
        equal, buckets, chosen = representatives(buckets, index, rank, nodes["shingles"])
        pairs, hot, alone = [np.empty(0, np.int64)], 0, 0
        for members, starts in _some_buckets(chosen, buckets):
            signed = sketches.signatures_at(self.folder, documents[members], self.permutations)
            found, left_alone = bucket_pairs(starts, signed.reshape(-1), self.permutations, self.least, self.alike, self.cap)
            pairs.append(_joined(members[found.reshape(-1, 2)], len(documents)))
            hot += int(np.count_nonzero(np.diff(starts) > self.cap))
            alone += left_alone
        candidates = _parted(np.unique(np.concatenate(pairs)), len(documents))
        is_new = nodes["source_rank"] >= 0
        candidates, equal = (each[is_new[each].any(axis=1)] for each in (candidates, equal))
        return Nominated(documents[candidates], documents[equal], hot, alone)


def _some_buckets(
    members: NDArray[np.int64], buckets: NDArray[np.int64]
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Members of whole buckets, about CHUNK at a time, with where each bucket starts among them."""
    starts = np.concatenate([np.flatnonzero(np.diff(buckets, prepend=-1)), [len(buckets)]])
    begin = 0
    while begin < len(starts) - 1:
        end = max(begin + 1, int(np.searchsorted(starts, starts[begin] + sketches.CHUNK, side="right")) - 1)
        yield members[starts[begin] : starts[end]], starts[begin : end + 1] - starts[begin]
        begin = end


def _joined(pairs: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Each pair of indices below `count` as one number: sorted ten times faster than rows."""
    joined: NDArray[np.int64] = pairs[:, 0] * count + pairs[:, 1]
    return joined


def _parted(joined: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """The pairs again, int64[n, 2]."""
    return np.column_stack(np.divmod(joined, max(1, count)))


def shared_buckets(keys: NDArray[np.uint64], places: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Bucket number, ascending, and place of each record whose key another record has too."""
    order = np.argsort(keys)
    keys = keys[order]
    same = keys[1:] == keys[:-1]
    is_shared = np.concatenate([[False], same]) | np.concatenate([same, [False]]) if len(keys) else np.zeros(0, np.bool_)
    keys = keys[is_shared]
    begins = np.concatenate([np.zeros(1, np.bool_), keys[1:] != keys[:-1]]) if len(keys) else np.zeros(0, np.bool_)
    return np.cumsum(begins), places[order[is_shared]]


def representatives(
    buckets: NDArray[np.int64], index: NDArray[np.int64], rank: NDArray[np.int64], hashes: NDArray[np.uint64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Of documents with equal shingles in a bucket, the best stands for all.

    Gives unique pairs (the best, another) as indices of documents, int64[n, 2]; and buckets and indices of those that stand
    for themselves, ordered by bucket and rank.
    """
    by_hash = np.lexsort((rank, hashes[:, 1], hashes[:, 0]))
    place = np.empty(len(rank), np.int64)
    place[by_hash] = np.arange(len(rank))
    order = np.argsort(buckets * len(rank) + place[index], kind="stable")
    bucket, document = buckets[order], index[order]
    same = (bucket[1:] == bucket[:-1]) & (hashes[document[1:]] == hashes[document[:-1]]).all(axis=1)
    is_first = np.concatenate([np.ones(min(1, len(order)), np.bool_), ~same])
    best = document[np.maximum.accumulate(np.where(is_first, np.arange(len(order)), 0))] if len(order) else document
    equal = np.column_stack([best[~is_first], document[~is_first]])
    equal = _parted(np.unique(_joined(equal, len(rank))), len(rank))
    chosen, of_bucket = document[is_first], bucket[is_first]
    by_rank = np.argsort(of_bucket * len(rank) + rank[chosen], kind="stable")
    return equal, of_bucket[by_rank], chosen[by_rank]


def addressed(found: Nominated) -> pa.Table:
    """Records for the parts that hold the documents: each pair to both of them, the equal ones to the one that stands."""
    pairs, equal = found.pairs, found.equal
    a = np.concatenate([pairs[:, 0], pairs[:, 1], equal[:, 0]])
    b = np.concatenate([pairs[:, 1], pairs[:, 0], equal[:, 1]])
    kind = np.repeat(np.array([PAIR, NEEDED, EQUAL], np.int8), [len(pairs), len(pairs), len(equal)])
    return pa.table({"key": sketches.part_of(a).astype(np.uint64), "a": a, "b": b, "kind": kind})
