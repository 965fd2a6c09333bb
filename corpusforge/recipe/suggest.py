"""Cures for misspelt names."""

from collections.abc import Iterable
from difflib import get_close_matches


def did_you_mean(name: str, known: Iterable[str], kind: str = "names") -> str:
    """ "did you mean 'min_words'?" where one is close, else the list of what there is."""
    known = sorted(str(each) for each in known)
    close = get_close_matches(name, known, n=1, cutoff=0.6)
    if close:
        return f"did you mean {close[0]!r}?"
    return f"{kind} here: {', '.join(known)}" if known else f"there are no {kind} here"
