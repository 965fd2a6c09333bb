"""Pieces that no text can give: rows of a model that are never trained and never used. Every piece is tried, none sampled.

If a piece is one token of some text, then no merge crossed its borders there, so the merges inside were those of the piece
alone; in a unigram model a better cut of the piece alone would be better there too. So a piece is reachable exactly if its own
spelling, past the normaliser and inside one word of the pre-tokeniser, is that one token.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import orjson

from corpusforge.vocab.audit.loaders import HuggingFaceLoader, Loader, SentencePieceLoader, byte_values
from corpusforge.vocab.convert import SPACE, normal_scores
from corpusforge.vocab.folder import reference_tokenizer
from corpusforge.vocab.proto import PieceKind

if TYPE_CHECKING:
    from tokenizers import Tokenizer

# What stands around a piece when it is looked for: a pre-tokeniser may cut at an edge of the text, or between two kinds of
# characters. A byte-level piece that is part of a character is completed by some.
_AROUND = (
    ("", ""), (" ", ""), ("a", ""), ("", "a"), ("1", ""), ("", "1"), ("\n", ""), ("", "\n"), ("\u5730", "\u5730"), ("", " "),
    (".", "."),
)  # fmt: skip
_BYTE = re.compile("<0x[0-9A-F]{2}>")
_HEADS = (
    b"", b"\xc3", b"\xe4\xb8", b"\xe4", b"\xe5", b"\xef\xbc", b"\xe2\x80", b"\xe2", b"\xf0\x9f\x98", b"\xf0\x9f", b"\xf0",
    b"\xd0", b"\xd8", b"\xe0\xa4", b"\xe0", b"\xea\xb0", b"\xea",
)  # fmt: skip
_TAILS = (b"", b"\x80", b"\xa0", b"\x80\x80", b"\xb8\x80", b"\xa4\x80", b"\x9f\x80\x80", b"\x90\x80\x80", b"\xbd")


class Why(StrEnum):
    """Why text cannot give a piece."""

    NO_MERGES = "no two pieces make it"
    ORDER = "other merges come first"
    SCORE = "a cut of it scores higher"
    NORMALIZER = "the normaliser changes it"
    WORDS = "the pre-tokeniser cuts it"


@dataclass(frozen=True)
class Unreachable:
    """A piece and why no text gives it; `cut` is what its spelling gives."""

    number: int
    why: Why
    cut: tuple[str, ...]


@dataclass(frozen=True)
class Reach:
    """The unreachable among `num_tried` pieces.

    `whole_words` are reached only where they are all of a word; of `num_untried` nothing can be said.
    """

    num_tried: int
    unreachable: tuple[Unreachable, ...]
    whole_words: tuple[int, ...] = ()
    num_untried: int = 0


def reach(loader: Loader) -> Reach:
    """Try every piece that is there for text: not specials, bytes that a model falls back on, or added tokens."""
    if isinstance(loader, SentencePieceLoader):
        return _in_sentencepiece(loader)
    assert isinstance(loader, HuggingFaceLoader)
    return _in_hugging_face(loader)


def _in_sentencepiece(loader: SentencePieceLoader) -> Reach:
    model = loader.model
    plain = SentencePieceLoader.load(model.without_normalizer(), "the model without its normaliser").processor
    numbers = [number for number, piece in enumerate(model.pieces) if piece.kind is PieceKind.NORMAL]
    texts = [model.pieces[number].text for number in numbers]
    parts, is_bpe, keeps_text = frozenset(normal_scores(model.pieces)), model.is_bpe, model.keeps_text
    found: list[Unreachable] = []
    for number, text, ids in zip(numbers, texts, plain.encode(texts, num_threads=1), strict=True):
        if ids != [number]:
            why = Why.SCORE if not is_bpe else Why.ORDER if _has_split(text, parts) else Why.NO_MERGES
            found.append(Unreachable(number, why, tuple(model.pieces[each].text for each in ids)))
        elif not keeps_text and _is_changed(loader, text):
            found.append(Unreachable(number, Why.NORMALIZER, (loader.processor.normalize(text.replace(SPACE, " ")),)))
    return Reach(len(numbers), tuple(found))


def _has_split(text: str, parts: frozenset[str]) -> bool:
    return any(text[:cut] in parts and text[cut:] in parts for cut in range(1, len(text)))


def _is_changed(loader: SentencePieceLoader, text: str) -> bool:
    """Whether a normaliser makes something else of the text that a piece spells."""
    spelled, normalize = text.replace(SPACE, " "), loader.processor.normalize
    return not any(text in normalize(before + spelled + after) for before, after in (("", ""), ("a", "a"), ("a", "")))


def _in_hugging_face(loader: HuggingFaceLoader) -> Reach:
    described = orjson.loads(loader.content)
    tokenizer, model = loader.encoder.reference, described["model"]
    added = tokenizer.get_added_tokens_decoder()
    entries = {number: text for number, text in enumerate(loader.spellings) if text and number not in added}
    merging, words = _Merging(tokenizer, described), _Words(tokenizer, loader.is_byte_level)
    found: list[Unreachable] = []
    whole_words: list[int] = []
    num_untried = 0
    for number, text in entries.items():
        if _is_apart(text, model) or not words.has_text(text):
            num_untried += 1
            continue
        cut = merging.cut(text)
        if cut == [number]:
            if not words.has(text):
                found.append(Unreachable(number, words.why(text), tuple(words.of(text))))
        elif merging.takes_words and words.is_one(text):
            whole_words.append(number)
        else:
            found.append(Unreachable(number, merging.why(text), tuple(loader.text_of(each) for each in cut)))
    return Reach(len(entries) - num_untried, tuple(found), tuple(whole_words), num_untried)


def _is_apart(text: str, model: Mapping[str, Any]) -> bool:
    """Whether an entry is no piece of its own: a byte to fall back on, or what WordPiece puts behind another."""
    prefix = model.get("continuing_subword_prefix") or ""
    return bool(model.get("byte_fallback") and _BYTE.fullmatch(text)) or bool(prefix and text.startswith(prefix))


class _Merging:
    """What a model makes of a word by its merges or scores alone."""

    def __init__(self, tokenizer: "Tokenizer", described: Mapping[str, Any]) -> None:
        model = described["model"]
        self.takes_words = bool(model.get("ignore_merges"))
        plain = {**described, "model": {**model, "ignore_merges": False}}
        self._tokenizer = reference_tokenizer(orjson.dumps(plain), origin="") if self.takes_words else tokenizer
        self._is_bpe = model["type"] == "BPE"
        merges = model.get("merges") or []
        self._made = frozenset(each.replace(" ", "", 1) if isinstance(each, str) else "".join(each) for each in merges)

    def cut(self, text: str) -> list[int]:
        """Ids of a word."""
        return [token.id for token in self._tokenizer.model.tokenize(text)]

    def why(self, text: str) -> Why:
        """Why it is not one token."""
        if not self._is_bpe:
            return Why.SCORE
        return Why.ORDER if text in self._made else Why.NO_MERGES


class _Words:
    """What normaliser and pre-tokeniser make of the text that a piece spells."""

    def __init__(self, tokenizer: "Tokenizer", is_byte_level: bool) -> None:
        self._normalizer, self._pre_tokenizer = tokenizer.normalizer, tokenizer.pre_tokenizer
        self._bytes = byte_values() if is_byte_level else None

    def has_text(self, text: str) -> bool:
        """Whether a text can be written for the piece: not for a single byte, which is there to fall back on."""
        return (self._bytes is None or len(text) > 1) and next(self._spelled(text), None) is not None

    def has(self, text: str) -> bool:
        """Whether some text has a word that the piece lies in."""
        return any(text in word for words in self._all(text) for word in words)

    def is_one(self, text: str) -> bool:
        """Whether some text has the piece as a word."""
        return any(text in words for words in self._all(text))

    def of(self, text: str) -> list[str]:
        """Words of the text alone."""
        return next(self._all(text), [])

    def why(self, text: str) -> Why:
        """Which of the two it is that cuts it."""
        if self._normalizer is None:
            return Why.WORDS
        kept = [spelled in self._normalizer.normalize_str(spelled) for spelled in self._spelled(text)]
        in_marks = text in self._normalizer.normalize_str(f"a{text.replace(SPACE, ' ')}")
        return Why.WORDS if any(kept) or in_marks else Why.NORMALIZER

    def _all(self, text: str) -> Iterator[list[str]]:
        for spelled in self._spelled(text):
            for before, after in _AROUND:
                normal = before + spelled + after
                normal = normal if self._normalizer is None else self._normalizer.normalize_str(normal)
                yield (
                    [normal]
                    if self._pre_tokenizer is None
                    else [word for word, _ in self._pre_tokenizer.pre_tokenize_str(normal)]
                )

    def _spelled(self, text: str) -> Iterator[str]:
        """The text of a piece; a few that hold it where it is part of a character."""
        if self._bytes is None:
            yield text.replace(SPACE, " ")
            return
        data = bytes(self._bytes[character] for character in text)
        for head in _HEADS:
            for tail in _TAILS:
                try:
                    yield (head + data + tail).decode()
                except UnicodeDecodeError:
                    continue
