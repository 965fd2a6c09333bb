"""A SentencePiece unigram model as a base.

It has no merges: among all ways to cut a text it takes the most probable. A new piece is then reached only if it is more
probable than any way to cut it, and it must not make a base piece less probable than its parts. Nothing promises that
boundaries are some of the base's, since a new piece may win over a cut that crosses it; how often is measured.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import log
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from corpusforge.errors import InputError
from corpusforge.vocab.borders import Rules
from corpusforge.vocab.convert import SPACE, normal_scores, tokenizer_config, unigram_json
from corpusforge.vocab.cuts import MARGIN, best_cut
from corpusforge.vocab.encode import Encoder
from corpusforge.vocab.folder import TokenizerFiles
from corpusforge.vocab.growth import Counted, Row, Sample
from corpusforge.vocab.learning import Candidates, Grown, row_of
from corpusforge.vocab.piece_words import counted_pieces
from corpusforge.vocab.proto import Piece, PieceKind, SentencePieceModel
from corpusforge.vocab.sentencepiece_base import byte_values
from corpusforge.vocab.shell import kept_configuration, kept_files, padding_names, read_configuration

# Share of candidates taken beyond what is asked for, since some go again.
_SPARE = 1.2


@dataclass(frozen=True)
class UnigramBase:
    """A unigram model with byte fallback that keeps text as it is; `origin` names it in messages."""

    origin: str
    model: SentencePieceModel
    configuration: dict[str, Any]
    kept: dict[str, bytes]

    @classmethod
    def read(cls, path: Path) -> "UnigramBase":
        """Read a tokenizer.model and what lies beside it; raises InputError for one that cannot be extended."""
        model = SentencePieceModel.parse(path.read_bytes(), origin=str(path))
        if not model.has_byte_fallback:
            raise InputError(f"{path}: has no byte fallback, so characters outside it are lost; give a base that has it")
        unigram_json(model, origin=str(path))
        return cls(str(path), model, read_configuration(path.parent), kept_files(path.parent))

    @cached_property
    def encoder(self) -> Encoder:
        """The base itself."""
        content = {"tokenizer.json": unigram_json(self.model, origin=self.origin)}
        return Encoder.load(TokenizerFiles(Path(self.origin), content))

    @cached_property
    def symbols(self) -> Sequence[str]:
        """Spelling of each id."""
        return [piece.text for piece in self.model.pieces]

    @cached_property
    def rules(self) -> Rules:
        """What new pieces must not reach across."""
        return Rules.of(self.model)

    @property
    def max_length(self) -> int:
        """Longest new piece, in characters."""
        return self.rules.max_length

    @property
    def is_coarser(self) -> bool:
        """Whether boundaries of the extended tokenizer are the base's in any text."""
        return False

    def text_of(self, row: Row) -> str:
        """Text that a new piece stands for."""
        return row.text.replace(SPACE, " ")

    def counted(self, sample: Sample) -> Counted:
        """The words of a sample."""
        pieces = [piece.text if piece.kind is PieceKind.NORMAL else None for piece in self.model.pieces]
        return counted_pieces(sample, self.encoder, pieces, byte_values(self.model), self.rules)

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
        padding = [Piece(name, 0.0, PieceKind.CONTROL) for name in padding_names(num_padding, set(self.symbols))]
        model = self.model.with_pieces([*self.model.pieces, *new, *padding])
        return {
            **self.kept,
            "tokenizer.model": model.to_bytes(),
            "tokenizer.json": unigram_json(model, origin=self.origin),
            "tokenizer_config.json": kept_configuration(self.configuration, orjson.loads(tokenizer_config(model))),
        }


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
