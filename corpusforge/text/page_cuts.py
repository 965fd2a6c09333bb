"""What is left of a web page when lines are cut out of it: the text, and the spans to cut.

Either as C4 leaves it, where a page is its lines, or with its layout (`line_cuts`), where a page is Markdown.

What is left are the kept lines with one line feed between two of them and no blanks at both ends. Spans can only take away, so
where nothing but other breaks (a carriage return alone, say) lies between two kept lines the first of those stays instead.
"""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from corpusforge.text.characters import SPACE, character_flags, flags_at
from corpusforge.text.kernels import kernel
from corpusforge.text.page_lines import CleanLines, PageLines
from corpusforge.text.spans import LINE_FEED
from corpusforge.text.view import TextView

KEPT, WHITESPACE, CITATION = 0, 1, 2
"""Fates of bytes; lines are kept or have a fate of the caller's, from FIRST_FATE on, for which they are cut."""
FIRST_FATE = 3


class Cuts(NamedTuple):
    """Out of document i are cut the spans first[i] <= j < first[i + 1], its bytes begin[j] <= x < end[j], for fates[j]."""

    first: NDArray[np.int64]
    begin: NDArray[np.int64]
    end: NDArray[np.int64]
    fates: NDArray[np.uint8]


def kept_texts(lines: PageLines, clean: CleanLines, fates: NDArray[np.uint8]) -> pa.LargeStringArray:
    """The kept lines of each document with a line feed between two of them; blanks at both ends are still there."""
    data, offsets = _kept(clean.data, clean.bounds, lines.first, fates)
    return pa.LargeStringArray.from_buffers(len(offsets) - 1, pa.py_buffer(offsets), pa.py_buffer(data))


def page_cuts(view: TextView, lines: PageLines, clean: CleanLines, fates: NDArray[np.uint8]) -> Cuts:
    """The spans whose absence leaves the kept texts, without blanks at both ends."""
    of_bytes = _fates_of_bytes(view.data, view.offsets, lines, clean, fates)
    return Cuts(*_runs(_stripped(view.data, view.offsets, of_bytes, character_flags()), view.offsets))


def line_cuts(view: TextView, lines: PageLines, clean: CleanLines, fates: NDArray[np.uint8]) -> Cuts:
    """The lines to cut, whole, and citation marks; what else there is stays as it is: blank lines, indentation, breaks.

    Blank lines behind a cut go where one stands before it already or nothing does, and blanks at the end of what loses a line.
    """
    of_bytes = _fates_of_whole_lines(view.offsets, lines, clean, fates)
    return Cuts(*_runs(of_bytes, view.offsets))


