"""Glob patterns on relative paths, matched segment by segment: `*` stays inside a folder, `**` is any number of folders."""

from collections.abc import Sequence
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import PurePosixPath

GLOB_CHARACTERS = frozenset("*?[")


def is_excluded(relative: PurePosixPath, pattern: str) -> bool:
    """Whether a pattern matches the relative path or just the file name; case counts."""
    return fnmatchcase(relative.name, pattern) or matches(relative, pattern)


def matches(relative: PurePosixPath, pattern: str) -> bool:
    """Whether a pattern matches the whole relative path; case counts."""
    return parts_match(relative.parts, segments(pattern))


@lru_cache(maxsize=256)
def segments(pattern: str) -> tuple[str, ...]:
    """The parts of a pattern between its slashes."""
    return tuple(part for part in pattern.split("/") if part not in ("", "."))


def depth(patterns: Sequence[str]) -> int | None:
    """How many levels below the root the patterns can reach; None where they go as deep as there are folders."""
    levels = [segments(pattern) for pattern in patterns]
    return None if any("**" in each for each in levels) else max(map(len, levels), default=0)


def parts_match(parts: tuple[str, ...], patterns: tuple[str, ...]) -> bool:
    """Whether the segments of a pattern match those of a whole path."""
    if not patterns:
        return not parts
    if patterns == ("**",):
        return bool(parts)
    if patterns[0] == "**":
        return any(parts_match(parts[skipped:], patterns[1:]) for skipped in range(len(parts)))
    return bool(parts) and fnmatchcase(parts[0], patterns[0]) and parts_match(parts[1:], patterns[1:])
