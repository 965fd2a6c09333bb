"""What a vocabulary grows from and into: the words of a sample as symbols of the base, and the rows that are added to it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from corpusforge.text.joins import Words

# Words are cut after so many symbols: nothing longer is ever one piece, and merging takes time quadratic in them.
MAX_WORD_SYMBOLS = 256


@dataclass(frozen=True)
class Sample:
    """Documents (arrays of text), each array with the weight of its documents."""

    texts: Sequence[pa.Array]
    weights: Sequence[int]


@dataclass(frozen=True)
class Counted:
    """A sample as the base segments it.

    Symbols of `words` are ids of the base; a character that the base spells in bytes is `num_ids` of the base + its code
    point. Words of one symbol are left out. `characters` counts such characters by code point, weighted like words, and
    `weighted_chars` all characters; the other numbers are not weighted.
    """

    words: Words
    characters: Mapping[int, int]
    num_tokens: int
    weighted_chars: int
    num_chars: int
    num_bytes: int
    num_documents: int


@dataclass(frozen=True)
class Row:
    """A new id: what it spells in the vocabulary's own form, and the two spellings that are joined to it (none: a character)."""

    text: str
    parts: tuple[str, str] | None


class Base(Protocol):
    """A tokenizer that can be extended."""

    @property
    def symbols(self) -> Sequence[str]:
        """Spelling of each id; as long as its ids go."""

    @property
    def max_length(self) -> int:
        """Longest new piece, in characters of its spelling."""

    def counted(self, sample: Sample) -> Counted:
        """The words of a sample."""

    def files(self, rows: Sequence[Row], num_padding: int) -> dict[str, bytes]:
        """The extended tokenizer: content of its files by name; row k has the id len(symbols) + k."""


def words_between(
    symbols: NDArray[np.int32], is_end: NDArray[np.bool_], weights: NDArray[np.int64]
) -> Words:
    """Words of two or more symbols: each ends where `is_end` says, or after MAX_WORD_SYMBOLS; weighted as its first symbol."""
    begins = np.flatnonzero(np.concatenate([[True], is_end[:-1]])) if len(symbols) else np.zeros(0, np.int64)
    sizes = np.diff(np.append(begins, len(symbols)))
    if len(sizes) and sizes.max() > MAX_WORD_SYMBOLS:
        cuts = [np.arange(begin, begin + size, MAX_WORD_SYMBOLS) for begin, size in zip(begins, sizes, strict=True)]
        begins = np.concatenate(cuts)
        sizes = np.diff(np.append(begins, len(symbols)))
    is_kept = sizes > 1
    tokens = symbols[np.repeat(is_kept, sizes)]
    return Words(tokens, np.concatenate([[0], np.cumsum(sizes[is_kept])]), weights[begins[is_kept]])


def all_words(parts: Iterable[Words]) -> Words:
    """Words of several parts, one after another."""
    parts = list(parts)
    sizes = np.concatenate([np.zeros(1, np.int64), *(np.diff(part.offsets) for part in parts)])
    tokens = np.concatenate([np.zeros(0, np.int32), *(part.tokens for part in parts)])
    return Words(tokens, np.cumsum(sizes), np.concatenate([np.zeros(0, np.int64), *(part.weights for part in parts)]))


def sizes_of(sample: Sample) -> tuple[int, int, int, int]:
    """Characters by weight, characters, bytes, documents."""
    num_chars = [int(pc.sum(pc.utf8_length(texts)).as_py() or 0) for texts in sample.texts]
    num_bytes = [int(pc.sum(pc.binary_length(texts)).as_py() or 0) for texts in sample.texts]
    weighted = sum(count * weight for count, weight in zip(num_chars, sample.weights, strict=True))
    return weighted, sum(num_chars), sum(num_bytes), sum(map(len, sample.texts))
