"""Which documents are near-duplicates in truth, every pair compared; and how far from it what a program removed is."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from measure.edits import NGRAM
from numpy.typing import NDArray

from corpusforge.text.kernels import kernel
from corpusforge.text.shingles import shingle_sets, shingles
from corpusforge.text.view import TextView

# (i, j) with i < j -> exact Jaccard similarity of the shingles of documents i and j.
Pairs = Mapping[tuple[int, int], float]


@dataclass(frozen=True)
class Judgement:
    """What a program made of documents with `num_pairs` true pairs.

    `unfounded` of the `num_removed` documents have no near-duplicate among those that were kept; of `missed` pairs both were.
    """

    num_pairs: int
    num_removed: int
    unfounded: int
    missed: int

    @property
    def completeness(self) -> float:
        """Share of true pairs of which not both are kept."""
        return 1 - self.missed / self.num_pairs if self.num_pairs else 1.0


def true_pairs(texts: Sequence[str], threshold: float) -> dict[tuple[int, int], float]:
    """Every pair whose similarity is at least `threshold` (above 0); documents without words are like none."""
    sets = shingle_sets(shingles(TextView(pa.array(texts, pa.large_string())), NGRAM))
    distinct, members = np.unique(sets.hashes, return_inverse=True)
    by_shingle = np.argsort(members, kind="stable")
    owners = np.repeat(np.arange(len(texts)), np.diff(sets.first))[by_shingle]
    starts = np.searchsorted(members[by_shingle], np.arange(len(distinct) + 1))
    a, b, similarity = _like(sets.first, members, (starts, owners), threshold)
    return dict(zip(zip(a.tolist(), b.tolist(), strict=True), similarity.tolist(), strict=True))


def _like(
    first: NDArray[np.int64], members: NDArray[np.int64], owners: tuple[NDArray[np.int64], NDArray[np.int64]], threshold: float
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Pairs of sets members[first[i] : first[i + 1]]; `owners` are bounds and documents, shingle by shingle."""
    sizes = np.diff(first)
    a, b, similarity = [np.empty(0, np.int64)], [np.empty(0, np.int64)], [np.empty(0)]
    for row in range(len(sizes)):
        shared = _shared(members[first[row] : first[row + 1]], *owners, len(sizes))[row + 1 :]
        like = shared / np.maximum(sizes[row] + sizes[row + 1 :] - shared, 1)
        others = np.flatnonzero(like >= threshold)
        a.append(np.full(len(others), row))
        b.append(others + row + 1)
        similarity.append(like[others])
    return np.concatenate(a), np.concatenate(b), np.concatenate(similarity)


@kernel
def _shared(members: NDArray[np.int64], starts: NDArray[np.int64], owners: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """How many of `members` each of `count` documents has; those with shingle i are owners[starts[i] : starts[i + 1]]."""
    shared = np.zeros(count, np.int64)
    for member in members:
        for place in range(starts[member], starts[member + 1]):
            shared[owners[place]] += 1
    return shared


def judged(pairs: Pairs, removed: Collection[int]) -> Judgement:
    """How the documents that were removed stand to the true pairs."""
    gone = set(removed)
    founded = {one for pair in pairs for one, other in (pair, pair[::-1]) if one in gone and other not in gone}
    missed = sum(a not in gone and b not in gone for a, b in pairs)
    return Judgement(len(pairs), len(gone), len(gone) - len(founded), missed)


def unsound(pairs: Pairs, removed: Mapping[int, tuple[int, float]]) -> list[int]:
    """Documents that went for one that went itself, or at a similarity other than the pair's; `removed` has both of each."""
    return [
        row
        for row, (witness, similarity) in removed.items()
        if witness in removed or pairs.get((min(row, witness), max(row, witness))) != similarity
    ]


def precision(pairs: Pairs, claimed: Collection[tuple[int, int]]) -> float:
    """Share of the pairs that a program took for near-duplicates which are; 1 where it took none."""
    return sum(pair in pairs for pair in claimed) / len(claimed) if claimed else 1.0


def recall(pairs: Pairs, claimed: Collection[tuple[int, int]]) -> float:
    """Share of the true pairs that a program took for near-duplicates; 1 where there are none."""
    return sum(pair in claimed for pair in pairs) / len(pairs) if pairs else 1.0
