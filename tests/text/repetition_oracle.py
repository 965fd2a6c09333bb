"""Second writings of what corpusforge.text.ngrams, repeats, line_marks and word_facts count, on str and on words."""

import re
from collections import Counter
from collections.abc import Sequence

from corpusforge.text.ngrams import REPEATED, TOP


def duplicates(pieces: Sequence[str]) -> tuple[int, int, int]:
    """Pieces, those that repeat an earlier one, their characters."""
    seen: set[str] = set()
    repeated = [each for each in pieces if each in seen or seen.add(each)]  # type: ignore[func-returns-value]
    return len(pieces), len(repeated), sum(map(len, repeated))


def lines(text: str) -> tuple[int, int, int]:
    return duplicates(re.split("\n+", text))


def paragraphs(text: str) -> tuple[int, int, int]:
    return duplicates(re.split("\n{2,}", text.strip()))


def plain_lines(text: str, ends: str, short: int) -> tuple[int, int, int, int, int]:
    """Lines that are not blank, those that end with one of `ends`, short ones, characters of repeated ones; line feeds."""
    found = [line for line in text.split("\n") if line.strip()]
    ended, is_short = sum(line.endswith(tuple(ends)) for line in found), sum(len(line) <= short for line in found)
    return len(found), ended, is_short, duplicates(found)[2], text.count("\n")


def marks(text: str) -> tuple[int, int, int, int, int]:
    """Number signs, ellipses, lines, lines that begin with a bullet, lines that end with an ellipsis."""
    found = text.splitlines()
    bullets = sum(line.lstrip().startswith(("•", "-")) for line in found)
    ellipses = sum(line.rstrip().endswith(("...", "…")) for line in found)
    return text.count("#"), text.count("...") + text.count("…"), len(found), bullets, ellipses


def word_facts(words: Sequence[str], symbols: str) -> tuple[int, int, int]:
    """Words that are no symbols only, their characters, and words with a letter."""
    ordinary = [word for word in words if set(word) - set(symbols)]
    return len(ordinary), sum(map(len, ordinary)), sum(any(map(str.isalpha, word)) for word in words)


def runs(words: Sequence[str]) -> tuple[list[int], list[int], list[int]]:
    """Characters that the most frequent runs cover and how often they occur, by size; characters of repeated runs, by size."""
    tops = [_top(words, size) for size in TOP]
    return [chars for chars, _ in tops], [times for _, times in tops], [_repeated(words, size) for size in REPEATED]


def _top(words: Sequence[str], size: int) -> tuple[int, int]:
    found = Counter(" ".join(words[i : i + size]) for i in range(len(words) - size + 1))
    return max(((len(run) * times, times) for run, times in found.most_common(1)), default=(0, 0))


def _repeated(words: Sequence[str], size: int) -> int:
    seen, chars, place = set(), 0, 0
    while place <= len(words) - size:
        run = tuple(words[place : place + size])
        chars += len("".join(run)) if run in seen else 0
        place += size if run in seen else 1
        seen.add(run)
    return chars
