"""Text to token ids, equal to Hugging Face's, and the bytes of text that each token covers.

Encoding happens once per document; splitting and writing then only cut these columns. Text that spells a special token is
encoded as plain text, and nothing is put around a document: its end is marked when it is written.
"""

import logging
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from corpusforge.core import VERDICT_FIELDS, Artifacts, Transform
from corpusforge.settings import ResourcePath
from corpusforge.tokens import IDS_FIELD, WIDTHS_FIELD, TokenFacts
from corpusforge.vocab.convert import SPACE
from corpusforge.vocab.engines import EngineFailed, FastEngine, Tokens, checked_tokens, load_fast, reference_tokens
from corpusforge.vocab.folder import TokenizerFiles, token_facts
from corpusforge.vocab.widths import Spelling, offset_widths, spelling_of, table_widths

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_log = logging.getLogger(__name__)

EngineName = Literal["fastokens", "tokenizers"]

Widths = npt.NDArray[np.int64] | npt.NDArray[np.uint16]

_MAX_WIDTH = np.iinfo(np.uint16).max


class Encode(Transform):
    """Adds ids and widths; the tokenizer, with facts for later steps, becomes the artefact `tokenizer`."""

    reads: ClassVar[tuple[str, ...]] = ("text",)
    adds: ClassVar[tuple[str, ...]] = ("ids", "widths")
    provides: ClassVar[tuple[str, ...]] = ("tokenizer",)

    tokenizer: ResourcePath | None = None
    """A folder with tokenizer.json, or that file; without it the tokenizer that the recipe trained before."""
    eod: str | None = None
    """Name of the token that ends a document; without it the tokenizer's eos_token."""
    bos: bool = False
    """Whether every sequence starts with the tokenizer's bos_token."""
    engine: EngineName = "fastokens"
    """fastokens is compared with tokenizers on every batch and replaced by it where they differ."""
    parity_documents: int = Field(default=32, ge=0)
    """Documents per batch, chosen by hash, whose beginning is encoded by both engines."""

    def required(self) -> tuple[str, ...]:
        """Text, and a trained tokenizer unless one is named."""
        return self.reads if self.tokenizer is not None else (*self.reads, "tokenizer")

    def prepare(self, artifacts: Artifacts, folder: Path) -> None:
        """Copy the tokenizer to `folder`/tokenizer with corpusforge.json beside it.

        Raises InputError where it cannot be loaded, UserError where the token that ends a document is not clear.
        """
        files = TokenizerFiles.read(artifacts["tokenizer"] if self.tokenizer is None else self.tokenizer)
        facts, eod = token_facts(files, eod=self.eod, bos=self.bos)
        files.write(folder / "tokenizer", facts, eod=eod)

    def apply(self, batch: pa.RecordBatch, artifacts: Artifacts) -> pa.RecordBatch:
        """Columns ids (IDS_FIELD) and widths (WIDTHS_FIELD); a token above 65,535 bytes rejects as token_too_wide.

        A text that has bytes but gives no token, which only tokenizers that delete text can do, is rejected as no_tokens.
        """
        folder = artifacts["tokenizer"]
        encoder = _encoder(folder, TokenFacts.read(folder).digest, self.engine)
        tokens, widths = encoder.encode(batch["text"], self.parity_documents)
        columns = [_lists(tokens.offsets, tokens.ids, IDS_FIELD), _lists(tokens.offsets, widths, WIDTHS_FIELD)]
        verdicts = _verdicts(tokens.offsets, widths, _num_bytes(batch["text"]))
        return pa.RecordBatch.from_arrays([*columns, *verdicts], schema=pa.schema([IDS_FIELD, WIDTHS_FIELD, *VERDICT_FIELDS]))


