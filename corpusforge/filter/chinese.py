"""Chinese text, by what it is written with and how its lines look; for documents that are meant to be Chinese.

Thresholds: lines that end a sentence from FineWeb-2's cmn_Hani configuration, Han share and length of lines from ChineseWebText
2.0. FineWeb-2's newlines per word need no rule of their own: they are the length of lines the other way round. ChineseWebText
drops a document for any traditional character, and with it 14 % of good simplified ones that quote or cite; here it is a
share, and judged only where asked.
"""

from typing import Annotated, ClassVar

import numpy as np
import pyarrow as pa
from pydantic import Field

from corpusforge.core import Filter, Rule
from corpusforge.settings import ThresholdMark
from corpusforge.text.census import (
    DIGIT,
    HAN,
    LATIN,
    SIMPLIFIED,
    TRADITIONAL,
    WIDE_PUNCTUATION,
    census,
    visible,
)
from corpusforge.text.line_shape import ENDED_LINES, LINES, REPEATED_LETTERS, SINGLE_LINES, line_shapes
from corpusforge.text.shares import share
from corpusforge.text.view import TextView

Share = Annotated[float, ThresholdMark(), Field(ge=0, le=1)]


class Chinese(Filter):
    """Keeps Chinese text in sentences. With `lang: zh` only documents of that language are judged.

    Shares are of visible characters (neither blank nor control characters) unless a setting says otherwise.
    """

    adds: ClassVar[tuple[str, ...]] = (
        "han_share",
        "line_end_share",
        "mean_line_chars",
        "single_char_line_share",
        "wide_punctuation_share",
        "chinese_digit_share",
        "latin_share",
        "repeated_char_share",
        "traditional_share",
    )

    min_han_share: Share = 0.3
    """Fewer Han characters are rejected as not_han."""
    min_line_end_share: Share = 0.106
    """Of lines that hold anything, those that end a sentence (quotation marks and brackets may follow); else line_ends."""
    min_mean_line_chars: Annotated[float, ThresholdMark()] = Field(default=10.0, ge=0)
    """Visible characters of a line that holds any, on average; else short_lines."""
    max_single_char_line_share: Share = 0.3
    """Of lines that hold anything, those of one character, as in vertical or scattered text; else single_char_lines."""
    min_wide_punctuation_share: Share = 0.0
    """Less full-width and CJK punctuation is rejected as no_chinese_punctuation; lists of search words have none."""
    max_digit_share: Share = 0.4
    """More numbers are rejected as chinese_digits."""
    max_latin_share: Share = 0.7
    """More Latin letters are rejected as latin."""
    max_repeated_char_share: Share = 0.1
    """More letters that stand four or more times in a row are rejected as repeated_chars."""
    max_traditional_share: Share = 1.0
    """Of the Han characters that tell the two scripts apart, the traditional ones; more are rejected as traditional."""

    def annotate(self, view: TextView) -> dict[str, pa.Array]:
        """One float64 for each document; traditional_share is null where no character tells."""
        counts, shapes = view.once(census), view.once(line_shapes)
        characters, lines = visible(counts), shapes[:, LINES]
        simplified, traditional = counts[:, SIMPLIFIED], counts[:, TRADITIONAL]
        told = simplified + traditional
        signals = {
            "han_share": share(counts[:, HAN] + told, characters),
            "line_end_share": share(shapes[:, ENDED_LINES], lines),
            "mean_line_chars": share(characters, lines),
            "single_char_line_share": share(shapes[:, SINGLE_LINES], lines),
            "wide_punctuation_share": share(counts[:, WIDE_PUNCTUATION], characters),
            "chinese_digit_share": share(counts[:, DIGIT], characters),
            "latin_share": share(counts[:, LATIN], characters),
            "repeated_char_share": share(shapes[:, REPEATED_LETTERS], characters),
        }
        columns = {name: pa.array(values) for name, values in signals.items()}
        return columns | {"traditional_share": pa.array(share(traditional, told), mask=np.equal(told, 0))}

    def rules(self) -> tuple[Rule, ...]:
        """What it is written with, then its lines, then the rest."""
        return (
            Rule("han_share", ">=", self.min_han_share, "not_han"),
            Rule("line_end_share", ">=", self.min_line_end_share, "line_ends"),
            Rule("mean_line_chars", ">=", self.min_mean_line_chars, "short_lines"),
            Rule("single_char_line_share", "<=", self.max_single_char_line_share, "single_char_lines"),
            Rule("wide_punctuation_share", ">=", self.min_wide_punctuation_share, "no_chinese_punctuation"),
            Rule("chinese_digit_share", "<=", self.max_digit_share, "chinese_digits"),
            Rule("latin_share", "<=", self.max_latin_share, "latin"),
            Rule("repeated_char_share", "<=", self.max_repeated_char_share, "repeated_chars"),
            Rule("traditional_share", "<=", self.max_traditional_share, "traditional"),
        )
