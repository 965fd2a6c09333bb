"""Gopher's rules for how a document is written: words, symbols, bullets, stop words (Rae et al. 2021, appendix A1.1)."""

from typing import ClassVar, Literal

import numpy as np
import pyarrow as pa
from pydantic import field_validator

from corpusforge.core import Filter, Rule
from corpusforge.filter.limits import Count, Number
from corpusforge.text.english import SYMBOLS, WordKind, words_of
from corpusforge.text.line_marks import marks
from corpusforge.text.shares import share
from corpusforge.text.view import TextView
from corpusforge.text.word_facts import num_listed, word_facts


class GopherQuality(Filter):
    """Keeps documents of ordinary prose; a threshold of null or 0 asks nothing.

    With `words: spacy` verdicts and reasons are those of datatrove 0.10.0, where punctuation marks are words; the text view's
    words are letters and numbers, so that textbooks are not rejected for their brackets.
    """

    adds: ClassVar[tuple[str, ...]] = (
        "gopher_words", "gopher_word_length", "gopher_hash_ratio", "gopher_ellipsis_ratio", "gopher_bullet_lines",
        "gopher_ellipsis_lines", "gopher_alpha_words", "gopher_stop_words",
    )  # fmt: skip

    words: WordKind = "view"
    """Which words are counted: the text view's, or spaCy's English tokens (the extra `spacy`)."""
    min_words: Count = 50
    """Shorter documents are rejected as gopher_short_doc; symbols do not count."""
    max_words: Count = 100_000
    """Longer documents are rejected as gopher_long_doc."""
    min_word_length: Number = 3
    """Mean characters of a word; below it gopher_below_avg_threshold."""
    max_word_length: Number = 10
    """Mean characters of a word; above it gopher_above_avg_threshold."""
    max_symbol_ratio: Number = 0.1
    """Number signs to words, and ellipses to words: gopher_too_many_hashes, gopher_too_many_ellipsis."""
    max_bullet_lines: Number = 0.9
    """Share of lines that begin with a bullet or a hyphen: gopher_too_many_bullets."""
    max_ellipsis_lines: Number = 0.3
    """Share of lines that end with an ellipsis: gopher_too_many_end_ellipsis."""
    min_alpha_words: Number = 0.8
    """Share of words with a letter: gopher_below_alpha_threshold."""
    min_stop_words: Count = 2
    """How many of stop_words have to occur: gopher_enough_stop_words."""
    stop_words: tuple[str, ...] = ("the", "be", "to", "of", "and", "that", "have", "with")
    """Words of which ordinary text holds some, as they are spelled."""

    @field_validator("stop_words")
    @classmethod
    def _few(cls, listed: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(listed)) > 64:
            raise ValueError(f"at most 64 stop words, got {len(set(listed))}")
        return listed

    def annotate(self, view: TextView) -> dict[str, pa.Array]:
        """Counts as int64, ratios as float64; 0 where there is nothing to take a share of."""
        words = words_of(view, self.words)
        num_words = np.diff(words.spans.first)
        facts = word_facts(view, words, SYMBOLS if self.words == "spacy" else "")
        lines = view.once(marks)
        signals = {
            "gopher_words": facts.num_words,
            "gopher_word_length": share(facts.num_chars, facts.num_words),
            "gopher_hash_ratio": share(lines.number_signs, num_words),
            "gopher_ellipsis_ratio": share(lines.ellipses, num_words),
            "gopher_bullet_lines": share(lines.bullet_lines, lines.lines),
            "gopher_ellipsis_lines": share(lines.ellipsis_lines, lines.lines),
            "gopher_alpha_words": share(facts.num_alphabetic, num_words),
            "gopher_stop_words": num_listed(words, self.stop_words),
        }
        return {name: pa.array(values) for name, values in signals.items()}

    def rules(self) -> tuple[Rule, ...]:
        """In datatrove's order."""
        asked: tuple[tuple[str, Literal[">=", "<="], float | None, str], ...] = (
            ("gopher_words", ">=", self.min_words, "gopher_short_doc"),
            ("gopher_words", "<=", self.max_words, "gopher_long_doc"),
            ("gopher_word_length", ">=", self.min_word_length, "gopher_below_avg_threshold"),
            ("gopher_word_length", "<=", self.max_word_length, "gopher_above_avg_threshold"),
            ("gopher_hash_ratio", "<=", self.max_symbol_ratio, "gopher_too_many_hashes"),
            ("gopher_ellipsis_ratio", "<=", self.max_symbol_ratio, "gopher_too_many_ellipsis"),
            ("gopher_bullet_lines", "<=", self.max_bullet_lines, "gopher_too_many_bullets"),
            ("gopher_ellipsis_lines", "<=", self.max_ellipsis_lines, "gopher_too_many_end_ellipsis"),
            ("gopher_alpha_words", ">=", self.min_alpha_words, "gopher_below_alpha_threshold"),
            ("gopher_stop_words", ">=", self.min_stop_words, "gopher_enough_stop_words"),
        )
        return tuple(Rule(signal, keep, value, reason) for signal, keep, value, reason in asked if value)
