"""A SentencePiece BPE model as a base: Llama 2, Mistral 7B, and what vocab.train makes.

A byte that a text falls back on never joins, so a character outside the vocabulary has to become a piece before any piece can
hold it: here such characters are symbols of their own from the start. New pieces score below all of the base, one integer
each, since equal scores are read differently by every program and float32 holds integers up to 2**24.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from corpusforge.errors import InputError
from corpusforge.vocab.borders import Rules
from corpusforge.vocab.convert import SPACE, check_bpe, normal_scores, tokenizer_config, tokenizer_json
from corpusforge.vocab.encode import Encoder
from corpusforge.vocab.folder import TokenizerFiles
from corpusforge.vocab.growth import Counted, Row, Sample
from corpusforge.vocab.merges import tied_runs
from corpusforge.vocab.piece_words import counted_pieces
from corpusforge.vocab.proto import Piece, PieceKind, SentencePieceModel
from corpusforge.vocab.shell import (
    check_added_tokens,
    kept_configuration,
    kept_files,
    padding_names,
    read_configuration,
    read_json_file,
)

_MAX_EXACT = 2**24


@dataclass(frozen=True)
class SentencePieceBase:
    """A model with byte fallback that keeps text as it is; `origin` names it in messages.

    `configuration`, `kept` and `post_processor` are what lay around it.
    """

    origin: str
    model: SentencePieceModel
    configuration: dict[str, Any]
    kept: dict[str, bytes]
    post_processor: dict[str, Any] | None

    @classmethod
    def read(cls, path: Path) -> "SentencePieceBase":
        """Read a tokenizer.model and what lies beside it; raises InputError for one that cannot be extended."""
        model = SentencePieceModel.parse(path.read_bytes(), origin=str(path))
        if not model.has_byte_fallback:
            raise InputError(f"{path}: has no byte fallback, so characters outside it are lost; give a base that has it")
        check_bpe(model, str(path))
        tied = _tied(model)
        if tied:
            raise InputError(
                f"{path}: {len(tied)} pieces share a score ({tied[0]!r}, {tied[1]!r} ...), which programs read differently, so "
                "no extension can be equal in all; give the base that it was made from"
            )
        beside = path.with_name("tokenizer.json")
        described = read_json_file(beside) if beside.is_file() else {}
        model = with_added_tokens(model, described.get("added_tokens", []), str(beside))
        configuration, kept = read_configuration(path.parent), kept_files(path.parent)
        return cls(str(path), model, configuration, kept, described.get("post_processor"))

    @cached_property
    def encoder(self) -> Encoder:
        """The base itself, as fast as it can be."""
        content = {"tokenizer.json": tokenizer_json(self.model, origin=self.origin)}
        return Encoder.load(TokenizerFiles(Path(self.origin), content))

    @cached_property
    def symbols(self) -> Sequence[str]:
        """Spelling of each id."""
        return [piece.text for piece in self.model.pieces]

    @cached_property
    def rules(self) -> Rules:
        """What new pieces must not reach across."""
        return Rules.of(self.model)

    @cached_property
    def scores(self) -> dict[str, float]:
        """Score of each piece that text can give: as in the model, but distinct and exact in float32."""
        return normal_scores(ranked(self.model.pieces))

    @property
    def max_length(self) -> int:
        """Longest new piece, in characters."""
        return self.rules.max_length

    @property
    def is_coarser(self) -> bool:
        """Whether boundaries of the extended tokenizer are the base's in any text."""
        return True

    def text_of(self, row: Row) -> str:
        """Text that a new piece stands for."""
        return row.text.replace(SPACE, " ")

    def counted(self, sample: Sample) -> Counted:
        """The words of a sample."""
        pieces = [piece.text if piece.kind is PieceKind.NORMAL else None for piece in self.model.pieces]
        return counted_pieces(sample, self.encoder, pieces, byte_values(self.model), self.rules)

    def files(self, rows: Sequence[Row], num_padding: int) -> dict[str, bytes]:
        """tokenizer.model, tokenizer.json and its configuration."""
        base = ranked(self.model.pieces)
        lowest = min(piece.score for piece in base if piece.kind is PieceKind.NORMAL)
        if lowest - len(rows) < -_MAX_EXACT:
            raise InputError(f"{self.origin}: scores below {-_MAX_EXACT} are not exact in float32; add fewer pieces")
        new = [Piece(row.text, lowest - 1 - rank, PieceKind.NORMAL) for rank, row in enumerate(rows)]
        padding = [Piece(name, 0.0, PieceKind.CONTROL) for name in padding_names(num_padding, set(self.symbols))]
        model = self.model.with_pieces([*base, *new, *padding])
        described = orjson.loads(tokenizer_json(model, origin=self.origin)) | {"post_processor": self.post_processor}
        return {
            **self.kept,
            "tokenizer.model": model.to_bytes(),
            "tokenizer.json": orjson.dumps(described) + b"\n",
            "tokenizer_config.json": kept_configuration(self.configuration, orjson.loads(tokenizer_config(model))),
        }


def byte_values(model: SentencePieceModel) -> NDArray[np.int32]:
    """The byte that each id stands for, -1 where it is none."""
    values = [int(piece.text[3:5], 16) if piece.kind is PieceKind.BYTE else -1 for piece in model.pieces]
    return np.array(values, np.int32)


def with_added_tokens(model: SentencePieceModel, added: Sequence[Mapping[str, Any]], origin: str) -> SentencePieceModel:
    """The model with tokens that were added behind its pieces as pieces of it; gaps in their ids get reserved names."""
    check_added_tokens(added, origin)
    size = len(model.pieces)
    beyond = {int(token["id"]): str(token["content"]) for token in added if token["id"] >= size}
    plain = [token["content"] for token in added if token["id"] >= size and not token["special"]]
    if plain:
        raise InputError(f"{origin}: added token {plain[0]!r} is not special, so it is found inside words; give another base")
    if beyond and max(beyond) > 2 * size:
        raise InputError(
            f"{origin}: added token {beyond[max(beyond)]!r} has the id {max(beyond)}, far behind the others; correct it"
        )
    fill = iter(
        padding_names(max(beyond, default=size - 1) + 1 - size, {piece.text for piece in model.pieces} | set(beyond.values()))
    )
    extra = [beyond.get(number) or next(fill) for number in range(size, max(beyond, default=size - 1) + 1)]
    return model.with_pieces([*model.pieces, *(Piece(name, 0.0, PieceKind.CONTROL) for name in extra)])


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
