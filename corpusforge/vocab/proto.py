"""SentencePiece's model file, read and written without protobuf: its pieces, and the few settings that decide ids.

A model is a protobuf message (sentencepiece_model.proto). Only field 1, the pieces, and the vocabulary size are ever
rewritten; every other byte is carried over as it was, so what a newer SentencePiece adds is not lost.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

from corpusforge.errors import InputError

# Field numbers of ModelProto, SentencePiece, TrainerSpec and NormalizerSpec in sentencepiece_model.proto.
_PIECES, _TRAINER, _NORMALIZER = 1, 2, 3
_TEXT, _SCORE, _KIND = 1, 2, 3
_MODEL_TYPE, _VOCAB_SIZE, _SUFFIX, _BYTE_FALLBACK, _UNK_ID, _BOS_ID, _EOS_ID = 3, 4, 24, 35, 40, 41, 42
_MAX_LENGTH, _BY_SCRIPT, _BY_NUMBER, _SPLIT_DIGITS = 20, 21, 23, 25
_CHARSMAP, _DUMMY_PREFIX, _EXTRA_WHITESPACES, _ESCAPE = 2, 3, 4, 5
_RULE_NAME = 1
_UNIGRAM, _BPE = 1, 2
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5

Value = int | bytes

# Settings that are numbers or flags, by message.
_NUMBERS = {
    _TRAINER: frozenset(
        (_MODEL_TYPE, _SUFFIX, _BYTE_FALLBACK, _UNK_ID, _BOS_ID, _EOS_ID, _MAX_LENGTH, _BY_SCRIPT, _BY_NUMBER, _SPLIT_DIGITS)
    ),
    _NORMALIZER: frozenset((_DUMMY_PREFIX, _EXTRA_WHITESPACES, _ESCAPE)),
}


class PieceKind(IntEnum):
    """What a piece is, in SentencePiece's numbers."""

    NORMAL = 1
    UNKNOWN = 2
    CONTROL = 3
    USER_DEFINED = 4
    UNUSED = 5
    BYTE = 6


@dataclass(frozen=True)
class Piece:
    """One entry of the vocabulary; its id is its position. A space is spelled U+2581."""

    text: str
    score: float
    kind: PieceKind


@dataclass(frozen=True)
class SentencePieceModel:
    """A parsed model; `fields` holds the raw fields beside the pieces, in file order."""

    pieces: tuple[Piece, ...]
    fields: tuple[tuple[int, int, Value], ...]

    @classmethod
    def parse(cls, data: bytes, *, origin: str) -> "SentencePieceModel":
        """Read a .model file's bytes; raises InputError naming `origin` where they are no SentencePiece model."""
        try:
            fields = tuple(_fields(data))
            pieces = tuple(_piece(value) for number, _, value in fields if number == _PIECES and isinstance(value, bytes))
            _check_settings(fields)
        except (ValueError, IndexError, struct.error) as error:
            raise InputError(f"{origin}: not a SentencePiece model ({error}); give a .model file") from error
        if not pieces:
            raise InputError(f"{origin}: a SentencePiece model without pieces; give a trained .model file")
        return cls(pieces, tuple(field for field in fields if field[0] != _PIECES))

    def with_pieces(self, pieces: Sequence[Piece]) -> "SentencePieceModel":
        """The same settings over another vocabulary."""
        fields = tuple(
            (number, wire, _with_vocab_size(value, len(pieces)) if number == _TRAINER and isinstance(value, bytes) else value)
            for number, wire, value in self.fields
        )
        return SentencePieceModel(tuple(pieces), fields)

    def to_bytes(self) -> bytes:
        """The model file: pieces first, as SentencePiece writes them."""
        pieces = b"".join(_encoded(_PIECES, _BYTES, _encoded_piece(piece)) for piece in self.pieces)
        return pieces + b"".join(_encoded(*field) for field in self.fields)

    @property
    def is_unigram(self) -> bool:
        """Whether pieces are chosen by probability."""
        return self._setting(_TRAINER, _MODEL_TYPE, _UNIGRAM) == _UNIGRAM

    @property
    def is_bpe(self) -> bool:
        """Whether pieces are merged by score (BPE) and not chosen by probability (unigram)."""
        return self._setting(_TRAINER, _MODEL_TYPE, 1) == _BPE

    @property
    def has_byte_fallback(self) -> bool:
        """Whether characters outside the vocabulary are spelled in bytes."""
        return bool(self._setting(_TRAINER, _BYTE_FALLBACK, 0))

    @property
    def adds_dummy_prefix(self) -> bool:
        """Whether every text starts with a space of the tokenizer's own."""
        return bool(self._setting(_NORMALIZER, _DUMMY_PREFIX, 1))

    @property
    def keeps_text(self) -> bool:
        """Whether text reaches the model unchanged: no character map, no collapsed or trailing-marked spaces."""
        removes = bool(self._setting(_NORMALIZER, _EXTRA_WHITESPACES, 1))
        escapes = bool(self._setting(_NORMALIZER, _ESCAPE, 1))
        is_suffix = bool(self._setting(_TRAINER, _SUFFIX, 0))
        return escapes and not removes and not is_suffix and not self._setting(_NORMALIZER, _CHARSMAP, b"")

    @property
    def character_map(self) -> bytes:
        """What replaces characters by others before anything else, compiled; b"" where nothing does."""
        found = self._setting(_NORMALIZER, _CHARSMAP, b"")
        assert isinstance(found, bytes)
        return found

    @property
    def normalizer_name(self) -> str:
        """Name of the normalisation rule, such as nmt_nfkc; "" where none is written."""
        found = self._setting(_NORMALIZER, _RULE_NAME, b"")
        assert isinstance(found, bytes)
        return found.decode(errors="replace")

    @property
    def removes_extra_whitespaces(self) -> bool:
        """Whether runs of spaces become one and those at both ends go."""
        return bool(self._setting(_NORMALIZER, _EXTRA_WHITESPACES, 1))

    @property
    def escapes_whitespaces(self) -> bool:
        """Whether spaces are spelled U+2581."""
        return bool(self._setting(_NORMALIZER, _ESCAPE, 1))

    def without_normalizer(self, *, adds_dummy_prefix: bool = False) -> "SentencePieceModel":
        """The same pieces and merging, on text as it stands: no character map, all spaces kept."""
        flags = ((_DUMMY_PREFIX, int(adds_dummy_prefix)), (_EXTRA_WHITESPACES, 0), (_ESCAPE, 1))
        spec = b"".join(_encoded(number, _VARINT, value) for number, value in flags)
        kept = tuple(field for field in self.fields if field[0] != _NORMALIZER)
        return SentencePieceModel(self.pieces, (*kept, (_NORMALIZER, _BYTES, spec)))

    @property
    def max_piece_length(self) -> int:
        """Longest piece that training made, in characters."""
        found = self._setting(_TRAINER, _MAX_LENGTH, 16)
        assert isinstance(found, int)
        return found

    @property
    def splits_scripts(self) -> bool:
        """Whether training kept pieces within one script."""
        return bool(self._setting(_TRAINER, _BY_SCRIPT, 1))

    @property
    def splits_numbers(self) -> bool:
        """Whether training kept digits and other characters apart."""
        return bool(self._setting(_TRAINER, _BY_NUMBER, 1))

    @property
    def splits_digits(self) -> bool:
        """Whether training made every digit a piece of its own."""
        return bool(self._setting(_TRAINER, _SPLIT_DIGITS, 0))

    @property
    def unk_id(self) -> int:
        """Id of the piece for what cannot be spelled."""
        return self._id(_UNK_ID, 0)

    @property
    def bos_id(self) -> int:
        """Id of the piece that begins a sequence, -1 for none."""
        return self._id(_BOS_ID, 1)

    @property
    def eos_id(self) -> int:
        """Id of the piece that ends a sequence, -1 for none."""
        return self._id(_EOS_ID, 2)

    def _id(self, number: int, default: int) -> int:
        value = self._setting(_TRAINER, number, default)
        assert isinstance(value, int)
        return value - (1 << 64) if value >> 63 else value

    def _setting(self, message: int, number: int, default: Value) -> Value:
        raw = b"".join(value for field, _, value in self.fields if field == message and isinstance(value, bytes))
        return {found: value for found, _, value in _fields(raw)}.get(number, default)


