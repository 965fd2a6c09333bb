"""Documents that are junk as a whole: scans gone wrong, wrong decodings, keyboard noise, tables of numbers, reference lists.

Each rule asks what the whole document is made of, so a paper keeps its formulas, tables and references. Words and characters
are counted over all of the text; numbers and references by the bytes of their lines, since one paragraph is one line and
a reference list is a hundred.
"""

from typing import Annotated, ClassVar

import pyarrow as pa
from pydantic import Field

from corpusforge.core import Filter, Rule
from corpusforge.settings import ThresholdMark
from corpusforge.text.census import DAMAGED, DIGIT, PUNCTUATION, WIDE_PUNCTUATION, census, visible
from corpusforge.text.mojibake import mojibake
from corpusforge.text.noise import MIXED, NUM_WORD_KINDS, NUMBER_LINES, REFERENCE_LINES, SINGLE_LETTER, STRANGE, noises
from corpusforge.text.shares import share
from corpusforge.text.view import TextView

Share = Annotated[float, ThresholdMark(), Field(ge=0, le=1)]


class Symbols(Filter):
    """Keeps documents that are text for the most part, in any language; a threshold of 1 switches its rule off."""

    revision: ClassVar[int] = 2
    adds: ClassVar[tuple[str, ...]] = (
        "damaged_share",
        "symbol_share",
        "digit_share",
        "single_letter_share",
        "strange_word_share",
        "mixed_word_share",
        "number_line_share",
        "reference_line_share",
    )

    max_damaged_share: Share = 0.02
    """Of visible characters, those lost or wrong by decoding (U+FFFD, private use, "Ã©", "锟斤拷"); else damaged."""
    max_symbol_share: Share = 0.4
    """Of visible characters, punctuation and symbols; more are rejected as symbols."""
    max_digit_share: Share = 0.4
    """Of visible characters, numbers; more are rejected as digits."""
    max_single_letter_share: Share = 0.4
    """Of words, those of one letter (one CJK character is no letter); "t h i s" is rejected as single_letters."""
    max_strange_word_share: Share = 0.1
    """Of words, those with pairs of letters that languages avoid; "sdfg jklhj" is rejected as strange_words."""
    max_mixed_word_share: Share = 0.15
    """Of words, those with numbers or odd symbols between small letters; "th|s w0rd" is rejected as mixed_words. Parts of
    names_like_th1s are none."""
    max_number_line_share: Share = 0.8
    """Of bytes, those in lines that are numbers for the half or more; more are rejected as number_lines."""
    max_reference_line_share: Share = 0.8
    """Of bytes, those in lines that are entries of a reference list; more are rejected as reference_lines."""

    def annotate(self, view: TextView) -> dict[str, pa.Array]:
        """One float64 from 0 to 1 for each document."""
        counts, found = view.once(census), view.once(noises)
        characters, words = visible(counts), found[:, :NUM_WORD_KINDS].sum(axis=1)
        signals = {
            "damaged_share": share(counts[:, DAMAGED] + mojibake(view), characters),
            "symbol_share": share(counts[:, PUNCTUATION] + counts[:, WIDE_PUNCTUATION], characters),
            "digit_share": share(counts[:, DIGIT], characters),
            "single_letter_share": share(found[:, SINGLE_LETTER], words),
            "strange_word_share": share(found[:, STRANGE], words),
            "mixed_word_share": share(found[:, MIXED], words),
            "number_line_share": share(found[:, NUMBER_LINES], view.num_bytes),
            "reference_line_share": share(found[:, REFERENCE_LINES], view.num_bytes),
        }
        return {name: pa.array(values) for name, values in signals.items()}

    def rules(self) -> tuple[Rule, ...]:
        """Characters, words, lines."""
        return (
            Rule("damaged_share", "<=", self.max_damaged_share, "damaged"),
            Rule("symbol_share", "<=", self.max_symbol_share, "symbols"),
            Rule("digit_share", "<=", self.max_digit_share, "digits"),
            Rule("single_letter_share", "<=", self.max_single_letter_share, "single_letters"),
            Rule("strange_word_share", "<=", self.max_strange_word_share, "strange_words"),
            Rule("mixed_word_share", "<=", self.max_mixed_word_share, "mixed_words"),
            Rule("number_line_share", "<=", self.max_number_line_share, "number_lines"),
            Rule("reference_line_share", "<=", self.max_reference_line_share, "reference_lines"),
        )
