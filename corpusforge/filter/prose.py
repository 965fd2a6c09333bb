"""Whether a text is sentences: it has the little words that these cannot do without, and lines of more than a few words.

Running English holds 20-35 % of them whatever its subject, Chinese (的 是 在 and the like) 8-20 % of its characters; adverts,
lists of links, tables and placeholder text hold few, however well they are spelled. Gopher asks how many of eight such
words occur at all, which any long list passes. Imperatives (do, not, you, now) and "to" are no part of the list, since
adverts are made of them.
"""

from typing import Annotated, ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import Field, field_validator

from corpusforge.core import Filter, Rule
from corpusforge.settings import ThresholdMark
from corpusforge.text.prose import count_listed, count_stretches
from corpusforge.text.spans import word_spans
from corpusforge.text.view import TextView

ENGLISH = (
    "a", "also", "an", "and", "are", "as", "at", "be", "been", "between", "by", "can", "for", "from", "had", "has", "have",
    "however", "in", "into", "is", "it", "its", "may", "of", "or", "such", "than", "that", "the", "these", "this", "was",
    "were", "when", "where", "which", "with",
)  # fmt: skip
CHINESE = tuple("的了在是和有这這为為以也与與及其而对對被由于於或所将將可从從到并並但该該则則即若着著把此各之时時中")


class Prose(Filter):
    """Keeps English and Chinese text in sentences; for other languages give their words."""

    adds: ClassVar[tuple[str, ...]] = ("function_word_share", "words_per_line")

    min_function_word_share: Annotated[float, ThresholdMark()] = Field(default=0.06, ge=0, le=1)
    """Of words (one CJK character is one), those of function_words; fewer are rejected as few_function_words."""
    min_words_per_line: Annotated[float, ThresholdMark()] = Field(default=2.5, ge=0)
    """Mean words of a line that has any; a bar, as between cells of a table, ends one too. Fewer, as in menus, are rejected as
    few_words_per_line."""
    function_words: tuple[str, ...] = (*ENGLISH, *CHINESE)
    """Words in lower case; they are also found with a capital and in capitals."""

    @field_validator("function_words")
    @classmethod
    def _are_words(cls, listed: tuple[str, ...]) -> tuple[str, ...]:
        count_listed(TextView(pa.array([], pa.large_string())), listed)
        return listed

    def annotate(self, view: TextView) -> dict[str, pa.Array]:
        """Both float64; 0 where there is no word."""
        num_words = np.diff(view.once(word_spans).first)
        return {
            "function_word_share": _ratio(count_listed(view, self.function_words), num_words),
            "words_per_line": _ratio(num_words, count_stretches(view)),
        }

    def rules(self) -> tuple[Rule, ...]:
        """Words, then lines."""
        return (
            Rule("function_word_share", ">=", self.min_function_word_share, "few_function_words"),
            Rule("words_per_line", ">=", self.min_words_per_line, "few_words_per_line"),
        )


def _ratio(part: NDArray[np.int64], whole: NDArray[np.int64]) -> pa.Array:
    return pa.array(np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0))
