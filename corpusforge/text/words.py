"""Counting characters and words, straight on Arrow's buffers.

A word is
- one CJK character: a Han character, a kana or a hangul syllable; or
- a letter or number of any other script with the letters, numbers and combining marks that follow it, where an
  apostrophe, a hyphen or an invisible joiner (soft hyphen, zero-width joiner or non-joiner) between two letters does
  not end it.

So "don't re-measure" is 2 words, "U-235" is 2, "3.5" is 2, "1990s" is 1, "砂岩sample" is 3. Punctuation, symbols, emoji
and marks that follow none of these are no words. The rule is local: no dictionary, no language setting.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from corpusforge.text.characters import CJK, JOINER, LETTER, MARK, NUMBER, character_flags, flags_at
from corpusforge.text.kernels import kernel

# What stands left of the next character, as far as words care.
_NOTHING, AFTER_LETTER, _AFTER_NUMBER, _AFTER_JOINER = 0, 1, 2, 3


@kernel
def count_characters(data: NDArray[np.uint8], offsets: NDArray[np.int64]) -> NDArray[np.int64]:
    """Code points of each document: int64[num_documents]."""
    counts = np.empty(len(offsets) - 1, np.int64)
    for document in range(len(counts)):
        count = 0
        for byte in data[offsets[document] : offsets[document + 1]]:  # not by positions: then they are looked at one by one
            count += (byte & 0xC0) != 0x80
        counts[document] = count
    return counts


def count_words(data: NDArray[np.uint8], offsets: NDArray[np.int64]) -> NDArray[np.int64]:
    """Words of each document as the module defines them: int64[num_documents]."""
    return _count_words(data, offsets, character_flags(), _ascii_moves())


@lru_cache(maxsize=1)
def _ascii_moves() -> NDArray[np.uint8]:
    """What `step` does at each ASCII character, as left | starts << 2 at left << 7 | byte: uint8[512].

    A table has no branches, which a processor would guess wrong at both ends of every word.
    """
    flags = character_flags()[:128].tolist()
    moves = [step(flags[byte], left) for left in range(4) for byte in range(128)]
    return np.array([left | starts << 2 for starts, left in moves], np.uint8)


@kernel
def _count_words(
    data: NDArray[np.uint8], offsets: NDArray[np.int64], table: NDArray[np.uint16], moves: NDArray[np.uint8]
) -> NDArray[np.int64]:
    counts = np.empty(len(offsets) - 1, np.int64)
    for document in range(len(counts)):
        count = 0
        left = _NOTHING
        position, stop = offsets[document], offsets[document + 1]
        while position < stop:
            if data[position] < 0x80:
                move = int(moves[left << 7 | data[position]])
                starts, left = move >> 2, move & 3
                position += 1
            else:
                flags, size = flags_at(data, position, table)
                starts, left = step(flags, left)
                position += size
            count += starts
        counts[document] = count
    return counts


@kernel
def step(flags: int, left: int) -> tuple[int, int]:
    """Whether a character starts a word, and what it leaves on the left of the next one; 0 where no word goes on."""
    if flags & CJK:
        return 1, _NOTHING
    if flags & LETTER:
        return int(left == _NOTHING), AFTER_LETTER
    if flags & NUMBER:
        return int(left in (_NOTHING, _AFTER_JOINER)), _AFTER_NUMBER
    if flags & MARK and left != _AFTER_JOINER:
        return 0, left
    if flags & JOINER and left == AFTER_LETTER:
        return 0, _AFTER_JOINER
    return 0, _NOTHING
