"""What names mean by the words in them, as those that the author of a page gave to its parts.

Most classes and ids say nothing that matters, and most are others than those of the page before: to look up each word takes
less time than a pattern, or a cache of whole names.
"""

import numpy as np
from numpy.typing import NDArray

from corpusforge.text.kernels import kernel
from corpusforge.text.markup_tags import number_in

ASK = 2**40
"""A meaning that the words alone do not decide."""

_WORD_BYTES = 16
_PART_BYTES = 3
_A, _Z, _CAPITAL_A, _CAPITAL_Z = map(ord, "azAZ")


@kernel
def meanings_of(
    data: NDArray[np.uint8],
    begin: NDArray[np.int64],
    end: NDArray[np.int64],
    words: NDArray[np.int64],
    meanings: NDArray[np.int64],
    parts: NDArray[np.int64],
) -> NDArray[np.int64]:
    """The bits of all words of each name data[begin[i] : end[i]], int64.

    Words are runs of ASCII letters in any case, cut at capitals as in "postShareBar". A run that is a listed word only as a
    whole, though capitals cut it, asks if that word does. So does a run of more than 16 letters, and one with a listed part of
    three letters as they are written. `words` is a names_table, `meanings` has the bits by number of the word, and a part is a
    number with its first letter in the lowest byte.
    """
    found = np.zeros(len(begin), np.int64)
    for name in range(len(begin)):
        position = begin[name]
        while position < end[name]:
            stop = _run_end(data, position, end[name])
            if stop - position > _WORD_BYTES:
                found[name] |= ASK
            elif stop > position:
                found[name] |= _meaning(data, position, stop, words, meanings) | _asked(data, position, stop, parts)
            position = stop + 1
    return found


@kernel
def _meaning(data: NDArray[np.uint8], begin: int, end: int, words: NDArray[np.int64], meanings: NDArray[np.int64]) -> int:
    """The bits of the words in a run of at most 16 letters."""
    found = low = high = length = whole_low = whole_high = 0
    for place in range(begin, end):
        letter = int(data[place])
        is_capital = letter < _A
        if is_capital and length and (data[place - 1] >= _A or (place + 1 < end and data[place + 1] >= _A)):
            found |= meanings[number_in(words, low, high)]
            low = high = length = 0
        letter += (_A - _CAPITAL_A) * is_capital
        low, high = _longer(low, high, length, letter)
        whole_low, whole_high = _longer(whole_low, whole_high, place - begin, letter)
        length += 1
    found |= meanings[number_in(words, low, high)]
    return int(found | meanings[number_in(words, whole_low, whole_high)] & ASK)


@kernel
def _asked(data: NDArray[np.uint8], begin: int, end: int, parts: NDArray[np.int64]) -> int:
    for place in range(begin, end - _PART_BYTES + 1):
        part = int(data[place]) | int(data[place + 1]) << 8 | int(data[place + 2]) << 16
        for listed in parts:
            if part == listed:
                return ASK
    return 0


@kernel
def _longer(low: int, high: int, length: int, letter: int) -> tuple[int, int]:
    """A word of `length` letters, eight in each number, and one more letter."""
    return (low | letter << 8 * length, high) if length < 8 else (low, high | letter << 8 * (length - 8))


@kernel
def _run_end(data: NDArray[np.uint8], position: int, end: int) -> int:
    """Where the letters from `position` on end."""
    while position < end and (_A <= data[position] <= _Z or _CAPITAL_A <= data[position] <= _CAPITAL_Z):
        position += 1
    return position
