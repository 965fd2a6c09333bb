"""What is in an output folder: steps and how far they are, the books, shards, damage, sizes. Works while a build runs."""

import fcntl
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corpusforge.engine.ledger import Entry
from corpusforge.engine.manifest import MANIFEST
from corpusforge.engine.store import read_json
from corpusforge.inspect.clean import Leftover, not_in_latest, size_of
from corpusforge.inspect.steps import Generation, State, StepOnDisk, books_so_far, finished_generation, latest_generation


@dataclass(frozen=True)
class StepStatus:
    """A step of the latest build; `books` by source (the sink's by group), so far where the step is half done."""

    name: str
    state: State
    folder: str | None
    size_bytes: int
    books: Mapping[str, Sequence[Entry]]


@dataclass(frozen=True)
class SourceStatus:
    """A source through all steps so far: documents that came in, that are kept until now, and the others by reason.

    `no_documents` counts what the source read beside them by kind, such as requests in a crawl.
    """

    name: str
    came_in: int
    kept: int
    rejected: int
    failed: int
    reasons: Mapping[str, int]
    no_documents: Mapping[str, int]


@dataclass(frozen=True)
class Status:
    """An output folder; `builder` says which process builds in it now, "" when none does.

    `is_published` says whether manifest and shards are those of these steps.
    """

    out: Path
    builder: str
    is_published: bool
    steps: tuple[StepStatus, ...]
    sources: tuple[SourceStatus, ...]
    shards: tuple[Mapping[str, Any], ...]
    damaged: tuple[Mapping[str, Any], ...]
    old: tuple[Leftover, ...]


def status(out: Path) -> Status:
    """Look at `out`; raises InputError when nothing of a build is there."""
    builder = builder_of(out)
    generation = latest_generation(out)
    finished = finished_generation(out)
    books = books_so_far(generation.steps)
    is_published = finished is not None and _names(finished) == _names(generation)
    return Status(
        out, builder, is_published,
        tuple(_step(step, generation.sources, books.get(step.fingerprint, {})) for step in generation.steps),
        tuple(_source(generation, name, books) for name in generation.sources),
        tuple(read_json(out / MANIFEST)["shards"]) if is_published else (),
        tuple(bad for step in generation.steps for bad in step.report.get("bad_shards", [])), tuple(not_in_latest(out)),
    )  # fmt: skip


def builder_of(out: Path) -> str:
    """ "process 4711 on node7" while a build holds the folder, else "".

    The lock is tried and let go at once: a build that starts in that microsecond is told that the folder is held.
    """
    path = out / ".lock"
    if not path.exists():
        return ""
    with path.open("r+" if os.access(path, os.W_OK) else "r") as lock:  # NFS locks only what is open for writing
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return lock.read().strip() or "another process"
    return ""


def _names(generation: Generation) -> list[str]:
    return [step.fingerprint for step in generation.steps]


def _step(step: StepOnDisk, sources: Sequence[str], books: Mapping[str, Sequence[Entry]]) -> StepStatus:
    folder = step.folder
    names = [*(name for name in sources if name in books), *(name for name in books if name not in sources)]
    ordered = {name: books[name] for name in names}
    return StepStatus(step.name, step.state, folder.name if folder else None, size_of(folder) if folder else 0, ordered)


def _source(generation: Generation, name: str, books: Mapping[str, Mapping[str, Sequence[Entry]]]) -> SourceStatus:
    steps = [step for step in generation.steps if step.kind != "sink"]
    entries = [each for step in steps for each in books.get(step.fingerprint, {}).get(name, ())]
    reasons: dict[str, int] = {}
    for each in entries:
        for reason, count in sorted(each.rejected.items()):
            reasons[reason] = reasons.get(reason, 0) + count
    failed = sum(each.failed for each in entries)
    came_in, rejected = entries[0].came_in if entries else 0, sum(reasons.values())
    others: Mapping[str, int] = next((step.report.get("no_documents", {}) for step in steps if step.name == f"{name}-read"), {})
    return SourceStatus(name, came_in, came_in - rejected - failed, rejected, failed, reasons, others)
