"""Cutting tokenised documents into the fewest pieces that fit a limit, at ends of sentences.

The text was tokenised once and is cut between tokens only, so the pieces joined are the document, token for token; encoding
each sentence by itself costs a sentencepiece vocabulary one extra token per Chinese sentence and does not give the same ids.

**Legal cuts.** A clean token boundary lies between two characters and has a token of non-zero width on its left (one without
text, the dummy prefix, goes right). Between two sentences the cut is the last clean boundary within the blank that parts them,
since a SentencePiece token takes the blank before its word along: cutting after the blank would take the next word left. If
there is none, the cut is the next one: a token across the whole blank goes left. Cuts inside a sentence are legal only where
the sentence alone has more tokens than the limit, and then at every clean boundary.

**Fewest pieces.** Over these cuts no other choice has fewer pieces. For documents without over-long sentences this is
next-fit, the longest run of sentences that fits. Otherwise: let floor(j) be the first legal cut from which j pieces reach the
end (found backwards: the first legal cut not more than `limit` before floor(j - 1)). With j pieces to go after it, any legal
cut in [floor(j), previous cut + limit] keeps the number minimal, since starting later never needs more pieces. Among these the
last end of a sentence is taken; if there is none, the sentence is over-long and is cut into equal parts as far as its best
boundaries allow (corpusforge.text.clauses.cut_grades), in the upper half of the piece.
So an over-long sentence begins a piece of its own unless sharing the one before it saves a piece.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corpusforge.text.characters import SPACE, character_flags, flags_before
from corpusforge.text.clauses import INSIDE, NEWLINE, cut_grades
from corpusforge.text.kernels import kernel
from corpusforge.text.sentences import sentence_ends
from corpusforge.text.view import TextView

_SENTENCE = NEWLINE + 1


@dataclass(frozen=True)
class Pieces:
    """Pieces of all documents; those of document i are the rows offsets[i] to offsets[i + 1].

    Each array but the last two has one value a piece; positions count from the start of the document, begin <= x < end.
    """

    token_begin: NDArray[np.int64]
    token_end: NDArray[np.int64]
    text_begin: NDArray[np.int64]
    """UTF-8 bytes, as text_end."""
    text_end: NDArray[np.int64]
    is_forced: NDArray[np.bool_]
    """The piece ends inside a sentence that is longer than the limit."""
    offsets: NDArray[np.int64]
    """int64[num_documents + 1]."""
    unsplittable: NDArray[np.int64]
    """int64[num_documents]: 0, or the tokens of a character that alone exceeds the limit; such a document has no piece."""


def cut(view: TextView, widths: NDArray[np.uint16], token_offsets: NDArray[np.int64], limit: int) -> Pieces:
    """Cut every document into the fewest pieces of at most `limit` tokens, as the module describes.

    `widths` are the bytes of text that each token covers; tokens of document i are token_offsets[i] to
    token_offsets[i + 1], absolute in `widths`. A document without tokens has no piece. Raises ValueError where the widths
    of a document do not sum to its length.
    """
    widths = widths[token_offsets[0] : token_offsets[-1]]
    token_offsets = token_offsets - token_offsets[0]
    boundaries = _boundaries(view, widths, token_offsets)
    ends, end_offsets = sentence_ends(view)
    absolute = ends + np.repeat(view.offsets[:-1], np.diff(end_offsets))
    stops = _stops(view.data, absolute, view.offsets, character_flags())
    grades = _legal_cuts(view.data, boundaries, token_offsets, absolute, stops, limit)
    inside = np.flatnonzero(grades == INSIDE)
    if len(inside):
        grades[inside] = cut_grades(view, boundaries[inside + 1])
    token_end, offsets, unsplittable = _cut(grades, token_offsets, limit)
    counts = np.diff(offsets)
    first_token, first_byte = np.repeat(token_offsets[:-1], counts), np.repeat(view.offsets[:-1], counts)
    text_end = boundaries[first_token + token_end] - first_byte
    return Pieces(
        token_begin=_begins(token_end, offsets),
        token_end=token_end,
        text_begin=_begins(text_end, offsets),
        text_end=text_end,
        is_forced=grades[first_token + token_end - 1] < _SENTENCE,
        offsets=offsets,
        unsplittable=unsplittable,
    )


def _boundaries(view: TextView, widths: NDArray[np.uint16], token_offsets: NDArray[np.int64]) -> NDArray[np.int64]:
    """Absolute byte positions in view.data before, between and after all tokens: int64[num_tokens + 1]."""
    boundaries = np.empty(len(widths) + 1, dtype=np.int64)
    boundaries[0] = view.offsets[0]
    np.cumsum(widths, dtype=np.int64, out=boundaries[1:])
    boundaries[1:] += view.offsets[0]
    wrong = np.flatnonzero(boundaries[token_offsets] != view.offsets)
    if len(wrong):
        row = int(wrong[0]) - 1
        covered = boundaries[token_offsets[row + 1]] - view.offsets[row]
        raise ValueError(f"document {row} of the batch has {view.num_bytes[row]} bytes, its tokens cover {covered}")
    return boundaries


def _begins(ends: NDArray[np.int64], offsets: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where each piece begins: at the end of the one before it, the first of a document at 0."""
    begins = np.empty_like(ends)
    begins[1:] = ends[:-1]
    begins[offsets[:-1][np.diff(offsets) > 0]] = 0
    return begins


