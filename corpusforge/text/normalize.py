"""The normal form in which texts are compared for equality: canonical composition, and blanks that only lay text out.

Case, punctuation and compatibility forms stay: documents that differ in them are for near-duplicate stages to judge.
"""

import sys
import unicodedata
from functools import lru_cache
from itertools import pairwise

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from corpusforge.text.characters import SPACE, TABLE_SIZE, character_flags, flags_at
from corpusforge.text.kernels import kernel
from corpusforge.text.view import TextView

_HANGUL_PARTS = (*range(0x1161, 0x1176), *range(0x11A8, 0x11C3))


def normalize(text: str) -> str:
    r"""NFC, every run of whitespace as one space, none at the ends.

    normalize("a \n b ") -> "a b"
    """
    return " ".join(unicodedata.normalize("NFC", text).split())


def normalized(texts: pa.LargeStringArray) -> list[bytes]:
    """The normal form of each text, in UTF-8: what `normalize` gives."""
    view = TextView(texts)
    data, offsets, is_plain = _collapsed(view.data, view.offsets, character_flags(), _composed())
    bounds = offsets.tolist()
    flat = data.tobytes()
    found = [flat[begin:end] for begin, end in pairwise(bounds)]
    for index in np.flatnonzero(~is_plain).tolist():
        found[index] = normalize(view.texts[index].as_py()).encode()
    return found


@lru_cache(maxsize=1)
def _composed() -> NDArray[np.bool_]:
    """Code points below TABLE_SIZE that composition neither changes nor joins to what stands before: bool, read-only."""
    joins = set(_HANGUL_PARTS)
    composed = np.ones(TABLE_SIZE, np.bool_)
    for point in range(sys.maxunicode + 1):
        decomposition = unicodedata.decomposition(chr(point))
        if decomposition and not decomposition.startswith("<"):
            joins.update(int(each, 16) for each in decomposition.split()[1:])
    for point in range(0x300, 0x30000):
        character = chr(point)
        if unicodedata.combining(character) or point in joins or not unicodedata.is_normalized("NFC", character):
            composed[point] = False
    composed.flags.writeable = False
    return composed


@kernel
def _collapsed(
    data: NDArray[np.uint8], offsets: NDArray[np.int64], table: NDArray[np.uint16], composed: NDArray[np.bool_]
) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.bool_]]:
    """Texts with each run of whitespace as one space; where each ends; and whether that is all there is to do."""
    collapsed = np.empty(offsets[-1] - offsets[0], np.uint8)
    bounds = np.zeros(len(offsets), np.int64)
    is_plain = np.ones(len(offsets) - 1, np.bool_)
    used = 0
    for document in range(len(offsets) - 1):
        position, stop, is_gap = offsets[document], offsets[document + 1], False
        while position < stop:
            flags, size = flags_at(data, position, table)
            if flags & SPACE:
                is_gap = used > bounds[document]
            else:
                if is_gap:
                    collapsed[used] = 0x20
                    used += 1
                    is_gap = False
                if size > 1:
                    point = _point(data, position, size)
                    is_plain[document] &= point < TABLE_SIZE and composed[point]
                for offset in range(size):
                    collapsed[used] = data[position + offset]
                    used += 1
            position += size
        bounds[document + 1] = used
    return collapsed[:used].copy(), bounds, is_plain


@kernel
def _point(data: NDArray[np.uint8], position: int, size: int) -> int:
    point = int(data[position]) & (0xFF >> (size + 1))
    for offset in range(1, size):
        point = (point << 6) | (int(data[position + offset]) & 0x3F)
    return point
