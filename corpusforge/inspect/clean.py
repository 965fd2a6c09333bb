"""What earlier builds have left in an output folder, and removing it.

In use is what the manifest names, and the signals of those steps. Whatever else was touched after the last build finished
belongs to one that was stopped and may go on: it is told apart. Only what we made is looked at: folders named as steps and
signals are, holding our files, and what writers name aside.
"""

import re
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from corpusforge.engine.manifest import read_manifest
from corpusforge.engine.store import locked
from corpusforge.inspect.steps import Generation, StepOnDisk, finished_generation, latest_generation, steps_on_disk

Why = Literal["old step", "old signals", "scratch", "partial", "unfinished step", "unfinished signals"]

_SIGNALS_FOLDER = re.compile(r".+-[0-9a-f]{12}")
_PARTIAL = re.compile(r".+\.[0-9a-f]{32}\.partial")
_OURS_UNFINISHED = ("*.task.json", "*.shard.json", "*.verdicts.parquet", "*.partial", "scratch", "*.scratch")


@dataclass(frozen=True)
class Leftover:
    """A file or folder that no finished build uses."""

    path: Path
    why: Why
    size_bytes: int

    @property
    def is_unfinished(self) -> bool:
        """Whether a build that was stopped may go on with it."""
        return self.why.startswith("unfinished")


@dataclass(frozen=True)
class Cleaned:
    """What was deleted, or would be, and what stays because a build that was stopped may go on with it."""

    out: Path
    is_deleted: bool
    found: tuple[Leftover, ...]
    kept: tuple[Leftover, ...]


def clean(out: Path, *, with_unfinished: bool = False, delete: bool = False) -> Cleaned:
    """Look for leftovers and, with `delete`, remove them.

    Raises InputError when no build has finished in `out`, FolderInUse while one runs there.
    """
    read_manifest(out)
    with locked(out):
        everything = leftovers(out)
        found = tuple(each for each in everything if with_unfinished or not each.is_unfinished)
        if delete:
            remove(found)
    return Cleaned(out, delete, found, tuple(each for each in everything if each not in found))


def leftovers(out: Path) -> list[Leftover]:
    """What the finished build in `out` does not use, by path; raises InputError when no build has finished there."""
    read_manifest(out)
    finished = finished_generation(out)
    assert finished is not None
    return list(_not_in(out, finished, _finished_at(out)))


def not_in_latest(out: Path) -> list[Leftover]:
    """What the build that runs or ran last does not use, by path."""
    return [each for each in _not_in(out, latest_generation(out), _finished_at(out)) if not each.is_unfinished]


def remove(found: Iterable[Leftover]) -> None:
    """Delete them, folders whole; call it only while the folder is locked."""
    for each in found:
        if each.path.is_dir():
            shutil.rmtree(each.path)
        else:
            each.path.unlink(missing_ok=True)


def _finished_at(out: Path) -> int:
    """When the last build finished, in nanoseconds; 0 when none has."""
    run = out / "run.json"
    return run.stat().st_mtime_ns if run.exists() else 0


def _not_in(out: Path, generation: Generation, finished_at: int) -> Iterator[Leftover]:
    used = {step.fingerprint: step for step in generation.steps}
    for fingerprint, step in steps_on_disk(out).items():
        assert step.folder is not None
        if fingerprint in used:
            yield from _aside(step)
        elif _is_ours(step):
            why: Why = "unfinished step" if _touched(step.folder) > finished_at else "old step"
            yield Leftover(step.folder, why, size_of(step.folder))
    signals = {step.report.get("signals") for step in generation.steps}
    for folder in sorted((out / "signals").glob("*-*")):
        if (
            folder.is_dir()
            and not folder.is_symlink()
            and _SIGNALS_FOLDER.fullmatch(folder.name)
            and folder.name not in signals
        ):
            what: Why = "unfinished signals" if _touched(folder) > finished_at else "old signals"
            yield Leftover(folder, what, size_of(folder))
    yield from _partials(out)


def _is_ours(step: StepOnDisk) -> bool:
    """A step's folder has our report, or files of an unfinished step, or nothing yet."""
    assert step.folder is not None
    if step.report:
        return True
    return not any(step.folder.iterdir()) or any(next(step.folder.glob(pattern), None) for pattern in _OURS_UNFINISHED)


def _aside(step: StepOnDisk) -> Iterator[Leftover]:
    """What lies beside the files of a step in use; without a report it may still be needed."""
    assert step.folder is not None
    for scratch in sorted((*step.folder.glob("scratch"), *step.folder.glob("*.scratch"))) if step.report else ():
        yield Leftover(scratch, "scratch", size_of(scratch))
    yield from _partials(step.folder)


def _partials(folder: Path) -> Iterator[Leftover]:
    for path in sorted(folder.glob("*.partial")):
        if _PARTIAL.fullmatch(path.name) and not path.is_symlink():
            yield Leftover(path, "partial", size_of(path))


def _touched(folder: Path) -> int:
    return folder.stat().st_mtime_ns


def size_of(path: Path) -> int:
    """Bytes of a file, or of all files in a folder; what vanishes while we look counts nothing."""
    total = 0
    for each in path.rglob("*") if path.is_dir() else (path,):
        try:
            total += each.lstat().st_size if not each.is_dir() else 0
        except FileNotFoundError:
            continue
    return total
