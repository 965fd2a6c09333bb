import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpusforge.text.one_permutation import one_permutation_signatures
from corpusforge.text.shingles import Shingles

MASK = 2**64 - 1
hashes = st.integers(0, MASK)


def shingles_of(*documents: list[int]) -> Shingles:
    counts = [len(each) for each in documents]
    return Shingles(np.cumsum([0, *counts]).astype(np.int64), np.array([x for each in documents for x in each], np.uint64))


def mix(value: int) -> int:
    """The final mix of MurmurHash3."""
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        value = (value ^ value >> 33) * factor & MASK
    return value ^ value >> 33


def slow_signature(shingles: list[int], permutations: int, seed: int) -> list[int]:
    """Bins as lists; an empty one asks the others in its own order until one has something."""
    of_shingle, of_order = mix(2 * seed + 1), mix(2 * seed + 2)
    bins: list[list[int]] = [[] for _ in range(permutations)]
    for value in (mix(shingle ^ of_shingle) for shingle in shingles):
        bins[(value >> 32) * permutations >> 32].append(value & 0xFFFFFFFE)
    signature = []
    for index, own in enumerate(bins):
        order = sorted(range(permutations), key=lambda other: mix(index * permutations + other ^ of_order))
        lenders = [own, *(bins[other] for other in order), [0xFFFFFFFF]]
        signature.append(min(next(filter(None, lenders))))
    return signature


@settings(deadline=None, max_examples=60)
@given(st.lists(st.lists(hashes, max_size=40), max_size=4), st.integers(1, 40), st.integers(0, 5))
def test_signatures_are_those_of_the_slow_way(documents: list[list[int]], permutations: int, seed: int) -> None:
    found = one_permutation_signatures(shingles_of(*documents), permutations, seed)
    assert found.dtype == np.uint32
    assert found.shape == (len(documents), permutations)
    assert found.tolist() == [slow_signature(each, permutations, seed) for each in documents]


def estimates(shared: int, own: int, permutations: int, seeds: int) -> np.ndarray:
    """The share of equal places of two documents with so many shingles, by seed."""
    drawn = np.random.Generator(np.random.PCG64(3)).integers(0, 2**64, shared + 2 * own, np.uint64).tolist()
    found = shingles_of(drawn[: shared + own], drawn[:shared] + drawn[shared + own :])
    rows = [one_permutation_signatures(found, permutations, seed) for seed in range(seeds)]
    return np.array([(one == other).mean() for one, other in rows])


@pytest.mark.parametrize(
    ("shared", "own"), [(95, 5), (90, 10), (80, 20), (60, 40), (30, 100), (1800, 100), (1600, 200), (1000, 500), (8, 1)]
)
@pytest.mark.parametrize("permutations", [128, 256])
def test_the_estimate_has_no_bias_and_from_a_hundred_shingles_the_error_that_theory_says(
    shared: int, own: int, permutations: int
) -> None:
    similarity = shared / (shared + 2 * own)
    errors = estimates(shared, own, permutations, 150) - similarity
    assert abs(errors.mean()) < 3 * errors.std() / np.sqrt(len(errors))
    independent = min(permutations, shared + own)  # so many minima are of a document's own
    assert np.sqrt(np.mean(errors**2)) < 1.25 * np.sqrt(similarity * (1 - similarity) / independent)


def test_documents_without_a_shingle_in_common_agree_nowhere() -> None:
    assert estimates(0, 150, 256, 20).max() == 0


def test_a_document_has_all_ones_without_shingles_and_never_with_one() -> None:
    none, one = one_permutation_signatures(shingles_of([], [7]), 64)
    assert (none == 0xFFFFFFFF).all()
    assert (one == one[0]).all()
    assert one[0] != 0xFFFFFFFF


def test_order_repeats_and_the_documents_beside_do_not_matter() -> None:
    alone = one_permutation_signatures(shingles_of([1, 2, 3, 4, 5]), 32)
    beside = one_permutation_signatures(shingles_of([9, 8], [5, 3, 1, 2, 4, 4, 1], []), 32)
    assert alone[0].tolist() == beside[1].tolist()


def test_another_seed_gives_another_signature() -> None:
    given = shingles_of(list(range(200)))
    first, again, other = (one_permutation_signatures(given, 64, seed) for seed in (1, 1, 2))
    assert first.tolist() == again.tolist()
    assert (first != other).mean() > 0.9
