"""What is shown of two texts that differ in some places: the differences with a little of what stands around them.

Whatever is left out is told: how many words are equal, how many more differences there are, what was not compared.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from corpusforge.inspect.wording import Stretch, count_words, first_words, last_words

_CONTEXT = 12
_LONGEST = 60
_MAX_DIFFERENCES = 12


@dataclass(frozen=True)
class Fold:
    """Something that is left out, in words."""

    text: str


@dataclass(frozen=True)
class Counts:
    """Words that only the first text has, only the second, and both."""

    first: int
    second: int
    equal: int


def counts(stretches: Sequence[Stretch]) -> Counts:
    """Of two texts that were compared; what was not compared counts nothing."""
    different = [each for each in stretches if each.kind == "different"]
    return Counts(
        sum(count_words(each.first) for each in different), sum(count_words(each.second) for each in different),
        sum(count_words(each.first) for each in stretches if each.kind == "equal"),
    )  # fmt: skip


def hunks(stretches: Sequence[Stretch]) -> Iterator[Stretch | Fold]:
    """The first differences, shortened, and between them what is equal, folded where it is long."""
    num_different = sum(each.kind == "different" for each in stretches)
    num_shown = 0
    for number, each in enumerate(stretches):
        if each.kind == "not compared":
            yield not_compared(each)
        elif num_shown == _MAX_DIFFERENCES and num_different > num_shown:
            yield from list(_equal(each, is_first=False, is_last=True)) if each.kind == "equal" else []
            yield Fold(f"{num_different - num_shown:,} more differences: --full shows them")
            return
        elif each.kind == "equal":
            yield from _equal(each, is_first=number == 0, is_last=number == len(stretches) - 1)
        else:
            num_shown += 1
            yield Stretch("different", _shortened(each.first), _shortened(each.second))


def not_compared(stretch: Stretch) -> Fold:
    """The rest of texts that are too long, or too different, to be compared to the end."""
    sizes = f"{len(stretch.first):,} characters of the one, {len(stretch.second):,} of the other"
    return Fold(f"not compared from here on: {sizes}")


def _equal(stretch: Stretch, *, is_first: bool, is_last: bool) -> Iterator[Stretch | Fold]:
    before = "" if is_first else first_words(stretch.first, _CONTEXT)
    after = "" if is_last else last_words(stretch.first, _CONTEXT)
    num_left_out = count_words(stretch.first[len(before) : len(stretch.first) - len(after)])
    if len(before) + len(after) >= len(stretch.first) or num_left_out <= _CONTEXT:
        yield stretch
        return
    yield from [Stretch("equal", before, before)] if before else []
    yield Fold(f"{num_left_out:,} words equal")
    yield from [Stretch("equal", after, after)] if after else []


def _shortened(text: str) -> str:
    beginning = first_words(text, _LONGEST)
    num_more = count_words(text[len(beginning) :])
    return text if num_more <= _CONTEXT else f"{beginning.rstrip()} [{num_more:,} more words] "
