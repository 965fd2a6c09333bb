"""A .tiktoken file as a tokenizer.json with the same ids: the merges that its ranks imply.

Such a file has bytes and ranks only. tiktoken joins the neighbours whose bytes together have the lowest rank, as SentencePiece
does by score, so each token is completed by one pair, and these pairs in order of rank give the same ids (see merges.py). How
text is cut before, and the special tokens, are not in the file and have to be told.
"""

import base64
import binascii
from collections.abc import Sequence

import orjson

from corpusforge.errors import InputError, UserError
from corpusforge.vocab.convert import special_token
from corpusforge.vocab.merges import derivations

_CL100K = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"

# The expressions that cut text into words, by the vocabulary that is known to use them.
PATTERNS = {
    "cl100k": _CL100K,
    "gpt2": r"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
    "llama3": _CL100K,
    "qwen": _CL100K.replace(r"\p{N}{1,3}", r"\p{N}"),
}


def byte_spelling() -> dict[int, str]:
    """The character by which byte-level BPE writes each byte: printable Latin-1 as itself, the rest from U+0100 on."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    return {**{byte: chr(byte) for byte in printable}, **{byte: chr(0x100 + place) for place, byte in enumerate(others)}}


def tiktoken_json(data: bytes, *, pattern: str, special_tokens: Sequence[str], origin: str) -> bytes:
    """The tokenizer.json of a .tiktoken file; special tokens get the ids behind its own.

    Raises InputError naming `origin` where the file is damaged, UserError for an unknown pattern or token.
    """
    ids = _ranks(data, origin)
    taken = [name for name in special_tokens if name in ids or special_tokens.count(name) > 1]
    if taken:
        raise UserError(f"{origin}: special token {taken[0]!r} is given twice or is a token already; leave it out")
    splits = derivations({text: -float(rank) for text, rank in ids.items()})
    merges = [split for _, split in sorted((ids[text], split) for text, split in splits.items() if split is not None)]
    added = {name: max(ids.values()) + 1 + place for place, name in enumerate(special_tokens)}
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False}
    split = {"type": "Split", "pattern": {"Regex": PATTERNS.get(pattern, pattern)}, "behavior": "Isolated", "invert": False}
    content = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [special_token(number, name) for name, number in added.items()],
        "normalizer": None,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [split, byte_level]},
        "post_processor": None,
        "decoder": byte_level,
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": False,
            "byte_fallback": False,
            "ignore_merges": False,
            "vocab": ids,
            "merges": merges,
        },
    }
    return orjson.dumps(content) + b"\n"


def _ranks(data: bytes, origin: str) -> dict[str, int]:
    """Rank of each token, spelled one character a byte."""
    spelling = byte_spelling()
    ids: dict[str, int] = {}
    for number, line in enumerate(data.splitlines(), start=1):
        try:
            token, rank = line.split()
            ids["".join(spelling[byte] for byte in base64.b64decode(token, validate=True))] = int(rank)
        except (ValueError, binascii.Error) as error:
            raise InputError(f"{origin}: line {number} is not a token in base64 and its rank; get the file again") from error
    missing = set(spelling.values()) - set(ids)
    if missing or len(set(ids.values())) < len(ids):
        what = f"{len(missing)} of 256 bytes are no tokens" if missing else "a rank stands twice"
        raise InputError(f"{origin}: {what}; get the file again")
    return ids
