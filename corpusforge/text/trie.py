"""A trie over characters for kernels: the longest of many listed entries that begins at a place of a text.

A hash table of (state, character) rather than a double array: a dictionary of 350,000 Chinese words is ready in seconds, a
character of any plane is one step, and the tables are plain arrays. First characters have a table of their own, since most
places of a text begin no entry.

Texts and entries are compared folded: letters below U+0800 in lower case, full-width forms as ASCII, and a run of white space
is one space. That takes one character to one, so it needs no second copy of the text.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from corpusforge.text.characters import SPACE, character_flags, flags_at
from corpusforge.text.kernels import kernel
from corpusforge.text.shingles import ASCII_A, ASCII_Z

BLANK = ord(" ")
NOTHING = 0
MISSING = -1
MARK_BITS = 8
_POINT_BITS = 21
NUM_BEGINNINGS = 0x10000
_GOES_ON, IS_WHOLE = 1, 2
_FOLDED = 0x800
_WIDE_FIRST, _WIDE_LAST, _WIDE_SHIFT = 0xFF01, 0xFF5E, 0xFEE0
_ODD = 0x9E37
_SPREAD = np.uint64(0x9E3779B97F4A7C15)
_BLANKS = re.compile(" {2,}")


class Trie(NamedTuple):
    """Entries and what is said of them: `begins` (uint8[65536]) by how they begin, `steps` from state to state.

    `begins` is 0 where no entry begins so: after the letters a to z that an entry begins with, or else its first character, and
    after these and the next one (behind letters a blank is passed over); IS_WHOLE where the former are an entry. Prefixes share
    places, so other values are no promise.
    A step takes two numbers (int64) of `steps`: its key, state << 21 | code point, MISSING where free, and what it reaches,
    state << 8 | mark of the entry that ends there, 0 for none. They lie where linear probing from slot_of(key) finds them.
    State 0 is the root. `lower` (int64) are the folded code points below U+0800. All arrays are read-only.
    """

    begins: NDArray[np.uint8]
    steps: NDArray[np.int64]
    lower: NDArray[np.int64]


def build_trie(entries: Mapping[str, int]) -> Trie:
    """The trie of entries and their marks, 1 to 255; of entries that are equal when folded the greatest mark counts.

    An entry has some character that is not white space; that at its ends is left out.
    """
    listed = [folded(entry).strip() for entry in entries]
    points = np.frombuffer("".join(listed).encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.int64)
    ends = np.cumsum([len(entry) for entry in listed], dtype=np.int64)
    steps = _steps(*_states(points, ends, np.array([*entries.values()], np.int64)))
    begins = _begins(points, ends)
    steps.flags.writeable = begins.flags.writeable = False
    return Trie(begins, steps, _lower_case())


def folded(text: str) -> str:
    """A text as it is compared: folded("Ａ\\n B") -> "a b"."""
    return _BLANKS.sub(" ", text.translate(_folding()))


@lru_cache(maxsize=1)
def _folding() -> Mapping[int, int]:
    """The folded code points of those that change."""
    lower = _lower_case().tolist()
    wide = {point: lower[point - _WIDE_SHIFT] for point in range(_WIDE_FIRST, _WIDE_LAST + 1)}
    blank = dict.fromkeys(np.flatnonzero(character_flags() & SPACE).tolist(), BLANK)
    return dict(enumerate(lower)) | wide | blank


@kernel
def character_at(
    data: NDArray[np.uint8], position: int, table: NDArray[np.uint16], lower: NDArray[np.int64]
) -> tuple[int, int, int]:
    """Flags, folded code point and size in bytes of the character at `position` of valid UTF-8; white space is BLANK."""
    first = int(data[position])
    if first < 0x80:
        return int(table[first]), int(lower[first]), 1
    if first < 0xE0:
        point = (first & 0x1F) << 6 | int(data[position + 1] & 0x3F)
        return int(table[point]), int(lower[point]), 2
    point = (first & 0x0F) << 12 | int(data[position + 1] & 0x3F) << 6 | int(data[position + 2] & 0x3F)
    if first >= 0xF0:
        flags, size = flags_at(data, position, table)
        return flags, (point & 0x7FFF) << 6 | int(data[position + 3] & 0x3F), size
    flags = int(table[point])
    if flags & SPACE:
        return flags, BLANK, 3
    if _WIDE_FIRST <= point <= _WIDE_LAST:
        point = int(lower[point - _WIDE_SHIFT])
    return flags, point, 3


@kernel
def prefix_of(before: int, point: int) -> int:
    """The number of a prefix that is one character longer, from NOTHING on; modulo 65536 its place in `begins`."""
    return before * _ODD + point


@kernel
def step_from(steps: NDArray[np.int64], state: int, point: int) -> int:
    """What one more character reaches, state << 8 | mark; MISSING where no entry goes on so."""
    key = state << _POINT_BITS | point
    slot = slot_of(key, len(steps))
    while steps[slot] != MISSING and steps[slot] != key:
        slot = (slot + 2) & (len(steps) - 1)
    return int(steps[slot + 1])


@kernel
def slot_of(key: int, size: int) -> int:
    """Where the search for a key begins in `steps`, which are `size` numbers."""
    return int((np.uint64(key) * _SPREAD) >> np.uint64(32)) & (size - 2)


@kernel
def _states(
    points: NDArray[np.int64], ends: NDArray[np.int64], marks: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The keys of all steps, in the order in which entries make them, and what each reaches; entry i ends before `ends[i]`."""
    steps = _free(len(points))
    keys = np.empty(len(points), np.int64)
    reached = np.empty(len(points), np.int64)
    num_states = begin = 0
    for entry in range(len(ends)):
        state = 0
        for place in range(begin, ends[entry]):
            key = state << _POINT_BITS | points[place]
            slot = slot_of(key, len(steps))
            while steps[slot] != MISSING and steps[slot] != key:
                slot = (slot + 2) & (len(steps) - 1)
            if steps[slot] == MISSING:
                keys[num_states], reached[num_states] = key, (num_states + 1) << MARK_BITS
                num_states += 1
                steps[slot], steps[slot + 1] = key, num_states
            state = steps[slot + 1]
        begin = ends[entry]
        if state:
            reached[state - 1] = max(reached[state - 1], state << MARK_BITS | marks[entry])
    return keys[:num_states], reached[:num_states]


