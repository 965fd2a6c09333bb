"""Slow, obvious second writings of what corpusforge.text.prose counts, on the oracle's words."""

import re
from collections.abc import Sequence

from oracle import kind


def words(text: str) -> list[tuple[int, int]]:
    """Begin and end of each word, in characters."""
    kinds = "".join(map(kind, text))
    return [match.span() for match in re.finditer("C|(?:(?:LM*J(?=L))|[LN]M*)+", kinds)]


def num_listed(text: str, listed: Sequence[str]) -> int:
    """Words that stand on the list as they are, with a capital or in capitals."""
    forms = {form for word in listed for form in (word, word.capitalize(), word.upper())}
    return sum(text[begin:end] in forms for begin, end in words(text))


def num_stretches(text: str) -> int:
    """Pieces between line feeds and bars that hold a word; no word holds either."""
    return sum(bool(words(piece)) for piece in re.split(r"[\n|]", text))
