"""Candidate pairs of a bucket of documents that share a band, each checked against its signatures before it goes on.

A small bucket gives all its pairs. In a hot one (boilerplate, templates) that would be quadratic: there a document is compared
only to the bucket's leaders, of which there are at most `cap`: the best-ranked documents that no leader before them may be
like. Who may be like one, and need not, is not compared with others of its kind: that misses one pair in some hundred, is
counted, and saves half the time of a corpus full of templates.
"""

import numpy as np
from numpy.typing import NDArray

from corpusforge.text.kernels import kernel


@kernel
def agreeing(signatures: NDArray[np.uint16], permutations: int, a: int, b: int) -> int:
    """Number of places in which the signatures of rows a and b are equal."""
    own, other = signatures[a * permutations : (a + 1) * permutations], signatures[b * permutations : (b + 1) * permutations]
    count = np.uint16(0)  # as wide as what is compared, so that a vector register holds as many
    for index in range(permutations):
        count += np.uint16(own[index] == other[index])
    return int(count)


@kernel
def bucket_pairs(
    starts: NDArray[np.int64], signatures: NDArray[np.uint16], permutations: int, least: int, alike: int, cap: int
) -> tuple[NDArray[np.int64], int]:
    """Pairs (a, b), a before b, of rows that agree in at least `least` places: int64[2 * pairs]; and documents left alone.

    Bucket i holds the rows starts[i] <= row < starts[i + 1], the best first. In a hot bucket a row that agrees with no leader
    in `least` places becomes one. Left alone are rows for which there are `cap` already, and those that agree in less than
    `alike` with each.
    """
    pairs = np.empty(1024, np.int64)
    used, alone = 0, 0
    leaders = np.empty(cap, np.int64)
    for bucket in range(len(starts) - 1):
        begin, end = starts[bucket], starts[bucket + 1]
        is_hot = end - begin > cap
        num_leaders = 0
        for row in range(begin, end):
            is_like_one = is_surely_like = False
            others = num_leaders if is_hot else row - begin
            for index in range(others):
                other = leaders[index] if is_hot else begin + index
                agreed = agreeing(signatures, permutations, other, row)
                if agreed >= least:
                    is_like_one = True
                    is_surely_like |= agreed >= alike
                    if used + 2 > len(pairs):
                        larger = np.empty(2 * len(pairs), np.int64)
                        larger[:used] = pairs[:used]
                        pairs = larger
                    pairs[used], pairs[used + 1] = other, row
                    used += 2
            if is_hot and not is_like_one:
                if num_leaders < cap:
                    leaders[num_leaders] = row
                    num_leaders += 1
                else:
                    alone += 1
            elif is_hot and not is_surely_like:
                alone += 1
    return pairs[:used].copy(), alone
