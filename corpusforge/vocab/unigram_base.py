"""A SentencePiece unigram model as a base.

It has no merges: among all ways to cut a text it takes the most probable. A new piece is then reached only if it is more
probable than any way to cut it, and it must not make a base piece less probable than its parts. Nothing promises that
boundaries are some of the base's, since a new piece may win over a cut that crosses it; how often is measured.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log
from typing import Any

import numpy as np

from corpusforge.vocab.convert import normal_scores, unigram_json
from corpusforge.vocab.cuts import MARGIN, best_cut
from corpusforge.vocab.growth import Row
from corpusforge.vocab.learning import Candidates, Grown, row_of
from corpusforge.vocab.piece_base import PieceBase
from corpusforge.vocab.proto import Piece, PieceKind, SentencePieceModel

# Share of candidates taken beyond what is asked for, since some go again.
_SPARE = 1.2


@dataclass(frozen=True)
class UnigramBase(PieceBase):
    """A model whose pieces are chosen by probability."""

    def check(self) -> None:
        """Raise InputError unless it is unigram and converts."""
        self.converted(self.model)

    def converted(self, model: SentencePieceModel) -> bytes:
        """The tokenizer.json of a unigram model."""
        return unigram_json(model, origin=self.origin)

    @property
    def is_coarser(self) -> bool:
        """Whether boundaries of the extended tokenizer are the base's in any text."""
        return False

    def grown(self, found: Candidates, num_rows: int, num_tokens: int) -> Grown:
        """Rows that save most where they stand for themselves, with scores near their log probability in `num_tokens`."""
        uses = own_uses(found)
        lengths = num_base_tokens(found)
        savings = np.where(uses > 0, uses * (lengths - 1), 0)
        order = sorted(range(len(uses)), key=lambda place: (found.num_base + place not in found.pinned, -savings[place], place))
        is_wanted = [place for place in order if savings[place] > 0 or found.num_base + place in found.pinned]
        taken = is_wanted[: round(_SPARE * num_rows) + 10]
        texts = {found.spelled[found.num_base + place]: log(max(int(uses[place]), 1) / num_tokens) for place in taken}
        scores = safe_scores(normal_scores(self.model.pieces), texts)
        rows = [row_of(found, found.num_base + place) for place in taken]
        kept = [Row(row.text, row.parts, scores[row.text]) for row in rows if row.text in scores][:num_rows]
        return Grown(kept, np.zeros(0, np.int64), len(rows) - len(scores))

    def files(self, rows: Sequence[Row], num_padding: int) -> dict[str, bytes]:
        """tokenizer.model, tokenizer.json and its configuration."""
        new = [Piece(row.text, row.score, PieceKind.NORMAL) for row in rows]
        return self.written([*self.model.pieces, *new], num_padding)


def own_uses(found: Candidates) -> "np.ndarray[Any, np.dtype[np.int64]]":
    """How often each row is a token of the sample when all rows are added: not as a part of another."""
    size = found.num_base
    uses = np.where(found.left < 0, found.times, found.uses)
    for parts in (found.left, found.right):
        is_row = parts >= size
        np.subtract.at(uses, parts[is_row] - size, found.uses[is_row])
    return uses


def num_base_tokens(found: Candidates) -> "np.ndarray[Any, np.dtype[np.int64]]":
    """Tokens of the base that each row stands for."""
    counts = [1] * found.num_base
    for place, (left, right) in enumerate(zip(found.left.tolist(), found.right.tolist(), strict=True)):
        text = found.spelled[found.num_base + place]
        counts.append(len(text.encode()) if left < 0 else counts[left] + counts[right])
    return np.array(counts[found.num_base :], np.int64)


def safe_scores(base: Mapping[str, float], wanted: Mapping[str, float]) -> dict[str, float]:
    """A score for each wanted piece: the one it has there, or more where a way to cut it would be better.

    Pieces that would make a base piece unreachable, which a cut through them would beat, are left out.
    """
    scores = dict(base)
    found: dict[str, float] = {}
    for text in sorted(wanted, key=lambda text: (len(text), text)):
        score = float(np.float32(max(wanted[text], best_cut(text, scores) + MARGIN)))
        found[text] = scores[text] = min(score, 0.0)
    harmful = set()
    for piece, score in base.items():
        inside = [piece[a:b] for a in range(len(piece)) for b in range(a + 1, len(piece) + 1) if piece[a:b] in found]
        if inside and best_cut(piece, scores) + MARGIN / 2 > score > best_cut(piece, base):
            harmful.update(inside)
    return {text: score for text, score in found.items() if text not in harmful}
