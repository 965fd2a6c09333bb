"""Checkpoints as folders that are whole when they exist: written aside, synced, renamed, with a manifest of every file.

A kill while one is written leaves the former ones as they were, and a rest that the next run deletes. What is damaged is
skipped with a message; what belongs to other data, another tokenizer or other settings is refused.
"""

import logging
import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from corpusforge.engine.store import file_digest, read_json, sync, write_json
from corpusforge.errors import FolderRefused, StoreDamaged
from corpusforge.recipe.training import Keep

MANIFEST = "manifest.json"
_PREFIX, _PARTIAL = "step-", ".partial"

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Facts:
    """What a checkpoint must share with the run that goes on from it."""

    stage: str
    data: str
    """Fingerprint of the rows."""
    tokenizer: str
    base: str
    settings: dict[str, Any]
    """Of the stage: all that decides weights."""


@dataclass(frozen=True)
class Manifest:
    """manifest.json of a checkpoint."""

    step: int
    """Steps that are done."""
    rows: int
    """Rows of the order that are behind it."""
    world: int
    """Processes that wrote it."""
    facts: Facts
    recipe: dict[str, Any]
    bits_per_byte: dict[str, float]
    """By held-out group, at this step."""
    random: str = "every step seeds all generators from (seed, step, process), so there is no state of theirs"
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Path -> size_bytes and sha256."""

    @property
    def mean_bits(self) -> float | None:
        """Over the held-out groups; None where none was looked at."""
        return sum(self.bits_per_byte.values()) / len(self.bits_per_byte) if self.bits_per_byte else None


def step_folder(folder: Path, step: int) -> Path:
    """Where the checkpoint after `step` steps lies."""
    return folder / f"{_PREFIX}{step:08d}"


def partial_folder(folder: Path, step: int) -> Path:
    """Where it is written."""
    return folder / f"{_PREFIX}{step:08d}{_PARTIAL}"


def digests(folder: Path, part: int, parts: int) -> dict[str, dict[str, Any]]:
    """Size and digest of every `parts`-th file in a folder, synced to the disk: the work of one of `parts` processes."""
    found = {}
    for path in files_in(folder)[part::parts]:
        sync(path)
        found[path.relative_to(folder).as_posix()] = {"size_bytes": path.stat().st_size, "sha256": file_digest(path)}
    return found


def files_in(folder: Path) -> list[Path]:
    """All files below, sorted."""
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.name != MANIFEST)


def finish(folder: Path, manifest: Manifest) -> Path:
    """Put a written checkpoint in place: manifest last, then one rename."""
    partial, final = partial_folder(folder, manifest.step), step_folder(folder, manifest.step)
    write_json(partial / MANIFEST, asdict(manifest))
    for path in {each.parent for each in files_in(partial)} | {partial}:
        sync(path)
    shutil.rmtree(final, ignore_errors=True)  # of a step that is done again after a branch or a damaged checkpoint
    os.replace(partial, final)
    sync(folder)
    return final


def read_manifest(checkpoint: Path) -> Manifest:
    """Of a checkpoint's folder; raises StoreDamaged where it has none that can be read."""
    tree = read_json(checkpoint / MANIFEST)
    try:
        return Manifest(**{**tree, "facts": Facts(**tree["facts"])})
    except (TypeError, KeyError) as error:
        raise StoreDamaged(
            f"{checkpoint / MANIFEST}: it says other things than a manifest ({error}); delete {checkpoint}"
        ) from error


def checkpoints(folder: Path) -> list[Path]:
    """Those in a folder, the newest first, whole or not."""
    found = [each for each in folder.glob(f"{_PREFIX}*") if each.is_dir() and each.name.removeprefix(_PREFIX).isdecimal()]
    return sorted(found, key=lambda each: each.name, reverse=True)


def damage(checkpoint: Path) -> str | None:
    """What is wrong with the files of a checkpoint, or None: every byte is read."""
    try:
        manifest = read_manifest(checkpoint)
    except StoreDamaged as error:
        return str(error)
    there = {path.relative_to(checkpoint).as_posix(): path for path in files_in(checkpoint)}
    for name, facts in manifest.files.items():
        if name not in there:
            return f"{name} is missing"
        if there[name].stat().st_size != facts["size_bytes"]:
            return f"{name} has {there[name].stat().st_size:,} bytes, not {facts['size_bytes']:,}"
        if file_digest(there[name]) != facts["sha256"]:
            return f"{name} is no longer what was written"
    return None


def newest_whole(folder: Path) -> Path | None:
    """The checkpoint to go on from; damaged ones are skipped with a message, None where there never was one.

    Raises StoreDamaged where there are some and none is whole: to begin again in silence would waste what was trained.
    """
    found = checkpoints(folder)
    for checkpoint in found:
        what = damage(checkpoint)
        if what is None:
            return checkpoint
        _log.warning("%s: damaged (%s); going on from an older one", checkpoint, what)
    if found:
        raise StoreDamaged(
            f"{folder}: none of its {len(found)} checkpoints is whole; delete the folder to train the stage again"
        )
    return None


def check_facts(checkpoint: Path, there: Facts, wanted: Facts) -> None:
    """Raise FolderRefused where a checkpoint was made of something else, with what differs."""
    for name, what in (("data", "the rows of the build or its mix"), ("tokenizer", "the tokenizer"), ("base", "the base")):
        if getattr(there, name) != getattr(wanted, name):
            old, new = getattr(there, name)[:12], getattr(wanted, name)[:12]
            raise FolderRefused(
                f"{checkpoint}: {what} changed since it was written ({old} then, {new} now); train from the build it was "
                "made with, or begin anew under another `out`"
            )
    old_settings, new_settings = there.settings, wanted.settings
    changed = [name for name in sorted({*old_settings, *new_settings}) if old_settings.get(name) != new_settings.get(name)]
    if changed:
        shown = "; ".join(f"{name} {old_settings.get(name)!r} then, {new_settings.get(name)!r} now" for name in changed)
        raise FolderRefused(
            f"{checkpoint}: settings of stage {there.stage!r} changed since it was written: {shown}; set them back, begin anew "
            f"under another `out`, or add a stage with branch_from: {there.stage}@{int(checkpoint.name.removeprefix(_PREFIX))}"
        )


def surplus(folder: Path, keep: Keep) -> Iterator[Path]:
    """Checkpoints that need not stay: all but the newest, the best and the milestones."""
    manifests = {each: read_manifest(each) for each in checkpoints(folder) if (each / MANIFEST).is_file()}
    found = list(manifests)
    scores = {each: bits for each, manifest in manifests.items() if (bits := manifest.mean_bits) is not None}
    best = min(scores, key=lambda each: (scores[each], each.name), default=None) if keep.best else None
    for each in found[keep.last :]:
        if each != best and not (keep.milestones and manifests[each].step % keep.milestones == 0):
            yield each


def remove(paths: Iterable[Path]) -> None:
    """Delete folders; each loses its manifest first, so that none is ever taken for whole."""
    for path in paths:
        (path / MANIFEST).unlink(missing_ok=True)
        shutil.rmtree(path)


def remove_partials(folder: Path) -> None:
    """Delete what a kill left behind."""
    remove(sorted(folder.glob(f"{_PREFIX}*{_PARTIAL}")))
