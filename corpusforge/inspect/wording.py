"""How the wording of two texts differs, word for word, a CJK character being a word; white space does not count.

Made for near-duplicates of any length: what is equal is passed over as fast as memory is compared, and only windows at a
difference are compared word by word (difflib alone is quadratic, and would not come back from 16 MB). Behind a difference that
is longer than a window the texts are joined again where a piece of one occurs in the other. The work is bounded: what is beyond
is left uncompared, and said to be.
"""

import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import Match, SequenceMatcher
from itertools import islice
from typing import Literal

# Words that windows may hold before the rest is left, and what joining the texts again costs of them.
MAX_WORDS = 200_000
_JOIN_COST = 10_000

_WINDOW = 300
# Equal words in a row behind which a window may end: what follows is looked at again in the next one.
_SOLID = 8
# Characters of a piece that joins texts again, and how far ahead it is looked for.
_PIECE = 32
_FAR = 4_000_000
# Longest speck of equal characters that may be told as part of a difference.
_SPECK = 40
_LONG_WORD = 100

# Han, kana, hangul, as in corpusforge.text.characters
_CJK = (
    "\u2e80-\u2fd5\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3038-\u303b\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff"
    "\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97c\uac00-\ud7a3\uf900-\ufad9\uff66-\uff9d\U0001aff0-\U0001b16f"
    "\U00020000-\U0003fffd"
)
_WORD = re.compile(rf"([{_CJK}]|[^\W{_CJK}]+|\S)\s*")
_LETTER = re.compile(rf"[^\W{_CJK}]")

Kind = Literal["equal", "different", "not compared"]


@dataclass(frozen=True)
class Stretch:
    """A stretch of both texts; an equal one may differ in white space."""

    kind: Kind
    first: str
    second: str


def count_words(text: str) -> int:
    """Words as they are compared; a punctuation mark is one."""
    return sum(1 for _ in _WORD.finditer(text))


def first_words(text: str, count: int) -> str:
    """The beginning of a text, up to the white space behind so many words."""
    last = deque(islice(_WORD.finditer(text), count), maxlen=1)
    return text[: last[0].end()] if last else ""


def last_words(text: str, count: int) -> str:
    """The end of a text from so many words before it."""
    near = max(0, len(text) - _LONG_WORD * count)
    words = deque(_WORD.finditer(text, near), maxlen=count)
    return text[words[0].start() :] if words else ""


def compare(first: str, second: str) -> list[Stretch]:
    """Stretches that make up both texts, in order; neighbours are of different kinds."""
    return _without_specks(_merged(_stretches(first.strip(), second.strip())))


def _stretches(first: str, second: str) -> Iterator[Stretch]:
    a, b, cost = 0, 0, 0
    while a < len(first) and b < len(second):
        count = _equal_ahead(first, second, a, b)
        found = [Stretch("equal", first[a : a + count], second[b : b + count])] if count else []
        if cost < MAX_WORDS:
            window = _Window(first, second, a + count, b + count)
            found += window.stretches()
            cost += window.cost
        if not found:
            joined = _joined_again(first, second, a, b) if cost < MAX_WORDS else None
            if joined is None:
                yield Stretch("not compared", first[a:], second[b:])
                return
            found = [Stretch("different", first[a : joined[0]], second[b : joined[1]])]
            cost += _JOIN_COST
        yield from found
        a, b = a + sum(len(each.first) for each in found), b + sum(len(each.second) for each in found)
    yield Stretch("different", first[a:], second[b:])


def _equal_ahead(first: str, second: str, a: int, b: int) -> int:
    """Characters from here on that are equal, up to the end of a word (of one longer than _LONG_WORD, also inside)."""
    most = min(len(first) - a, len(second) - b)
    count, step = 0, 64
    while step:
        step = min(step, most - count)
        if step and first[a + count : a + count + step] == second[b + count : b + count + step]:
            count, step = count + step, 2 * step
        else:
            step //= 2
    ends = (end for end in range(count, max(0, count - _LONG_WORD), -1) if not _is_inside(first, second, a + end, b + end))
    return next(ends, count if count > _LONG_WORD else 0)


def _is_inside(first: str, second: str, a: int, b: int) -> bool:
    """Whether a place is inside a word of one of the texts."""
    return any(
        0 < place < len(text) and _LETTER.match(text, place - 1) and _LETTER.match(text, place)
        for text, place in ((first, a), (second, b))
    )


