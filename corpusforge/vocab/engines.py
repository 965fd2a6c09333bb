"""Ids of a batch of texts, flat: from the reference (Hugging Face tokenizers), or from fastokens where it proves equal.

fastokens is about eight times faster and gives the same ids apart from the texts that traps.py describes, which go to the
reference. Yet it is another program: excerpts of some documents of each batch, chosen by a hash of the text, are encoded by
both, and on any difference, or where fastokens cannot load or fails, the whole batch takes the reference's ids.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from corpusforge.vocab.traps import trap_pattern

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_log = logging.getLogger(__name__)

# The reference is about eight times slower, so comparing 1/100 of the text costs less than a tenth of the time.
_PARITY_SHARE = 100
_MIN_EXCERPT_CHARS = 256
_REFERENCE_BLOCK = 64


@dataclass(frozen=True)
class Tokens:
    """Document i has the ids ids[offsets[i]:offsets[i + 1]]."""

    ids: npt.NDArray[np.int32]
    offsets: npt.NDArray[np.int64]


class FlatEncoder(Protocol):
    """The one method of fastokens.Tokenizer that is used."""

    def encode_batch_flat(
        self, inputs: list[str], add_special_tokens: bool = False, split_special_tokens: bool = False
    ) -> tuple[bytes, bytes]:
        """Ids as uint32 and document offsets as uint64, both little-endian."""


@dataclass(frozen=True)
class FastEngine:
    """A fast encoder, and the RE2 pattern of texts that it must not be given ("" for none)."""

    encoder: FlatEncoder
    traps: str

    def is_trapped(self, texts: pa.Array) -> npt.NDArray[np.bool_]:
        """Which texts it would read otherwise than the reference."""
        if not self.traps:
            return np.zeros(len(texts), np.bool_)
        found: npt.NDArray[np.bool_] = pc.match_substring_regex(texts, self.traps).to_numpy(zero_copy_only=False)
        return found


class EngineFailed(Exception):
    """The fast engine gave no ids, or others than the reference."""


def load_fast(content: bytes, tokenizer: "Tokenizer") -> FastEngine | None:
    """fastokens with a tokenizer.json that is also loaded as `tokenizer`, None where it cannot stand in for it."""
    import fastokens

    traps = trap_pattern(tokenizer.get_vocab(with_added_tokens=True), content)
    if traps is None:
        _log.info("fastokens is not safe for this tokenizer, Hugging Face tokenizers encodes")
        return None
    try:
        return FastEngine(fastokens.Tokenizer.from_json_str(content.decode()), traps)
    except Exception as error:  # whatever it cannot load, the reference can
        _log.info("fastokens does not load this tokenizer, Hugging Face tokenizers encodes: %s", error)
        return None


def reference_tokens(tokenizer: "Tokenizer", texts: Sequence[str]) -> Tokens:
    """What Hugging Face gives, without special tokens around a text."""
    parts: list[npt.NDArray[np.int32]] = []
    counts = [0]
    for begin in range(0, len(texts), _REFERENCE_BLOCK):
        encodings = tokenizer.encode_batch_fast(list(texts[begin : begin + _REFERENCE_BLOCK]), add_special_tokens=False)
        lists = [encoding.ids for encoding in encodings]
        counts += [len(ids) for ids in lists]
        parts.append(np.fromiter(chain.from_iterable(lists), np.int32, count=sum(counts[-len(lists) :])))
    return Tokens(np.concatenate(parts) if parts else np.zeros(0, np.int32), np.cumsum(counts, dtype=np.int64))


def fast_tokens(encoder: FlatEncoder, texts: list[str]) -> Tokens:
    """What a fast encoder gives; raises EngineFailed where it fails."""
    try:
        ids, offsets = encoder.encode_batch_flat(texts, split_special_tokens=True)
    except BaseException as error:
        # A Rust panic is no Exception; everything else that is none (Ctrl-C) passes.
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        raise EngineFailed(f"{type(error).__name__}: {error}") from error
    return Tokens(np.frombuffer(ids, "<i4"), np.frombuffer(offsets, "<i8"))


def checked_tokens(engine: FastEngine, tokenizer: "Tokenizer", texts: pa.Array, num_parity: int) -> Tokens:
    """The fast engine's ids, the reference's for the texts it would misread.

    Excerpts of `num_parity` documents are compared; raises EngineFailed where they differ.
    """
    is_trapped = engine.is_trapped(texts)
    plain = texts.filter(pa.array(~is_trapped)).to_pylist() if is_trapped.any() else texts.to_pylist()
    excerpts = parity_excerpts(plain, num_parity)
    expected, found = reference_tokens(tokenizer, excerpts), fast_tokens(engine.encoder, excerpts)
    if not np.array_equal(expected.ids, found.ids) or not np.array_equal(expected.offsets, found.offsets):
        raise EngineFailed("ids differ from the reference")
    tokens = fast_tokens(engine.encoder, plain)
    if not is_trapped.any():
        return tokens
    return _interleaved(tokens, reference_tokens(tokenizer, texts.filter(pa.array(is_trapped)).to_pylist()), is_trapped)


def parity_excerpts(texts: Sequence[str], num_parity: int) -> list[str]:
    """Beginnings of the `num_parity` documents whose text has the smallest hash, a small share of the batch together."""
    if not num_parity:
        return []
    size = max(_MIN_EXCERPT_CHARS, sum(map(len, texts)) // (_PARITY_SHARE * num_parity))
    hashes = [xxhash.xxh3_64_intdigest(text.encode()) for text in texts]
    chosen = sorted(range(len(texts)), key=lambda index: (hashes[index], index))[:num_parity]
    return [texts[index][:size] for index in chosen]


def _interleaved(first: Tokens, second: Tokens, is_second: npt.NDArray[np.bool_]) -> Tokens:
    """Documents of both, in the order that `is_second` says."""
    counts = np.empty(len(is_second), np.int64)
    counts[~is_second], counts[is_second] = np.diff(first.offsets), np.diff(second.offsets)
    ids = np.empty(int(counts.sum()), np.int32)
    from_second = np.repeat(is_second, counts)
    ids[~from_second], ids[from_second] = first.ids, second.ids
    return Tokens(ids, np.concatenate([[0], np.cumsum(counts)]))
