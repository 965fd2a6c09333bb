"""Near-duplicates the slow and obvious way: sets of strings, all pairs, one document after another."""

import re
import unicodedata
from collections.abc import Sequence

import oracle


def words(text: str) -> list[str]:
    """Words as the text view has them, case and width folded, joiners left out."""
    kinds = "".join(map(oracle.kind, text))
    spans = [match.span() for match in re.finditer("C|(?:(?:LM*J(?=L))|[LN]M*)+", kinds)]
    return ["".join(fold(c) for c in text[begin:end] if oracle.kind(c) != "J") for begin, end in spans]


def fold(character: str) -> str:
    plain = unicodedata.normalize("NFKC", character) if 0xFF00 <= ord(character) <= 0xFFEF else character
    other = plain.casefold()
    return other if len(other) == 1 else character


def shingles(text: str, ngram: int) -> list[tuple[str, ...]]:
    """Every run of words, in order; of a short text all its words."""
    found = words(text)
    if not found:
        return []
    return [tuple(found[i : i + ngram]) for i in range(max(1, len(found) - ngram + 1))]


def jaccard(a: set[tuple[str, ...]], b: set[tuple[str, ...]]) -> float:
    return len(a & b) / len(a | b) if a | b else 0.0


def removed(texts: Sequence[str], order: Sequence[int], ngram: int, threshold: float) -> dict[int, tuple[int, float]]:
    """Document -> the kept one it is most like (the better of equals), and how like; `order` has the best first.

    Documents with the same shingles equally often have one fate: that of the best of them, which stays for them if it stays.
    """
    runs = [shingles(text, ngram) for text in texts]
    sets = [set(some) for some in runs]
    kept: list[int] = []
    gone: dict[int, tuple[int, float]] = {}
    first: dict[tuple[tuple[str, ...], ...], int] = {}
    for each in order:
        stands_for = first.setdefault(tuple(sorted(runs[each])), each)
        if stands_for != each and runs[each]:
            gone[each] = gone.get(stands_for, (stands_for, 1.0))
            continue
        like = [(jaccard(sets[each], sets[other]), -position, other) for position, other in enumerate(kept)]
        best = max(like, default=(0.0, 0, -1))
        if best[0] >= threshold:
            gone[each] = (best[2], best[0])
        else:
            kept.append(each)
    return gone