@kernel
def _steps(keys: NDArray[np.int64], reached: NDArray[np.int64]) -> NDArray[np.int64]:
    steps = _free(len(keys))
    for index in range(len(keys)):
        slot = slot_of(keys[index], len(steps))
        while steps[slot] != MISSING:
            slot = (slot + 2) & (len(steps) - 1)
        steps[slot], steps[slot + 1] = keys[index], reached[index]
    return steps


@kernel
def _free(num_steps: int) -> NDArray[np.int64]:
    """Room for so many steps, which fill at most two thirds of it."""
    num_slots = 1
    while num_slots <= num_steps * 3 // 2:
        num_slots *= 2
    return np.full(2 * num_slots, MISSING, np.int64)


@kernel
def _begins(points: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.uint8]:
    """How entries begin, as `Trie.begins` has it; entry i ends before `ends[i]`."""
    begins = np.zeros(NUM_BEGINNINGS, np.uint8)
    place = 0
    for end in ends:
        first, prefix = place, NOTHING
        while place < end and ASCII_A <= points[place] <= ASCII_Z:
            prefix = prefix_of(prefix, points[place]) % NUM_BEGINNINGS
            place += 1
        if place == first < end:
            prefix = prefix_of(NOTHING, points[place]) % NUM_BEGINNINGS
            place += 1
        elif place < end and points[place] == BLANK:
            place += 1
        if place == end:
            begins[prefix] = IS_WHOLE
        else:
            longer = prefix_of(prefix, points[place]) % NUM_BEGINNINGS
            begins[prefix], begins[longer] = max(begins[prefix], _GOES_ON), max(begins[longer], _GOES_ON)
        place = end
    return begins


@lru_cache(maxsize=1)
def _lower_case() -> NDArray[np.int64]:
    """The lower case of the code points below U+0800, where that is one of them, and BLANK of white space; read-only."""
    lower = np.arange(_FOLDED, dtype=np.int64)
    for point in range(_FOLDED):
        small = chr(point).lower()
        if len(small) == 1 and ord(small) < _FOLDED:
            lower[point] = ord(small)
    lower[character_flags()[:_FOLDED] & SPACE > 0] = BLANK
    lower.flags.writeable = False
    return lower
