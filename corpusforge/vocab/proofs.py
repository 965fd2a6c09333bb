"""Proof by test that an extended tokenizer is its base and more: shown before anything is published.

Every base id spells what it did; every new piece is reached; on real and on odd text boundaries are some of the base's, and a
text that gives no new id has the ids it had.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from corpusforge.errors import CorpusForgeError
from corpusforge.vocab.encode import Encoder
from corpusforge.vocab.growth import Row

if TYPE_CHECKING:
    from tokenizers import Tokenizer


class ExtensionDiffers(CorpusForgeError):
    """An extended tokenizer does not do what it must."""


@dataclass(frozen=True)
class Effect:
    """What texts become: tokens of both tokenizers; texts, those with a new id, those with a boundary that the base has not."""

    base_tokens: int
    tokens: int
    texts: int
    touched_texts: int
    not_coarser: int


def check_ids(tokenizer: "Tokenizer", symbols: Sequence[str], rows: Sequence[Row]) -> None:
    """Raise ExtensionDiffers unless base ids spell what they did and each new row, encoded alone, is one token: itself."""
    for number, text in enumerate(symbols):
        if text and tokenizer.id_to_token(number) != text:
            raise ExtensionDiffers(
                f"id {number} was {text!r} and is {tokenizer.id_to_token(number)!r}; please report this base"
            )
    for number, row in enumerate(rows, start=len(symbols)):
        found = [token.id for token in tokenizer.model.tokenize(row.text)]
        if found != [number]:
            raise ExtensionDiffers(f"new piece {row.text!r} (id {number}) gives {found}; please report this base")


def effect(base: Encoder, extended: Encoder, texts: Iterable[pa.Array], num_base: int) -> Effect:
    """Compare both on texts; raises ExtensionDiffers where a text without a new id has other ids than before."""
    effects = [_effect(base, extended, block, num_base) for array in texts for block in _blocks(array)]
    sums = np.array(effects, np.int64).reshape(-1, 5).sum(axis=0)
    return Effect(*sums.tolist())


def check_coarser(found: Effect) -> None:
    """Raise ExtensionDiffers unless all boundaries are the base's."""
    if found.not_coarser:
        raise ExtensionDiffers(
            f"{found.not_coarser} of {found.texts} texts are cut where the base does not; please report this base"
        )


def _blocks(texts: pa.Array) -> Iterable[pa.Array]:
    return (texts.slice(begin, _BLOCK) for begin in range(0, len(texts), _BLOCK))


# Texts compared at a time, and how many of them the fast engine and the reference both encode.
_BLOCK, _NUM_PARITY = 1024, 32


def _effect(base: Encoder, extended: Encoder, texts: pa.Array, num_base: int) -> tuple[int, int, int, int, int]:
    before, before_widths = base.encode(texts, _NUM_PARITY)
    after, after_widths = extended.encode(texts, _NUM_PARITY)
    is_new = after.ids >= num_base
    touched = _documents_with(is_new, after.offsets)
    for place in np.setdiff1d(np.arange(len(texts)), touched):
        old = before.ids[before.offsets[place] : before.offsets[place + 1]]
        if not np.array_equal(old, after.ids[after.offsets[place] : after.offsets[place + 1]]):
            raise ExtensionDiffers(
                f"ids change without a new piece in {texts[int(place)].as_py()[:80]!r}; please report this base"
            )
    # Bytes before each boundary, over all texts: every text has the same bytes in both.
    is_cut = ~np.isin(np.cumsum(after_widths, dtype=np.int64), np.cumsum(before_widths, dtype=np.int64))
    wrong = _documents_with(is_cut, after.offsets)
    return len(before.ids), len(after.ids), len(texts), len(touched), len(wrong)


def _documents_with(is_token: NDArray[np.bool_], offsets: NDArray[np.int64]) -> NDArray[np.int64]:
    found: NDArray[np.int64] = np.unique(np.searchsorted(offsets, np.flatnonzero(is_token), side="right") - 1)
    return found
