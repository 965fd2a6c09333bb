"""Making a conversation fit a number of tokens without touching its last answer.

Whole turns go first, since what is left then is still what somebody said: the oldest exchanges, then the system's turn. Then
text goes from the middle of the last question's context, and then of the question itself: instructions stand at either end of
a prompt, rarely in its middle. (Mozi cuts prompts from the left and loses their header, K2 cuts rows from the right and loses
the answer.) An answer is never cut: where the shortest prompt leaves no room for it, the row is too long.
"""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from corpusforge.sft.renderer import Rendered
from corpusforge.sft.turns import Role, Turn

# What stands where text was taken out.
GAP = "\n[...]\n"

# Characters of a question or its context that are left at least: less would be no question any more.
LEAST = 64

Render = Callable[[Sequence[Turn]], Rendered]


class Kept(NamedTuple):
    """A turn that is left: its number, and the characters begin <= x < end in its middle that are taken out."""

    number: int
    begin: int
    end: int


@dataclass(frozen=True)
class Shortener:
    """Makes one conversation fit `limit` tokens; each step gives what is left and the row of that."""

    turns: Sequence[Turn]
    render: Render
    limit: int

    def shortened(self) -> tuple[list[Kept], Rendered]:
        """What is left of the turns, and its row: one above the limit where they cannot fit."""
        kept = [Kept(number, 0, 0) for number in range(len(self.turns))]
        row = self._row(kept)
        for shorten in (self._without_exchanges, self._without_system, self._without_context, self._without_words):
            if row.size > self.limit:
                kept = shorten(kept)
                row = self._row(kept)
        return kept, row

    def _row(self, kept: Sequence[Kept]) -> Rendered:
        return self.render(spoken(self.turns, kept))

    def _fits(self, kept: Sequence[Kept]) -> bool:
        return self._row(kept).size <= self.limit

    def _role(self, kept: Kept) -> Role:
        return self.turns[kept.number].role

    def _without_exchanges(self, kept: list[Kept]) -> list[Kept]:
        """The system's turn and the last exchanges that fit, one at least."""
        system = [each for each in kept if self._role(each) == "system"]
        ends = [place + 1 for place, each in enumerate(kept) if self._role(each) == "assistant"]
        starts = [len(system), *ends[:-1]]
        fitting = bisect_left(starts, True, hi=len(starts) - 1, key=lambda start: self._fits([*system, *kept[start:]]))
        return [*system, *kept[starts[fitting] :]]

    def _without_system(self, kept: list[Kept]) -> list[Kept]:
        return [each for each in kept if self._role(each) != "system"]

    def _without_context(self, kept: list[Kept]) -> list[Kept]:
        return self._cut(kept, "context")

    def _without_words(self, kept: list[Kept]) -> list[Kept]:
        return self._cut(kept, "user")

    def _cut(self, kept: list[Kept], role: Role) -> list[Kept]:
        """The most of the turn of a role that fits, its two ends of one length; the least of it where nothing does."""
        place = next((place for place, each in enumerate(kept) if self._role(each) == role), None)
        length = 0 if place is None else len(self.turns[kept[place].number].text)
        if place is None or length <= LEAST + len(GAP):
            return kept

        def with_(left: int) -> list[Kept]:
            return [*kept[:place], Kept(kept[place].number, (left + 1) // 2, length - left // 2), *kept[place + 1 :]]

        fits, too_many = LEAST, length
        while too_many - fits > 1:
            middle = (fits + too_many) // 2
            if self._fits(with_(middle)):
                fits = middle
            else:
                too_many = middle
        return with_(fits)


def spoken(turns: Sequence[Turn], kept: Sequence[Kept]) -> list[Turn]:
    """The turns that are left, each without what is taken out of it."""
    return [
        turns[number]._replace(text=turns[number].text[:begin] + GAP + turns[number].text[end:]) if end else turns[number]
        for number, begin, end in kept
    ]
