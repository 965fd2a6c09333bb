"""Making a conversation fit a number of tokens without touching its last answer.

Whole turns go first, since what is left then is still what somebody said: the oldest exchanges, then the system's turn. Then
text goes from the middle of the last question's context, and then of the question itself: instructions stand at either end of
a prompt, rarely in its middle. (Mozi cuts prompts from the left and loses their header, K2 cuts rows from the right and loses
the answer.) An answer is never cut: where the shortest prompt leaves no room for it, the row is too long.
"""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import NamedTuple

from corpusforge.sft.turns import Turn

# What stands where text was taken out.
GAP = "\n[...]\n"

# Characters of a question or its context that are left at least: less would be no question any more.
_LEAST = 64

Size = Callable[[Sequence[Turn]], int]


class Kept(NamedTuple):
    """A turn that is left: its number, and the characters begin <= x < end in its middle that are taken out."""

    number: int
    begin: int
    end: int


def shortened(turns: Sequence[Turn], size: Size, limit: int) -> tuple[list[Kept], int]:
    """What is left of the turns so that their `size` is at most `limit`, and that size; it is larger where they cannot fit."""
    whole = [Kept(number, 0, 0) for number in range(len(turns))]
    for kept in _without_turns(turns, size, limit, whole):
        found = size(spoken(turns, kept))
        if found <= limit:
            return kept, found
        whole = kept
    for role in ("context", "user"):
        for place in range(len(whole) - 1, -1, -1):
            if turns[whole[place].number].role == role and len(turns[whole[place].number].text) > _LEAST + len(GAP):
                whole, found = _cut(turns, size, limit, whole, place)
                if found <= limit:
                    return whole, found
    return whole, size(spoken(turns, whole))


def spoken(turns: Sequence[Turn], kept: Sequence[Kept]) -> list[Turn]:
    """The turns that are left, each without what is taken out of it."""
    return [
        turns[number]._replace(text=turns[number].text[:begin] + GAP + turns[number].text[end:]) if end else turns[number]
        for number, begin, end in kept
    ]


def _without_turns(turns: Sequence[Turn], size: Size, limit: int, whole: list[Kept]) -> list[list[Kept]]:
    """In the order in which they are tried: all turns, the last exchanges that fit, and the last one alone."""
    system = [kept for kept in whole if turns[kept.number].role == "system"]
    ends = [number + 1 for number, turn in enumerate(turns) if turn.role == "assistant"]
    starts = [len(system), *ends[:-1]]
    fitting = bisect_left(starts, True, key=lambda start: size(spoken(turns, [*system, *whole[start:]])) <= limit)
    last = starts[min(fitting, len(starts) - 1)]
    return [whole, [*system, *whole[last:]], whole[starts[-1] :]]


def _cut(turns: Sequence[Turn], size: Size, limit: int, kept: list[Kept], place: int) -> tuple[list[Kept], int]:
    """The most of one turn that fits, its two ends of one length; the least of it where nothing does."""
    number = kept[place].number
    length = len(turns[number].text)

    def with_(left: int) -> list[Kept]:
        begin = (left + 1) // 2
        return [*kept[:place], Kept(number, begin, length - left // 2), *kept[place + 1 :]]

    fits, too_many = _LEAST, length
    found = size(spoken(turns, with_(fits)))
    if found > limit:
        return with_(fits), found
    while too_many - fits > 1:
        middle = (fits + too_many) // 2
        middle_size = size(spoken(turns, with_(middle)))
        if middle_size <= limit:
            fits, found = middle, middle_size
        else:
            too_many = middle
    return with_(fits), found
