"""Documents that are too short to teach anything, or too long to be one document."""

from typing import Annotated, ClassVar

import pyarrow as pa
from pydantic import Field

from corpusforge.core import Filter, Rule
from corpusforge.settings import ThresholdMark
from corpusforge.text.spans import view_words
from corpusforge.text.view import TextView


class Length(Filter):
    """Keeps documents of a given number of words and characters; one CJK character is one word."""

    adds: ClassVar[tuple[str, ...]] = ("num_words", "num_chars")

    min_words: Annotated[int, ThresholdMark()] = Field(default=0, ge=0)
    """Shorter documents are rejected as too_few_words."""
    max_words: Annotated[int, ThresholdMark()] = Field(default=10_000_000, gt=0)
    """Longer documents are rejected as too_many_words."""
    min_chars: Annotated[int, ThresholdMark()] = Field(default=0, ge=0)
    """Shorter documents, in code points, are rejected as too_few_chars."""

    def annotate(self, view: TextView) -> dict[str, pa.Array]:
        """num_words and num_chars, int64."""
        view.once(view_words)  # neighbours want the words themselves
        return {"num_words": pa.array(view.num_words), "num_chars": pa.array(view.num_chars)}

    def rules(self) -> tuple[Rule, ...]:
        """Words from below and above, then characters."""
        return (
            Rule("num_words", ">=", self.min_words, "too_few_words"),
            Rule("num_words", "<=", self.max_words, "too_many_words"),
            Rule("num_chars", ">=", self.min_chars, "too_few_chars"),
        )
