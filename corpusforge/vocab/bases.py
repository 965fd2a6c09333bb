"""Which kind of tokenizer a path holds, as a base to extend; what cannot be extended is refused by name."""

from pathlib import Path

from corpusforge.errors import InputError
from corpusforge.vocab.growth import Base
from corpusforge.vocab.sentencepiece_base import SentencePieceBase


def read_base(path: Path) -> Base:
    """The base at `path`: a tokenizer.model, or a folder that has one."""
    model = path / "tokenizer.model" if path.is_dir() else path
    if not model.is_file():
        raise InputError(f"{path}: no tokenizer there; give a tokenizer.model or a folder that has one")
    return SentencePieceBase.read(model)
