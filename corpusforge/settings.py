"""Marks on stage settings: paths, with the folder they are relative to, and thresholds; and how they enter a fingerprint.

A path in a recipe is relative to the file it is written in, one given by --set to the working folder. The loader marks each
string with its folder (`Located`), so no stage needs to know where a setting came from. Absolute paths never reach a
fingerprint: inputs count by their listing, resources by the digest of what they hold. An input may be remote: an address such
as s3://bucket/folder is relative to nothing.
"""

import os
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator

from corpusforge.remote.urls import is_url, without_file_scheme
from corpusforge.text.charset_labels import charset_named


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


def absolute(value: Any) -> Any:
    """A path that counts from the folder of its file, or from the working folder, as an absolute one."""
    if not isinstance(value, str):
        return value
    path = os.path.expanduser(without_file_scheme(str(value)))
    return str(value.base / path if isinstance(value, Located) else Path(path).absolute())


def _absolute_or_url(value: Any) -> Any:
    return str(value) if isinstance(value, str) and is_url(value) else absolute(value)


def _local(value: Any) -> Any:
    if isinstance(value, str) and is_url(value):
        raise ValueError("only input is read from a store; download it, and give the path of the copy")
    return absolute(value)


def _charset(label: str) -> str:
    if label and not charset_named(label):
        raise ValueError(f"no charset is called {label!r}; give one such as gb18030, big5, windows-1252, or '' to detect it")
    return charset_named(label)


class InputMark:
    """Marks a setting that says where input lies: fingerprinted by the listing and digests of the files found there."""


class ResourceMark:
    """Marks a setting that names a file or folder a stage uses: fingerprinted by the digest of its content."""


class BuildsMark:
    """Marks a setting that lists output folders of finished builds: each counts by the digest of its manifest."""


class ThresholdMark:
    """Marks a setting that only rules ask for: with another value the engine decides again from stored signals."""


# A file, a folder or a glob pattern that a source reads: absolute after validation, or the address of something remote.
InputPath = Annotated[str, BeforeValidator(_absolute_or_url), InputMark()]

# A file or folder that a stage uses: a word list, a model, a tokenizer; absolute after validation, and never remote.
ResourcePath = Annotated[Path, BeforeValidator(_local), ResourceMark()]

# A file or folder that enters no fingerprint of a build, absolute after validation, and never remote.
LocalPath = Annotated[Path, BeforeValidator(_local)]

# Output folders of finished builds, absolute after validation.
BuildPaths = Annotated[tuple[LocalPath, ...], BuildsMark()]

# The name of a charset, whatever a browser would take for it; "" is to be detected.
CharsetName = Annotated[str, AfterValidator(_charset)]
