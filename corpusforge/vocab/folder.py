"""A tokenizer as it lies on disk: the files that make it, the names of its special tokens, the facts for later steps."""

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from corpusforge.errors import InputError, UserError
from corpusforge.tokens import TokenFacts

if TYPE_CHECKING:
    from tokenizers import Tokenizer

# What from_pretrained and people need of a tokenizer folder; weights and model configurations stay behind.
_FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "chat_template.jinja",
    "tokenizer.model",
    "training.json",
    "extension.json",
)
_NAME = "vocab.encode"


@dataclass(frozen=True)
class TokenizerFiles:
    """Content of the files of a tokenizer, by name; `origin` is the path it was read from, for messages."""

    origin: Path
    content: dict[str, bytes]

    @classmethod
    def read(cls, path: Path) -> "TokenizerFiles":
        """Read a folder with tokenizer.json, or that file alone; raises InputError where there is none."""
        if path.is_file() and path.suffix == ".json":
            return cls(path, {"tokenizer.json": path.read_bytes()})
        if not (path / "tokenizer.json").is_file():
            raise InputError(
                f"{_NAME}: tokenizer {path}: no tokenizer.json there; give a folder that has one, or the file itself"
            )
        return cls(path, {name: (path / name).read_bytes() for name in _FILES if (path / name).is_file()})

    def loaded(self) -> "Tokenizer":
        """The reference: Hugging Face's tokenizer without truncation or padding, special tokens read as plain text.

        Raises InputError where tokenizer.json cannot be loaded.
        """
        return reference_tokenizer(self.content["tokenizer.json"], origin=str(self.origin))

    @property
    def digest(self) -> str:
        """sha256 of tokenizer.json, hex."""
        return hashlib.sha256(self.content["tokenizer.json"]).hexdigest()

    def special_name(self, role: str) -> str | None:
        """Name of the token with a role such as eos_token, from tokenizer_config.json or special_tokens_map.json."""
        for name in ("tokenizer_config.json", "special_tokens_map.json"):
            value = self._json(name).get(role)
            found = value.get("content") if isinstance(value, dict) else value
            if isinstance(found, str) and found:
                return found
        return None

    def chat_template(self) -> str | None:
        """Its chat template, in Jinja: chat_template.jinja, or what tokenizer_config.json calls so; None without one."""
        if "chat_template.jinja" in self.content:
            return self.content["chat_template.jinja"].decode()
        found = self._json("tokenizer_config.json").get("chat_template")
        if isinstance(found, list):  # several, by name
            named = {each.get("name"): each.get("template") for each in found if isinstance(each, dict)}
            found = named.get("default")
        return found if isinstance(found, str) and found else None

    def write(self, target: Path, facts: TokenFacts, *, eod: str) -> None:
        """Write the files and the facts into a fresh folder; a bare tokenizer.json gets a configuration naming `eod`."""
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        bare = {"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": eod, "clean_up_tokenization_spaces": False}
        configuration = {"tokenizer_config.json": orjson.dumps(bare, option=orjson.OPT_INDENT_2) + b"\n"}
        for name, content in (configuration | self.content).items():
            (target / name).write_bytes(content)
        facts.write(target)

    def _json(self, name: str) -> dict[str, object]:
        try:
            found = orjson.loads(self.content.get(name, b"{}"))
        except orjson.JSONDecodeError as error:
            raise InputError(f"{_NAME}: tokenizer {self.origin}: {name} is not JSON ({error}); repair it") from error
        return found if isinstance(found, dict) else {}


def reference_tokenizer(content: bytes, *, origin: str) -> "Tokenizer":
    """Load a tokenizer.json as the reference reads it; raises InputError naming `origin`."""
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_str(content.decode())
    except Exception as error:  # the binding raises a bare Exception for whatever it cannot read
        raise InputError(f"{_NAME}: tokenizer {origin}: tokenizer.json cannot be loaded ({error}); repair it") from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    tokenizer.encode_special_tokens = True
    return tokenizer


def token_facts(files: TokenizerFiles, *, eod: str | None, bos: bool) -> tuple[TokenFacts, str]:
    """The facts, and the name of the token that ends a document: `eod`, or the tokenizer's eos_token.

    Raises UserError where a token is not named or does not exist, or where text that spells it would give it.
    """
    tokenizer = files.loaded()
    eod_name = eod or files.special_name("eos_token")
    bos_name = files.special_name("bos_token") if bos else None
    eod_id = _id_of(tokenizer, files, eod_name, "eod")
    bos_id = _id_of(tokenizer, files, bos_name, "bos") if bos else None
    assert eod_name is not None
    ids = tokenizer.get_vocab(with_added_tokens=True).values()
    # Ids may have holes, so the largest counts too: shards need a dtype that holds every id.
    size = max(len(ids), max(ids) + 1)
    return TokenFacts(eod_id=eod_id, bos_id=bos_id, vocab_size=size, digest=files.digest), eod_name


def _id_of(tokenizer: "Tokenizer", files: TokenizerFiles, name: str | None, setting: str) -> int:
    added = [token.content for token in tokenizer.get_added_tokens_decoder().values() if token.special]
    candidates = ", ".join(added[:20]) or "none"
    if name is None:
        role = "eos_token" if setting == "eod" else "bos_token"
        cure = "name one with eod" if setting == "eod" else "add it to tokenizer_config.json or leave bos out"
        raise UserError(f"{_NAME}: tokenizer {files.origin} names no {role}; {cure} (its special tokens: {candidates})")
    number = tokenizer.token_to_id(name)
    if number is None:
        raise UserError(f"{_NAME}: {setting}: tokenizer {files.origin} has no token {name!r}; its special tokens: {candidates}")
    if number in tokenizer.encode(name, add_special_tokens=False).ids:
        raise UserError(
            f"{_NAME}: {setting}: {name!r} is no special token of {files.origin}: text that spells it would end documents; "
            f"name one of its special tokens: {candidates}"
        )
    return int(number)
