"""Where sentences end, in Chinese and English and in text that mixes them; the characters decide, there is no setting.

The language follows from the neighbours of a mark, so a full stop needs no guess about its document:

- 。！？｡ and ‼ ⁇ end a sentence wherever they stand; so do ! ? … beside a CJK or full-width character, and ．, which
  Chinese geoscience writes for 。, unless it follows a letter or digit (３．５). Not so if a comma or colon comes next.
- . ! ? … end a sentence when whitespace follows, but not before a lower-case letter or another such mark. A single full
  stop does not end one after an abbreviation (corpusforge.text.abbreviations: a geoscience list), an initial ("J. R.
  Smith", "U.S. Geological Survey") or a number that begins the sentence ("3.2. Methods", "Fig. 3. Map"); after those
  that may be the last word it does, when the next word is one that begins sentences ("in the U.S. The").
- Closing quotes and brackets, more such marks and a citation ("[12]") that follow belong to the sentence, then the
  whitespace after it. "；" is no end.
- A blank line is an end. A single newline is one beside a CJK character, around a heading or table row, before a list
  item, and where the line cannot have been wrapped: it is shorter than 40 or longer than 120 bytes and the next one
  begins with no lower-case letter.

This is what rules can do (GUM F1 .92-.94 for all of them); models that do better cost 1000 times the time.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from corpusforge.text.abbreviations import Scan, is_abbreviated, lexicon
from corpusforge.text.characters import (
    CLAUSE,
    CLOSER,
    LETTER,
    LOWER,
    NUMBER,
    OPENER,
    SPACE,
    WIDE,
    character_flags,
    flags_at,
    flags_before,
)
from corpusforge.text.kernels import kernel
from corpusforge.text.lines import begins_block, skip_spaces
from corpusforge.text.view import TextView

_FULL_STOP, _MARK, _ALWAYS = 1, 2, 3
_QUOTE = ord('"')
_SHORTEST_WRAPPED, _LONGEST_WRAPPED = 40, 120


class Line(NamedTuple):
    """The line that the scan is in: where it begins, and how many straight double quotes it had so far."""

    begin: int
    num_quotes: int


class Run(NamedTuple):
    """End marks with what closes after them: `strength` is that of the strongest mark, 0 where there is none."""

    begin: int
    end: int
    strength: int


def sentence_ends(view: TextView) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Ends of the sentences of every document: (ends int64[num_sentences], offsets int64[num_documents + 1]).

    Those of document i are ends[offsets[i] : offsets[i + 1]]: UTF-8 byte positions from the document's start, strictly
    increasing; the last is its length. An empty document has none, one of whitespace only has one.
    """
    return _all_ends(view.data, view.offsets, character_flags(), lexicon())


def sentences(text: str) -> list[str]:
    """The sentences of a text; joined they are the text: sentences("See Fig. 2. 砂岩。") -> ["See Fig. 2. ", "砂岩。"]."""
    import pyarrow as pa

    data = text.encode()
    ends, _ = sentence_ends(TextView(pa.array([text], type=pa.large_string())))
    begins = [0, *ends[:-1].tolist()]
    return [data[begin:end].decode() for begin, end in zip(begins, ends.tolist(), strict=bool(text))]


