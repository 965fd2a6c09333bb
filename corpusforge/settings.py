"""Marks on stage settings: paths, with the folder they are relative to, and thresholds; and how they enter a fingerprint.

A path in a recipe is relative to the file it is written in, one given by --set to the working folder. The loader marks each
string with its folder (`Located`), so no stage needs to know where a setting came from. Absolute paths never reach a
fingerprint: inputs count by their listing, resources by the digest of what they hold.
"""

import os
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator


class Located(str):
    """A string with the folder that relative paths in it start from."""

    base: Path

    def __new__(cls, text: str, base: Path) -> "Located":
        """Mark `text` as written in (or given relative to) the folder `base`."""
        located = super().__new__(cls, text)
        located.base = base
        return located

    def __reduce__(self) -> tuple[type, tuple[str, Path]]:
        return type(self), (str(self), self.base)


def _absolute(value: Any) -> Any:
    if isinstance(value, Located):
        return str(value.base / os.path.expanduser(str(value)))
    if isinstance(value, str):
        return str(Path(os.path.expanduser(value)).absolute())
    return value


class InputMark:
    """Marks a setting that says where input lies: fingerprinted by the listing and digests of the files found there."""


class ResourceMark:
    """Marks a setting that names a file or folder a stage uses: fingerprinted by the digest of its content."""


class ThresholdMark:
    """Marks a setting that only rules ask for: with another value the engine decides again from stored signals."""


# A file, a folder or a glob pattern that a source reads; absolute after validation.
InputPath = Annotated[str, BeforeValidator(_absolute), InputMark()]

# A file or folder that a stage uses: a word list, a model, a tokenizer; absolute after validation.
ResourcePath = Annotated[Path, BeforeValidator(_absolute), ResourceMark()]
