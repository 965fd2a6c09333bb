"""Listed terms in texts: by word boundaries where words are written apart, by longest match where they are not.

A scan from left to right takes the longest entry at each place and goes on behind it. In Chinese that is forward maximum
matching, so with ordinary words among the entries a term is found only as a unit of the segmentation: not across the words
of "he kou | jiao hui" (river mouths meet). In English a longer innocent entry hides the term it holds in the same way.

An entry begins and ends where a word may: beside no letter, number or mark of its own kind of script. So hyphens and
apostrophes part words here, unlike in corpusforge.text.words: a term is itself in compounds and in the genitive.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from corpusforge.text.characters import LETTER, MARK, NUMBER, SPACE, character_flags, flags_at, flags_before
from corpusforge.text.kernels import kernel
from corpusforge.text.lines import skip_spaces
from corpusforge.text.shingles import ASCII_A, ASCII_Z
from corpusforge.text.spans import Spans
from corpusforge.text.trie import (
    BLANK,
    IS_WHOLE,
    MARK_BITS,
    MISSING,
    NOTHING,
    NUM_BEGINNINGS,
    Trie,
    character_at,
    prefix_of,
    step_from,
)
from corpusforge.text.view import TextView

_SPELLED = LETTER | NUMBER | MARK
_LAST = NUM_BEGINNINGS - 1
_LEAD_OF_FULL_WIDTH = 0xEF
_MARKS = (1 << MARK_BITS) - 1


class Terms(NamedTuple):
    """Where entries were found, in order, none overlapping another, and which.

    `entries` (int64) are numbers that tell one entry from another, `marks` (uint8) what the trie says of each.
    """

    spans: Spans
    entries: NDArray[np.int64]
    marks: NDArray[np.uint8]


def find_terms(view: TextView, trie: Trie, least: int = 1) -> Terms:
    """The entries of a trie in the texts; those of marks below `least` take their place and are not told."""
    first, begin, end, entries = _find(view.data, view.offsets, trie, character_flags(), least)
    return Terms(Spans(first, begin, end), entries, (entries & _MARKS).astype(np.uint8))


def near_another(terms: Terms, part: NDArray[np.int64], max_gap_bytes: int) -> NDArray[np.bool_]:
    """Whether each term has one of another entry before or behind it, in the same part of the text and not too far off.

    `part` (int64[num_terms], increasing) says which part each term is in: bool[num_terms].
    """
    return _near_another(terms.spans.begin, terms.spans.end, terms.entries, part, max_gap_bytes)


@kernel
def _near_another(
    begin: NDArray[np.int64], end: NDArray[np.int64], entries: NDArray[np.int64], part: NDArray[np.int64], max_gap: int
) -> NDArray[np.bool_]:
    is_near = np.zeros(len(begin), np.bool_)
    for term in range(len(begin)):
        other = term + 1
        while other < len(begin) and part[other] == part[term] and begin[other] - end[term] <= max_gap:
            if entries[other] != entries[term]:
                is_near[term] = is_near[other] = True
            other += 1
    return is_near


@kernel
def _find(
    data: NDArray[np.uint8], offsets: NDArray[np.int64], trie: Trie, table: NDArray[np.uint16], least: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    room = len(offsets) + (offsets[-1] - offsets[0]) // 64
    found = np.empty((3, room), np.int64)
    first = np.zeros(len(offsets), np.int64)
    used = 0
    for document in range(len(offsets) - 1):
        position, stop = offsets[document], offsets[document + 1]
        left = 0
        while position < stop:
            begin, end, entry, left = _next_entry(data, position, stop, left, trie, table)
            if entry & _MARKS >= least:
                if used == found.shape[1]:
                    found = np.concatenate((found, found), axis=1)
                found[0, used], found[1, used], found[2, used] = begin, end, entry
                used += 1
            position = end
        first[document + 1] = used
    return first, found[0, :used].copy(), found[1, :used].copy(), found[2, :used].copy()


@kernel
def _next_entry(
    data: NDArray[np.uint8], position: int, stop: int, left: int, trie: Trie, table: NDArray[np.uint16]
) -> tuple[int, int, int, int]:
    """Begin, end and number of the first entry from `position` on, and the flags of its last character.

    `left` are the flags of the character before. Where there is no entry, `stop`, `stop`, 0 and 0.
    """
    begins, steps, lower = trie
    while position < stop:
        if data[position] == BLANK:  # no entry begins with one
            left = SPACE
            position += 1
        end = position
        prefix = NOTHING
        while end < stop and ASCII_A <= (data[end] | 0x20) <= ASCII_Z:  # most of Latin text is inside a word
            prefix = prefix_of(prefix, int(data[end] | 0x20))
            end += 1
        if end > position:
            flags = LETTER
            how = begins[prefix & _LAST]
            is_likely = how == IS_WHOLE or (end < stop and data[end] == _LEAD_OF_FULL_WIDTH)
            following = end + (end < stop and data[end] == BLANK)
            if how and not is_likely and following < stop:
                is_plain = BLANK < data[following] < 0x80
                is_likely = not is_plain or begins[prefix_of(prefix, int(lower[data[following]])) & _LAST] > 0
        elif end == stop:
            break
        else:
            flags, point, size = character_at(data, position, table, lower)
            end += size
            how = begins[prefix_of(NOTHING, point) & _LAST]
            is_likely = how == IS_WHOLE or ASCII_A <= point <= ASCII_Z
            if how and not is_likely and end < stop:
                is_likely = begins[prefix_of(point, character_at(data, end, table, lower)[1]) & _LAST] > 0
        if is_likely and not (left & _SPELLED and flags & _SPELLED):
            entry, after = _longest(data, position, stop, steps, lower, table)
            if entry:
                return position, after, entry, flags_before(data, after, position, table)
        left, position = flags, end
    return stop, stop, 0, 0


@kernel
def _longest(
    data: NDArray[np.uint8], position: int, stop: int, steps: NDArray[np.int64], lower: NDArray[np.int64],
    table: NDArray[np.uint16],
) -> tuple[int, int]:  # fmt: skip
    """The longest entry at `position` (state << 8 | mark) and its end; where there is none, 0 and `position`."""
    longest, end, state = 0, position, 0
    while position < stop:
        flags, point, size = character_at(data, position, table, lower)
        reached = step_from(steps, state, point)
        if reached == MISSING:
            break
        position += size
        if flags & SPACE:
            position, _ = skip_spaces(data, position, stop, table)
        state = reached >> MARK_BITS
        if reached & _MARKS and not (flags & _SPELLED and _goes_on(data, position, stop, table)):
            longest, end = reached, position
    return longest, end


@kernel
def _goes_on(data: NDArray[np.uint8], position: int, stop: int, table: NDArray[np.uint16]) -> bool:
    """Whether a word that has come to `position` goes on there."""
    return position < stop and flags_at(data, position, table)[0] & _SPELLED > 0
