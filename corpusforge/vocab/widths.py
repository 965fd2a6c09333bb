"""How many bytes of text each token covers.

For nearly all tokenizers the token says it: SentencePiece spells a space U+2581 and a byte <0x0A>, byte-level BPE one byte per
character. A table of widths by id is then one look-up per token, and a document is done when they sum to its bytes. Documents
where they do not (a normaliser changed the text, a character is unknown, U+2581 itself stands in it) take the character
offsets that Hugging Face reports.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import orjson

from corpusforge.vocab.convert import SPACE

if TYPE_CHECKING:
    from tokenizers import AddedToken, Tokenizer
    from tokenizers.normalizers import Normalizer

Widths = npt.NDArray[np.int64]

# Width of a token whose spelling does not say it; a document with one takes offsets. No vocabulary holds such a long token.
IRREGULAR = 65_535

_BYTE = re.compile("<0x[0-9A-F]{2}>")


@dataclass(frozen=True)
class Spelling:
    """What tokens say about text: `widths` by id (uint16), or None where they say nothing.

    `has_prefix`: the tokenizer puts a space of its own in front, so the first token covers a byte less. `normalizer`: what
    must leave a text unchanged for the widths to hold, None where nothing may change it.
    """

    widths: npt.NDArray[np.uint16] | None
    has_prefix: bool
    normalizer: "Normalizer | None"


def spelling_of(tokenizer: "Tokenizer", content: bytes) -> Spelling:
    """The spelling of a tokenizer, read from its tokenizer.json."""
    described = orjson.loads(content)
    normalizers = _flat(described["normalizer"], "normalizers")
    pretokenizers = _flat(described["pre_tokenizer"], "pretokenizers")
    is_byte_level = any(step["type"] == "ByteLevel" for step in pretokenizers)
    has_spaces = any(_is_space_mark(step) for step in (*normalizers, *pretokenizers))
    has_prefix = any(_is_prefix(step) for step in (*normalizers, *pretokenizers))
    others = [step for step in normalizers if not _is_prefix(step) and not _is_space_mark(step)]
    model = described["model"]
    widths: npt.NDArray[np.uint16] | None = None
    if not model.get("continuing_subword_prefix") and not model.get("end_of_word_suffix"):
        ids = tokenizer.get_vocab(with_added_tokens=True)
        widths = np.full(max(ids.values()) + 1, IRREGULAR, dtype=np.uint16)
        for token, number in ids.items():
            widths[number] = min(_width(token, is_byte_level, has_spaces, bool(model.get("byte_fallback"))), IRREGULAR)
        for number, added in tokenizer.get_added_tokens_decoder().items():
            widths[number] = IRREGULAR if _takes_more(added, has_prefix) else len(added.content.encode())
        widths[_unknown_ids(tokenizer, model)] = IRREGULAR
    return Spelling(widths, has_prefix, _normalizer(others))


def table_widths(
    spelling: Spelling, ids: npt.NDArray[np.int32], offsets: npt.NDArray[np.int64], num_bytes: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.uint16], npt.NDArray[np.bool_]]:
    """(width of each token, whether the widths of each document are right).

    Document i has the tokens ids[offsets[i]:offsets[i + 1]] and num_bytes[i] bytes of text.
    """
    if spelling.widths is None:
        return np.zeros(len(ids), np.uint16), num_bytes == 0
    widths = spelling.widths[ids]
    is_right = np.ones(len(num_bytes), np.bool_)
    irregular = np.flatnonzero(widths == IRREGULAR)
    is_right[np.searchsorted(offsets, irregular, side="right") - 1] = False
    has_tokens = np.diff(offsets) > 0
    firsts = offsets[:-1][has_tokens]
    if spelling.has_prefix:
        widths[firsts] -= 1
    sums = np.zeros(len(num_bytes), np.int64)
    if len(firsts):
        sums[has_tokens] = np.add.reduceat(widths, firsts, dtype=np.int64)
    return widths, is_right & (sums == num_bytes)


def offset_widths(text: str, spans: Sequence[tuple[int, int]]) -> Widths:
    """Bytes of `text` for each token, from the characters (begin <= x < end) it came from; they sum to the text's bytes.

    Characters between two tokens go to the left one. Tokens that share characters share their bytes, so that no boundary
    between them is a boundary of the text; where all they share is one byte, the last of them takes it.

    offset_widths("a\u00bdb", [(0, 1), (1, 2), (1, 2), (2, 3)]) -> [1, 1, 1, 1]
    """
    if not spans:
        return np.zeros(0, np.int64)
    codes = np.frombuffer(text.encode("utf-32-le"), np.uint32)
    sizes = 1 + (codes >= 0x80).astype(np.int64) + (codes >= 0x800) + (codes >= 0x10000)
    starts = np.concatenate([[0], np.cumsum(sizes)])
    begins, ends = np.maximum.accumulate(np.array(spans, np.int64), axis=0).T
    is_shared = begins[1:] < ends[:-1]
    # The first shared character takes the boundary, or, where that is one byte, the last before the next token's: e and an
    # accent make one letter, of which the reference reports the e alone.
    first = begins[1:]
    last = np.append(begins, len(sizes))[np.searchsorted(begins, first, side="right")] - 1
    is_narrow = np.append(sizes, 1)[first] == 1
    characters = np.maximum.accumulate(np.where(is_shared & is_narrow, np.maximum(last, first), first))
    boundaries = starts[characters] + np.where(is_shared, _inside(characters, is_shared, sizes), 0)
    return np.diff(np.concatenate([[0], np.maximum.accumulate(boundaries), [starts[-1]]]))


def _inside(characters: Widths, is_shared: npt.NDArray[np.bool_], sizes: Widths) -> Widths:
    """For each boundary inside a character, how many of its bytes lie before it: spread evenly over 1 .. size - 1."""
    count = np.bincount(characters[is_shared], minlength=len(sizes) + 1)[characters]
    ordinal: Widths = np.cumsum(is_shared) - is_shared
    first = np.searchsorted(characters, characters)
    ordinal = ordinal - ordinal[first]
    size = np.append(sizes, 1)[characters]
    return np.where(size > 1, 1 + ordinal * (size - 1) // np.maximum(count, 1), 0)


def _flat(step: dict[str, Any] | None, inside: str) -> list[dict[str, Any]]:
    """A normalizer or pre-tokenizer as a list, sequences opened."""
    if step is None:
        return []
    if step["type"] != "Sequence":
        return [step]
    return [each for part in step[inside] for each in _flat(part, inside)]


def _is_space_mark(step: Mapping[str, Any]) -> bool:
    if step["type"] == "Metaspace":
        return bool(step["replacement"] == SPACE)
    return bool(step["type"] == "Replace" and step["pattern"] == {"String": " "} and step["content"] == SPACE)


def _is_prefix(step: Mapping[str, Any]) -> bool:
    if step["type"] == "Metaspace":
        return bool(step.get("prepend_scheme", "always") != "never")
    is_prepend = bool(step["type"] == "Prepend" and step["prepend"] == SPACE)
    return is_prepend or bool(step.get("add_prefix_space"))


def _width(token: str, is_byte_level: bool, has_spaces: bool, has_bytes: bool) -> int:
    if is_byte_level:
        return len(token)
    if has_bytes and _BYTE.fullmatch(token):
        return 1
    size = len(token.encode())
    return size - 2 * token.count(SPACE) if has_spaces else size


def _takes_more(added: "AddedToken", has_prefix: bool) -> bool:
    """Whether no text gives this token, or it covers more than its own content: spaces around it, another prefix after it."""
    return added.special or added.lstrip or added.rstrip or has_prefix


def _unknown_ids(tokenizer: "Tokenizer", model: Mapping[str, Any]) -> list[int]:
    number = model.get("unk_id") if model["type"] == "Unigram" else tokenizer.token_to_id(model.get("unk_token") or "")
    return [] if number is None else [number]


def _normalizer(steps: Sequence[dict[str, Any]]) -> "Normalizer | None":
    from tokenizers import Tokenizer

    if not steps:
        return None
    described = {"version": "1.0", "added_tokens": [], "normalizer": {"type": "Sequence", "normalizers": steps}}
    described["model"] = {"type": "BPE", "vocab": {}, "merges": []}
    normalizer: Normalizer | None = Tokenizer.from_str(orjson.dumps(described).decode()).normalizer
    return normalizer
