"""A tokenizer as it lies on disk, read without running or unpickling anything of it, and the programs that load it."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from corpusforge.errors import InputError, UserError
from corpusforge.vocab.audit.conversion import transformers_json
from corpusforge.vocab.audit.loaders import HuggingFaceLoader, Loader, SentencePieceLoader
from corpusforge.vocab.convert import tokenizer_json, unigram_json
from corpusforge.vocab.proto import SentencePieceModel
from corpusforge.vocab.shell import read_json_file
from corpusforge.vocab.tiktoken import PATTERNS, tiktoken_json

_MODEL_NAMES = ("tokenizer.model", "spiece.model", "spm.model", "sentencepiece.bpe.model", "sentencepiece.model")

# Ids of shards are int32. Programs allocate by the largest id, so far smaller ones than that already are beyond loading.
MAX_ID = 2**31 - 1
_MAX_LOADED_ID = 2**24


@dataclass(frozen=True)
class Subject:
    """What the files of a tokenizer hold; `described` is tokenizer.json, `repeated` what it has twice where once is right."""

    origin: Path
    kind: str
    model: SentencePieceModel | None = None
    content: bytes | None = None
    described: Mapping[str, Any] = field(default_factory=dict)
    repeated: tuple[str, ...] = ()
    files: Mapping[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """A short name for tables."""
        return self.origin.name

    @property
    def configuration(self) -> dict[str, Any]:
        """tokenizer_config.json, {} where there is none."""
        return self.files.get("tokenizer_config.json", {})

    @cached_property
    def ids(self) -> Mapping[str, int]:
        """Id of each entry, added tokens included, as its files say."""
        if self.content is None:
            assert self.model is not None
            return {piece.text: number for number, piece in enumerate(self.model.pieces)}
        vocabulary = self.described["model"]["vocab"]
        known = {entry[0]: number for number, entry in enumerate(vocabulary)} if isinstance(vocabulary, list) else vocabulary
        return {**known, **{token["content"]: token["id"] for token in self.described.get("added_tokens", [])}}

    @property
    def size(self) -> int:
        """One more than the largest id, or the number of entries where that is more: what rows of a model are needed."""
        largest = max(self.ids.values(), default=-1) + 1
        return max(largest, len(self.model.pieces) if self.content is None and self.model is not None else len(self.ids))

    @property
    def is_loadable(self) -> bool:
        """Whether ids are small enough to load it."""
        return max(self.ids.values(), default=0) <= _MAX_LOADED_ID and min(self.ids.values(), default=0) >= 0

    @cached_property
    def loader(self) -> Loader:
        """The program whose ids count: Hugging Face where there is a tokenizer.json, else SentencePiece; or InputError."""
        if not self.is_loadable:
            raise InputError(
                f"{self.origin}: ids reach {max(self.ids.values()):,}, too many to load; number its pieces from 0 on"
            )
        if self.content is not None:
            return HuggingFaceLoader.load(self.content, str(self.origin))
        assert self.model is not None
        return SentencePieceLoader.load(self.model, str(self.origin))

    def others(self) -> list[tuple[str, Callable[[], Loader]]]:
        """Other programs that would read these files, by what they are called here."""
        model = self.model
        if model is None or not (model.is_bpe or model.is_unigram):
            return []
        if self.content is not None:
            return [("SentencePiece", lambda: SentencePieceLoader.load(model, str(self.origin)))]
        written = unigram_json if model.is_unigram else tokenizer_json
        ways = {
            "tokenizer.json by score": lambda: written(model, origin=str(self.origin)),
            "transformers 5": lambda: transformers_json(model),
        }
        return [(name, _loading(way, str(self.origin), name)) for name, way in ways.items()]


def _loading(way: Callable[[], bytes], origin: str, name: str) -> Callable[[], Loader]:
    return lambda: HuggingFaceLoader.load(way(), origin, name)


def read_subject(path: Path, pattern: str | None = None) -> Subject:
    """The tokenizer at a path: a folder of Hugging Face's, a tokenizer.json, a SentencePiece .model or a .tiktoken file.

    `pattern` says how a .tiktoken file cuts text. Raises InputError where there is none, it is damaged, or it is Python code.
    """
    if path.is_dir():
        return _read_folder(path)
    if not path.is_file():
        raise InputError(f"{path}: there is no such file or folder; give a tokenizer on this disk")
    if path.suffix == ".tiktoken":
        return _read_tiktoken(path, pattern)
    if path.suffix == ".json":
        return _with_json(path, path.read_bytes(), None, {})
    if path.suffix == ".model":
        return _with_model(path, path, {})
    raise InputError(f"{path}: not a tokenizer; give a folder, or a file named *.json, *.model or *.tiktoken")


def _read_folder(folder: Path) -> Subject:
    names = ("tokenizer_config.json", "special_tokens_map.json", "config.json")
    files = {name: read_json_file(folder / name) for name in names if (folder / name).is_file()}
    code = (files.get("tokenizer_config.json", {}).get("auto_map") or {}).get("AutoTokenizer")
    if code:
        raise InputError(
            f"{folder / 'tokenizer_config.json'}: its tokenizer is Python code ({code}), which is never run here; give its "
            "tokenizer.json, .model or .tiktoken file itself"
        )
    model = _model_in(folder)
    if (folder / "tokenizer.json").is_file():
        parsed = None if model is None else SentencePieceModel.parse(model.read_bytes(), origin=str(model))
        return _with_json(folder, (folder / "tokenizer.json").read_bytes(), parsed, files)
    if model is None:
        there = ", ".join(sorted(each.name for each in folder.iterdir())[:10]) or "nothing"
        raise InputError(
            f"{folder}: no tokenizer.json or .model file there, but {there}; give a folder that has one, or a .tiktoken file"
        )
    return _with_model(folder, model, files)


def _model_in(folder: Path) -> Path | None:
    named = [folder / name for name in _MODEL_NAMES if (folder / name).is_file()]
    others = sorted(folder.glob("*.model"))
    return (named or (others if len(others) == 1 else []) or [None])[0]  # type: ignore[list-item]  # None ends the list


def _with_model(origin: Path, path: Path, files: Mapping[str, dict[str, Any]]) -> Subject:
    model = SentencePieceModel.parse(path.read_bytes(), origin=str(path))
    kind = "SentencePiece " + ("BPE" if model.is_bpe else "unigram" if model.is_unigram else "words or characters")
    return Subject(origin, kind, model, files=files)


def _with_json(origin: Path, content: bytes, model: SentencePieceModel | None, files: Mapping[str, dict[str, Any]]) -> Subject:
    found, repeated = _parsed(content, origin)
    described = {**dict.fromkeys(_PARTS), "added_tokens": [], **found}
    inner = described["model"]
    if not isinstance(inner, dict) or not _is_vocabulary(inner.get("vocab")) or not _are_tokens(described["added_tokens"]):
        raise InputError(f"{origin}: tokenizer.json has no model with a vocabulary of texts and ids; get the file again")
    if "type" not in inner or len(described) > len(found):  # as old programs wrote it; what reads it here wants it whole
        old = "Unigram" if isinstance(inner["vocab"], list) else "BPE" if "merges" in inner else "WordPiece"
        described["model"] = inner = {"type": old, **inner}
        content = json.dumps(described).encode()
    kind = str(inner["type"])
    is_byte_level = '"ByteLevel"' in json.dumps([described.get("normalizer"), described.get("pre_tokenizer")])
    return Subject(origin, f"byte-level {kind}" if is_byte_level else kind, model, content, described, repeated, files)


_PARTS = ("normalizer", "pre_tokenizer", "post_processor", "decoder", "truncation", "padding", "model")


def _is_vocabulary(value: object) -> bool:
    """Whether it is what the four models have: ids by text, or texts with scores."""
    if isinstance(value, list):
        return all(isinstance(entry, list) and len(entry) == 2 and isinstance(entry[0], str) for entry in value)
    return isinstance(value, dict) and all(type(number) is int for number in value.values())


def _are_tokens(value: object) -> bool:
    return isinstance(value, list) and all(
        isinstance(token, dict) and isinstance(token.get("content"), str) and type(token.get("id")) is int for token in value
    )


def _parsed(content: bytes, origin: Path) -> tuple[dict[str, Any], tuple[str, ...]]:
    """An object, and the keys that stand twice in one of its objects: the last counts, and nobody would know."""
    repeated: list[str] = []

    def once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            seen: set[str] = set()
            repeated.extend(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        return found

    try:
        described = json.loads(content, object_pairs_hook=once)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{origin}: tokenizer.json is not JSON ({error}); get the file again") from error
    if not isinstance(described, dict):
        raise InputError(f"{origin}: tokenizer.json is not an object; get the file again")
    return described, tuple(repeated)


def _read_tiktoken(path: Path, pattern: str | None) -> Subject:
    if pattern is None:
        raise UserError(f"{path}: says not how it cuts text; give --pattern {', '.join(PATTERNS)}, or its regular expression")
    content = tiktoken_json(path.read_bytes(), pattern=pattern, special_tokens=(), origin=str(path))
    described, _ = _parsed(content, path)
    return Subject(path, "byte-level BPE", None, content, described)
