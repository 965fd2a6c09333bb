"""A SentencePiece BPE tokenizer trained on the corpus, with a tokenizer.json that gives the same ids.

BPE with byte fallback, since it trains a hundred times faster than unigram and any text comes back from its ids; no
normalisation; digits one by one. A space is put in front of every text, as in Llama, so that a word is spelled the same at
the start as after a space. The pieces are pruned to those that text can give before the exact size is cut: no id is wasted.
"""

import hashlib
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import xxhash
from pydantic import Field, field_validator

from corpusforge.core import Barrier
from corpusforge.errors import UserError
from corpusforge.tokens import TokenFacts
from corpusforge.vocab.convert import SPACE, normal_scores, tokenizer_config, tokenizer_json
from corpusforge.vocab.merges import pruned
from corpusforge.vocab.parity import check_reachable, count_tokens, stress_texts
from corpusforge.vocab.proto import Piece, PieceKind, SentencePieceModel
from corpusforge.vocab.sample import sampled_texts, training_lines

_FIXED_SPECIALS = ("<unk>", "<s>", "</s>")
_NAME = "vocab.train"


class Train(Barrier):
    """Writes the artefact `tokenizer`, ready for from_pretrained: tokenizer.model and .json, configuration, training.json."""

    reads: ClassVar[tuple[str, ...]] = ("text",)
    provides: ClassVar[tuple[str, ...]] = ("tokenizer",)

    vocab_size: int = Field(ge=300, le=1_000_000)
    """Number of ids: specials, 256 bytes, printable ASCII, the characters of the text and merged pieces."""
    special_tokens: tuple[str, ...] = ()
    """Names beside <unk>, <s> and </s> (ids 0, 1, 2), such as "<|im_start|>"; they get the ids from 3 on."""
    sample_bytes: int = Field(default=64 * 2**20, gt=0)
    """Bytes of text to train on, whole documents chosen by hash of their id; training takes about 25 times that in memory."""
    sample_share: float = Field(default=1.0, gt=0, le=1)
    """Share of documents, by hash, that are looked at: lower it for a corpus far larger than sample_bytes, which otherwise
    passes whole through the exchange."""
    character_coverage: float = Field(default=0.9995, gt=0.9, le=1)
    """Share of all characters that become pieces; the rarest are spelled in bytes."""
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
        trained = SentencePieceModel.parse(self._trained(_strings(sample)), origin=_NAME)
        model = self._sized(trained, sum(_num_bytes(texts) for texts in sample))
        files = {
            "tokenizer.model": model.to_bytes(),
            "tokenizer.json": tokenizer_json(model, origin=_NAME),
            "tokenizer_config.json": tokenizer_config(model),
        }
        figures = {**_verified(model, files, sample), "unreachable_left_out": _num_unreachable(trained)}
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
                model_type="bpe",
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

    def _sized(self, trained: SentencePieceModel, num_bytes: int) -> SentencePieceModel:
        """Exactly vocab_size pieces, numbered from 0, scores falling by 1."""
        others = [piece for piece in trained.pieces if piece.kind is not PieceKind.NORMAL]
        kept = pruned(normal_scores(trained.pieces), self.vocab_size - len(others))
        size = len(others) + len(kept)
        if size > self.vocab_size:
            raise self._too_small(size)
        if size < self.vocab_size:
            raise UserError(
                f"{_NAME}: vocab_size {self.vocab_size} is more than the text can carry: {num_bytes:,} bytes give {size} "
                f"ids; set vocab_size to at most {size} or train on more text (sample_bytes is {self.sample_bytes:,})"
            )
        renumbered = [Piece(text, -float(rank), PieceKind.NORMAL) for rank, text in enumerate(kept)]
        return trained.with_pieces([*others, *renumbered])


def _required_characters(special_tokens: Iterable[str]) -> str:
    """Printable ASCII, and what special tokens are spelled with, so that fastokens never takes their text for the token."""
    return "".join(sorted({*map(chr, range(0x21, 0x7F)), *"".join(special_tokens)}))


def _chained(first: str, lines: Iterator[str]) -> Iterator[str]:
    yield first
    yield from lines


def _strings(arrays: Sequence[pa.Array]) -> Iterator[str]:
    """Texts one after another, made into strings a few at a time."""
    for texts in arrays:
        for begin in range(0, len(texts), 256):
            yield from texts.slice(begin, 256).to_pylist()


def _num_bytes(texts: pa.Array) -> int:
    return int(pc.sum(pc.binary_length(texts)).as_py() or 0)


def _num_unreachable(trained: SentencePieceModel) -> int:
    scores = normal_scores(trained.pieces)
    return len(scores) - len(pruned(scores, len(scores)))


def _verified(model: SentencePieceModel, files: dict[str, bytes], sample: Sequence[pa.Array]) -> dict[str, int | float]:
    """Check the two forms of the tokenizer against each other on the whole sample; the figures of training.json."""
    import sentencepiece
    from tokenizers import Tokenizer

    processor = sentencepiece.SentencePieceProcessor(model_proto=files["tokenizer.model"])
    tokenizer = Tokenizer.from_str(files["tokenizer.json"].decode())
    tokenizer.encode_special_tokens = True
    check_reachable(model, tokenizer)
    special = [piece.text for piece in model.pieces if piece.kind in (PieceKind.UNKNOWN, PieceKind.CONTROL)]
    stress = stress_texts(special)
    count_tokens(processor, tokenizer, stress)
    num_tokens = count_tokens(processor, tokenizer, _strings(sample))
    num_chars = sum(int(pc.sum(pc.utf8_length(texts)).as_py() or 0) for texts in sample)
    num_bytes = sum(_num_bytes(texts) for texts in sample)
    return {
        "vocab_size": len(model.pieces),
        "num_special_tokens": len(special),
        "num_characters": sum(1 for piece in model.pieces if piece.kind is PieceKind.NORMAL and len(piece.text) == 1),
        "num_documents": sum(len(texts) for texts in sample),
        "num_bytes": num_bytes,
        "num_tokens": num_tokens,
        "chars_per_token": round(num_chars / num_tokens, 4),
        "bytes_per_token": round(num_bytes / num_tokens, 4),
        "num_stress_texts": len(stress),
    }
