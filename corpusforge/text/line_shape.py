"""What lines look like: how many hold anything, end a sentence, or hold one character only; and letters repeated in a row."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from corpusforge.text.census import BLANK, HAN, character_classes, class_at
from corpusforge.text.characters import CLOSER, character_flags
from corpusforge.text.kernels import kernel
from corpusforge.text.view import TextView

LINES, ENDED_LINES, SINGLE_LINES, REPEATED_LETTERS = 0, 1, 2, 3
NUM_SHAPES = 4

REPEATED_RUN = 4
"""From so many times in a row on, a letter counts as repeated."""

_ENDS = ".!?。！？…．｡؟।‼⁇⁈⁉"
_QUOTES = "\"'"
_CLASS, _END, _TRANSPARENT = 63, 64, 128


def line_shapes(view: TextView) -> NDArray[np.int64]:
    """Counts for each document, int64[num_documents, NUM_SHAPES]; to be asked by view.once(line_shapes).

    LINES: lines that hold anything visible, parted by LF. ENDED_LINES: those whose last visible character, closing brackets
    and quotation marks apart, ends a sentence. SINGLE_LINES: those of one visible character. REPEATED_LETTERS: letters that
    stand in a run of REPEATED_RUN or more of the same within a line.
    """
    return _count_shapes(view.data, view.offsets, _marked_classes())


@lru_cache(maxsize=1)
def _marked_classes() -> NDArray[np.uint8]:
    """The classes of the census, with what ends a sentence and what may follow its end marked: uint8[TABLE_SIZE]."""
    marked = character_classes().copy()
    marked[character_flags() & CLOSER != 0] |= _TRANSPARENT
    marked[[ord(character) for character in _QUOTES]] |= _TRANSPARENT
    marked[[ord(character) for character in _ENDS]] |= _END
    marked.flags.writeable = False
    return marked


@kernel
def _count_shapes(data: NDArray[np.uint8], offsets: NDArray[np.int64], marked: NDArray[np.uint8]) -> NDArray[np.int64]:
    counts = np.zeros((len(offsets) - 1, NUM_SHAPES), np.int64)
    for document in range(len(counts)):
        position, stop = offsets[document], offsets[document + 1]
        num_visible, repeats, last = 0, 0, 0
        while position < stop:
            found, size = class_at(data, position, marked)
            kind = found & _CLASS
            num_visible += kind > BLANK
            last = found if kind > BLANK and not found & _TRANSPARENT else last
            repeats = repeats + 1 if _is_repeated(data, position, size, offsets[document]) else 0
            if repeats >= REPEATED_RUN - 1 and kind >= HAN:
                counts[document, REPEATED_LETTERS] += REPEATED_RUN if repeats == REPEATED_RUN - 1 else 1
            position += size
            if position == stop or data[position] == 10:
                counts[document, LINES] += num_visible > 0
                counts[document, ENDED_LINES] += last & _END != 0
                counts[document, SINGLE_LINES] += num_visible == 1
                num_visible, last = 0, 0
    return counts


@kernel
def _is_repeated(data: NDArray[np.uint8], position: int, size: int, begin: int) -> bool:
    """Whether the character of `size` bytes at `position` equals the one before it, of a document that starts at `begin`."""
    if position == begin or data[position] != data[position - size]:
        return False
    place = position + 1
    while place < position + size and data[place] == data[place - size]:
        place += 1
    return place == position + size
