"""Which texts fastokens reads otherwise than Hugging Face, found by fuzzing 540,000 strings over 9,000 random vocabularies.

It takes a vocabulary entry from the text even where no merge makes it, when one of the entry's characters is no entry itself:
with "<" outside the vocabulary, the text "<s>" becomes the special token and "<0x0A>" a newline. Nothing else differed,
unreachable entries of known characters included. Such texts are found by a regular expression and go to the reference.
"""

import re
from collections.abc import Iterable

import orjson

from corpusforge.vocab.convert import SPACE

# A longer expression means a vocabulary with thousands of pieces that cannot be made: not worth a fast engine.
_MAX_PATTERN = 20_000


def trap_pattern(vocabulary: Iterable[str], content: bytes) -> str | None:
    """RE2 pattern of the texts fastokens would misread, "" where there are none, None where a pattern cannot say it.

    `vocabulary` holds all entries of the tokenizer.json in `content`, added tokens included.
    """
    described = orjson.loads(content)
    if described["model"]["type"] != "BPE":
        return None
    entries = frozenset(vocabulary)
    if '"ByteLevel"' in orjson.dumps([described["normalizer"], described["pre_tokenizer"]]).decode():
        return "" if entries >= byte_alphabet() else None
    traps = sorted(entry for entry in entries if len(entry) > 1 and not entries.issuperset(entry))
    if traps and not _keeps_text(described["normalizer"]):
        return None
    pattern = "|".join(map(_pattern, traps))
    return pattern if len(pattern) <= _MAX_PATTERN else None


def byte_alphabet() -> frozenset[str]:
    """The 256 characters that byte-level BPE writes for bytes: printable Latin-1 as itself, the rest from U+0100 on."""
    printable = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    return frozenset(map(chr, [*printable, *range(0x100, 0x200 - len(printable))]))


def _pattern(entry: str) -> str:
    # A first space may be the tokenizer's own, at the start of a text.
    begin = rf"(?:\A|[ {SPACE}])" if entry.startswith(SPACE) else ""
    return begin + re.escape(entry.removeprefix(SPACE)).replace(SPACE, f"[ {SPACE}]")


def _keeps_text(normalizer: dict[str, object] | None) -> bool:
    """Whether the normaliser only marks spaces, so that an entry is found in the text as it stands."""
    if normalizer is None:
        return True
    steps = normalizer.get("normalizers", [normalizer])
    assert isinstance(steps, list)
    return all(
        step["type"] == "Prepend" or (step["type"] == "Replace" and step["pattern"] == {"String": " "}) for step in steps
    )
