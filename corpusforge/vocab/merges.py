"""Which two pieces each BPE piece is really made of: why one merge per piece gives Hugging Face SentencePiece's ids.

SentencePiece joins, among all neighbours whose concatenation is a piece, the pair of highest score, leftmost first. What
happens inside a span until it becomes one symbol never looks beyond the span, so it is what happens to that string alone:
every piece is only ever completed by ONE pair, found by running the algorithm on the piece itself. Hugging Face ranks pairs.
Given exactly these pairs in order of score, both always choose the same pair next: SentencePiece's next pair is among
Hugging Face's candidates, and the order of candidates is the same. So ids agree on every text, runs like "====" included,
as long as scores differ. (A list of every split of each piece, the usual conversion, does not have this property.)

Pieces that tie in score are taken by position across pieces, which ranks cannot say in general. Where they are runs of one
character, of every length from 2 on (Llama 2 has those of 2 to 16 spaces at -1e9), SentencePiece grows the leftmost run one
by one to the longest; so do ranks that put longer runs first, since then a run that has begun always goes on before another
begins. Other ties keep all splits, which parity on real text has to judge.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from heapq import heapify, heappop, heappush

Split = tuple[str, str]


def derive(piece: str, scores: Mapping[str, float]) -> Split | None:
    """The pair whose merge completes `piece`, None when it is a character or can never be made.

    derive("===", {"==": -1, "===": -2}) -> ("==", "=")
    """
    symbols = joined(piece, scores, until=2)
    return (symbols[0], symbols[1]) if len(symbols) == 2 and piece in scores else None


def joined(text: str, scores: Mapping[str, float], *, until: int = 1) -> list[str]:
    """What SentencePiece makes of a text: pieces and single characters, merged until there are no more than `until`."""
    symbols = list(text)
    while len(symbols) > until:
        best, at = None, 0
        for index in range(len(symbols) - 1):
            score = scores.get(symbols[index] + symbols[index + 1])
            if score is not None and (best is None or score > best):
                best, at = score, index
        if best is None:
            break
        symbols[at : at + 2] = [symbols[at] + symbols[at + 1]]
    return symbols


def derivations(scores: Mapping[str, float]) -> dict[str, Split | None]:
    """Every piece longer than a character, with the pair that completes it; None marks pieces no text ever gives."""
    return {piece: derive(piece, scores) for piece in scores if len(piece) > 1}


def ordered_merges(scores: Mapping[str, float], ids: Mapping[str, int]) -> list[Split]:
    """The merge list of tokenizer.json: by falling score, then by ids of the two parts.

    Raises KeyError for a piece with a character that is no piece: SentencePiece could merge it, Hugging Face never.
    """
    ties = Counter(scores.values())
    runs = tied_runs(scores)
    ranked = []
    for piece, split in derivations(scores).items():
        if split is None:
            continue
        pairs = [split] if ties[scores[piece]] == 1 or piece in runs else _all_splits(piece, scores)
        longer_first = -len(piece) if piece in runs else 0
        ranked += [(-scores[piece], longer_first, ids[left], ids[right], (left, right)) for left, right in pairs]
    return [pair for *_, pair in sorted(ranked)]


def tied_runs(scores: Mapping[str, float]) -> frozenset[str]:
    """Pieces that tie with nothing but shorter and longer runs of their one character, of every length from 2 on."""
    tied: dict[float, list[str]] = {}
    for piece, score in scores.items():
        if len(piece) > 1:
            tied.setdefault(score, []).append(piece)
    found = [pieces for pieces in tied.values() if len(pieces) > 1 and _are_all_runs(pieces)]
    return frozenset(piece for pieces in found for piece in pieces)


def _are_all_runs(pieces: Sequence[str]) -> bool:
    character = pieces[0][0]
    return sorted(pieces) == [character * size for size in range(2, len(pieces) + 2)]


def _all_splits(piece: str, scores: Mapping[str, float]) -> list[Split]:
    pairs = [(piece[:cut], piece[cut:]) for cut in range(1, len(piece))]
    return [(left, right) for left, right in pairs if left in scores and right in scores]


def pruned(scores: Mapping[str, float], limit: int) -> dict[str, float]:
    """At most `limit` pieces, or all characters where those are more: unreachable ones go, then the lowest leaves.

    An unreachable piece is never merged and a leaf is part of no other piece, so no other piece loses its derivation.
    """
    splits = derivations(scores)
    kept = {piece: score for piece, score in scores.items() if splits.get(piece, ()) is not None}
    parts = Counter(part for split in splits.values() if split is not None for part in split)
    leaves = [(score, piece) for piece, score in kept.items() if len(piece) > 1 and not parts[piece]]
    heapify(leaves)
    while len(kept) > limit and leaves:
        _, piece = heappop(leaves)
        del kept[piece]
        for part in splits[piece] or ():
            parts[part] -= 1
            if not parts[part] and len(part) > 1:
                heappush(leaves, (kept[part], part))
    return kept