@kernel
def _stops(
    data: NDArray[np.uint8], ends: NDArray[np.int64], offsets: NDArray[np.int64], table: NDArray[np.uint16]
) -> NDArray[np.int64]:
    """Where each sentence ends without its blank; its end where it is the last of its document or nothing but blank."""
    stops = np.empty_like(ends)
    begin = document = 0
    for sentence in range(len(ends)):
        end = ends[sentence]
        while offsets[document + 1] < end:
            document += 1
        begin = max(begin, offsets[document])
        stop = end
        while stop > begin and flags_before(data, stop, begin, table) & SPACE:
            stop -= 1
            while data[stop] & 0xC0 == 0x80:
                stop -= 1
        stops[sentence] = end if stop == begin or end == offsets[document + 1] else stop
        begin = end
    return stops


@kernel
def _legal_cuts(
    data: NDArray[np.uint8],
    boundaries: NDArray[np.int64],
    token_offsets: NDArray[np.int64],
    ends: NDArray[np.int64],
    stops: NDArray[np.int64],
    limit: int,
) -> NDArray[np.uint8]:
    """Of the cut after each token: 0 for illegal, _SENTENCE for the end of one, INSIDE for the others: uint8[num_tokens]."""
    grades = np.zeros(len(boundaries) - 1, np.uint8)
    sentence = 0
    for document in range(len(token_offsets) - 1):
        begin, last = token_offsets[document], token_offsets[document + 1] - 1
        for token in range(begin, last + 1):
            position = boundaries[token + 1]
            if token < last and (position < stops[sentence] or not _is_legal(data, boundaries, token, last)):
                continue
            if token < last and _is_followed(data, boundaries, token, last, ends[sentence]):
                continue
            grades[token] = _SENTENCE
            if token - begin >= limit:
                for inner in range(begin, token):
                    grades[inner] = INSIDE * _is_legal(data, boundaries, inner, last)
            begin = token + 1
            while sentence < len(ends) - 1 and stops[sentence] <= position:
                sentence += 1
    return grades


@kernel
def _is_followed(data: NDArray[np.uint8], boundaries: NDArray[np.int64], token: int, last: int, end: int) -> bool:
    """Whether another legal cut comes after the one behind `token` and not after the byte `end`."""
    for later in range(token + 1, last):
        if boundaries[later + 1] > end:
            return False
        if _is_legal(data, boundaries, later, last):
            return True
    return False


@kernel
def _is_legal(data: NDArray[np.uint8], boundaries: NDArray[np.int64], token: int, last: int) -> bool:
    """Whether text may be cut after a token that is not the last of its document."""
    position = boundaries[token + 1]
    if position == boundaries[token] or position == boundaries[last + 1]:
        return False
    return bool(data[position] & 0xC0 != 0x80)


@kernel
def _cut(
    grades: NDArray[np.uint8], token_offsets: NDArray[np.int64], limit: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """(ends of pieces from the start of their document, offsets of the documents' pieces, unsplittable)."""
    num_documents = len(token_offsets) - 1
    cuts = np.empty(2 * len(grades) // limit + num_documents, np.int64)  # two neighbouring pieces exceed the limit
    offsets = np.zeros(num_documents + 1, np.int64)
    unsplittable = np.zeros(num_documents, np.int64)
    count = 0
    for document in range(num_documents):
        own = grades[token_offsets[document] : token_offsets[document + 1]]
        floors, unsplittable[document] = _floors(own, limit)
        position = sentence_end = 0
        for pieces_left in range(len(floors) - 1, -1, -1):
            while sentence_end < min(position + limit, len(own)) or own[sentence_end - 1] < _SENTENCE:
                sentence_end += 1
            if pieces_left:
                position = _choose(own, position, floors[pieces_left], limit, sentence_end)
            else:
                position = len(own)
            cuts[count] = position
            count += 1
        offsets[document + 1] = count
    return cuts[:count].copy(), offsets, unsplittable


@kernel
def _floors(grades: NDArray[np.uint8], limit: int) -> tuple[NDArray[np.int64], int]:
    """The first cut from which 0, 1, 2 ... pieces reach the end, and 0; or nothing, and the tokens between two cuts."""
    floors = np.empty(2 * len(grades) // limit + 2, np.int64)
    count, floor = 0, len(grades)
    while floor > 0:
        floors[count] = floor
        count += 1
        earlier = max(floor - limit, 0)
        while 0 < earlier < floor and not grades[earlier - 1]:
            earlier += 1
        if earlier == floor:
            before = floor - limit - 1
            while before > 0 and not grades[before - 1]:
                before -= 1
            return floors[:0].copy(), floor - before
        floor = earlier
    return floors[:count].copy(), 0


@kernel
def _choose(grades: NDArray[np.uint8], previous: int, floor: int, limit: int, sentence_end: int) -> int:
    """The best cut from `floor` to `previous` + `limit`; the sentence over the latter ends at `sentence_end`."""
    last = previous + limit
    for cut in range(last, floor - 1, -1):
        if grades[cut - 1] == _SENTENCE:
            return cut
    rest = sentence_end - previous
    num_parts = (rest + limit - 1) // limit
    target = previous + (rest + num_parts - 1) // num_parts
    best = last
    while not grades[best - 1]:
        best -= 1
    for cut in range(best - 1, max(floor, previous + (limit + 1) // 2) - 1, -1):
        grade, highest = grades[cut - 1], grades[best - 1]
        if grade > highest or (grade == highest and abs(cut - target) < abs(best - target)):
            best = cut
    return best
