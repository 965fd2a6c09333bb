"""Which remote files a path setting means: an address of a file, a folder or a glob pattern, listed as local ones are.

A store has no symlinks and no folders of its own, so a folder is whatever lies below an address. Relative paths are those of
a copy on disk: both give the same documents under the same ids.
"""

from collections.abc import Sequence

from corpusforge.core import InputFile
from corpusforge.errors import InputError
from corpusforge.remote.store import RemoteFile, Store
from corpusforge.remote.urls import folders_above, name_of
from corpusforge.source.patterns import GLOB_CHARACTERS, depth


def remote_files(url: str, include: Sequence[str]) -> tuple[tuple[str, ...], dict[str, InputFile]]:
    """The patterns that hold, and the files below the root of `url` by relative path, hidden and partial ones left out.

    Raises InputError where the address cannot be used, MissingExtra without the package, FileFailed when the store is down.
    """
    root, patterns = _root_and_patterns(url, include)
    store = Store(url)
    file = None if url.endswith("/") else store.info(url)
    if file is not None:
        return ("*",), {name_of(url): _input_file(name_of(url), file)}
    found = store.find(root, depth(patterns))
    if not found:
        raise InputError(f"path {url!r}: {_missing(store, root)}")
    return patterns, {name: _input_file(name, found[name]) for name in found if not _is_hidden(name)}


def _input_file(relative: str, file: RemoteFile) -> InputFile:
    return InputFile(file.url, relative, file.size_bytes, file.stamp)


def _is_hidden(relative: str) -> bool:
    return relative.endswith(".partial") or any(part.startswith(".") for part in relative.split("/"))


def _root_and_patterns(url: str, include: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """The folder that relative paths start from, and the patterns that hold inside it."""
    parts = url.rstrip("/").split("/")
    plain = next((number for number, part in enumerate(parts) if GLOB_CHARACTERS & set(part)), len(parts))
    if plain < 3:  # scheme, nothing, bucket
        raise InputError(f"path {url!r}: a bucket or server is named without wildcards; give its name")
    root = "/".join(parts[:plain])
    return (root, tuple(include)) if plain == len(parts) else (root, ("/".join(parts[plain:]),))


def _missing(store: Store, root: str) -> str:
    """That nothing is at an address, and what lies in the deepest folder above it that has something."""
    for folder in (root, *folders_above(root)):
        names = [name for name in store.names(folder) or () if not name.startswith(".")]
        if names:
            there = ", ".join(names[:10]) + (", ..." if len(names) > 10 else "")
            return f"there is no file in {root!r}; {folder!r} holds {there}; correct the path"
    return f"there is no file in {root!r}, nor in what it lies in; correct the path, or the endpoint in the environment"
