"""Of which ids of the base each new id of a tokenizer consists.

A new piece is cut by the base's own model, in the spelling of the vocabulary: no prefix is put in front, a leading U+2581 is
part of the piece, and characters that the base does not have come out as its bytes. For what vocab.extend made this is exact:
the base cuts the piece in any text as it cuts the piece alone, since new merges rank below all of its own. For other tokenizers
it is what the base would have read in place of the piece alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import orjson
from numpy.typing import NDArray

from corpusforge.errors import InputError, UserError
from corpusforge.vocab.bases import read_base
from corpusforge.vocab.convert import SPACE
from corpusforge.vocab.folder import TokenizerFiles
from corpusforge.vocab.shell import read_configuration

if TYPE_CHECKING:
    from tokenizers import Tokenizer

Ids = NDArray[np.int64]


@dataclass(frozen=True)
class Constituents:
    """New ids in order; id k consists of the base ids parts[offsets[k]:offsets[k + 1]], none where it stands for no text."""

    ids: Ids
    parts: Ids
    offsets: Ids

    @property
    def counts(self) -> Ids:
        """How many each new id has."""
        return np.diff(self.offsets)


def read_tokenizer(folder: Path) -> TokenizerFiles:
    """Files of the tokenizer in a folder; one that has only a tokenizer.model gets the tokenizer.json that it is.

    Raises InputError where there is neither, or where the tokenizer is Python code.
    """
    if (folder / "tokenizer.json").is_file():
        read_configuration(folder)
        return TokenizerFiles.read(folder)
    if (folder / "tokenizer.model").is_file():
        return TokenizerFiles(folder, read_base(folder).files((), 0))
    raise InputError(f"{folder}: no tokenizer.json and no tokenizer.model there; give the folder of a tokenizer")


def constituents(base: "Tokenizer", new: "Tokenizer", origin: str) -> Constituents:
    """What the ids that `new` has and `base` has not consist of; `origin` names both in messages.

    Raises UserError where an id of the base spells something else in `new`, or where `new` adds nothing; InputError where the
    base's model is not one of merges or probabilities.
    """
    kind = type(base.model).__name__
    if kind not in ("BPE", "Unigram"):
        raise InputError(
            f"{origin}: a {kind} model, whose pieces are spelled otherwise alone than in words; give one with BPE or Unigram"
        )
    old, texts = _texts(base), _texts(new)
    changed = [number for number in sorted(old) if texts.get(number) != old[number]]
    if changed:
        first = changed[0]
        raise UserError(
            f"{origin}: id {first} is {old[first]!r} in the base and {texts.get(first)!r} in the tokenizer, and "
            f"{len(changed) - 1} more differ; give a tokenizer that was extended from this model's own, or name that with "
            "--base-tokenizer"
        )
    ids = sorted(set(texts) - set(old))
    if not ids:
        raise UserError(f"{origin}: the tokenizer has no id that the base has not; nothing is to be done")
    added = new.get_added_tokens_decoder()
    found = [
        _spelled(base, texts[number]) if number not in added else [] if added[number].special else _written(base, texts[number])
        for number in ids
    ]
    unknown = _unknown_id(base)
    known = [[part for part in parts if part != unknown] for parts in found]
    flat = [part for parts in known for part in parts]
    offsets = np.cumsum([0, *map(len, known)])
    return Constituents(np.array(ids, np.int64), np.array(flat, np.int64), offsets.astype(np.int64))


def special_ids(tokenizer: "Tokenizer") -> Ids:
    """Ids of special tokens, which no text gives."""
    added = tokenizer.get_added_tokens_decoder()
    return np.array(sorted(number for number, token in added.items() if token.special), np.int64)


def _texts(tokenizer: "Tokenizer") -> Mapping[int, str]:
    return {number: text for text, number in tokenizer.get_vocab(with_added_tokens=True).items()}


def _spelled(base: "Tokenizer", piece: str) -> list[int]:
    return [token.id for token in base.model.tokenize(piece)]


def _written(base: "Tokenizer", text: str) -> list[int]:
    """Ids of a text that was added as it is written, without the space that the base puts in front."""
    encoding = base.encode(text, add_special_tokens=False)
    has_prefix = encoding.tokens[:1] == [SPACE] and text[:1] not in (" ", SPACE)
    return list(encoding.ids[1:] if has_prefix else encoding.ids)


def _unknown_id(base: "Tokenizer") -> int | None:
    """Id that stands for what the base cannot spell."""
    model = orjson.loads(base.to_str())["model"]
    if "unk_id" in model:
        return None if model["unk_id"] is None else int(model["unk_id"])
    name = model.get("unk_token")
    return None if name is None else base.token_to_id(name)
