"""Insults and slurs by a lexicon with tiers: documents that are toxic as a whole go, single toxic sentences are cut.

Plain word lists flag science: of 6,361 geography questions the usual English list flags 12, all wrongly, and the Chinese one
12 % of newspaper articles, since it looks for single characters inside words. So here a term has to be a unit of the text
(corpusforge.text.terms), words that are insults only at times count only beside another listed term, and one hit is never
enough to lose a long document.
"""

from pathlib import Path
from typing import Annotated, ClassVar

import numpy as np
import pyarrow as pa
from pydantic import Field

from corpusforge.core import EDIT, EDITS_FIELD, Artifacts, Filter, Rule
from corpusforge.filter.insults import Reading, end_of_cut
from corpusforge.filter.lexicon import SHIPPED
from corpusforge.settings import ResourcePath, ThresholdMark
from corpusforge.text.view import TextView

REASON = "toxic_sentence"
WEIGHT_OF_CONTEXTUAL = 0.5


class Toxicity(Filter):
    """Rejects documents full of insults, and cuts single sentences that insult out of the others."""

    edits_text: ClassVar[bool] = True
    adds: ClassVar[tuple[str, ...]] = (
        "toxic_strong",
        "toxic_contextual",
        "toxic_density",
        "toxic_sentences",
        "toxic_share",
    )

    max_share: Annotated[float, ThresholdMark()] = Field(default=0.25, ge=0, le=1)
    """Documents with a greater share of their bytes in toxic sentences are rejected as toxic_share."""
    max_density: Annotated[float, ThresholdMark()] = Field(default=100.0, ge=0)
    """Documents with more hits per 1,000 words, contextual ones at half weight, are rejected as toxic_density."""
    cut_sentences: bool = True
    """Whether toxic sentences are cut out of the documents that are kept."""
    max_gap_bytes: int = Field(default=80, ge=0)
    """How far a contextual term may lie from another listed term of its sentence and count: 80 are some 14 English words."""
    lexicon: ResourcePath = Field(default_factory=lambda: SHIPPED)
    """A lexicon or a folder of them, in the form of corpusforge/filter/lexicon.py; by default ours for English and Chinese."""
    extra_lexicon: ResourcePath | None = None
    """Another, read beside it: more terms, or phrases of your field in which terms are innocent."""
    dictionary: ResourcePath | None = None
    """Ordinary words, one a line, for a better segmentation of Chinese, such as the dictionary of a word segmenter."""

    def prepare(self, artifacts: Artifacts, folder: Path) -> None:
        """Raise InputError where a list cannot be read."""
        self.annotate(TextView(pa.array([], pa.large_string())))

    def annotate(self, view: TextView) -> dict[str, pa.Array]:
        """int64 numbers of strong terms, of contextual terms that count, and of toxic sentences; float64 density and share.

        Density is hits per 1,000 words, each contextual term counting half whether it is near another or not: that is what
        tells a document of one bad word from a long one. Share is that of bytes that lie in toxic sentences.
        """
        found = view.once(self._reading())
        num_strong, num_contextual = found.per_document(found.is_strong), found.per_document(found.is_contextual)
        num_hits = num_strong + WEIGHT_OF_CONTEXTUAL * num_contextual
        return {
            "toxic_strong": pa.array(num_strong),
            "toxic_contextual": pa.array(found.per_document(found.is_contextual & found.counts)),
            "toxic_density": pa.array(1000 * num_hits / np.maximum(view.num_words, 1)),
            "toxic_sentences": pa.array(np.diff(found.sentences.first)),
            "toxic_share": pa.array(found.toxic_bytes() / np.maximum(view.num_bytes, 1)),
        }

    def rules(self) -> tuple[Rule, ...]:
        """Density, then share."""
        return (
            Rule("toxic_density", "<=", self.max_density, "toxic_density"),
            Rule("toxic_share", "<=", self.max_share, "toxic_share"),
        )

    def edits(self, view: TextView) -> pa.Array:
        """Toxic sentences, with the white space behind them unless it ends a line that goes on before them."""
        if not self.cut_sentences:
            return pa.array([[]] * len(view), EDITS_FIELD.type)
        first, begins, ends = view.once(self._reading()).sentences
        document = np.repeat(np.arange(len(view)), np.diff(first))
        places = zip(document.tolist(), begins.tolist(), ends.tolist(), strict=True)
        cut_ends = np.array([end_of_cut(view, *place) for place in places], np.int64)
        start = view.offsets[document]
        columns = [pa.array(begins - start), pa.array(cut_ends - start), pa.array([REASON] * len(begins), pa.string())]
        spans = pa.StructArray.from_arrays(columns, fields=list(EDIT))
        return pa.LargeListArray.from_arrays(pa.array(first), spans, type=EDITS_FIELD.type)

    def _reading(self) -> Reading:
        paths = (self.lexicon,) if self.extra_lexicon is None else (self.lexicon, self.extra_lexicon)
        return Reading(paths, self.dictionary, self.max_gap_bytes)
