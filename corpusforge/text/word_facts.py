"""What words are made of: letters or symbols only, how long, and which of a list of words occur."""

import sys
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from corpusforge.text.characters import TABLE_SIZE
from corpusforge.text.kernels import kernel
from corpusforge.text.spans import BASE, Words, size_at
from corpusforge.text.view import TextView

_ALPHABETIC, _SYMBOL = 1, 2


class WordFacts(NamedTuple):
    """Of each document: words that are no symbols only, their characters, and words with a letter; int64."""

    num_words: NDArray[np.int64]
    num_chars: NDArray[np.int64]
    num_alphabetic: NDArray[np.int64]


def word_facts(view: TextView, words: Words, symbols: str = "") -> WordFacts:
    """Facts of all words; a word of nothing but `symbols` counts for none of the first two."""
    spans = words.spans
    return WordFacts(*_facts(view.data, spans.first, spans.begin, spans.end, words.num_chars, _classes(symbols)))


def num_listed(words: Words, listed: Sequence[str]) -> NDArray[np.int64]:
    """How many of the `listed` words (64 at most) occur in each document, as they are spelled: int64[num_documents].

    Raises ValueError on a longer list.
    """
    if len(set(listed)) > 64:
        raise ValueError(f"at most 64 words can be looked for, got {len(set(listed))}")
    wanted = np.array(sorted(map(hash_word, set(listed))), np.uint64)
    return _num_listed(words.spans.first, words.hashes, wanted)


def hash_word(word: str) -> int:
    """The hash that Words has for it."""
    hashed = 0
    for character in word:
        hashed = (hashed * int(BASE) + int.from_bytes(character.encode(), "big")) % 2**64
    return hashed


@lru_cache(maxsize=4)
def _classes(symbols: str) -> NDArray[np.uint8]:
    """Alphabetic and symbol flags of the code points below TABLE_SIZE: uint8, read-only."""
    classes = np.zeros(TABLE_SIZE, np.uint8)
    for point in range(min(TABLE_SIZE, sys.maxunicode)):
        classes[point] = chr(point).isalpha() * _ALPHABETIC
    classes[list(_points(symbols))] |= _SYMBOL
    classes.flags.writeable = False
    return classes


def _points(symbols: str) -> Iterable[int]:
    return (ord(character) for character in symbols)


@kernel
def class_of(data: NDArray[np.uint8], position: int, size: int, classes: NDArray[np.uint8]) -> int:
    """The class of the character at `position`; 0 beyond the table."""
    first = int(data[position])
    if size == 1:
        return int(classes[first])
    point = first & (0xFF >> (size + 1))
    for offset in range(1, size):
        point = (point << 6) | (int(data[position + offset]) & 0x3F)
    return int(classes[point]) if point < len(classes) else 0


@kernel
def _facts(
    data: NDArray[np.uint8], first: NDArray[np.int64], begin: NDArray[np.int64], end: NDArray[np.int64],
    num_chars: NDArray[np.int32], classes: NDArray[np.uint8],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:  # fmt: skip
    count, chars, alphabetic = (
        np.zeros(len(first) - 1, np.int64), np.zeros(len(first) - 1, np.int64), np.zeros(len(first) - 1, np.int64),
    )  # fmt: skip
    for document in range(len(first) - 1):
        for word in range(first[document], first[document + 1]):
            position, is_symbol, is_alphabetic = begin[word], True, False
            while position < end[word] and (is_symbol or not is_alphabetic):
                size = size_at(data, position)
                found = class_of(data, position, size, classes)
                is_symbol &= found & _SYMBOL != 0
                is_alphabetic |= found & _ALPHABETIC != 0
                position += size
            count[document] += not is_symbol
            chars[document] += 0 if is_symbol else num_chars[word]
            alphabetic[document] += is_alphabetic
    return count, chars, alphabetic


@kernel
def _num_listed(first: NDArray[np.int64], hashes: NDArray[np.uint64], wanted: NDArray[np.uint64]) -> NDArray[np.int64]:
    found = np.zeros(len(first) - 1, np.int64)
    room = np.zeros(256, np.bool_)  # most words are told apart by their last byte
    for index in range(len(wanted)):
        room[wanted[index] & np.uint64(255)] = True
    for document in range(len(first) - 1):
        seen = np.uint64(0)
        for word in range(first[document], first[document + 1]):
            if room[hashes[word] & np.uint64(255)]:
                for index in range(len(wanted)):
                    if wanted[index] == hashes[word]:
                        seen |= np.uint64(1) << np.uint64(index)
        while seen:
            seen &= seen - np.uint64(1)
            found[document] += 1
    return found
