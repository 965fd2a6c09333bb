"""The programs that read a tokenizer, behind one face: SentencePiece for a .model, tokenizers for a tokenizer.json.

Both give ids of many texts as flat arrays and say how many bytes of text each token covers, so that what compares tokenizers
need not know which program it is.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import chain, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from corpusforge.errors import InputError
from corpusforge.vocab.convert import SPACE
from corpusforge.vocab.encode import Encoder, Widths
from corpusforge.vocab.engines import EngineFailed, Tokens, checked_tokens, reference_tokens
from corpusforge.vocab.folder import TokenizerFiles
from corpusforge.vocab.proto import PieceKind, SentencePieceModel
from corpusforge.vocab.tiktoken import byte_spelling
from corpusforge.vocab.widths import IRREGULAR, Spelling, table_widths

if TYPE_CHECKING:
    from sentencepiece import SentencePieceProcessor

# Texts of each block that the fast engine and the reference both encode.
_NUM_PARITY = 32

# Texts that SentencePiece is given at once.
_BLOCK = 1024


class Loader(Protocol):
    """A program with a tokenizer in it."""

    @property
    def name(self) -> str:
        """What people call it."""

    @property
    def spellings(self) -> Sequence[str]:
        """What each id is written as in the vocabulary, "" where there is none."""

    def text_of(self, number: int) -> str:
        """What an id stands for, as people read it: U+2581 stays, bytes that are no character are <E4>."""

    def tokens(self, texts: pa.Array) -> Tokens:
        """Ids without anything put around a text; text that spells a special token is plain text."""

    def measured(self, texts: pa.Array) -> tuple[Tokens, Widths, NDArray[np.bool_]]:
        """Tokens, bytes of text that each covers, and of which texts that is known."""

    def decoded(self, tokens: Tokens) -> list[str]:
        """The texts that ids stand for."""


@dataclass(frozen=True)
class SentencePieceLoader:
    """SentencePiece with a model."""

    processor: "SentencePieceProcessor"
    model: SentencePieceModel
    name: str = "SentencePiece"

    @classmethod
    def load(cls, model: SentencePieceModel, origin: str) -> "SentencePieceLoader":
        """Raises InputError naming `origin` where SentencePiece refuses the model."""
        import sentencepiece

        try:
            return cls(sentencepiece.SentencePieceProcessor(model_proto=model.to_bytes()), model)
        except RuntimeError as error:
            raise InputError(f"{origin}: SentencePiece does not load it ({error}); train or merge it again") from error

    @cached_property
    def spellings(self) -> Sequence[str]:
        """Pieces."""
        return [piece.text for piece in self.model.pieces]

    def text_of(self, number: int) -> str:
        """The piece."""
        return self.model.pieces[number].text

    def tokens(self, texts: pa.Array) -> Tokens:
        """Ids, one thread."""
        lists = [ids for block in _blocks(texts) for ids in self.processor.encode(block.to_pylist(), num_threads=1)]
        offsets = np.cumsum([0, *map(len, lists)], dtype=np.int64)
        return Tokens(np.fromiter(chain.from_iterable(lists), np.int32, count=int(offsets[-1])), offsets)

    def measured(self, texts: pa.Array) -> tuple[Tokens, Widths, NDArray[np.bool_]]:
        """Widths as the pieces say; unknown where the normaliser changed a text or a character was not spelled."""
        tokens = self.tokens(texts)
        return tokens, *table_widths(self._spelling, tokens.ids, tokens.offsets, byte_lengths(texts))

    def decoded(self, tokens: Tokens) -> list[str]:
        """SentencePiece's own decoding."""
        found: list[str] = self.processor.decode(id_lists(tokens)) if len(tokens.offsets) > 1 else []
        return found

    @cached_property
    def _spelling(self) -> Spelling:
        widths = np.full(len(self.model.pieces), IRREGULAR, np.uint16)
        for number, piece in enumerate(self.model.pieces):
            if piece.kind in (PieceKind.NORMAL, PieceKind.USER_DEFINED):
                widths[number] = min(len(piece.text.encode()) - 2 * piece.text.count(SPACE), IRREGULAR)
            elif piece.kind is PieceKind.BYTE:
                widths[number] = 1
        return Spelling(widths, self.model.adds_dummy_prefix, None)


