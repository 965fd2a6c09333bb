"""A SentencePiece tokenizer trained on the corpus, with a tokenizer.json that gives the same ids.

BPE, which trains three and encodes ten times as fast, or unigram. Byte fallback, so that any text comes back from its ids; no
normalisation; digits one by one. A space is put in front of every text, as in Llama, so that a word is spelled the same at
the start as after a space. The pieces are pruned to those that text can give before the exact size is cut: no id is wasted.
"""

import hashlib
import io
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
import orjson
import pyarrow as pa
import xxhash
from pydantic import Field, field_validator

from corpusforge.core import Barrier
from corpusforge.errors import UserError
from corpusforge.tokens import TokenFacts
from corpusforge.vocab.convert import SPACE, tokenizer_config, tokenizer_json, unigram_json
from corpusforge.vocab.fitted import fitted
from corpusforge.vocab.growth import num_bytes
from corpusforge.vocab.proto import SentencePieceModel
from corpusforge.vocab.sample import sampled_texts, training_lines
from corpusforge.vocab.trained_figures import strings, trained_figures

_FIXED_SPECIALS = ("<unk>", "<s>", "</s>")
_NAME = "vocab.train"


class Train(Barrier):
    """Writes the artefact `tokenizer`, ready for from_pretrained: tokenizer.model and .json, configuration, training.json."""

    reads: ClassVar[tuple[str, ...]] = ("text",)
    provides: ClassVar[tuple[str, ...]] = ("tokenizer",)

    vocab_size: int = Field(ge=300, le=1_000_000)
    """Number of ids: specials, 256 bytes, printable ASCII, the characters of the text and longer pieces."""
    model_type: Literal["bpe", "unigram"] = "bpe"
    """bpe merges neighbours, unigram takes the most probable pieces: slower, and vocab.encode has no fast engine for it."""
    special_tokens: tuple[str, ...] = ()
    """Names beside <unk>, <s> and </s> (ids 0, 1, 2), such as "<|im_start|>"; they get the ids from 3 on."""
    sample_bytes: int = Field(default=64 * 2**20, gt=0)
    """Bytes of text to train on, whole documents chosen by hash of their id; training takes about 25 times that in memory."""
    sample_share: float = Field(default=1.0, gt=0, le=1)
    """Share of documents, by hash, that are looked at: lower it for a corpus far larger than sample_bytes, which otherwise
    passes whole through the exchange."""
    character_coverage: float = Field(default=0.9995, ge=0.98, le=1)
    """Share of all characters that become pieces; the rarest are spelled in bytes. SentencePiece takes none below 0.98."""
    split_digits: bool = True
    """Whether every digit is a token of its own."""
    max_piece_length: int = Field(default=16, ge=1, le=128)
    """Longest piece, in characters."""
    seed: int = Field(default=0, ge=0, lt=2**63)
    """Chooses another sample."""

    @field_validator("special_tokens")
    @classmethod
    def _names_are_usable(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        taken = {*_FIXED_SPECIALS, *(f"<0x{byte:02X}>" for byte in range(256))}
        for name in names:
            if name in taken:
                raise ValueError(f"special token {name!r} is given twice or exists already; leave it out")
            if len(name) < 2 or SPACE in name or not name.isprintable() or " " in name:
                raise ValueError(f"special token {name!r} must have two or more visible characters and no space")
            taken.add(name)
        return names

    def map(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Documents keyed by a seeded hash of their id, so that the sample is the same however the corpus is cut."""
        ids = batch["id"].to_pylist()
        keys = np.array([xxhash.xxh3_64_intdigest(each, self.seed) for each in ids], dtype=np.uint64)
        records = pa.RecordBatch.from_pydict({"key": pa.array(keys), "id": batch["id"], "text": batch["text"]})
        limit = np.uint64(min(int(self.sample_share * 2**64), 2**64 - 1))
        return records.filter(pa.array(keys <= limit))

    def reduce(self, records: pa.Table) -> pa.Table:
        """The records as they are: sorted by key."""
        return records

    def finish(self, records: Iterator[pa.Table], folder: Path) -> None:
        """Train on the first `sample_bytes`, verify, write `folder`/tokenizer.

        Raises UserError where the text cannot carry vocab_size or its characters do not fit in it.
        """
        sample = sampled_texts(records, self.sample_bytes)
        trained = SentencePieceModel.parse(self._trained(strings(sample)), origin=_NAME)
        model = self._sized(trained, num_bytes(sample))
        converted = unigram_json if model.is_unigram else tokenizer_json
        files = {
            "tokenizer.model": model.to_bytes(),
            "tokenizer.json": converted(model, origin=_NAME),
            "tokenizer_config.json": tokenizer_config(model),
        }
        figures = trained_figures(model, trained, files, sample)
        files["training.json"] = orjson.dumps(figures, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n"
        target = folder / "tokenizer"
        target.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (target / name).write_bytes(content)
        digest = hashlib.sha256(files["tokenizer.json"]).hexdigest()
        TokenFacts(eod_id=model.eos_id, bos_id=None, vocab_size=len(model.pieces), digest=digest).write(target)

    def _trained(self, texts: Iterable[str]) -> bytes:
        """SentencePiece's model of a slightly larger vocabulary: what is unreachable in it is replaced from the margin."""
        import sentencepiece

        lines = training_lines(texts)
        first = next((line for line in lines if line.strip()), None)
        if first is None:
            raise UserError(f"{_NAME}: no text to train on; the stages before it kept no document with text")
        written = io.BytesIO()
        try:
            sentencepiece.SentencePieceTrainer.train(
                sentence_iterator=_chained(first, lines),
                model_writer=written,
                model_type=self.model_type,
                vocab_size=self.vocab_size + max(16, self.vocab_size // 200),
                hard_vocab_limit=False,
                control_symbols=list(self.special_tokens),
                byte_fallback=True,
                character_coverage=self.character_coverage,
                required_chars=_required_characters(self.special_tokens),
                split_digits=self.split_digits,
                max_sentencepiece_length=self.max_piece_length,
                max_sentence_length=4192,
                normalization_rule_name="identity",
                remove_extra_whitespaces=False,
                add_dummy_prefix=True,
                allow_whitespace_only_pieces=True,
                unk_id=0,
                bos_id=1,
                eos_id=2,
                pad_id=-1,
                num_threads=1,
                minloglevel=2,
            )
        except RuntimeError as error:
            raise self._refused(error) from error
        return written.getvalue()

    def _refused(self, error: RuntimeError) -> Exception:
        needed = re.search(r"smaller than required_chars\. \d+ vs (\d+)", str(error))
        return error if needed is None else self._too_small(int(needed[1]))

    def _too_small(self, needed: int) -> UserError:
        return UserError(
            f"{_NAME}: vocab_size {self.vocab_size} is too small: specials, bytes and the characters of the text are "
            f"{needed} ids; raise vocab_size above that or lower character_coverage ({self.character_coverage})"
        )

    def _sized(self, trained: SentencePieceModel, size_bytes: int) -> SentencePieceModel:
        """Exactly vocab_size pieces."""
        model = fitted(trained, self.vocab_size)
        size = len(model.pieces)
        if size > self.vocab_size:
            raise self._too_small(size)
        if size < self.vocab_size:
            raise UserError(
                f"{_NAME}: vocab_size {self.vocab_size} is more than the text can carry: {size_bytes:,} bytes give {size} "
                f"ids; set vocab_size to at most {size} or train on more text (sample_bytes is {self.sample_bytes:,})"
            )
        return model


def _required_characters(special_tokens: Iterable[str]) -> str:
    """Printable ASCII, and what special tokens are spelled with, so that fastokens never takes their text for the token."""
    return "".join(sorted({*map(chr, range(0x21, 0x7F)), *"".join(special_tokens)}))


def _chained(first: str, lines: Iterator[str]) -> Iterator[str]:
    yield first
    yield from lines
