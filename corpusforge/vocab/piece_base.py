"""A SentencePiece model as a base: what does not depend on how it chooses its pieces."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
import orjson
from numpy.typing import NDArray

from corpusforge.errors import InputError
from corpusforge.vocab.borders import Border, Rules
from corpusforge.vocab.convert import SPACE, tokenizer_config
from corpusforge.vocab.encode import Encoder
from corpusforge.vocab.folder import TokenizerFiles
from corpusforge.vocab.growth import Counted, Row, Sample
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


@dataclass(frozen=True)
class PieceBase(ABC):
    """A model with byte fallback that keeps text as it is; `origin` names it in messages.

    `configuration`, `kept` and `post_processor` are what lay around it; new pieces may reach `across` some of its borders.
    """

    origin: str
    model: SentencePieceModel
    configuration: dict[str, Any]
    kept: dict[str, bytes]
    post_processor: dict[str, Any] | None
    across: tuple[Border, ...] = ()

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a tokenizer.model and what lies beside it; raises InputError for one that cannot be extended."""
        model = SentencePieceModel.parse(path.read_bytes(), origin=str(path))
        if not model.has_byte_fallback:
            raise InputError(f"{path}: has no byte fallback, so characters outside it are lost; give a base that has it")
        beside = path.with_name("tokenizer.json")
        described = read_json_file(beside) if beside.is_file() else {}
        model = with_added_tokens(model, described.get("added_tokens", []), str(beside))
        around = (read_configuration(path.parent), kept_files(path.parent), described.get("post_processor"))
        base = cls(str(path), model, *around)
        base.check()
        return base

    @abstractmethod
    def check(self) -> None:
        """Raise InputError where the model cannot be extended."""

    @abstractmethod
    def converted(self, model: SentencePieceModel) -> bytes:
        """The tokenizer.json of a model of this kind."""

    @property
    @abstractmethod
    def is_coarser(self) -> bool:
        """Whether boundaries of the extended tokenizer are the base's in any text."""

    @cached_property
    def encoder(self) -> Encoder:
        """The base itself, as fast as it can be."""
        return Encoder.load(TokenizerFiles(Path(self.origin), {"tokenizer.json": self.converted(self.model)}))

    @cached_property
    def symbols(self) -> Sequence[str]:
        """Spelling of each id."""
        return [piece.text for piece in self.model.pieces]

    @cached_property
    def rules(self) -> Rules:
        """What new pieces must not reach across."""
        return Rules.of(self.model).without(self.across)

    @property
    def max_length(self) -> int:
        """Longest new piece, in characters."""
        return self.rules.max_length

    def text_of(self, row: Row) -> str:
        """Text that a new piece stands for."""
        return row.text.replace(SPACE, " ")

    def counted(self, sample: Sample) -> Counted:
        """The words of a sample."""
        pieces = [piece.text if piece.kind is PieceKind.NORMAL else None for piece in self.model.pieces]
        return counted_pieces(sample, self.encoder, pieces, byte_values(self.model), self.rules)

    def written(self, pieces: Sequence[Piece], num_padding: int) -> dict[str, bytes]:
        """tokenizer.model, tokenizer.json and its configuration for these pieces, and what lay around."""
        padding = [Piece(name, 0.0, PieceKind.CONTROL) for name in padding_names(num_padding, set(self.symbols))]
        model = self.model.with_pieces([*pieces, *padding])
        described = orjson.loads(self.converted(model)) | {"post_processor": self.post_processor}
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
