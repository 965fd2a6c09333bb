"""What a vocabulary grows from and into: the words of a sample as symbols of the base, and the rows that are added to it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from corpusforge.text.joins import Words
from corpusforge.vocab.encode import Encoder

# Words are cut after so many symbols: nothing longer is ever one piece, and merging takes time quadratic in them.
MAX_WORD_SYMBOLS = 256


@dataclass(frozen=True)
class Sample:
    """Documents, as arrays of text, and the weight of each document."""

    texts: Sequence[pa.Array]
    weights: NDArray[np.int64]

    @classmethod
    def of(cls, texts: Sequence[str]) -> "Sample":
        """Documents of equal weight."""
        return cls([pa.array(texts, pa.large_string())], np.ones(len(texts), np.int64))


class Characters(NamedTuple):
    """Code point codes[i] is spelled in bytes times[i] times in document documents[i]; by document, then by code point."""

    codes: NDArray[np.int64]
    documents: NDArray[np.int64]
    times: NDArray[np.int64]


@dataclass(frozen=True)
class Counted:
    """A sample as the base segments it.

    Symbols of `words` are ids of the base; a character that the base spells in bytes is the number of its ids + its code point.
    Words of one symbol are left out. `weights` are those of the documents.
    """

    words: Words
    characters: Characters
    weights: NDArray[np.int64]
    num_tokens: int
    num_chars: int
    num_bytes: int
    num_documents: int


@dataclass(frozen=True)
class Row:
    """A new id: what it spells in the vocabulary's own form, and the two spellings that are joined to it (none: a character).

    `score` is that of a unigram piece.
    """

    text: str
    parts: tuple[str, str] | None
    score: float = 0.0


class Base(Protocol):
    """A tokenizer that can be extended."""

    @property
    def symbols(self) -> Sequence[str]:
        """Spelling of each id; as long as its ids go."""

    @property
    def encoder(self) -> Encoder:
        """The base itself, as fast as it can be."""

    @property
    def max_length(self) -> int:
        """Longest new piece, in characters of its spelling."""

    @property
    def is_coarser(self) -> bool:
        """Whether boundaries of the extended tokenizer are the base's in any text, by the way that it is made."""

    def text_of(self, row: Row) -> str:
        """Text that a new piece stands for, where one can be written."""

    def counted(self, sample: Sample) -> Counted:
        """The words of a sample."""

    def files(self, rows: Sequence[Row], num_padding: int) -> dict[str, bytes]:
        """The extended tokenizer: content of its files by name; row k has the id len(symbols) + k."""


def words_between(symbols: NDArray[np.int32], is_end: NDArray[np.bool_], document_ends: NDArray[np.int64]) -> Words:
    """Words of two or more symbols: each ends where `is_end` says, or after MAX_WORD_SYMBOLS."""
    begins = np.flatnonzero(np.concatenate([[True], is_end[:-1]])) if len(symbols) else np.zeros(0, np.int64)
    sizes = np.diff(np.append(begins, len(symbols)))
    if len(sizes) and sizes.max() > MAX_WORD_SYMBOLS:
        cuts = [np.arange(begin, begin + size, MAX_WORD_SYMBOLS) for begin, size in zip(begins, sizes, strict=True)]
        begins = np.concatenate(cuts)
        sizes = np.diff(np.append(begins, len(symbols)))
    is_kept = sizes > 1
    offsets = np.concatenate([[0], np.cumsum(sizes[is_kept])])
    documents = np.searchsorted(document_ends, begins[is_kept], side="right")
    return Words(symbols[np.repeat(is_kept, sizes)], offsets, np.ones(len(documents), np.int64), documents)


def count_characters(codes: NDArray[np.int64], documents: NDArray[np.int64]) -> Characters:
    """Counts of code points that occur one by one in documents."""
    keys, times = np.unique(documents << 32 | codes, return_counts=True)
    return Characters(keys & 0xFFFFFFFF, keys >> 32, times)


def num_chars(texts: Iterable[pa.Array]) -> int:
    """Characters of all texts."""
    return sum(int(pc.sum(pc.utf8_length(each)).as_py() or 0) for each in texts)


def num_bytes(texts: Iterable[pa.Array]) -> int:
    """Bytes of all texts."""
    return sum(int(pc.sum(pc.binary_length(each)).as_py() or 0) for each in texts)
