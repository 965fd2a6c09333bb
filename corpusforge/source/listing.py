"""Which files a path setting means: a file, a folder or a glob pattern becomes a sorted list of InputFiles.

Patterns are matched on the path relative to the root. Order is that of the relative paths: neither the order of a directory
listing nor inode or time matters. Hidden files, hidden folders and `*.partial` (files still being written) are no input. An
address such as s3://bucket/folder/*.jsonl is listed by `remote`, and means the same.
"""

import os
import stat
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from corpusforge.core import InputFile
from corpusforge.errors import InputError
from corpusforge.remote.urls import is_url
from corpusforge.source.patterns import GLOB_CHARACTERS, depth, is_excluded, matches
from corpusforge.source.remote import remote_files


def list_files(path: str, *, include: Sequence[str], exclude: Sequence[str], also: Sequence[str] = ()) -> tuple[InputFile, ...]:
    """The files that `path` names, sorted by relative path.

    `include` holds where `path` is a folder; `exclude` patterns match the relative path or the file name alone. Files that
    match `also` are taken beside those of `include`, no deeper than these may lie. A file that is reached twice through
    symlinks counts once. Raises InputError where nothing matches or something cannot be read.
    """
    if is_url(path):
        patterns, files = remote_files(path, include)
        return tuple(files[name] for name in _chosen(path, patterns, sorted(files), exclude, _beside(patterns, include, also)))
    is_one_file = os.path.lexists(path) and not os.path.isdir(path)
    root, patterns = (os.path.dirname(path), ("*",)) if is_one_file else _root_and_patterns(path, include)
    found = [os.path.basename(path)] if is_one_file else list(_walk(root))
    chosen = _chosen(path, patterns, found, exclude, _beside(patterns, include, also))
    return _without_aliases(root, [input_file(root, each) for each in chosen])


def _beside(patterns: Sequence[str], include: Sequence[str], also: Sequence[str]) -> Sequence[str]:
    """The patterns of `also`, where those of `include` hold: a path with wildcards says itself what it means."""
    return also if tuple(patterns) == tuple(include) else ()


def _chosen(path: str, patterns: Sequence[str], found: Sequence[str], exclude: Sequence[str], also: Sequence[str]) -> list[str]:
    """Those of the relative paths found that are wanted; raises InputError when that is none."""
    wanted = [each for each in found if any(matches(PurePosixPath(each), pattern) for pattern in patterns)]
    wanted += [each for each in sorted(set(found) - set(wanted)) if _is_beside(PurePosixPath(each), also, depth(patterns))]
    kept = [each for each in wanted if not any(is_excluded(PurePosixPath(each), pattern) for pattern in exclude)]
    if not kept:
        raise InputError(_nothing_found(path, patterns, found, num_excluded=len(wanted)))
    return kept


def _is_beside(relative: PurePosixPath, also: Sequence[str], depth: int | None) -> bool:
    is_near = depth is None or len(relative.parts) <= depth
    return is_near and any(matches(relative, pattern) for pattern in also)


