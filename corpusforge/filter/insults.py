"""Where a text insults: the terms of a lexicon that count, and the sentences they stand in.

Sentences are found only in documents that hold a term, since most hold none.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from corpusforge.filter.lexicon import Meaning, trie_of
from corpusforge.text.sentences import sentence_ends
from corpusforge.text.spans import Spans
from corpusforge.text.terms import Terms, find_terms, near_another
from corpusforge.text.view import TextView


@dataclass(frozen=True)
class Insults:
    """The listed terms of those documents that have more than targets, and the sentences that insult.

    `document` (int64) is that of each term, `is_strong`, `is_contextual` and `counts` (bool) are one value a term. `sentences`
    lie absolutely in the view's data; they are those with a strong term or a contextual one that counts.
    """

    document: NDArray[np.int64]
    is_strong: NDArray[np.bool_]
    is_contextual: NDArray[np.bool_]
    counts: NDArray[np.bool_]
    sentences: Spans

    def per_document(self, terms: NDArray[np.bool_]) -> NDArray[np.int64]:
        """How many of the chosen terms each document has: int64[num_documents]."""
        return np.bincount(self.document[terms], minlength=len(self.sentences.first) - 1)

    def toxic_bytes(self) -> NDArray[np.int64]:
        """Bytes in sentences that insult: int64[num_documents]."""
        total = np.concatenate(([0], np.cumsum(self.sentences.end - self.sentences.begin)))
        return np.diff(total[self.sentences.first])


@dataclass(frozen=True)
class Reading:
    """How texts are read for insults; equal readings of a view are one, so that `view.once` keeps it."""

    lexicons: tuple[Path, ...]
    dictionary: Path | None
    max_gap_bytes: int

    def __call__(self, view: TextView) -> Insults:
        """The insults in the texts; raises InputError where a list cannot be read."""
        paths = self.lexicons if self.dictionary is None else (*self.lexicons, self.dictionary)
        trie = trie_of(self.lexicons, self.dictionary, tuple(_stamp(path) for path in paths))
        terms = find_terms(view, trie, Meaning.TARGET)
        return _insults(view, _of_insulting(terms), self.max_gap_bytes)


def end_of_cut(view: TextView, document: int, begin: int, end: int) -> int:
    """Where a cut of the sentence from `begin` to `end` ends; all are positions in the view's data.

    White space behind a sentence goes with it, but for line breaks after one that does not begin its line: they part what is
    before it from what follows.
    """
    sentence = view.data[begin:end].tobytes()
    gap = sentence[len(sentence.rstrip()) :]
    begins_line = begin == view.offsets[document] or view.data[begin - 1] in b"\r\n"
    return end if begins_line or b"\n" not in gap else end - len(gap)


def _of_insulting(terms: Terms) -> Terms:
    """The terms of documents that have more than targets."""
    num_before = np.concatenate(([0], np.cumsum(terms.marks > Meaning.TARGET)))
    is_insulting = np.diff(num_before[terms.spans.first]) > 0
    return _chosen(terms, np.repeat(is_insulting, np.diff(terms.spans.first)))


def _chosen(terms: Terms, chosen: NDArray[np.bool_]) -> Terms:
    """Some of the terms."""
    first = np.concatenate(([0], np.cumsum(chosen)))[terms.spans.first]
    return Terms(Spans(first, terms.spans.begin[chosen], terms.spans.end[chosen]), terms.entries[chosen], terms.marks[chosen])


def _insults(view: TextView, terms: Terms, max_gap_bytes: int) -> Insults:
    spans = terms.spans
    document = np.repeat(np.arange(len(view)), np.diff(spans.first))
    is_strong, is_contextual = terms.marks == Meaning.STRONG, terms.marks == Meaning.CONTEXTUAL
    may_count = is_strong | (is_contextual & near_another(terms, document, max_gap_bytes))
    asked = np.isin(document, document[may_count])  # only there do sentences matter, which cost more than finding the terms
    sentences = _sentences_of(view, np.unique(document[asked]))
    of_begin = np.searchsorted(sentences.end, spans.begin[asked], side="right")
    of_end = np.searchsorted(sentences.end, spans.end[asked], side="left")  # another, where a line break in the term ends one
    near = near_another(_chosen(terms, asked), of_begin, max_gap_bytes)
    counts = np.zeros(len(document), np.bool_)
    counts[asked] = is_strong[asked] | (is_contextual[asked] & near)
    toxic = np.unique(np.concatenate((of_begin[counts[asked]], of_end[counts[asked]])))
    begins, ends = sentences.begin[toxic], sentences.end[toxic]
    first = np.searchsorted(begins, view.offsets)
    return Insults(document, is_strong, is_contextual, counts, Spans(first, begins, ends))


def _sentences_of(view: TextView, documents: NDArray[np.int64]) -> Spans:
    """The sentences of some of the documents, absolute in the view's data."""
    ends, first = sentence_ends(TextView(view.texts.take(pa.array(documents))))
    start = np.repeat(view.offsets[:-1][documents], np.diff(first))
    begin = np.concatenate(([0], ends[:-1]))
    begin[first[:-1]] = 0  # none of these documents is empty: each holds a term
    return Spans(first, start + begin, start + ends)


def _stamp(path: Path) -> tuple[tuple[str, int, int], ...]:
    """What changes when a list is written anew."""
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    return tuple((file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in files)
