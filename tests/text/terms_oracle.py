"""Listed terms by the letter of the rule: at each place of a text every entry is tried, one character at a time."""

import unicodedata
from collections.abc import Iterable, Iterator

from oracle import BLANKS, kind

_BLANKS = frozenset(BLANKS)


def fold(character: str) -> str:
    if character in _BLANKS:
        return " "
    if "\uff01" <= character <= "\uff5e":
        character = unicodedata.normalize("NFKC", character)
    small = character.lower()
    return small if ord(character) < 0x800 and len(small) == 1 and ord(small) < 0x800 else character


def fold_all(text: str) -> str:
    """Every character folded, a run of white space as one space."""
    result = ""
    for character in map(fold, text):
        result += "" if character == " " and result.endswith(" ") else character
    return result


def find(text: str, entries: Iterable[str]) -> list[tuple[str, int, int]]:
    """(folded entry, begin, end) in characters: leftmost first, then longest, then behind it."""
    wanted = {fold_all(entry).strip(" ") for entry in entries}
    found = []
    position = 0
    while position < len(text):
        ends = [end for end in _candidates(text, position, wanted) if _is_entry(text, position, end, wanted)]
        if ends:
            found.append((fold_all(text[position : ends[-1]]), position, ends[-1]))
        position = ends[-1] if ends else position + 1
    return found


def near_another(terms: list[tuple[str, int, int]], parts: list[int], max_gap: int) -> list[bool]:
    """Whether some other term of another text lies within the gap in the same part, by all pairs."""
    return [
        any(
            other[0] != term[0] and parts[j] == parts[i] and max(other[1] - term[2], term[1] - other[2]) <= max_gap
            for j, other in enumerate(terms)
        )
        for i, term in enumerate(terms)
    ]


def _candidates(text: str, begin: int, wanted: set[str]) -> Iterator[int]:
    """Ends of the pieces from `begin` on that some entry begins with."""
    for end in range(begin + 1, len(text) + 1):
        piece = fold_all(text[begin:end])
        if not any(entry.startswith(piece) for entry in wanted):
            return
        yield end


def _is_entry(text: str, begin: int, end: int, wanted: set[str]) -> bool:
    if fold_all(text[begin:end]) not in wanted:
        return False
    return not (_joined(text, begin) or _joined(text, end))


def _joined(text: str, place: int) -> bool:
    """Whether the characters on both sides of a place belong to one word."""
    return 0 < place < len(text) and all(kind(each) in "LNM" for each in text[place - 1 : place + 1])