def _root_and_patterns(path: str, include: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """The folder that relative paths start from, and the patterns that hold inside it."""
    if os.path.isdir(path):
        return path, tuple(include)
    parts = path.split("/")
    plain = next((n for n, part in enumerate(parts) if _is_pattern(parts, n)), len(parts))
    root = "/".join(parts[:plain]) or "/"
    if plain == len(parts) or not os.path.isdir(root):
        raise InputError(f"path {path!r}: {_missing('/'.join(parts[:plain]))}")
    return root, ("/".join(parts[plain:]),)


def _is_pattern(parts: Sequence[str], n: int) -> bool:
    """Whether a part of a path has wildcards: a folder may really be named "geo [v2]"."""
    return bool(GLOB_CHARACTERS & set(parts[n])) and not os.path.lexists("/".join(parts[: n + 1]))


def _missing(path: str) -> str:
    """That a path is missing, and what lies in the deepest folder of it that exists."""
    folder = os.path.dirname(path)
    while not os.path.isdir(folder):
        folder = os.path.dirname(folder)
    try:
        names = sorted(name for name in os.listdir(folder) if not name.startswith("."))
    except PermissionError:
        return f"there is no {path!r}, and {folder!r} cannot be listed; correct the path or its permissions"
    there = ", ".join(map(printable, names[:10])) + (", ..." if len(names) > 10 else "") if names else "nothing"
    return f"there is no {path!r}; {folder!r} holds {there}; correct the path"


def _walk(folder: str, prefix: str = "", above: frozenset[str] = frozenset()) -> Iterator[str]:
    """Relative paths of the files under a folder; a symlink to a folder that we are inside of is not followed."""
    real = os.path.realpath(folder)
    if real in above:
        return
    try:
        with os.scandir(folder) as listing:
            entries = [entry for entry in listing if not entry.name.startswith(".")]
    except PermissionError as error:
        what = f"{printable(folder)}: the folder cannot be listed ({error.strerror}); change its permissions"
        raise InputError(what) from error
    for entry in entries:
        if entry.is_dir():
            yield from _walk(entry.path, f"{prefix}{entry.name}/", above | {real})
        elif not entry.name.endswith(".partial"):
            yield prefix + entry.name


def input_file(root: str, relative: str) -> InputFile:
    """A file below the folder `root`; raises InputError where it cannot be read."""
    path = os.path.join(root, relative)
    try:
        relative.encode()
    except UnicodeEncodeError as error:
        raise InputError(f"{printable(path)}: the file name is not UTF-8; rename it, or exclude it") from error
    try:
        facts = os.stat(path)
    except OSError as error:
        what = "is a symlink to nothing" if os.path.islink(path) else f"cannot be read ({error.strerror})"
        raise InputError(f"{path}: {what}; correct it, or exclude it") from error
    if not stat.S_ISREG(facts.st_mode):
        raise InputError(f"{path}: is no regular file; give a file that can be read twice, or exclude it")
    if not os.access(path, os.R_OK, effective_ids=os.access in os.supports_effective_ids):
        raise InputError(f"{path}: may not be read by this user; change its permissions, or exclude it")
    return InputFile(path, relative, facts.st_size, stamp_of(facts))


def stamp_of(facts: os.stat_result) -> str:
    """What a write to a file changes."""
    return f"{facts.st_mtime_ns}-{facts.st_ino}"


def _without_aliases(root: str, files: list[InputFile]) -> tuple[InputFile, ...]:
    """One entry for each real file: the path without symlinks where it is among them, else the first in order."""
    real_root = os.path.realpath(root)
    chosen: dict[str, tuple[bool, str, InputFile]] = {}
    for file in files:
        real = os.path.realpath(file.path)
        candidate = (os.path.join(real_root, file.relative) != real, file.relative, file)
        chosen[real] = min(chosen.get(real, candidate), candidate, key=lambda each: each[:2])
    return tuple(sorted((file for *_, file in chosen.values()), key=lambda file: file.relative))


def _nothing_found(path: str, patterns: Sequence[str], found: Sequence[str], *, num_excluded: int) -> str:
    where = f"path {path!r}: no file matches {', '.join(patterns)}"
    if num_excluded:
        return f"path {path!r}: all {num_excluded} matching files are excluded; shorten `exclude`"
    if not found:
        return f"{where}; the folder is empty: put files there, or correct the path"
    suffixes = Counter(PurePosixPath(each).suffix or "no suffix" for each in found)
    counts = ", ".join(f"{count} {printable(suffix)}" for suffix, count in sorted(suffixes.items(), key=_commonest)[:8])
    return f"{where}; the folder has {counts}: set `include`, or correct the path"


def _commonest(item: tuple[str, int]) -> tuple[int, str]:
    return -item[1], item[0]


def printable(name: str) -> str:
    """A file name as it can be shown: bytes that are not UTF-8 are written as escapes."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