@kernel
def _all_ends(
    data: NDArray[np.uint8], offsets: NDArray[np.int64], table: NDArray[np.uint16], words: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    ends = np.empty(len(offsets) + (offsets[-1] - offsets[0]) // 64, np.int64)
    end_offsets = np.zeros(len(offsets), np.int64)
    count = 0
    for document in range(len(offsets) - 1):
        begin, stop = offsets[document], offsets[document + 1]
        scan = Scan(data, stop, table, words)
        position, _ = skip_spaces(data, begin, stop, table)
        line = Line(position, 0)
        last = begin
        while last < stop:
            position, line = _next_end(scan, position, line)
            last = position
            if count == len(ends):
                ends = np.concatenate((ends, np.empty_like(ends)))
            ends[count] = last - begin
            count += 1
        end_offsets[document + 1] = count
    return ends[:count].copy(), end_offsets


@kernel
def _next_end(scan: Scan, begin: int, line: Line) -> tuple[int, Line]:
    """Where the sentence that begins at `begin` ends, whitespace after it included, and the line that stands there."""
    position = begin
    while position < scan.stop:
        byte = scan.data[position]
        if not _may_matter(byte):
            position += 1
        elif byte == _QUOTE:
            line = Line(line.begin, line.num_quotes + 1)
            position += 1
        else:
            run = _run_at(scan, position, begin, line)
            after, num_newlines = skip_spaces(scan.data, run.end, scan.stop, scan.table)
            if run.strength:
                is_end = _run_ends(scan, run, begin)
            else:
                is_end = num_newlines > 0 and _newline_ends(scan, position, begin, line)
            line = _line_after(scan, run, after, num_newlines, line)
            position = max(after, position + 1)
            if is_end:
                return position, line
    return scan.stop, line


@kernel
def _may_matter(byte: int) -> bool:
    """Whether a newline, a quote or an end mark may begin with this byte."""
    if byte <= 63:
        return byte in (10, 13, 33, 34, 46, 63)
    return byte in (0xE2, 0xE3, 0xEF)


@kernel
def _line_after(scan: Scan, run: Run, after: int, num_newlines: int, line: Line) -> Line:
    if num_newlines:
        return Line(after, 0)
    num_quotes = line.num_quotes
    for position in range(run.begin, run.end):
        num_quotes += scan.data[position] == _QUOTE
    return Line(line.begin, num_quotes)


@kernel
def _end_mark(scan: Scan, position: int, begin: int) -> tuple[int, int]:
    """Strength and size in bytes of the end mark at `position`, (0, 0) if there is none."""
    byte = scan.data[position]
    if byte < 0x80:
        return (_FULL_STOP, 1) if byte == 46 else (_MARK, 1) if byte in (33, 63) else (0, 0)
    if byte not in (0xE2, 0xE3, 0xEF):
        return 0, 0
    code = byte << 16 | int(scan.data[position + 1]) << 8 | scan.data[position + 2]
    if code == 0xE280A6:  # the ellipsis
        return _MARK, 3
    if code in (0xE38082, 0xEFBC81, 0xEFBC9F, 0xEFBDA1, 0xE280BC, 0xE28187, 0xE28188, 0xE28189):
        return _ALWAYS, 3
    if code == 0xEFBC8E and not flags_before(scan.data, position, begin, scan.table) & (LETTER | NUMBER):
        return _ALWAYS, 3
    return 0, 0


@kernel
def _run_at(scan: Scan, position: int, begin: int, line: Line) -> Run:
    """The end marks at `position`, and the closing quotes, brackets and citations that belong to them.

    Straight quotes and the marks of emphasis close when whitespace follows them, a double quote also when it is the
    second, fourth ... of its line.
    """
    end = sure = position
    strongest, is_second = 0, line.num_quotes % 2 == 1
    while end < scan.stop:
        strength, size = _end_mark(scan, end, begin)
        strongest = max(strongest, strength)
        is_sure = strength > 0
        if not strongest:
            return Run(position, position, 0)
        if not strength:
            is_sure, size = _closer(scan, end, is_second)
            is_second ^= scan.data[end] == _QUOTE
        if not size:
            break
        end += size
        sure = end if is_sure else sure
    if end == scan.stop or flags_at(scan.data, end, scan.table)[0] & SPACE:
        sure = end
    return Run(position, _after_citations(scan.data, sure, scan.stop), strongest)


@kernel
def _closer(scan: Scan, position: int, is_second: bool) -> tuple[bool, int]:
    """Whether the mark at `position` surely closes, and its size in bytes, 0 if it cannot close."""
    byte = scan.data[position]
    if byte == _QUOTE:
        return is_second, 1
    if byte in (39, 42, 95, 96):  # ' * _ `
        return False, 1
    flags, size = flags_at(scan.data, position, scan.table)
    return (True, size) if flags & CLOSER else (False, 0)


@kernel
def _after_citations(data: NDArray[np.uint8], position: int, stop: int) -> int:
    """Where citations such as [3] or [12, 14-16] that begin at `position` end."""
    begin = position
    while begin + 2 < stop and data[begin] == 91 and 48 <= data[begin + 1] <= 57:
        end = begin + 2
        while end < min(stop, begin + 13) and (48 <= data[end] <= 57 or data[end] in (32, 44, 45)):
            end += 1
        if end == stop or data[end] != 93:
            break
        begin = end + 1
    return begin


@kernel
def _run_ends(scan: Scan, run: Run, begin: int) -> bool:
    """Whether a sentence ends with these end marks."""
    following = flags_at(scan.data, run.end, scan.table)[0] if run.end < scan.stop else SPACE
    beside = following | flags_before(scan.data, run.begin, begin, scan.table)
    if run.strength == _ALWAYS or (run.strength == _MARK and beside & WIDE):
        return not following & CLAUSE and not (run.end < scan.stop and scan.data[run.end] in (44, 58, 59))
    return following & SPACE > 0 and _english_ends(scan, run, begin)


@kernel
def _english_ends(scan: Scan, run: Run, begin: int) -> bool:
    """The same, where whitespace or the end of the document follows and no Chinese mark is among them."""
    after, num_newlines = skip_spaces(scan.data, run.end, scan.stop, scan.table)
    if after == scan.stop or num_newlines > 1:
        return True
    if num_newlines and (flags_at(scan.data, after, scan.table)[0] & WIDE or begins_block(scan.data, after, scan.stop)):
        return True
    if _end_mark(scan, after, begin)[0]:
        return False
    word = _after_openers(scan, after)
    flags = flags_at(scan.data, word, scan.table)[0] if word < scan.stop else 0
    if flags & LOWER:
        return False
    is_one_stop = run.end == run.begin + 1 and scan.data[run.begin] == 46
    return not (is_one_stop and is_abbreviated(scan, run.begin, word, begin))


@kernel
def _after_openers(scan: Scan, position: int) -> int:
    """Where the word after opening quotes, brackets and marks of emphasis begins."""
    while position < scan.stop:
        flags, size = flags_at(scan.data, position, scan.table)
        if not flags & OPENER and scan.data[position] not in (34, 39, 42, 95, 96):
            break
        position += size
    return position


@kernel
def _newline_ends(scan: Scan, position: int, begin: int, line: Line) -> bool:
    """Whether the line break in the whitespace around `position` ends a sentence that no mark has ended."""
    data = scan.data
    last = position
    while last > begin and flags_before(data, last, begin, scan.table) & SPACE:
        last = _character_before(data, last)
    closed = last
    while closed > begin and flags_before(data, closed, begin, scan.table) & CLOSER:
        closed = _character_before(data, closed)
    after, num_newlines = skip_spaces(data, last, scan.stop, scan.table)
    if after == scan.stop or num_newlines > 1:
        return True
    following = flags_at(data, after, scan.table)[0]
    if (following | flags_before(data, closed, begin, scan.table)) & WIDE or data[line.begin] in (35, 124):  # # |
        return True
    if following & LOWER:
        return False
    is_wrapped = _SHORTEST_WRAPPED <= last - line.begin <= _LONGEST_WRAPPED
    return not is_wrapped or begins_block(data, after, scan.stop)


@kernel
def _character_before(data: NDArray[np.uint8], position: int) -> int:
    """Where the character that ends before `position` begins."""
    position -= 1
    while data[position] & 0xC0 == 0x80:
        position -= 1
    return position
