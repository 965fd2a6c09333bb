"""Which kind of tokenizer a path holds, as a base to extend; what cannot be extended is refused by name."""

from collections.abc import Sequence
from pathlib import Path

from corpusforge.errors import InputError, UserError
from corpusforge.vocab.byte_level_base import ByteLevelBase
from corpusforge.vocab.growth import Base
from corpusforge.vocab.proto import SentencePieceModel
from corpusforge.vocab.sentencepiece_base import SentencePieceBase
from corpusforge.vocab.shell import read_configuration
from corpusforge.vocab.tiktoken import PATTERNS, tiktoken_json
from corpusforge.vocab.unigram_base import UnigramBase


def read_base(path: Path, *, pattern: str | None = None, special_tokens: Sequence[str] = ()) -> Base:
    """The base at `path`: a tokenizer.model, a tokenizer.json, a folder with one or both, or a .tiktoken file.

    `pattern` and `special_tokens` are what a .tiktoken file does not say. Raises InputError where there is no tokenizer, or
    none that can be extended.
    """
    if path.suffix == ".tiktoken":
        if pattern is None:
            names = ", ".join(PATTERNS)
            raise UserError(f"{path}: says not how it cuts text; set pattern to {names} or to its regular expression")
        content = tiktoken_json(path.read_bytes(), pattern=pattern, special_tokens=special_tokens, origin=str(path))
        return ByteLevelBase.of(content, str(path), {}, {})
    if pattern is not None or special_tokens:
        raise UserError(f"{path}: pattern and special_tokens are for .tiktoken files; this base has its own, leave them out")
    if path.is_dir():
        read_configuration(path)
        found = [path / name for name in ("tokenizer.model", "tokenizer.json") if (path / name).is_file()]
    else:
        found = [path] if path.is_file() and path.suffix in (".model", ".json") else []
    if not found:
        raise InputError(f"{path}: no tokenizer there; give a folder with tokenizer.model or tokenizer.json, or such a file")
    if found[0].suffix == ".json":
        return ByteLevelBase.read(found[0])
    model = SentencePieceModel.parse(found[0].read_bytes(), origin=str(found[0]))
    return UnigramBase.read(found[0]) if model.is_unigram else SentencePieceBase.read(found[0])