def _fields(data: bytes) -> Iterator[tuple[int, int, Value]]:
    """(field number, wire type, value) of each field of a message."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        wire = key & 7
        if wire == _VARINT:
            number, at = _varint(data, at)
            yield key >> 3, wire, number
            continue
        if wire == _BYTES:
            size, at = _varint(data, at)
        elif wire in (_FIXED32, _FIXED64):
            size = 4 if wire == _FIXED32 else 8
        else:
            raise ValueError(f"wire type {wire} at byte {at}")
        if at + size > len(data):
            raise ValueError(f"cut off at byte {at}")
        yield key >> 3, wire, data[at : at + size]
        at += size


def _check_settings(fields: Sequence[tuple[int, int, Value]]) -> None:
    """Raise ValueError where a message of settings is cut off, or one that is read here has another type."""
    for message, texts in ((_TRAINER, ()), (_NORMALIZER, (_RULE_NAME, _CHARSMAP))):
        known = _NUMBERS[message]
        for _, _, raw in (field for field in fields if field[0] == message):
            if not isinstance(raw, bytes):
                raise ValueError(f"field {message} is no message")
            for number, _, value in _fields(raw):
                if (number in known and not isinstance(value, int)) or (number in texts and not isinstance(value, bytes)):
                    raise ValueError(f"setting {message}.{number} has another type")


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
        if shift > 63:
            raise ValueError(f"number too long at byte {at}")


def _piece(data: Value) -> Piece:
    assert isinstance(data, bytes)
    found: dict[int, Value] = {number: value for number, _, value in _fields(data)}
    text, score, kind = found.get(_TEXT, b""), found.get(_SCORE, b"\0\0\0\0"), found.get(_KIND, PieceKind.NORMAL)
    if not isinstance(text, bytes) or not isinstance(score, bytes) or not isinstance(kind, int):
        raise ValueError("a piece has fields of another type")
    return Piece(text.decode("utf-8"), struct.unpack("<f", score)[0], PieceKind(kind))


def _encoded_piece(piece: Piece) -> bytes:
    text = _encoded(_TEXT, _BYTES, piece.text.encode("utf-8"))
    score = _encoded(_SCORE, _FIXED32, struct.pack("<f", piece.score))
    return text + score + (b"" if piece.kind is PieceKind.NORMAL else _encoded(_KIND, _VARINT, int(piece.kind)))


def _with_vocab_size(trainer: bytes, size: int) -> bytes:
    kept = [(number, wire, size if number == _VOCAB_SIZE else value) for number, wire, value in _fields(trainer)]
    return b"".join(_encoded(*field) for field in kept)


def _encoded(number: int, wire: int, value: Value) -> bytes:
    key = _encoded_varint(number << 3 | wire)
    if isinstance(value, int):
        return key + _encoded_varint(value)
    return key + (_encoded_varint(len(value)) if wire == _BYTES else b"") + value


def _encoded_varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
