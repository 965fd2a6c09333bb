"""Phrases found in text whatever its case, many at a time; and named tuples of arrays as kernels take them."""

from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from corpusforge.text.kernels import kernel

Arrays = TypeVar("Arrays", bound=tuple[NDArray[Any], ...])

_CASE = 0x20


class Phrases(NamedTuple):
    """Phrase k, in lower-case ASCII, is data[bounds[k] : bounds[k + 1]]; `starts` flags the bytes that it may begin with."""

    data: NDArray[np.uint8]
    bounds: NDArray[np.int64]
    bits: NDArray[np.uint8]
    starts: NDArray[np.uint8]


@lru_cache(maxsize=4)
def phrases_of(listed: tuple[tuple[str, int], ...]) -> Phrases:
    """The listed phrases, in lower-case ASCII, with the bits that each stands for."""
    texts = [phrase.encode() for phrase, _ in listed]
    starts = np.zeros(256, np.uint8)
    starts[[text[0] for text in texts]] = 1
    starts[[text[:1].upper()[0] for text in texts]] = 1
    bounds = np.cumsum([0, *map(len, texts)], dtype=np.int64)
    bits = np.array([bit for _, bit in listed], np.uint8)
    return frozen(Phrases(np.frombuffer(b"".join(texts), np.uint8), bounds, bits, starts))


def frozen(arrays: Arrays) -> Arrays:
    """The same named tuple, read-only as kernels want it."""
    for array in arrays:
        array.flags.writeable = False
    return arrays


@kernel
def phrases_at(data: NDArray[np.uint8], begin: int, stop: int, phrases: Phrases) -> int:
    """Bits of the phrases that begin here, whatever their case."""
    found = 0
    for phrase in range(len(phrases.bits)):
        position, place = begin, phrases.bounds[phrase]
        while place < phrases.bounds[phrase + 1] and position < stop:
            byte, size = _lower_at(data, position, stop)
            if byte != phrases.data[place]:
                break
            position, place = position + size, place + 1
        if place == phrases.bounds[phrase + 1]:
            found |= int(phrases.bits[phrase])
    return found


@kernel
def _lower_at(data: NDArray[np.uint8], position: int, stop: int) -> tuple[int, int]:
    """A byte in lower case, and its size: the Kelvin sign alone of all other characters has an ASCII letter for it."""
    byte = int(data[position])
    if byte == 0xE2 and position + 2 < stop and data[position + 1] == 0x84 and data[position + 2] == 0xAA:
        return 0x6B, 3
    return (byte | _CASE if 0x41 <= byte <= 0x5A else byte), 1
