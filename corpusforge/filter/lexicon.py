"""Lists of terms and what each counts for, as text files that people can read and extend.

    # a comment
    [strong]         enough by itself: insults, slurs
    dumbhead, -s, -ed
    [contextual]     counts only close to another listed term
    [target]         whom insults are about: counts for nothing, but makes a contextual term beside it count
    [allow]          longer phrases in which a listed term is innocent; or a listed term itself, to take it back
    [words]          ordinary words, which the longest match prefers over terms that lie across them

A line holds terms parted by commas; one that begins with a hyphen is an ending of the line's first term. Of a term that stands
in several sections the strongest meaning counts: allow, strong, contextual, target, words. Several lexicons are one.
"""

from collections.abc import Iterable, Iterator
from enum import IntEnum
from functools import lru_cache
from itertools import combinations
from pathlib import Path

from corpusforge.errors import InputError
from corpusforge.text.trie import Trie, build_trie, folded

SHIPPED = Path(__file__).parent / "lexicons"
_SUFFIX = ".txt"

# How letters of an insult are written when a word filter is to be got round, and what hides a letter.
_ALIKE = {"a": "@4", "e": "3", "i": "1!", "o": "0", "s": "$5", "t": "7"}
_MASKS = "*#%@"
_SHORTEST_DISGUISED = 4


class Meaning(IntEnum):
    """What a listed term counts for; of several the greatest."""

    WORDS = 1
    TARGET = 2
    CONTEXTUAL = 3
    STRONG = 4
    ALLOW = 5


def read_lexicon(path: Path) -> dict[str, Meaning]:
    """The terms of a file, or of the *.txt files of a folder; raises InputError naming the line that cannot be read."""
    files = sorted(path.glob(f"*{_SUFFIX}")) if path.is_dir() else [path]
    if not files:
        raise InputError(f"filter.toxicity: {path}: no *{_SUFFIX} file in it; give a lexicon, or a folder of them")
    terms: dict[str, Meaning] = {}
    for file in files:
        for term, meaning in _entries(file):
            terms[term] = max(meaning, terms.get(term, meaning))
    return terms


def read_dictionary(path: Path) -> dict[str, Meaning]:
    """Ordinary words, the first column of a text file, as dictionaries of word segmenters have them; raises InputError."""
    columns = (line.split() for line in _lines(path))
    return {folded(column[0]): Meaning.WORDS for column in columns if column}


def disguises(term: str) -> Iterator[str]:
    """Spellings of a word that hide it from a reader of words: up to two letters by lookalikes, one or two masked.

    The first letter stays. Words of less than 4 letters, and of others than a to z, have none: they would be codes.
    """
    if len(term) < _SHORTEST_DISGUISED or not (term.isascii() and term.isalpha()):
        return
    for place in range(1, len(term) - 1):
        for mask in _MASKS:
            yield f"{term[:place]}{mask}{term[place + 1 :]}"
            if place + 2 < len(term):
                yield f"{term[:place]}{mask * 2}{term[place + 2 :]}"
    swaps = [(place, other) for place in range(1, len(term)) for other in _ALIKE.get(term[place], "")]
    for swap in swaps:
        yield _swapped(term, (swap,))
    for pair in combinations(swaps, 2):
        yield _swapped(term, pair)


_CURE = f"sections are {', '.join(f'[{each.name.lower()}]' for each in reversed(Meaning))}"
_ENDINGS = "a line begins with the term that its endings belong to"


@lru_cache(maxsize=4)
def trie_of(paths: tuple[Path, ...], dictionary: Path | None, stamps: tuple[object, ...]) -> Trie:
    """The terms of all lexicons, disguised ones included; once per process, and again when `stamps` say a file changed."""
    terms: dict[str, Meaning] = read_dictionary(dictionary) if dictionary else {}
    for path in paths:
        for term, meaning in read_lexicon(path).items():
            terms[term] = max(meaning, terms.get(term, meaning))
    hidden = {spelling: meaning for term, meaning in terms.items() if _is_insult(meaning) for spelling in disguises(term)}
    told = {term: Meaning.WORDS if meaning is Meaning.ALLOW else meaning for term, meaning in (hidden | terms).items()}
    return build_trie(told)


def _is_insult(meaning: Meaning) -> bool:
    return meaning in (Meaning.STRONG, Meaning.CONTEXTUAL)


def _swapped(term: str, swaps: Iterable[tuple[int, str]]) -> str:
    letters = list(term)
    for place, other in swaps:
        letters[place] = other
    return "".join(letters)


def _entries(path: Path) -> Iterator[tuple[str, Meaning]]:
    meaning: Meaning | None = None
    for number, line in enumerate(_lines(path), 1):
        content = line.strip()
        if content.startswith("["):
            meaning = _section(path, number, content)
        elif content and not content.startswith("#"):
            if meaning is None:
                raise InputError(f"filter.toxicity: {path}: line {number}: {content!r} stands before any section; {_CURE}")
            if content.startswith("-"):
                raise InputError(
                    f"filter.toxicity: {path}: line {number}: {content.split(',')[0]!r} is an ending of nothing; {_ENDINGS}"
                )
            for term in _terms_of(content):
                yield term, meaning


def _section(path: Path, number: int, content: str) -> Meaning:
    try:
        return Meaning[content.strip("[]").upper()]
    except KeyError:
        raise InputError(f"filter.toxicity: {path}: line {number}: no section {content!r}; {_CURE}") from None


def _terms_of(line: str) -> Iterator[str]:
    """The terms of a line, endings joined to the first: "dumbhead, -s" -> dumbhead, dumbheads."""
    parts = [folded(part.strip()) for part in line.split(",") if part.strip()]
    for part in parts:
        yield parts[0] + part[1:] if part.startswith("-") else part


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8-sig").splitlines()
    except (UnicodeDecodeError, IsADirectoryError) as error:
        raise InputError(f"filter.toxicity: {path}: no list in UTF-8 ({error}); give a text file") from error
