"""A base checkpoint as files: what is in it, whether it fits the build's tokenizer, its digest. Loads no torch.

Shapes are read from the heads of the safetensors files. Pickled weights (.bin) are refused: loading them runs their code.
"""

import hashlib
import json
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corpusforge.engine.store import file_digest
from corpusforge.errors import InputError

# The head of a safetensors file is JSON of this size at most.
_MAX_HEAD_BYTES = 100_000_000


@dataclass(frozen=True)
class Base:
    """A folder with config.json and safetensors."""

    folder: Path
    config: dict[str, Any]
    shapes: dict[str, tuple[int, ...]]

    @property
    def num_weights(self) -> int:
        """All of them, tied ones once."""
        return sum(_product(shape) for shape in self.shapes.values())

    @property
    def embedding(self) -> tuple[int, int]:
        """Rows and width of the input embedding."""
        rows, width = self.shapes[_embedding_name(self)]
        return rows, width

    @property
    def matrix_weights(self) -> int:
        """Weights of matrix products: the head counts, also where it is the embedding."""
        matrices = sum(_product(shape) for shape in self.shapes.values() if len(shape) == 2)
        return matrices if self.is_tied else matrices - _product(self.embedding)

    @property
    def is_tied(self) -> bool:
        """Whether the head is the embedding."""
        return not any(name.endswith("lm_head.weight") for name in self.shapes)

    def digest(self) -> str:
        """sha256 over the config and every byte of the weights, which takes seconds: a fine-tuned twin has the same shapes."""
        digests = {path.name: file_digest(path) for path in sorted(self.folder.glob("*.safetensors"))}
        return hashlib.sha256(json.dumps([self.config, digests], sort_keys=True).encode()).hexdigest()


def read_base(folder: Path) -> Base:
    """Open a checkpoint; raises InputError that says what is missing or wrong."""
    config = folder / "config.json"
    if not config.is_file():
        raise InputError(f"{folder}: no config.json in it; give the folder of a Hugging Face checkpoint as train.model")
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        raise InputError(f"{folder}: no .safetensors in it; save the model again with safe_serialization=True")
    shapes = {name: shape for path in files for name, shape in tensor_shapes(path).items()}
    try:
        base = Base(folder, json.loads(config.read_bytes()), shapes)
    except ValueError as error:
        raise InputError(f"{config}: not readable as JSON ({error}); download the checkpoint again") from error
    _embedding_name(base)
    return base


def tensor_shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """Name -> shape of the tensors in a safetensors file; raises InputError where it is damaged or cut off."""
    head = _head(path)
    tensors = {name: each for name, each in head.items() if name != "__metadata__"}
    end = max((each["data_offsets"][1] for each in tensors.values()), default=0)
    size, expected = path.stat().st_size, 8 + head_size(path) + end
    if size != expected:
        raise InputError(f"{path}: {size:,} bytes, its head describes {expected:,}; it was copied in part: copy it again")
    return {name: tuple(each["shape"]) for name, each in tensors.items()}


def head_size(path: Path) -> int:
    """Bytes of the JSON at the beginning of a safetensors file."""
    with path.open("rb") as file:
        first = file.read(8)
    return struct.unpack("<Q", first)[0] if len(first) == 8 else _MAX_HEAD_BYTES + 1


def check_vocabulary(base: Base, tokenizer: Path, vocab_size: int) -> None:
    """Raise InputError where the base's embedding cannot be that of the build's tokenizer.

    It needs a row for each id, and where the base has a tokenizer of its own, the same id for each of its tokens.
    """
    rows, _ = base.embedding
    if rows < vocab_size:
        raise InputError(
            f"{base.folder}: its embedding has {rows:,} rows, the tokenizer of the build {vocab_size:,} ids; extend the base "
            "to that tokenizer first, in a step of its own, and give what it writes as train.model"
        )
    own = base.folder / "tokenizer.json"
    if own.is_file():
        _check_same_ids(own, tokenizer / "tokenizer.json")


def _check_same_ids(own: Path, of_build: Path) -> None:
    from tokenizers import Tokenizer

    ours, theirs = (Tokenizer.from_file(str(path)).get_vocab(with_added_tokens=True) for path in (of_build, own))
    other = sorted((index, token) for token, index in theirs.items() if ours.get(token) != index)
    if other:
        index, token = other[0]
        raise InputError(
            f"{own}: {len(other):,} of its {len(theirs):,} tokens have another id in the build's tokenizer (such as {token!r}: "
            f"{index} here, {ours.get(token)} there); build with the tokenizer of the base, or with an extension of it"
        )


def _embedding_name(base: Base) -> str:
    for name, shape in base.shapes.items():
        if (
            name.endswith(("embed_tokens.weight", "wte.weight", "embed_in.weight", "word_embeddings.weight"))
            and len(shape) == 2
        ):
            return name
    raise InputError(f"{base.folder}: no input embedding among its tensors; give a causal language model")


def _head(path: Path) -> dict[str, Any]:
    size = head_size(path)
    with path.open("rb") as file:
        file.seek(8)
        raw = file.read(size) if size <= _MAX_HEAD_BYTES else b""
    try:
        head: dict[str, Any] = json.loads(raw)
    except ValueError as error:
        raise InputError(f"{path}: it does not begin like a safetensors file; it is damaged: copy it again") from error
    return head


def _product(shape: tuple[int, ...]) -> int:
    total = 1
    for each in shape:
        total *= each
    return total
