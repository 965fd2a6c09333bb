"""A tokenizer of someone else with pieces for this corpus: nothing that it did before is undone.

Merges are learned on top of the base's own segmentation (continued BPE) and rank below all of its merges. So text is segmented
as the base does it and then only joined further: never more tokens, boundaries that are some of the base's, the same ids
where no new piece occurs. Adding the pieces of a model trained apart, as Chinese-LLaMA and many after it did, has none of this:
3 % of its pieces can never be made, English changes, and two loaders disagree about 40 % of Chinese paragraphs.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
import orjson
import pyarrow as pa
import xxhash
from numpy.typing import NDArray
from pydantic import Field, model_validator

from corpusforge.core import Artifacts, Barrier
from corpusforge.errors import UserError
from corpusforge.settings import ResourcePath
from corpusforge.vocab.append import appended, trained_pieces
from corpusforge.vocab.bases import read_base
from corpusforge.vocab.borders import Border
from corpusforge.vocab.folder import TokenizerFiles, token_facts
from corpusforge.vocab.growth import Base, Counted, Sample, num_bytes
from corpusforge.vocab.learning import Grown, Limits, candidates, grown
from corpusforge.vocab.piece_base import PieceBase
from corpusforge.vocab.sample import weighted_sample
from corpusforge.vocab.sentencepiece_base import SentencePieceBase
from corpusforge.vocab.terms import in_text, read_terms
from corpusforge.vocab.unigram_base import UnigramBase
from corpusforge.vocab.verified import learned_figures, verified

_NAME = "vocab.extend"

# SentencePiece trains with no less.
_MIN_TRAINED_COVERAGE = 0.98


class Extend(Barrier):
    """Writes the artefact `tokenizer`, ready for from_pretrained, with extension.json beside it."""

    reads: ClassVar[tuple[str, ...]] = ("text", "source")
    provides: ClassVar[tuple[str, ...]] = ("tokenizer",)

    base: ResourcePath
    """The tokenizer to extend: a tokenizer.model or tokenizer.json, a folder that has one, or a .tiktoken file."""
    num_pieces: int | None = Field(default=None, ge=1, le=1_000_000)
    """Pieces to add."""
    vocab_size: int | None = Field(default=None, ge=1, lt=2**31)
    """Size to reach, in place of num_pieces; padding comes on top."""
    min_saving: float | None = Field(default=None, gt=0)
    """Add no more once a row saves fewer tokens in a million of the base's, on text held out; with or without a number."""
    method: Literal["continued", "append"] = "continued"
    """continued learns merges on top of the base; append takes the pieces of a SentencePiece model that is trained apart."""
    terms: ResourcePath | None = None
    """Terms that become single tokens whatever the corpus says: a file with one a line, or a folder of .txt files."""
    weights: dict[str, float] = Field(default_factory=dict)
    """Share of each source in the sample, such as {papers: 3, web: 1}; without it all documents count alike."""
    sample_bytes: int = Field(default=64 * 2**20, gt=0)
    """Bytes of text to learn from, whole documents chosen by hash of their id."""
    sample_share: float = Field(default=1.0, gt=0, le=1)
    """Share of documents, by hash, that are looked at: lower it for a corpus far larger than sample_bytes."""
    character_coverage: float = Field(default=0.9995, gt=0, le=1)
    """Share of all characters that are pieces in the end, whatever they save; others are added where they save enough."""
    min_count: int = Field(default=3, ge=1)
    """Occurrences in the sample that a piece needs."""
    repeats: float = Field(default=0.3, ge=0, le=1)
    """A pair that occurs n times in a document counts n ** repeats: 1 counts every time, 0 once. What many documents use saves
    more in others than what one repeats: with 0.3 new Chinese text has 1.9 % more characters per token than with 1."""
    held_out_share: float = Field(default=0.05, ge=0, le=0.5)
    """Share of documents, by hash of their id, that nothing is learned from: savings are measured there."""
    min_held_out: float = Field(default=0.2, ge=0, le=1)
    """A piece goes that is used there less than this times what its use in the sample promises; it takes 50 documents."""
    max_piece_length: int | None = Field(default=None, ge=2, le=128)
    """Longest new piece, in characters, or in bytes where the base is byte-level; without it the base's, or 64 bytes."""
    across: tuple[Border, ...] = ()
    """Borders that no piece of the base crosses and new ones may: digits (of a number), scripts (punctuation is one of them).
    What is promised of boundaries and ids holds all the same."""
    pad_to_multiple: int = Field(default=1, ge=1, le=4096)
    """Reserved rows are added until the size is a multiple."""
    eod: str | None = None
    """Name of the token that ends a document; without it the base's eos_token."""
    pattern: str | None = None
    """How a .tiktoken base cuts text: qwen, cl100k, llama3, gpt2, or the regular expression itself."""
    special_tokens: tuple[str, ...] = ()
    """Special tokens of a .tiktoken base, such as <|endoftext|>, in order of their ids, which follow those of the file."""
    seed: int = Field(default=0, ge=0, lt=2**62)
    """Chooses another sample and another held-out slice."""

    @model_validator(mode="after")
    def _has_a_target(self) -> "Extend":
        if self.num_pieces is not None and self.vocab_size is not None:
            raise ValueError("num_pieces and vocab_size are two ways to say one thing; give one of them")
        if self.num_pieces is None and self.vocab_size is None and self.min_saving is None:
            raise ValueError("needs a target: num_pieces, vocab_size or min_saving")
        if self.method == "append" and (self.terms is not None or self.min_saving is not None):
            raise ValueError("terms and min_saving need method: continued")
        if self.method == "append" and self.character_coverage < _MIN_TRAINED_COVERAGE:
            raise ValueError(f"character_coverage below {_MIN_TRAINED_COVERAGE} needs method: continued")
        negative = [source for source, weight in self.weights.items() if weight < 0]
        if negative or (self.weights and not sum(self.weights.values())):
            raise ValueError("weights must be 0 or more, and one above 0")
        return self

    def prepare(self, artifacts: Artifacts, folder: Path) -> None:
        """Read the base and the terms, so that what is wrong with them is said before the corpus is read."""
        base = self._base()
        self._num_rows(base)
        self._terms()
        if self.method == "append" and not isinstance(base, SentencePieceBase):
            raise UserError(f"{_NAME}: method append needs a base with a SentencePiece BPE model; use method: continued")
        if self.min_saving is not None and isinstance(base, UnigramBase):
            raise UserError(f"{_NAME}: min_saving needs a base with merges, and {self.base} is a unigram model; use num_pieces")

    def map(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Documents keyed by a seeded hash of their id, so that the sample is the same however the corpus is cut."""
        keys = _hashes(batch["id"], self.seed)
        columns = {"key": pa.array(keys), **{name: batch[name] for name in ("id", "source", "text")}}
        return pa.RecordBatch.from_pydict(columns).filter(pa.array(keys <= _limit(self.sample_share)))

    def reduce(self, records: pa.Table) -> pa.Table:
        """The records as they are: sorted by key."""
        return records

    def finish(self, records: Iterator[pa.Table], folder: Path) -> None:
        """Learn from the sample, prove the result, write `folder`/tokenizer.

        Raises UserError where the text cannot carry the target, ExtensionDiffers where the result is not what it must be.
        """
        base = self._base()
        documents, weights = self._sample(records)
        if not num_bytes(documents["text"].chunks):
            raise UserError(f"{_NAME}: no text to learn from; the stages before it kept no document with text")
        is_held_out = _hashes(documents["id"], self.seed + 1) < _limit(self.held_out_share)
        learned = Sample(_texts(documents, ~is_held_out), weights[~is_held_out])
        held_out = Sample(_texts(documents, is_held_out), weights[is_held_out])
        sample, unseen = base.counted(learned), base.counted(held_out)
        result = self._grown(base, sample, unseen) if self.method == "continued" else self._appended(base, learned.texts)
        padding = -(len(base.symbols) + len(result.rows)) % self.pad_to_multiple
        files = base.files(result.rows, padding)
        figures = {
            **learned_figures(base, result, sample, unseen),
            **verified(base, files, result.rows, held_out.texts, learned.texts),
            "padding": padding,
        }
        files["extension.json"] = orjson.dumps(figures, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n"
        extended = TokenizerFiles(self.base, files)
        facts, eod = token_facts(extended, eod=self.eod, bos=False)
        extended.write(folder / "tokenizer", facts, eod=eod)

    def _num_rows(self, base: Base) -> int | None:
        """Rows to add at most, None where only their savings limit them."""
        if self.vocab_size is None:
            return self.num_pieces
        if self.vocab_size <= len(base.symbols):
            raise UserError(
                f"{_NAME}: vocab_size {self.vocab_size} is not above the base's {len(base.symbols)} ids; raise it, or say "
                "with num_pieces how many to add"
            )
        return self.vocab_size - len(base.symbols)

    def _sample(self, records: Iterator[pa.Table]) -> tuple[pa.Table, NDArray[np.int64]]:
        if self.weights:
            return weighted_sample(records, self.sample_bytes, self.weights)
        # As if all documents were of one source.
        everything = (
            table.set_column(table.schema.get_field_index("source"), "source", _same(len(table))) for table in records
        )
        return weighted_sample(everything, self.sample_bytes, {"": 1.0})

    def _grown(self, base: Base, sample: Counted, unseen: Counted) -> Grown:
        target = self._num_rows(base)
        length = self.max_piece_length or base.max_length
        limits = Limits(self.character_coverage, length, self.min_count, self.repeats, self.min_held_out)
        named = base.counted(Sample.of([in_text(term) for term in self._terms()]))
        num_joins = _MAX_ROWS if target is None else 2 * target + 1000
        found = candidates(base, sample, unseen, named, num_joins=num_joins, limits=limits)
        num_rows = target or len(found.left)
        if len(found.pinned) > num_rows:
            raise UserError(
                f"{_NAME}: terms and the characters of the text are {len(found.pinned)} pieces, more than the {num_rows} to "
                f"add; raise num_pieces, give fewer terms or lower character_coverage ({self.character_coverage})"
            )
        if isinstance(base, UnigramBase):
            result = base.grown(found, num_rows, sample.num_tokens)
        else:
            result = grown(found, num_rows, limits, min_savings=(self.min_saving or 0) * unseen.num_tokens / 1e6)
        if self.min_saving is None and len(result.rows) < num_rows:
            raise self._too_many(num_rows, len(result.rows), sample.num_bytes)
        return result

    def _appended(self, base: Base, texts: Sequence[pa.Array]) -> Grown:
        assert isinstance(base, SentencePieceBase)
        num_rows = self._num_rows(base) or 0
        rules = replace(base.rules, max_length=self.max_piece_length or base.max_length)
        strings = chain.from_iterable(array.to_pylist() for array in texts)
        pieces = trained_pieces(strings, rules, coverage=self.character_coverage, size=3 * num_rows + 4000)
        rows = appended(base.scores, pieces, num_rows)
        if len(rows) < num_rows - _MAX_SHORT:
            raise self._too_many(num_rows, len(rows), num_bytes(texts))
        return Grown(rows, np.zeros(0, np.int64), 0)

    def _too_many(self, asked: int, found: int, size: int) -> UserError:
        return UserError(
            f"{_NAME}: {asked} pieces are more than the text can carry: {size:,} bytes give {found}; ask for at most that, "
            f"give more text or lower min_count ({self.min_count})"
        )

    def _base(self) -> Base:
        base = read_base(self.base, pattern=self.pattern, special_tokens=self.special_tokens)
        if not self.across:
            return base
        if not isinstance(base, PieceBase):
            raise UserError(f"{_NAME}: across is for SentencePiece bases; {self.base} cuts text before any piece, leave it out")
        return replace(base, across=self.across)

    def _terms(self) -> list[str]:
        return [] if self.terms is None else read_terms(self.terms)


# Rows to learn where only what they save is asked for.
_MAX_ROWS = 200_000


# How many rows fewer than asked are added where the next piece needs more steps than there is room for.
_MAX_SHORT = 64


def _same(count: int) -> pa.Array:
    return pa.array([""] * count)


def _hashes(ids: pa.ChunkedArray, seed: int) -> NDArray[np.uint64]:
    return np.array([xxhash.xxh3_64_intdigest(each, seed) for each in ids.to_pylist()], dtype=np.uint64)


def _limit(share: float) -> np.uint64:
    return np.uint64(min(int(share * 2**64), 2**64 - 1))


def _texts(documents: pa.Table, is_taken: NDArray[np.bool_]) -> list[pa.Array]:
    chosen: list[pa.Array] = documents["text"].filter(pa.array(is_taken)).chunks
    return chosen
