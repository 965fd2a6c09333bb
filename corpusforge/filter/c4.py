"""C4's rules: lines that are no sentences are cut out, pages that are placeholders, code or too little are dropped.

Raffel et al. 2020, section 2.2, in the order of datatrove 0.10.0: "lorem ipsum" and curly brackets reject a document only in a
line that no rule asked before has cut, and the first such line gives the reason.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import ClassVar, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import Field

from corpusforge.core import EDITS_FIELD, Filter, Rule
from corpusforge.filter.limits import Count
from corpusforge.text.english import TERMINAL_PUNCTUATION, WordKind, num_sentences
from corpusforge.text.page_cuts import CITATION, FIRST_FATE, KEPT, WHITESPACE, kept_texts, line_cuts, page_cuts
from corpusforge.text.page_lines import (
    CURLY_BRACKET,
    JAVASCRIPT,
    LOREM_IPSUM,
    POLICY,
    CleanLines,
    LineFacts,
    PageLines,
    chunks,
    clean_lines,
    line_facts,
    page_lines,
    whole_lines,
)  # fmt: skip
from corpusforge.text.sentences import sentence_ends
from corpusforge.text.spans import view_words
from corpusforge.text.view import TextView

_ENDS = {"spacy": ".?!\"'", "view": TERMINAL_PUNCTUATION + "\"'\u201d\u2019\u00bb\u300d\u300f\uff02\uff07"}

# Fates of lines in the order in which they are asked for.
_FATES = ("long_word", "no_terminal_punct", "too_few_words", "lorem_ipsum", "javascript", "curly_bracket", "policy")
_REASONS = {WHITESPACE: "whitespace", CITATION: "citation", **dict(enumerate(_FATES, FIRST_FATE))}


class Judged(NamedTuple):
    """Lines, their text without citation marks, and what becomes of each: KEPT, or FIRST_FATE + place in _FATES (uint8)."""

    lines: PageLines
    clean: CleanLines
    fates: NDArray[np.uint8]


class C4(Filter):
    """Cuts lines that are no sentences, and drops documents of which too little is left.

    With `words: spacy` verdicts and reasons are those of datatrove 0.10.0, and so is the text, except between lines that only
    other breaks than line feeds part (see corpusforge.text.page_cuts). With the text view's words one CJK character is a word,
    and full-width marks and closing quotation marks end a line too.
    """

    adds: ClassVar[tuple[str, ...]] = ("c4_lorem_ipsum", "c4_curly_bracket", "c4_sentences")
    edits_text: ClassVar[bool] = True

    words: WordKind = "view"
    """The text view's words and sentences, or words between blanks and spaCy's English sentences (the extra `spacy`)."""
    min_num_sentences: Count = 5
    """Documents with fewer in the lines that are left are rejected as too_few_sentences; null or 0 asks nothing."""
    filter_no_terminal_punct: bool = True
    """Cut lines that do not end as sentences do, or end with an ellipsis; FineWeb keeps them."""
    min_words_per_line: int = Field(default=3, ge=0)
    """Lines of fewer words are cut."""
    max_word_length: int = Field(default=1000, ge=0)
    """Lines with a word of more characters are cut; 0 asks nothing."""
    filter_lorem_ipsum: bool = True
    """Reject documents with "lorem ipsum"."""
    filter_curly_bracket: bool = True
    """Reject documents with an opening curly bracket."""
    filter_javascript: bool = True
    """Cut lines with the word javascript."""
    filter_policy: bool = True
    """Cut lines about terms of use, privacy and cookies."""
    remove_citations: bool = True
    """Cut citation marks: "[1]", "[]", "[edit]", "[citation needed]"."""

    keep_layout: bool = False
    """Leave blank lines and indentation between the lines that stay as they are, as Markdown needs them."""

    def annotate(self, view: TextView) -> dict[str, pa.Array]:
        """int64: whether the first line that rejects the document does so for that reason; sentences in the lines left."""
        judged = view.once(_judging(self))
        count = _spacy_sentences if self.words == "spacy" else _view_sentences
        return {
            "c4_lorem_ipsum": _rejects_first(judged, "lorem_ipsum"),
            "c4_curly_bracket": _rejects_first(judged, "curly_bracket"),
            "c4_sentences": count(judged),
        }

    def rules(self) -> tuple[Rule, ...]:
        """Lines that reject, then what is left."""
        enough = (Rule("c4_sentences", ">=", self.min_num_sentences, "too_few_sentences"),) if self.min_num_sentences else ()
        return (Rule("c4_lorem_ipsum", "<=", 0, "lorem_ipsum"), Rule("c4_curly_bracket", "<=", 0, "curly_bracket"), *enough)

    def edits(self, view: TextView) -> pa.Array:
        """Lines and citation marks with their reasons, and the white space that they leave."""
        judged = view.once(_judging(self))
        cuts = (line_cuts if self.keep_layout else page_cuts)(view, judged.lines, judged.clean, judged.fates)
        names = pa.array([_REASONS.get(fate, "") for fate in range(max(_REASONS) + 1)])
        spans = [pa.array(cuts.begin), pa.array(cuts.end), names.take(pa.array(cuts.fates))]
        item = EDITS_FIELD.type.value_type
        return pa.LargeListArray.from_arrays(
            cuts.first, pa.StructArray.from_arrays(spans, fields=list(item)), type=EDITS_FIELD.type
        )

    def fates(self, facts: LineFacts) -> NDArray[np.uint8]:
        """What becomes of lines with these facts."""
        asked = (
            (facts.longest > self.max_word_length) & (self.max_word_length > 0),
            ~facts.is_ended & self.filter_no_terminal_punct,
            facts.num_words < self.min_words_per_line,
            (facts.phrases & LOREM_IPSUM > 0) & self.filter_lorem_ipsum,
            (facts.phrases & JAVASCRIPT > 0) & self.filter_javascript,
            (facts.phrases & CURLY_BRACKET > 0) & self.filter_curly_bracket,
            (facts.phrases & POLICY > 0) & self.filter_policy,
        )
        return np.select(asked, range(FIRST_FATE, FIRST_FATE + len(asked)), KEPT).astype(np.uint8)


@lru_cache(maxsize=8)
def _judging(stage: C4) -> Callable[[TextView], Judged]:
    """One function for equal settings, so that a view judges its lines once."""

    def judge(view: TextView) -> Judged:
        lines = view.once(page_lines)
        clean = view.once(clean_lines if stage.remove_citations else whole_lines)
        words = view.once(view_words if stage.words == "view" else chunks)
        return Judged(lines, clean, stage.fates(line_facts(words, lines, clean, _ENDS[stage.words])))

    return judge


def _document_of_lines(lines: PageLines) -> NDArray[np.int64]:
    return np.repeat(np.arange(len(lines.first) - 1), np.diff(lines.first))


def _rejects_first(judged: Judged, reason: str) -> pa.Array:
    """1 where the first line of a document that rejects it does so for the reason, else 0: int64."""
    rejecting = [FIRST_FATE + _FATES.index(name) for name in ("lorem_ipsum", "curly_bracket")]
    places = np.flatnonzero(np.isin(judged.fates, rejecting))
    documents, firsts = np.unique(_document_of_lines(judged.lines)[places], return_index=True)
    found = np.zeros(len(judged.lines.first) - 1, np.int64)
    found[documents] = judged.fates[places[firsts]] == FIRST_FATE + _FATES.index(reason)
    return pa.array(found)


def _view_sentences(judged: Judged) -> pa.Array:
    _, offsets = sentence_ends(TextView(kept_texts(judged.lines, judged.clean, judged.fates)))
    return pa.array(np.diff(offsets))


def _spacy_sentences(judged: Judged) -> pa.Array:
    """Line by line."""
    places = np.flatnonzero(judged.fates == KEPT)
    data, bounds = judged.clean.data.tobytes(), judged.clean.bounds
    counts = [num_sentences(data[bounds[line] : bounds[line + 1]].decode()) for line in places.tolist()]
    documents = _document_of_lines(judged.lines)[places]
    found = np.bincount(documents, counts, minlength=len(judged.lines.first) - 1)
    return pa.array(found.astype(np.int64))