class _Window:
    """The next words of both texts."""

    def __init__(self, first: str, second: str, a: int, b: int) -> None:
        self._first, self._second, self._a, self._b = first, second, a, b
        self._ours = list(islice(_WORD.finditer(first, a), _WINDOW))
        self._theirs = list(islice(_WORD.finditer(second, b), _WINDOW))
        self._words = [each[1] for each in self._ours], [each[1] for each in self._theirs]

    @property
    def cost(self) -> int:
        """What comparing them takes: more where few words are repeated over and over."""
        counts, others = Counter(self._words[0]), Counter(self._words[1])
        return 2 * _WINDOW + sum(count * others[word] for word, count in counts.items()) // 4

    def stretches(self) -> list[Stretch]:
        """As far as it is clear which words belong together; nothing where it is not."""
        matcher = SequenceMatcher(None, *self._words, autojunk=False)
        blocks = matcher.get_matching_blocks()
        if _WINDOW in (len(self._ours), len(self._theirs)):
            blocks = blocks[: _num_clear(blocks, matcher.ratio())]
        first, second, a, b = self._first, self._second, self._a, self._b
        stretches = []
        for i, j, size in blocks:
            begin_a = self._ours[i].start() if i < len(self._ours) else len(first)
            begin_b = self._theirs[j].start() if j < len(self._theirs) else len(second)
            stretches.append(Stretch("different", first[a:begin_a], second[b:begin_b]))
            if size:
                a, b = self._ours[i + size - 1].end(), self._theirs[j + size - 1].end()
                stretches.append(Stretch("equal", first[begin_a:a], second[begin_b:b]))
        return stretches


def _num_clear(blocks: Sequence[Match], ratio: float) -> int:
    """How many blocks of a window, of which more words follow, surely belong together: up to the last long one.

    Where all is a patchwork without long ones, those in the first two thirds.
    """
    long = [number for number, block in enumerate(blocks) if block.size >= _SOLID]
    if long:
        return long[-1] + 1
    early = [each for each in blocks if each.size and max(each.a, each.b) + each.size <= 2 * _WINDOW // 3]
    return len(early) if ratio >= 0.5 else 0


def _joined_again(first: str, second: str, a: int, b: int) -> tuple[int, int] | None:
    """The nearest places found from which on the texts have words in common; None where none is found."""
    best: tuple[int, int] | None = None
    offset, reach = 0, _FAR
    while offset < reach and (a + offset < len(first) or b + offset < len(second)):
        found = second.find(_piece(first, a + offset), b, b + reach - offset)
        places = [(a + offset, found)]
        found = first.find(_piece(second, b + offset), a, a + reach - offset)
        places.append((found, b + offset))
        for place in places:
            start = _start(first, second, (a, b), place) if min(place) >= 0 else None
            if start is not None and sum(start) - a - b < reach:
                best, reach = start, sum(start) - a - b
        offset += max(64, offset // 16)
    return best


def _piece(text: str, place: int) -> str:
    """A piece to look for; one that is nowhere where the text ends before."""
    piece = text[place : place + _PIECE]
    return piece if len(piece) == _PIECE else "\ud800"  # no text holds half a surrogate


def _start(first: str, second: str, last: tuple[int, int], place: tuple[int, int]) -> tuple[int, int] | None:
    """Where the equal words around a place begin, not before `last`; None where no whole word is equal."""
    a, b = place
    while a > last[0] and b > last[1] and first[a - 1] == second[b - 1]:
        a, b = a - 1, b - 1
    while a < min(len(first), place[0] + _LONG_WORD) and _is_inside(first, second, a, b):
        a, b = a + 1, b + 1
    return (a, b) if _equal_ahead(first, second, a, b) else None


def _merged(stretches: Iterable[Stretch]) -> list[Stretch]:
    """Neighbours of a kind as one; what differs in white space alone is equal."""
    merged: list[Stretch] = []
    for each in stretches:
        kind = each.kind if each.first.strip() or each.second.strip() else "equal"
        if merged and merged[-1].kind == kind:
            merged[-1] = Stretch(kind, merged[-1].first + each.first, merged[-1].second + each.second)
        elif each.first or each.second:
            merged.append(Stretch(kind, each.first, each.second))
    return merged


def _without_specks(stretches: Sequence[Stretch]) -> list[Stretch]:
    """A word or a few that happen to be equal between two longer differences read better as part of one."""
    found = list(stretches)
    for number in range(1, len(found) - 1):
        before, each, after = found[number - 1 : number + 2]
        is_short = each.kind == "equal" and before.kind == after.kind == "different" and len(each.first) <= _SPECK
        if is_short and count_words(each.first) < min(_size(before), _size(after)):
            found[number] = Stretch("different", each.first, each.second)
    return _merged(found)


def _size(stretch: Stretch) -> int:
    return max(count_words(stretch.first), count_words(stretch.second))
