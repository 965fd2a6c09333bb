"""A SentencePiece BPE model as a base: Llama 2, Mistral 7B, and what vocab.train makes.

A byte that a text falls back on never joins, so a character outside the vocabulary has to become a piece before any piece can
hold it: here such characters are symbols of their own from the start. New pieces score below all of the base, one integer
each, since equal scores are read differently by every program and float32 holds integers up to 2**24.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from corpusforge.errors import InputError
from corpusforge.vocab.convert import check_bpe, normal_scores, tokenizer_json
from corpusforge.vocab.growth import Row
from corpusforge.vocab.merges import tied_runs
from corpusforge.vocab.piece_base import PieceBase
from corpusforge.vocab.proto import Piece, PieceKind, SentencePieceModel

_MAX_EXACT = 2**24


@dataclass(frozen=True)
class SentencePieceBase(PieceBase):
    """A model whose pieces are merged by score."""

    def check(self) -> None:
        """Raise InputError unless it is BPE that keeps text as it is and whose scores differ."""
        check_bpe(self.model, self.origin)
        tied = _tied(self.model)
        if tied:
            raise InputError(
                f"{self.origin}: {len(tied)} pieces share a score ({tied[0]!r}, {tied[1]!r} ...), which programs read "
                "differently, so no extension can be equal in all; give the base that it was made from"
            )

    def converted(self, model: SentencePieceModel) -> bytes:
        """The tokenizer.json of a BPE model."""
        return tokenizer_json(model, origin=self.origin)

    @property
    def is_coarser(self) -> bool:
        """Whether boundaries of the extended tokenizer are the base's in any text."""
        return True

    @cached_property
    def scores(self) -> dict[str, float]:
        """Score of each piece that text can give: as in the model, but distinct and exact in float32."""
        return normal_scores(ranked(self.model.pieces))

    def files(self, rows: Sequence[Row], num_padding: int) -> dict[str, bytes]:
        """tokenizer.model, tokenizer.json and its configuration."""
        lowest = min(self.scores.values())
        if lowest - len(rows) < -_MAX_EXACT:
            raise InputError(f"{self.origin}: scores below {-_MAX_EXACT} are not exact in float32; add fewer pieces")
        new = [Piece(row.text, lowest - 1 - rank, PieceKind.NORMAL) for rank, row in enumerate(rows)]
        return self.written([*ranked(self.model.pieces), *new], num_padding)


def _tied(model: SentencePieceModel) -> list[str]:
    """Pieces with the score of another, but for runs of one character, which every program reads alike."""
    scores = {text: score for text, score in normal_scores(model.pieces).items() if len(text) > 1}
    ties, runs = Counter(scores.values()), tied_runs(scores)
    return [text for text, score in scores.items() if ties[score] > 1 and text not in runs]


def ranked(pieces: Sequence[Piece]) -> list[Piece]:
    """The pieces with the same preferences, but normal scores distinct and exact in float32.

    A score stays where it is below the one before it in order; Llama 2's runs of spaces, 16 at -1e9, move up to the others.
    """
    scores = {piece.text: piece.score for piece in pieces if piece.kind is PieceKind.NORMAL}
    runs = tied_runs(scores)
    order = sorted(scores, key=lambda text: (-scores[text], -len(text) if text in runs else 0))
    last = float("inf")
    for text in order:
        fits = scores[text] < last and scores[text] > -_MAX_EXACT / 2
        last = scores[text] if fits else min(float(np.ceil(last)) - 1, 0.0)
        scores[text] = last
    return [Piece(piece.text, scores.get(piece.text, piece.score), piece.kind) for piece in pieces]
