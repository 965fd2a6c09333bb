"""Proof by test that a converted tokenizer is the model: equal ids, every piece reachable, text given back unchanged."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from corpusforge.errors import CorpusForgeError
from corpusforge.vocab.convert import SPACE
from corpusforge.vocab.proto import PieceKind, SentencePieceModel

if TYPE_CHECKING:
    from sentencepiece import SentencePieceProcessor
    from tokenizers import Tokenizer

_RUNS = (
    *" \t\n\r-=.*#_~+/|0a",
    "\u2581",
    "\u3000",
    "\u3002",
    "\uff0c",
    "\u5730",
    "\u2014",
    "\u00e9",
    "\U0001f30b",
    "\U00020bb7",
)

_ODD = (
    "",
    "a  b   c    d\n\n\n  e\t\tf \t g\r\nh ",
    " leading and trailing ",
    "0123456789 3.14159e-10 1,234,567 2026-11-05T12:34:56Z",
    "\uff11\uff12\uff13\uff21\uff22\uff23\uff08\uff1a\uff1b\uff01\uff09 full width",
    "\U00020bb7\U0002a6d6\u9f98\u2f00\uf900 rare Han",
    "\U0001f30b\U0001f469\u200d\U0001f52c\U0001f1e8\U0001f1f3\U000e0067 emoji",
    "e\u0301 e\u0300\u0323 \u1100\u1161\u11a8 \u0915\u094d\u0937 combining",
    "\x00\x01\x7f\x85\u2028\u2029\ufeff\u200b\u00ad\ufffd\U0010ffff invisible",
    "<0x0A> <0xFF> \u2585 \u2581x\u2581 \u2047",
    "if x:\n    if y:\n        return [i ** 2 for i in range(10)]  # code\n",
    "| a | b |\n|:---|---:|\n| 1 | 2 |\n\n```\n====\n----\n```\n",
    "$\\delta^{18}\\mathrm{O} = -12.3 \\pm 0.1$ \u2030 (VSMOW)",
)


# What adding scores in 32 bits may lose of their sum.
_FLOAT32 = 1e-5


class ConversionDiffers(CorpusForgeError):
    """SentencePiece and Hugging Face tokenizers disagree about a tokenizer that was written for both."""


def stress_texts(special: Sequence[str]) -> list[str]:
    """Texts that have told tokenizers apart: runs of 1 to 64 of one character, odd Unicode, text of special tokens."""
    runs = [character * count for character in _RUNS for count in range(1, 65)]
    mixed = [f"x{first * 7}{second * 5}{first * 3} y" for first in _RUNS for second in _RUNS if first != second]
    spelled = [text for name in special for text in (name, f"a{name}b", f" {name} {name}\n{name}", name * 3)]
    return [*runs, *mixed, *_ODD, *spelled]


def count_tokens(
    sentencepiece: "SentencePieceProcessor", tokenizer: "Tokenizer", texts: Iterable[str], *, batch: int = 256
) -> int:
    """Tokens of all texts; raises ConversionDiffers at the first text where ids differ or decoding changes it.

    U+2581 is the one character that does not come back: SentencePiece spells a space with it.
    """
    total = 0
    for block in _blocks(texts, batch):
        expected = sentencepiece.encode(block, num_threads=1)
        found = [encoding.ids for encoding in tokenizer.encode_batch_fast(block, add_special_tokens=False)]
        decoded = tokenizer.decode_batch(found, skip_special_tokens=False)
        for text, ids, other, back in zip(block, expected, found, decoded, strict=True):
            if ids != other:
                raise ConversionDiffers(_where("SentencePiece and tokenizers give other ids", text, ids, other))
            if back != text.replace(SPACE, " "):
                raise ConversionDiffers(_where("decoding does not give the text back", text, text, back))
            total += len(ids)
    return total


def check_equal_but_for_ties(
    sentencepiece: "SentencePieceProcessor", tokenizer: "Tokenizer", texts: Iterable[str], *, batch: int = 256
) -> int:
    """Texts of which the two take different cuts that score the same.

    Raises ConversionDiffers at the first text that one cuts worse, or that decoding changes.
    """
    ties = 0
    for block in _blocks(texts, batch):
        expected = sentencepiece.encode(block, num_threads=1)
        found = [encoding.ids for encoding in tokenizer.encode_batch_fast(block, add_special_tokens=False)]
        decoded = tokenizer.decode_batch(found, skip_special_tokens=False)
        for text, ids, other, back in zip(block, expected, found, decoded, strict=True):
            if back != text.replace(SPACE, " "):
                raise ConversionDiffers(_where("decoding does not give the text back", text, text, back))
            if ids == other:
                continue
            one, two = (sum(map(sentencepiece.get_score, each)) for each in (ids, other))
            if abs(one - two) > _FLOAT32 * abs(one):
                raise ConversionDiffers(_where("SentencePiece and tokenizers give other ids", text, ids, other))
            ties += 1
    return ties


def check_reachable(model: SentencePieceModel, tokenizer: "Tokenizer") -> None:
    """Raise ConversionDiffers unless every piece, encoded alone and without a prefix, is one token: itself."""
    for number, piece in enumerate(model.pieces):
        if piece.kind is PieceKind.NORMAL:
            found = [token.id for token in tokenizer.model.tokenize(piece.text)]
            if found != [number]:
                raise ConversionDiffers(_where("a piece cannot be reached", piece.text, [number], found))


def _blocks(texts: Iterable[str], size: int) -> Iterator[list[str]]:
    iterator = iter(texts)
    while block := list(islice(iterator, size)):
        yield block


def _where(what: str, text: str, expected: Sequence[object], found: Sequence[object]) -> str:
    pairs = zip(expected, found, strict=False)
    at = next((place for place, (one, other) in enumerate(pairs) if one != other), 0)
    around = slice(max(at - 3, 0), at + 5)
    details = f"{expected[around]!r} against {found[around]!r}"
    return f"{what}: {text[:80]!r}, near place {at}: {details}; please report this text"
