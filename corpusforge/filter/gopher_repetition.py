"""Gopher's rules against repetition: lines, paragraphs and n-grams that a document says again (Rae et al. 2021, table A1)."""

from typing import Annotated, ClassVar

import numpy as np
import pyarrow as pa
from pydantic import Field

from corpusforge.core import Filter, Rule
from corpusforge.filter.limits import Number
from corpusforge.settings import ThresholdMark
from corpusforge.text.english import WordKind, words_of
from corpusforge.text.ngrams import REPEATED, TOP, repeated_runs
from corpusforge.text.repeats import repeated_lines, repeated_paragraphs
from corpusforge.text.shares import share
from corpusforge.text.view import TextView

_LINES = ("dup_para_frac", "dup_para_char_frac", "dup_line_frac", "dup_line_char_frac")
_TOP = tuple(f"top_{size}_gram" for size in TOP)
_REPEATED = tuple(f"duplicated_{size}_n_grams" for size in REPEATED)

Shares = Annotated[dict[int, float], ThresholdMark()]


class GopherRepetition(Filter):
    """Keeps documents that do not say the same again and again; a threshold of null or 0 asks nothing.

    With `words: spacy` and `min_count: 1` verdicts and reasons are those of datatrove 0.10.0, which also rejects short texts in
    which nothing is repeated.
    """

    adds: ClassVar[tuple[str, ...]] = (*_LINES, *_TOP, *_REPEATED)

    words: WordKind = "view"
    """Whose n-grams: of the text view's words, or of spaCy's English tokens (the extra `spacy`)."""
    max_paragraphs: Number = 0.3
    """Share of paragraphs that repeat an earlier one: dup_para_frac."""
    max_paragraph_chars: Number = 0.2
    """Share of characters in such paragraphs: dup_para_char_frac."""
    max_lines: Number = 0.3
    """Share of lines that repeat an earlier one: dup_line_frac."""
    max_line_chars: Number = 0.2
    """Share of characters in such lines: dup_line_char_frac."""
    max_top_ngrams: Shares = Field(default={2: 0.2, 3: 0.18, 4: 0.16})
    """By n: share of characters in the most frequent n-gram; top_2_gram to top_4_gram."""
    max_repeated_ngrams: Shares = Field(default={5: 0.15, 6: 0.14, 7: 0.13, 8: 0.12, 9: 0.11, 10: 0.10})
    """By n: share of characters in repeated n-grams; duplicated_5_n_grams to duplicated_10_n_grams."""
    min_count: int = Field(default=2, ge=1)
    """How often the most frequent n-gram has to occur to count."""

    def annotate(self, view: TextView) -> dict[str, pa.Array]:
        """Shares as float64; 0 where there is nothing to take a share of."""
        words = words_of(view, self.words)
        paragraphs, lines = view.once(repeated_paragraphs), view.once(repeated_lines)
        signals = {
            "dup_para_frac": share(paragraphs.repeated, paragraphs.pieces),
            "dup_para_char_frac": share(paragraphs.num_chars, view.num_chars),
            "dup_line_frac": share(lines.repeated, lines.pieces),
            "dup_line_char_frac": share(lines.num_chars, view.num_chars),
        }
        runs = repeated_runs(words)
        for name, covered, times in zip(_TOP, runs.covered.T, runs.times.T, strict=True):
            signals[name] = share(np.where(times >= self.min_count, covered, 0), view.num_chars)
        for name, chars in zip(_REPEATED, runs.repeated_chars.T, strict=True):
            signals[name] = share(chars, view.num_chars)
        return {name: pa.array(values) for name, values in signals.items()}

    def rules(self) -> tuple[Rule, ...]:
        """In datatrove's order."""
        limits = (self.max_paragraphs, self.max_paragraph_chars, self.max_lines, self.max_line_chars)
        asked = [
            *zip(_LINES, limits, strict=True),
            *((name, self.max_top_ngrams.get(size)) for size, name in zip(TOP, _TOP, strict=True)),
            *((name, self.max_repeated_ngrams.get(size)) for size, name in zip(REPEATED, _REPEATED, strict=True)),
        ]
        return tuple(Rule(name, "<=", limit, name) for name, limit in asked if limit)
