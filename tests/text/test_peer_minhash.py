import random
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_murmur import slow_murmur3_32
from test_simplify import SIMPLIFIED

sys.path.insert(0, str(Path(__file__).parents[1]))
import strategies

from corpusforge.text.peer_minhash import (
    ShingleHash,
    cudf_signatures,
    datatrove_permutations,
    datatrove_shingles,
    datatrove_signatures,
    nemo_permutations,
    nemo_signatures,
)
from corpusforge.text.view import TextView

WORDS = SIMPLIFIED.split()
NO_SIGNATURE = 2**64 - 1


def view(*texts: str) -> TextView:
    return TextView(pa.array(texts, pa.large_string()))


def test_permutations_are_drawn_as_datatrove_does() -> None:
    factors, addends = datatrove_permutations(112)
    assert factors[:2].tolist() == [775169054918279404, 1758426461858698313]
    assert addends[:2].tolist() == [1062448801025099917, 1324811268927594100]


@pytest.mark.parametrize(
    ("hashed_by", "shingle", "band"),
    [
        (
            "xxhash64", 1840267932163406888,
            [26705030642479147, 6449356684958138, 2084103085896043, 86846675771550844, 51327084510717905,
             41952197194828923, 66841005045813663, 515344089358639938],
        ),
        (
            "sha1_64", 17459136823007986507,
            [362248229286216573, 59421079755048874, 73541552038101075, 27134906625075682, 41718850019395437,
             5133357615992854, 142891320827129799, 102460697411129641],
        ),
        (
            "xxhash32", 1713847539,
            [6450881, 306441483, 132807401, 141257744, 1146385528, 107880997, 248510542, 270831819],
        ),
        (
            "sha1_32", 609567563,
            [289821882, 109019712, 293489955, 86105567, 75695894, 35617011, 201343900, 6050147],
        ),
    ],
)  # fmt: skip
def test_shingles_and_signatures_are_those_that_datatrove_gives(hashed_by: ShingleHash, shingle: int, band: list[int]) -> None:
    first, hashes = datatrove_shingles([WORDS], hashed_by)
    assert first.tolist() == [0, 22]
    assert hashes[0] == shingle
    assert datatrove_signatures([WORDS], hashed_by)[0, :8].tolist() == band


def test_the_last_band_is_that_of_datatrove() -> None:
    assert datatrove_signatures([WORDS])[0, 13 * 8] == 119711197639994444


def test_a_document_of_fewer_than_five_words_has_no_signature() -> None:
    found = datatrove_signatures([[], WORDS[:4], WORDS[:5], WORDS])
    assert found.dtype == np.uint64
    assert found.shape == (4, 112)
    assert (found == NO_SIGNATURE).all(axis=1).tolist() == [True, True, False, False]
    assert datatrove_signatures([]).shape == (0, 112)


def slow_datatrove(words: list[str], hashed_by: ShingleHash) -> list[int]:
    hashes = datatrove_shingles([words], hashed_by).hashes.tolist()
    mask = 2 ** int(hashed_by[-2:]) - 1
    pairs = zip(*(each.tolist() for each in datatrove_permutations(112)), strict=True)
    return [min((((h * a + b) % 2**64 % (2**61 - 1)) & mask for h in hashes), default=NO_SIGNATURE) for a, b in pairs]


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.lists(st.sampled_from(WORDS), max_size=12), max_size=3),
    st.sampled_from(["xxhash64", "xxhash32", "sha1_64", "sha1_32"]),
)
def test_datatrove_signatures_are_those_of_the_slow_way(documents: list[list[str]], hashed_by: ShingleHash) -> None:
    assert datatrove_signatures(documents, hashed_by).tolist() == [slow_datatrove(each, hashed_by) for each in documents]


def test_signatures_are_those_of_cudfs_own_test() -> None:
    parameters = np.array([1, 2, 3], np.uint32)
    found = cudf_signatures(view("this is my", "favorite book"), 5, 0, parameters, parameters)
    assert found.tolist() == [[1305480168, 462824406, 74608229], [32665385, 65330770, 97996155]]


def slow_cudf(text: str, width: int, seed: int, factors: list[int], addends: list[int]) -> list[int]:
    if not text:
        return [0] * len(factors)
    runs = {text[i : i + width] for i in range(max(1, len(text) - width + 1))}
    hashes = {max(1, slow_murmur3_32(run.encode(), seed)) for run in runs}
    return [min((h * a + b) % 2**32 for h in hashes) for a, b in zip(factors, addends, strict=True)]


@settings(deadline=None, max_examples=150)
@given(st.lists(strategies.documents, max_size=3), st.integers(2, 30), st.integers(0, 2**32 - 1))
def test_cudf_signatures_are_those_of_the_slow_way(texts: list[str], width: int, seed: int) -> None:
    chosen = random.Random(seed)
    factors, addends = (np.array(chosen.sample(range(2**32), 5), np.uint32) for _ in range(2))
    found = cudf_signatures(view(*texts), width, seed, factors, addends)
    assert found.tolist() == [slow_cudf(each, width, seed, factors.tolist(), addends.tolist()) for each in texts]


def test_nemo_hashes_runs_of_24_characters_with_the_first_factor_as_seed() -> None:
    factors, addends = nemo_permutations(260)
    texts = [
        "",
        "Basalt",
        "Basalt flows of the Deccan traps, " * 3,
        "\u82b1\u5c97\u5ca9\u7531\u77f3\u82f1\u7ec4\u6210\u3002" * 9,
    ]
    found = nemo_signatures(view(*texts))
    assert found.dtype == np.uint32
    assert found.tolist() == [slow_cudf(each, 24, int(factors[0]), factors.tolist(), addends.tolist()) for each in texts]


def test_nemo_draws_factors_and_addends_in_turn() -> None:
    drawn = np.random.RandomState(42)
    expected = [drawn.randint(low, 2**31 - 1, dtype=np.uint32) for _ in range(260) for low in (1, 0)]
    assert np.stack(nemo_permutations(260), axis=1).ravel().tolist() == expected