@dataclass(frozen=True)
class Encoder:
    """A loaded tokenizer: the reference, the fast engine where there is one, and how its tokens spell text."""

    reference: "Tokenizer"
    fast: FastEngine | None
    spelling: Spelling

    @classmethod
    def load(cls, files: TokenizerFiles, engine: EngineName = "fastokens") -> "Encoder":
        """The tokenizer in these files; raises InputError where it cannot be loaded."""
        content = files.content["tokenizer.json"]
        reference = files.loaded()
        fast = load_fast(content, reference) if engine == "fastokens" else None
        return cls(reference, fast, spelling_of(reference, content))

    def encode(self, texts: pa.Array, num_parity: int) -> tuple[Tokens, Widths]:
        """Tokens of all texts and the width in bytes of each."""
        if self.fast is not None:
            try:
                tokens = checked_tokens(self.fast, self.reference, texts, num_parity)
                return tokens, self._widths(texts, tokens)
            except EngineFailed as error:
                # The reference's ids are the definition, the engine only a faster way to them.
                _log.info("a batch of %d documents goes to Hugging Face tokenizers: %s", len(texts), error)
        tokens = reference_tokens(self.reference, texts.to_pylist())
        return tokens, self._widths(texts, tokens)

    def _widths(self, texts: pa.Array, tokens: Tokens) -> Widths:
        widths, is_right = table_widths(self.spelling, tokens.ids, tokens.offsets, _num_bytes(texts))
        if self.spelling.normalizer is not None:
            normalize = self.spelling.normalizer.normalize_str
            is_right &= np.array([normalize(text) == text for text in texts.to_pylist()], np.bool_)
        if is_right.all():
            return widths
        exact = widths.astype(np.int64)
        for index in np.flatnonzero(~is_right):
            begin, end = tokens.offsets[index : index + 2]
            exact[begin:end] = self._from_offsets(texts[index].as_py(), tokens.ids[begin:end])
        return exact

    def _from_offsets(self, text: str, ids: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
        encoding = self.reference.encode(text, add_special_tokens=False)
        if not np.array_equal(encoding.ids, ids):
            raise EngineFailed("ids differ from the reference")
        spans = encoding.offsets
        if self.spelling.has_prefix and encoding.tokens[:1] == [SPACE] and text[:1] not in (" ", SPACE):
            spans = [(0, 0), *spans[1:]]  # the tokenizer's own space, which it reports as the first character
        return offset_widths(text, spans)


@lru_cache(maxsize=2)
def _encoder(folder: Path, digest: str, engine: EngineName) -> Encoder:
    """Loaded once per process; `digest` is in the key so that a folder written anew is loaded anew."""
    return Encoder.load(TokenizerFiles.read(folder), engine)


def _lists(offsets: npt.NDArray[np.int64], values: npt.NDArray[np.generic], field: pa.Field) -> pa.Array:
    item = field.type.value_type
    kept = values if values.dtype == item.to_pandas_dtype() else np.minimum(values, _MAX_WIDTH)
    return pa.LargeListArray.from_arrays(pa.array(offsets), pa.array(kept, item), type=field.type)


def _num_bytes(texts: pa.Array) -> npt.NDArray[np.int64]:
    lengths: npt.NDArray[np.int64] = pc.binary_length(texts).to_numpy(zero_copy_only=False).astype(np.int64)
    return lengths


def _verdicts(offsets: npt.NDArray[np.int64], widths: Widths, num_bytes: npt.NDArray[np.int64]) -> list[pa.Array]:
    """VERDICT_FIELDS of each document."""
    widest = np.zeros(len(num_bytes), np.int64)
    has_tokens = np.diff(offsets) > 0
    if has_tokens.any():
        widest[has_tokens] = np.maximum.reduceat(widths, offsets[:-1][has_tokens])
    is_too_wide = widest > _MAX_WIDTH
    drop = np.where(is_too_wide, "token_too_wide", np.where(~has_tokens & (num_bytes > 0), "no_tokens", ""))
    columns = {
        "drop": pa.array(drop.tolist(), pa.string()),
        "failed": pa.array(np.zeros(len(drop), np.bool_)),
        "value": pa.array(widest.astype(np.float64), mask=~is_too_wide),
        "threshold": pa.array(np.full(len(drop), float(_MAX_WIDTH)), mask=~is_too_wide),
        "message": pa.array([""] * len(drop), pa.string()),
    }
    return [columns[field.name] for field in VERDICT_FIELDS]
