"""What config.json says of a language model: at its top, or in `text_config` where the model reads more than text.

A setting that is stated nowhere has the default of its class, so one that changes must be stated where transformers reads it:
Gemma 3 states neither its number of rows nor whether its matrices are tied.
"""

from collections.abc import Mapping
from typing import Any

_TEXT = "text_config"
_ROWS = "vocab_size"
_TIED = "tie_word_embeddings"


def num_rows(config: Mapping[str, Any]) -> int | None:
    """Rows of the matrices; None where it is not stated as a number."""
    found = _stated(config, _ROWS)
    return found if isinstance(found, int) else None


def is_tied(config: Mapping[str, Any]) -> bool | None:
    """Whether input and output are one matrix; None where it is not stated."""
    found = _stated(config, _TIED)
    return None if found is None else bool(found)


def with_rows(config: Mapping[str, Any], num_rows: int) -> dict[str, Any]:
    """The configuration of the model with another number of rows, which is read from the part for text if there is one."""
    below = _below(config, _ROWS, num_rows)
    return {**config, **below, _ROWS: num_rows} if _ROWS in config or not below else {**config, **below}


def untied(config: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration of the model with two matrices; the top says it too, where transformers 5 looks alone."""
    return {**config, **_below(config, _TIED, False), _TIED: False}


def _below(config: Mapping[str, Any], name: str, value: object) -> dict[str, Any]:
    part = config.get(_TEXT)
    return {_TEXT: {**part, name: value}} if isinstance(part, dict) else {}


def _stated(config: Mapping[str, Any], name: str) -> Any:
    part = config.get(_TEXT)
    below = part.get(name) if isinstance(part, dict) else None
    return below if config.get(name) is None else config[name]
