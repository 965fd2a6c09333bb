"""FineWeb's own rules: lines that end no sentence, short lines, repeated lines, lists (Penedo et al. 2024, section 3.5)."""

from typing import ClassVar, Literal

import numpy as np
import pyarrow as pa
from pydantic import Field

from corpusforge.core import Filter, Rule
from corpusforge.filter.limits import Number
from corpusforge.text.english import TERMINAL_PUNCTUATION, WordKind, words_of
from corpusforge.text.line_marks import plain_lines
from corpusforge.text.shares import share
from corpusforge.text.view import TextView


class Fineweb(Filter):
    """Keeps documents whose lines read as text; a threshold of null asks nothing.

    With `words: spacy` verdicts and reasons are those of datatrove 0.10.0.
    """

    adds: ClassVar[tuple[str, ...]] = (
        "fineweb_lines", "fineweb_ended_lines", "fineweb_short_lines", "fineweb_repeated_chars", "fineweb_line_feeds",
    )  # fmt: skip

    words: WordKind = "view"
    """Which words line feeds are counted to: the text view's, or spaCy's English tokens (the extra `spacy`)."""
    min_ended_lines: Number = 0.12
    """Share of lines that end with a mark that ends sentences: line_punct_ratio."""
    max_short_lines: Number = 0.67
    """Share of lines of at most short_line characters: short_line_ratio."""
    max_repeated_chars: Number = 0.01
    """Share of characters in lines that repeat an earlier one: char_dup_ratio."""
    max_line_feeds: Number = 0.3
    """Line feeds to words: list_ratio."""
    short_line: int = Field(default=30, ge=0)
    """Characters of a short line."""

    def annotate(self, view: TextView) -> dict[str, pa.Array]:
        """The number of lines as int64, shares as float64; 0 where there is nothing to take a share of."""
        lines = plain_lines(view, TERMINAL_PUNCTUATION, self.short_line)
        num_words = np.diff(words_of(view, self.words).spans.first)
        signals = {
            "fineweb_lines": lines.lines,
            "fineweb_ended_lines": share(lines.ended, lines.lines),
            "fineweb_short_lines": share(lines.short, lines.lines),
            "fineweb_repeated_chars": share(lines.repeated_chars, view.num_chars - lines.line_feeds),
            "fineweb_line_feeds": share(lines.line_feeds, num_words),
        }
        return {name: pa.array(values) for name, values in signals.items()}

    def rules(self) -> tuple[Rule, ...]:
        """In datatrove's order; a document without a line that is not blank is `empty`."""
        asked: tuple[tuple[str, Literal[">=", "<="], float | None, str], ...] = (
            ("fineweb_ended_lines", ">=", self.min_ended_lines, "line_punct_ratio"),
            ("fineweb_short_lines", "<=", self.max_short_lines, "short_line_ratio"),
            ("fineweb_repeated_chars", "<=", self.max_repeated_chars, "char_dup_ratio"),
            ("fineweb_line_feeds", "<=", self.max_line_feeds, "list_ratio"),
        )
        rules = (Rule(signal, keep, value, reason) for signal, keep, value, reason in asked if value is not None)
        return (Rule("fineweb_lines", ">=", 1, "empty"), *rules)
