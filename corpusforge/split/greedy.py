"""Cuts encoded documents into pieces at ends of sentences, the fewest that fit `max_tokens`.

The peers' splitters encode sentence by sentence and repeat or lose tokens (KnowLM: 11-17 % of all tokens twice); this one
cuts between tokens of the whole document, so the pieces joined are the document. How, and why no other cut at these places
needs fewer pieces: corpusforge.text.pieces.
"""

from pathlib import Path
from typing import ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import Field

from corpusforge.core import VERDICT_FIELDS, Artifacts, Transform
from corpusforge.errors import UserError
from corpusforge.text.pieces import Pieces, cut
from corpusforge.text.view import TextView
from corpusforge.tokens import PIECE, PIECES_FIELD, TokenFacts


class Greedy(Transform):
    """The fewest pieces of at most `max_tokens`; a sentence is cut only when it alone is longer.

    Rejects a document without tokens as no_tokens, and one with a character of more tokens than fit as unsplittable (value:
    the tokens that a piece of this character would have).
    """

    reads: ClassVar[tuple[str, ...]] = ("text", "ids", "widths")
    adds: ClassVar[tuple[str, ...]] = ("pieces",)
    needs: ClassVar[tuple[str, ...]] = ("tokenizer",)

    max_tokens: int = Field(gt=0)
    """Tokens of a piece, EOD and BOS included."""

    def prepare(self, artifacts: Artifacts, folder: Path) -> None:
        """Raise UserError where max_tokens leaves no room for text."""
        num_marks = TokenFacts.read(artifacts["tokenizer"]).num_marks
        if self.max_tokens <= num_marks:
            marks = "EOD" if num_marks == 1 else "EOD and BOS"
            raise UserError(
                f"split.greedy: max_tokens: {self.max_tokens} leaves no room for text beside {marks} of every piece; "
                f"give at least {num_marks + 1}, usually the training length, such as 2048"
            )

    def apply(self, batch: pa.RecordBatch, artifacts: Artifacts) -> pa.RecordBatch:
        """Add `pieces` and the verdict columns."""
        num_marks = TokenFacts.read(artifacts["tokenizer"]).num_marks
        ids, widths = batch.column("ids"), batch.column("widths")
        token_offsets = widths.offsets.to_numpy()
        assert np.array_equal(np.diff(ids.offsets), np.diff(token_offsets)), "ids and widths differ in length"
        pieces = cut(TextView(batch.column("text")), widths.values.to_numpy(), token_offsets, self.max_tokens - num_marks)
        columns = [_as_lists(pieces), *_verdicts(pieces, token_offsets, self.max_tokens, num_marks)]
        return pa.record_batch(columns, schema=pa.schema([PIECES_FIELD, *VERDICT_FIELDS]))


def _as_lists(pieces: Pieces) -> pa.LargeListArray:
    columns = [getattr(pieces, field.name).astype(np.int32) for field in PIECE]
    structs = pa.StructArray.from_arrays([pa.array(column) for column in columns], fields=list(PIECE))
    return pa.LargeListArray.from_arrays(pieces.offsets, structs, type=PIECES_FIELD.type)


def _verdicts(pieces: Pieces, token_offsets: NDArray[np.int64], max_tokens: int, num_marks: int) -> list[pa.Array]:
    is_empty, is_stuck = np.diff(token_offsets) == 0, pieces.unsplittable > 0
    tokens = np.where(is_stuck, pieces.unsplittable + num_marks, 0)
    rejected = is_empty | is_stuck
    messages = np.where(is_empty, "the document has no tokens", "")
    messages = np.where(is_stuck, "a character is spelled by more tokens than a piece holds", messages)
    return [
        pa.array(np.where(is_empty, "no_tokens", np.where(is_stuck, "unsplittable", "")), type=pa.string()),
        pa.array(np.zeros(len(rejected), dtype=np.bool_)),
        pa.array(tokens.astype(np.float64), mask=~rejected),
        pa.array(np.where(is_empty, 1.0, float(max_tokens)), mask=~rejected),
        pa.array(messages, type=pa.string()),
    ]
