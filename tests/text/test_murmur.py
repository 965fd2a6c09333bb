import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpusforge.text.murmur import murmur3_32


def array(data: bytes) -> np.ndarray:
    return np.frombuffer(data, np.uint8)


def slow_murmur3_32(data: bytes, seed: int) -> int:
    """As its author describes it: whole blocks of four bytes, what is left, the length, the final mix."""

    def rotated(value: int, places: int) -> int:
        return (value << places | value >> (32 - places)) % 2**32

    def scrambled(block: bytes) -> int:
        return rotated(int.from_bytes(block, "little") * 0xCC9E2D51 % 2**32, 15) * 0x1B873593 % 2**32

    whole = len(data) // 4 * 4
    for begin in range(0, whole, 4):
        seed = (rotated(seed ^ scrambled(data[begin : begin + 4]), 13) * 5 + 0xE6546B64) % 2**32
    seed ^= scrambled(data[whole:]) ^ len(data)
    seed = (seed ^ seed >> 16) * 0x85EBCA6B % 2**32
    seed = (seed ^ seed >> 13) * 0xC2B2AE35 % 2**32
    return seed ^ seed >> 16


@pytest.mark.parametrize(
    ("data", "seed", "expected"),
    [
        (b"", 0, 0),
        (b"", 1, 0x514E28B7),
        (b"", 0xFFFFFFFF, 0x81F16F39),
        (b"\xff\xff\xff\xff", 0, 0x76293B50),
        (b"aaaa", 0x9747B28C, 0x5A97808A),
        (b"aaa", 0x9747B28C, 0x283E0130),
        (b"aa", 0x9747B28C, 0x5D211726),
        (b"a", 0x9747B28C, 0x7FA09EA6),
        (b"Hello, world!", 0x9747B28C, 0x24884CBA),
        (b"The quick brown fox jumps over the lazy dog", 0x9747B28C, 0x2FA826CD),
    ],
)
def test_hashes_are_the_known_ones(data: bytes, seed: int, expected: int) -> None:
    assert murmur3_32(array(data), 0, len(data), seed) == expected == slow_murmur3_32(data, seed)


@given(st.binary(max_size=40), st.integers(0, 2**32 - 1), st.integers(0, 5), st.integers(0, 5))
def test_the_hash_of_any_part_is_that_of_the_slow_way(data: bytes, seed: int, left: int, right: int) -> None:
    begin, end = min(left, len(data)), max(left, len(data) - right)
    end = max(begin, min(end, len(data)))
    assert murmur3_32(array(data), begin, end, seed) == slow_murmur3_32(data[begin:end], seed)
