"""Ids of a batch of texts, flat: from the reference (Hugging Face tokenizers), or from fastokens where it proves equal.

fastokens is about eight times faster, and gave the reference's ids for each of 180,000 fuzzed strings and on all real text
tried; yet it is another program. So excerpts of some documents of each batch, chosen by a hash of the text, are encoded by
both. On any difference, and where fastokens cannot load or fails, the whole batch takes the reference's ids.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt
import xxhash

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


class FastEngine(Protocol):
    """The one method of fastokens.Tokenizer that is used."""

    def encode_batch_flat(
        self, inputs: list[str], add_special_tokens: bool = False, split_special_tokens: bool = False
    ) -> tuple[bytes, bytes]:
        """Ids as uint32 and document offsets as uint64, both little-endian."""


class EngineFailed(Exception):
    """The fast engine gave no ids, or others than the reference."""


def load_fast(content: bytes) -> FastEngine | None:
    """fastokens with a tokenizer.json, None where it does not support that tokenizer."""
    import fastokens

    try:
        engine: FastEngine = fastokens.Tokenizer.from_json_str(content.decode())
    except Exception as error:  # whatever it cannot load, the reference can
        _log.info("fastokens does not load this tokenizer, Hugging Face tokenizers encodes: %s", error)
        return None
    return engine


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


def fast_tokens(engine: FastEngine, texts: list[str]) -> Tokens:
    """What the fast engine gives; raises EngineFailed where it fails."""
    try:
        ids, offsets = engine.encode_batch_flat(texts, split_special_tokens=True)
    except BaseException as error:
        # A Rust panic is no Exception; everything else that is none (Ctrl-C) passes.
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        raise EngineFailed(f"{type(error).__name__}: {error}") from error
    return Tokens(np.frombuffer(ids, "<i4"), np.frombuffer(offsets, "<i8"))


def checked_tokens(engine: FastEngine, tokenizer: "Tokenizer", texts: list[str], num_parity: int) -> Tokens:
    """The fast engine's ids after comparing excerpts of `num_parity` documents; raises EngineFailed where they differ."""
    excerpts = parity_excerpts(texts, num_parity)
    expected, found = reference_tokens(tokenizer, excerpts), fast_tokens(engine, excerpts)
    if not np.array_equal(expected.ids, found.ids) or not np.array_equal(expected.offsets, found.offsets):
        raise EngineFailed("ids differ from the reference")
    return fast_tokens(engine, texts)


def parity_excerpts(texts: Sequence[str], num_parity: int) -> list[str]:
    """Beginnings of the `num_parity` documents whose text has the smallest hash, a small share of the batch together."""
    if not num_parity:
        return []
    size = max(_MIN_EXCERPT_CHARS, sum(map(len, texts)) // (_PARITY_SHARE * num_parity))
    hashes = [xxhash.xxh3_64_intdigest(text.encode()) for text in texts]
    chosen = sorted(range(len(texts)), key=lambda index: (hashes[index], index))[:num_parity]
    return [texts[index][:size] for index in chosen]
