"""Whether two programs that read a tokenizer give the same ids, and whether text comes back from them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from corpusforge.vocab.audit.loaders import Loader, ids_of
from corpusforge.vocab.convert import SPACE
from corpusforge.vocab.engines import Tokens

# Pieces shown on each side of the first difference, and characters of a text that does not come back.
_SHOWN, _SHOWN_CHARS = 6, 40


@dataclass(frozen=True)
class Difference:
    """Of `num_texts` texts, `num_different` differ; `text` is the first, `one` and `other` its segmentations there."""

    num_texts: int
    num_different: int
    text: str = ""
    one: str = ""
    other: str = ""


def different(one: Tokens, other: Tokens) -> list[int]:
    """Places of the texts whose ids differ."""
    return [place for place in range(len(one.offsets) - 1) if not np.array_equal(ids_of(one, place), ids_of(other, place))]


def disagreement(one: Loader, other: Loader, texts: pa.Array) -> Difference:
    """Where two programs give other ids for the same text."""
    ours, theirs = one.tokens(texts), other.tokens(texts)
    places = different(ours, theirs)
    if not places:
        return Difference(len(texts), 0)
    first = places[0]
    shown = beside((one, ids_of(ours, first).tolist()), (other, ids_of(theirs, first).tolist()))
    return Difference(len(texts), len(places), texts[first].as_py(), *shown)


def beside(one: tuple[Loader, Sequence[int]], other: tuple[Loader, Sequence[int]]) -> tuple[str, str]:
    """Two segmentations from shortly before the first id that differs."""
    (loader, ids), (second, others) = one, other
    pairs = zip(ids, others, strict=False)
    at = next((place for place, (a, b) in enumerate(pairs) if a != b), min(len(ids), len(others)))
    begin = max(at - 2, 0)
    return tuple(_shown(each, numbers, begin) for each, numbers in ((loader, ids), (second, others)))  # type: ignore[return-value]  # two of them


def _shown(loader: Loader, ids: Sequence[int], begin: int) -> str:
    pieces = [loader.text_of(number) for number in ids[begin : begin + _SHOWN]]
    return ("... " if begin else "") + segmented(pieces) + (" ..." if begin + _SHOWN < len(ids) else "")


def segmented(pieces: Sequence[str]) -> str:
    """Pieces with bars between them, control characters as escapes: "the|▁rock"."""
    return "|".join("".join(_visible(character) for character in piece) for piece in pieces)


def _visible(character: str) -> str:
    return character if character.isprintable() else character.encode("unicode_escape").decode()


def not_given_back(loader: Loader, texts: pa.Array) -> Difference:
    """Texts that ids do not give back; U+2581 counts as a space, since SentencePiece spells one with it."""
    given = loader.decoded(loader.tokens(texts))
    pairs = list(zip(texts.to_pylist(), given, strict=True))
    lost = [(text, back) for text, back in pairs if text.replace(SPACE, " ") != back.replace(SPACE, " ")]
    if not lost:
        return Difference(len(texts), 0)
    text, back = lost[0]
    at = next((place for place, (a, b) in enumerate(zip(text, back, strict=False)) if a != b), min(len(text), len(back)))
    around = slice(max(at - 10, 0), at + _SHOWN_CHARS)
    return Difference(len(texts), len(lost), text, repr(text[around]), repr(back[around]))
