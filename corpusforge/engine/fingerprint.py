"""What a step's output depends on, as one hash: canonical JSON of stages, settings, parents and the digests of files.

Nothing that may differ between machines enters: no absolute path, no time, no worker count. Paths of inputs count by their
listing (relative path, size, sha256), resources by the sha256 of their content. A remote file counts by what its store says of
its bytes, such as the ETag of S3, so that nothing is downloaded to make a plan; where a store says nothing of the kind, it is
read for its sha256. So a copy on another store makes other steps, though of the same bytes.
"""

import hashlib
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
from pydantic.fields import FieldInfo

from corpusforge.core import InputFile
from corpusforge.engine.store import file_digest, read_json, write_json
from corpusforge.errors import StoreDamaged
from corpusforge.recipe.contracts import manifest_path, resources
from corpusforge.recipe.model import NamedStage
from corpusforge.remote.store import RemoteFile, Store, names_bytes
from corpusforge.remote.urls import is_url
from corpusforge.settings import BuildsMark, InputMark, ThresholdMark


def fingerprint(facts: dict[str, Any]) -> str:
    """First 12 hex digits of the sha256 of canonical JSON; raises TypeError on what has no canonical form."""
    return hashlib.sha256(orjson.dumps(facts, option=orjson.OPT_SORT_KEYS)).hexdigest()[:12]


def stage_facts(named: NamedStage, digests: "Digests", thresholds: bool = True) -> dict[str, Any]:
    """A stage as it enters a fingerprint; without `thresholds`, as it enters that of its signals."""
    stage = named.stage
    left_out = (InputMark,) if thresholds else (InputMark, ThresholdMark)
    marked = {name for name, field in type(stage).model_fields.items() if _has_mark(field, left_out)}
    settings = stage.model_dump(mode="json", exclude=marked)
    for name, path in resources(stage).items():
        settings[name] = digests.of_path(path)
    for name, field in type(stage).model_fields.items():
        if _has_mark(field, (BuildsMark,)):
            settings[name] = [digests.of_file(manifest_path(build)) for build in getattr(stage, name)]
    return {"use": named.use, "revision": type(stage).revision, "settings": settings}


def _has_mark(field: FieldInfo, marks: tuple[type, ...]) -> bool:
    return any(isinstance(mark, marks) for mark in field.metadata)


def _remembered(cache: Path) -> dict[str, list[Any]]:
    """What the cache holds; a damaged one holds nothing."""
    try:
        known: dict[str, list[Any]] = read_json(cache) if cache.exists() else {}
    except StoreDamaged:
        return {}
    return known


class Digests:
    """sha256 of files, remembered between runs by path, size and modification time.

    State, because hashing a corpus takes minutes: a remembered digest is trusted only when the file had not been touched
    for two seconds before it was hashed, as git does, so a quick second write cannot hide.
    """

    def __init__(self, cache: Path) -> None:
        """Read what an earlier run remembered in the file `cache`."""
        self._cache = cache
        self._known = _remembered(cache)
        self._changed = False

    def of_inputs(self, files: Sequence[InputFile]) -> list[list[str | int]]:
        """The listing as it enters a fingerprint: relative path, size, digest of each file."""
        return [[file.relative, file.size_bytes, self._of_input(file)] for file in files]

    def _of_input(self, file: InputFile) -> str:
        if not is_url(file.path):
            return self.of_file(Path(file.path))
        if names_bytes(file.stamp):
            return file.stamp
        mark = [file.size_bytes, file.stamp]
        known = self._known.get(file.path)
        if known is not None and known[:-1] == mark:
            return str(known[-1])
        digest = Store(file.path).sha256(RemoteFile(file.path, file.size_bytes, file.stamp))
        if file.stamp:
            self._remember(file.path, mark, digest)
        return digest

    def of_path(self, path: Path) -> str:
        """Digest of a file, or of a folder's files with their relative paths."""
        if path.is_file():
            return self.of_file(path)
        inside = sorted(each for each in path.rglob("*") if each.is_file())
        listing = [[each.relative_to(path).as_posix(), self.of_file(each)] for each in inside]
        return hashlib.sha256(orjson.dumps(listing)).hexdigest()

    def of_file(self, path: Path) -> str:
        """sha256 of a file's content, hex."""
        status = os.stat(path)
        key = str(path.resolve())
        # the change time too: rsync --inplace -t and others put the old modification time back
        mark = [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]
        known = self._known.get(key)
        if known is not None and known[:-1] == mark:
            return str(known[-1])
        hashed_at = time.time_ns()
        digest = file_digest(path)
        if hashed_at - max(status.st_mtime_ns, status.st_ctime_ns) > 2_000_000_000:
            self._remember(key, mark, digest)
        return digest

    def _remember(self, key: str, mark: list[Any], digest: str) -> None:
        self._known[key] = [*mark, digest]
        self._changed = True

    def save(self) -> None:
        """Remember for the next run."""
        if self._changed:
            write_json(self._cache, self._known)
