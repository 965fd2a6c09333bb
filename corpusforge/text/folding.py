"""Characters with case and full or half width folded: what words and shingles compare.

All are folded as one text, each between characters that never fold: a call for each would take several times as long.
"""

import unicodedata
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from corpusforge.text.characters import TABLE_SIZE

# No character from here on has case.
_END_OF_CASE = 0x20000
_HALF_AND_FULL_WIDTH = (0xFF00, 0xFFEF)
_NEVER_FOLDED = 0x10FFFF


@lru_cache(maxsize=1)
def folded_characters() -> NDArray[np.uint32]:
    """Each code point below TABLE_SIZE with case and width folded, where that is one code point: uint32, read-only."""
    apart = np.full(2 * _END_OF_CASE, _NEVER_FOLDED, np.uint32)
    apart[::2] = np.arange(_END_OF_CASE)
    text = apart.tobytes().decode("utf-32", "surrogatepass")
    wide, end = 2 * _HALF_AND_FULL_WIDTH[0], 2 * _HALF_AND_FULL_WIDTH[1] + 2
    text = (text[:wide] + unicodedata.normalize("NFKC", text[wide:end]) + text[end:]).casefold()
    points = np.array([text]).view(np.uint32)
    stops = np.flatnonzero(points == _NEVER_FOLDED)
    single = np.flatnonzero(np.diff(stops, prepend=-1) == 2)
    folded = np.arange(TABLE_SIZE, dtype=np.uint32)
    folded[single] = points[stops[single] - 1]
    folded.flags.writeable = False
    return folded