@dataclass(frozen=True)
class HuggingFaceLoader:
    """Hugging Face tokenizers with a tokenizer.json, the fast engine where it is equal."""

    encoder: Encoder
    content: bytes
    name: str = "tokenizer.json"

    @classmethod
    def load(cls, content: bytes, origin: str, name: str = "tokenizer.json") -> "HuggingFaceLoader":
        """Raises InputError naming `origin` where it cannot be loaded."""
        try:
            return cls(Encoder.load(TokenizerFiles(Path(origin), {"tokenizer.json": content})), content, name)
        except (KeyError, TypeError) as error:  # tokenizers guesses a type that is not written, which is read nowhere else
            raise InputError(f"{origin}: a part of tokenizer.json does not say what it is ({error}); save it again") from error

    @cached_property
    def is_byte_level(self) -> bool:
        """Whether a piece is written one character a byte."""
        described = orjson.loads(self.content)
        return '"ByteLevel"' in orjson.dumps([described["normalizer"], described["pre_tokenizer"]]).decode()

    @cached_property
    def spellings(self) -> Sequence[str]:
        """Entries of the vocabulary, added tokens included."""
        ids = self.encoder.reference.get_vocab(with_added_tokens=True)
        texts = [""] * (max(ids.values(), default=-1) + 1)
        for text, number in ids.items():
            texts[number] = text
        return texts

    @cached_property
    def _added(self) -> frozenset[int]:
        return frozenset(self.encoder.reference.get_added_tokens_decoder())

    def text_of(self, number: int) -> str:
        """The text of a piece."""
        text = self.spellings[number]
        if not self.is_byte_level or number in self._added:
            return text
        return plain_text(text)

    def tokens(self, texts: pa.Array) -> Tokens:
        """Ids, from the fast engine where it proves equal."""
        if self.encoder.fast is not None:
            try:
                return checked_tokens(self.encoder.fast, self.encoder.reference, texts, _NUM_PARITY)
            except EngineFailed:
                pass  # the reference's ids are the definition
        return reference_tokens(self.encoder.reference, texts.to_pylist())

    def measured(self, texts: pa.Array) -> tuple[Tokens, Widths, NDArray[np.bool_]]:
        """Widths as spellings say, or the reference's offsets: known of every text."""
        return *self.encoder.encode(texts, _NUM_PARITY), np.ones(len(texts), np.bool_)

    def decoded(self, tokens: Tokens) -> list[str]:
        """The decoder of the tokenizer.json."""
        return list(self.encoder.reference.decode_batch(id_lists(tokens), skip_special_tokens=False))


@lru_cache(maxsize=1)
def byte_values() -> Mapping[str, int]:
    """The byte that each character of byte-level BPE writes."""
    return {character: byte for byte, character in byte_spelling().items()}


def plain_text(spelled: str) -> str:
    """Text that a byte-level piece spells; bytes that are no character are written <E4>."""
    back = byte_values()
    data = bytes(back[character] for character in spelled if character in back)
    return data.decode(errors="surrogateescape").translate(_LONE_BYTES)


_LONE_BYTES = {0xDC00 + byte: f"<{byte:02X}>" for byte in range(0x80, 0x100)}


def id_lists(tokens: Tokens) -> list[list[int]]:
    """Ids of each text."""
    ids, ends = tokens.ids.tolist(), tokens.offsets.tolist()
    return [ids[begin:end] for begin, end in pairwise(ends)]


def ids_of(tokens: Tokens, place: int) -> NDArray[np.int32]:
    """Ids of one text."""
    return tokens.ids[tokens.offsets[place] : tokens.offsets[place + 1]]


def byte_lengths(texts: pa.Array) -> NDArray[np.int64]:
    """Bytes of each text."""
    lengths: NDArray[np.int64] = pc.binary_length(texts).to_numpy(zero_copy_only=False).astype(np.int64)
    return lengths


def _blocks(texts: pa.Array) -> Iterator[pa.Array]:
    return (texts.slice(begin, _BLOCK) for begin in range(0, len(texts), _BLOCK))