@kernel
def _kept(
    data: NDArray[np.uint8], bounds: NDArray[np.int64], first: NDArray[np.int64], fates: NDArray[np.uint8]
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    kept, offsets = np.empty(len(data) + len(bounds), np.uint8), np.zeros(len(first), np.int64)
    size = 0
    for document in range(len(first) - 1):
        has_line = False
        for line in range(first[document], first[document + 1]):
            if fates[line] != KEPT:
                continue
            if has_line:
                kept[size] = LINE_FEED
                size += 1
            kept[size : size + bounds[line + 1] - bounds[line]] = data[bounds[line] : bounds[line + 1]]
            size += bounds[line + 1] - bounds[line]
            has_line = True
        offsets[document + 1] = size
    return kept[:size].copy(), offsets


@kernel
def _fates_of_bytes(
    data: NDArray[np.uint8], offsets: NDArray[np.int64], lines: PageLines, clean: CleanLines, fates: NDArray[np.uint8]
) -> NDArray[np.uint8]:
    base = offsets[0]
    found = np.full(offsets[-1] - base, WHITESPACE, np.uint8)
    for line in range(len(fates)):
        found[lines.begin[line] - base : lines.end[line] - base] = fates[line]
    for mark in range(len(clean.begin)):
        if found[clean.begin[mark] - base] == KEPT:
            found[clean.begin[mark] - base : clean.end[mark] - base] = CITATION
    for document in range(len(offsets) - 1):
        before = -1
        for line in range(lines.first[document], lines.first[document + 1]):
            if fates[line] == KEPT:
                if before >= 0:
                    begin, end = _kept_break(data, lines, before, line)
                    found[begin - base : end - base] = KEPT
                before = line
    return found


@kernel
def _fates_of_whole_lines(
    offsets: NDArray[np.int64], lines: PageLines, clean: CleanLines, fates: NDArray[np.uint8]
) -> NDArray[np.uint8]:
    base = offsets[0]
    found = np.full(offsets[-1] - base, KEPT, np.uint8)
    for mark in range(len(clean.begin)):
        found[clean.begin[mark] - base : clean.end[mark] - base] = CITATION
    for document in range(len(offsets) - 1):
        begin, ended = offsets[document], offsets[document]  # of this line; of the last kept line that has characters
        is_behind_blank, is_behind_cut, was_cut = True, False, False
        for line in range(lines.first[document], lines.first[document + 1]):
            stop = lines.stop[line]
            is_blank = lines.begin[line] == lines.end[line]
            if fates[line] != KEPT and not is_blank:
                found[begin - base : stop - base] = fates[line]
                is_behind_cut = was_cut = True
            elif is_blank and is_behind_cut and is_behind_blank:
                found[begin - base : stop - base] = WHITESPACE
            else:
                is_behind_blank, is_behind_cut = is_blank, False
                ended = ended if is_blank else lines.end[line]
            begin = stop
        for position in range(ended, offsets[document + 1] if was_cut else ended):
            if found[position - base] == KEPT:
                found[position - base] = WHITESPACE
    return found


@kernel
def _kept_break(data: NDArray[np.uint8], lines: PageLines, before: int, after: int) -> tuple[int, int]:
    """Where the break lies that stays between two kept lines: the first line feed, else the break that ends the first."""
    for line in range(before, after):
        last = lines.stop[line] - 1
        if lines.breaks[line] <= last and data[last] == LINE_FEED:
            return last, last + 1
    return lines.breaks[before], lines.stop[before]


@kernel
def _stripped(
    data: NDArray[np.uint8], offsets: NDArray[np.int64], fates: NDArray[np.uint8], table: NDArray[np.uint16]
) -> NDArray[np.uint8]:
    """The fates with the kept blanks at both ends of each document cut as well."""
    base = offsets[0]
    found = fates.copy()
    for document in range(len(offsets) - 1):
        begin, end = offsets[document], offsets[document + 1]
        while begin < end:
            flags, size = flags_at(data, begin, table)
            if fates[begin - base] == KEPT:
                if not flags & SPACE:
                    break
                found[begin - base : begin - base + size] = WHITESPACE
            begin += size
        while begin < end:
            start = end - 1
            while data[start] & 0xC0 == 0x80:
                start -= 1
            if fates[start - base] == KEPT:
                flags, _ = flags_at(data, start, table)
                if not flags & SPACE:
                    break
                found[start - base : end - base] = WHITESPACE
            end = start
    return found


@kernel
def _runs(
    fates: NDArray[np.uint8], offsets: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.uint8]]:
    """Runs of bytes of one fate that is not KEPT, by document."""
    num_runs = len(offsets)
    for position in range(1, len(fates)):
        num_runs += fates[position] != KEPT and fates[position] != fates[position - 1]
    first = np.zeros(len(offsets), np.int64)
    begin, end, whys = np.empty(num_runs, np.int64), np.empty(num_runs, np.int64), np.empty(num_runs, np.uint8)
    used = 0
    for document in range(len(offsets) - 1):
        start, stop = offsets[document] - offsets[0], offsets[document + 1] - offsets[0]
        for position in range(start, stop):
            fate = fates[position]
            if fate == KEPT:
                continue
            if position == start or fates[position - 1] != fate:
                begin[used], whys[used] = position - start, fate
                used += 1
            end[used - 1] = position + 1 - start
        first[document + 1] = used
    return first, begin[:used], end[:used], whys[:used]
