"""What tells prose from lists of words: how many of the words stand on a list, and how many stand together on a line.

Listed words are found by a hash table that a kernel asks for each word of the view.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from corpusforge.text.kernels import kernel
from corpusforge.text.spans import word_hashes, word_spans
from corpusforge.text.view import TextView

_LINE_FEED, _BAR = 0x0A, 0x7C

_SPREAD = np.uint64(0xD6E8FEB86659FD93)
_ROOM = 4
"""Slots per word: one that is not listed mostly meets an empty slot at once."""


class Table(NamedTuple):
    """Open addressing: 2 ** (64 - shift) slots, 0 where one is empty.

    A hash is looked for from the slot that its product with _SPREAD, shifted, names.
    """

    slots: NDArray[np.uint64]
    shift: np.uint64


def count_listed(view: TextView, listed: tuple[str, ...]) -> NDArray[np.int64]:
    """How often words of `listed` occur in each document, as spelled, with a capital or in capitals: int64[num_documents].

    Raises ValueError where an entry is not one word.
    """
    return _count(view.once(word_spans).first, view.once(word_hashes), _table(listed))


def count_stretches(view: TextView) -> NDArray[np.int64]:
    """Runs of words that no line feed and no bar interrupts, such as lines and cells of tables: int64[num_documents]."""
    return _stretches(view.data, *view.once(word_spans))


@lru_cache(maxsize=8)
def _table(listed: tuple[str, ...]) -> Table:
    words = list(dict.fromkeys(form for word in listed for form in (word, word.capitalize(), word.upper())))
    bits = (len(words) * _ROOM).bit_length()
    slots = np.zeros(1 << bits, np.uint64)
    for hashed in _hashes_of(words).tolist():
        slot = hashed * int(_SPREAD) % 2**64 >> (64 - bits)
        while slots[slot]:
            slot = (slot + 1) % len(slots)
        slots[slot] = hashed
    slots.flags.writeable = False  # a kernel takes no writable array inside a tuple
    return Table(slots, np.uint64(64 - bits))


def _hashes_of(words: Sequence[str]) -> NDArray[np.uint64]:
    view = TextView(pa.array(words, pa.large_string()))
    for word, count in zip(words, view.num_words.tolist(), strict=True):
        if count != 1:
            raise ValueError(f"{word!r} is {count} words, not one: list words as the text view cuts them")
    return word_hashes(view)


@kernel
def _count(first: NDArray[np.int64], words: NDArray[np.uint64], table: Table) -> NDArray[np.int64]:
    counts = np.zeros(len(first) - 1, np.int64)
    last = len(table.slots) - 1
    for document in range(len(counts)):
        count = 0
        for word in range(first[document], first[document + 1]):
            slot = np.int64((words[word] * _SPREAD) >> table.shift)
            while table.slots[slot] and table.slots[slot] != words[word]:
                slot = (slot + 1) & last
            count += table.slots[slot] > 0
        counts[document] = count
    return counts


@kernel
def _stretches(
    data: NDArray[np.uint8], first: NDArray[np.int64], begin: NDArray[np.int64], end: NDArray[np.int64]
) -> NDArray[np.int64]:
    counts = np.zeros(len(first) - 1, np.int64)
    for document in range(len(counts)):
        count = int(first[document] < first[document + 1])
        for word in range(first[document] + 1, first[document + 1]):
            is_new = False
            for position in range(end[word - 1], begin[word]):
                is_new |= (data[position] == _LINE_FEED) | (data[position] == _BAR)
            count += is_new
        counts[document] = count
    return counts
