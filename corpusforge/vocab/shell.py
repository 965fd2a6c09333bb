"""What lies around a vocabulary: configuration, chat template and names of special tokens, kept when it is extended."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from corpusforge.errors import InputError

# Files that are copied as they are.
_KEPT_FILES = ("special_tokens_map.json", "chat_template.jinja")

# What names a class or code that would build another tokenizer than tokenizer.json says, or repeats what it says.
_LEFT_OUT = ("tokenizer_class", "auto_map", "added_tokens_decoder", "add_bos_token", "add_eos_token", "add_prefix_space")
_LEFT_OUT_TOO = ("legacy", "sp_model_kwargs", "from_slow", "tokenizer_file", "name_or_path", "special_tokens_map_file")


def read_configuration(folder: Path) -> dict[str, Any]:
    """tokenizer_config.json of a folder, {} where it has none; raises InputError where it is damaged or names Python code."""
    path = folder / "tokenizer_config.json"
    found = read_json_file(path) if path.is_file() else {}
    if "AutoTokenizer" in (found.get("auto_map") or {}):
        raise InputError(
            f"{path}: its tokenizer is Python code ({found['auto_map']['AutoTokenizer']}), which cannot be extended; give a "
            "base with a tokenizer.json or tokenizer.model of its own, or its .tiktoken file"
        )
    return found


def read_json_file(path: Path) -> dict[str, Any]:
    """An object in a JSON file; raises InputError where it is damaged."""
    try:
        found = orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError as error:
        raise InputError(f"{path}: not JSON ({error}); get the file again") from error
    if not isinstance(found, dict):
        raise InputError(f"{path}: not an object; get the file again")
    return found


def kept_files(folder: Path) -> dict[str, bytes]:
    """Files beside the vocabulary that stay as they are."""
    return {name: (folder / name).read_bytes() for name in _KEPT_FILES if (folder / name).is_file()}


def kept_configuration(configuration: Mapping[str, Any], own: Mapping[str, Any]) -> bytes:
    """tokenizer_config.json that loads tokenizer.json as it is: the base's, over what `own` says."""
    kept = {name: value for name, value in configuration.items() if name not in (*_LEFT_OUT, *_LEFT_OUT_TOO)}
    content = {**own, **kept, "tokenizer_class": "PreTrainedTokenizerFast"}
    return orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n"


def check_added_tokens(added: Sequence[Mapping[str, Any]], origin: str) -> None:
    """Raise InputError where two added tokens share a name or an id."""
    for key in ("content", "id"):
        seen = [token[key] for token in added]
        twice = sorted({str(value) for value in seen if seen.count(value) > 1})
        if twice:
            raise InputError(f"{origin}: added tokens share the {key} {twice[0]!r}; give each its own")


def padding_names(count: int, taken: set[str]) -> list[str]:
    """Names that no text gives and no token has."""
    names = (f"<|reserved_{number}|>" for number in range(count + len(taken)))
    return [name for name in names if name not in taken][:count]
