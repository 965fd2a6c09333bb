"""Output in a store: a build runs in a local folder, and what it hands over is then published at an address, once and whole.

    claim     before the build: the address is refused where another recipe's build, or anything foreign, lies there
    send      what is not there yet; what would take the place of published objects waits under .incoming/
    place     copy those into place inside the store, then write the manifest, last
    remove    what the new manifest does not have any more, and .incoming/

So a reader finds an old publication whole until the copying begins, and a manifest never names what is not there. Which object
is which is kept in .recipe.json at the address (sha256, size and the store's stamp of each), and, until a publication is
finished, in a log in the local folder: the same command goes on where it was killed, and sends nothing twice.
"""

import fcntl
import hashlib
import logging
import os
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson

from corpusforge.engine.manifest import MANIFEST, REPORT, published_names, read_manifest
from corpusforge.engine.store import file_digest
from corpusforge.errors import FolderRefused, InputError, UserError, translated_os_errors
from corpusforge.recipe.model import Recipe
from corpusforge.remote.store import RemoteFile, Store
from corpusforge.remote.urls import is_url, joined, name_of, shown

_RECORD = ".recipe.json"
_INCOMING = ".incoming"

# They tell of the run that made them, so they differ each time: not worth a publication of their own.
_OF_THE_RUN = ("run.json", REPORT)

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class Published:
    """What a publication did: objects (and their bytes) sent, objects that were there already, objects removed."""

    url: str
    num_sent: int
    sent_bytes: int
    num_there: int
    num_removed: int


@dataclass(frozen=True)
class _Sent:
    """What was sent under a name: content, and how the store knows it."""

    sha256: str
    size_bytes: int
    stamp: str


@dataclass(frozen=True)
class _Content:
    """What shall be there under a name."""

    path: Path
    size_bytes: int
    sha256: str


def _silent(published: Published) -> None:
    """Tell nobody."""


@contextmanager
def output_folder(
    out: str | Path, recipe: Recipe, scratch: Path | None = None, tell: Callable[[Published], None] = _silent
) -> Iterator[Path]:
    """The local folder to build in; for an address, what is built there is published when the block ends well.

    Raises FolderRefused, before anything is built, where the address cannot be used: it holds something else, or the
    credentials of the environment do not allow it; FileFailed where the store is down, and then the same command goes on.
    """
    folder = working_folder(out, scratch)
    if not is_url(str(out)):
        yield folder
        return
    url = str(out).rstrip("/")
    claim_prefix(url, recipe.name, published_names(recipe))
    yield folder
    tell(publish_folder(folder, url, published_names(recipe)))


def working_folder(out: str | Path, scratch: Path | None = None) -> Path:
    """Where a build for `out` works: there, or for an address in `scratch`, else in a folder of the cache named after it."""
    if not is_url(str(out)):
        if scratch is not None:
            raise UserError(
                f"--scratch {scratch}: --out {out} is a folder on this machine, and built there; leave --scratch out"
            )
        return Path(out)
    if scratch is not None:
        return scratch
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    url = str(out).rstrip("/")
    name = re.sub(r"[^\w.-]", "_", name_of(url))
    return cache / "corpusforge" / "builds" / f"{name}-{_short_digest(url)}"


def claim_prefix(url: str, recipe: str, published: Collection[str]) -> None:
    """Make an address that of `recipe`, as `engine.store.claim` does with a folder; raises FolderRefused as it does.

    Where no build wrote anything, anything that lies there is foreign, unless it is a manifest of this recipe with its files.
    """
    with _refused():
        store = Store(url)
        names = set(store.names(url) or ())
        found = _read_json(store, joined(url, _RECORD))
        record = _adopted(store, url, recipe, names & set(published), names) if found is None else found
        if record["recipe"] != recipe:
            what = f"it holds a build of recipe {record['recipe']!r}, not of {recipe!r}"
            raise FolderRefused(f"{shown(url)}: {what}; give another --out, or delete it")
        foreign = sorted(names & set(published) - set(record["published"]))
        if foreign:
            what = "it is there already and no build of this recipe wrote it, but this one would replace it"
            raise FolderRefused(f"{joined(shown(url), foreign[0])}: {what}; give another --out, or move it away")
        claimed = {"objects": {}} | record | {"published": sorted({*record["published"], *published})}
        if claimed != found:
            _write_record(store, url, claimed)


def _adopted(store: Store, url: str, recipe: str, ours: Collection[str], names: Collection[str]) -> dict[str, Any]:
    """The record of an address that has none: nothing is there, or what a build of the recipe wrote elsewhere."""
    manifest = (_read_json(store, joined(url, MANIFEST)) or {}) if names else {"name": recipe}
    if manifest.get("name") != recipe:
        what = f"it holds {', '.join(sorted(names)[:5])}, and no build of recipe {recipe!r}"
        raise FolderRefused(f"{shown(url)}: {what}; give another --out, or move them away")
    return {"recipe": recipe, "published": sorted(ours)}


def publish_folder(folder: Path, url: str, names: Collection[str]) -> Published:
    """Publish a finished build at an address that was claimed for it; `names` are files and folders of `folder`.

    Raises InputError when no finished build is in `folder`, FolderRefused or FileFailed when the store does not take it.
    """
    with translated_os_errors(folder), _one_at_a_time(folder):
        contents = _contents(folder, names)
        with _refused():
            return _Place(folder, url).publish(contents, names)


class _Place:
    """An address with what is there. State: objects there, and what is known of those that builds have sent."""

    def __init__(self, folder: Path, url: str) -> None:
        self._url, self._store = url, Store(url)
        self._there = self._store.find(url)
        record = _read_json(self._store, joined(url, _RECORD))
        if record is None:
            raise FolderRefused(f"{joined(shown(url), _RECORD)}: is gone since the build began; run the same command again")
        self._record = record
        self._log = folder / f".sent-{_short_digest(url)}.jsonl"
        self._known = {name: _Sent(**facts) for name, facts in self._record["objects"].items()} | _read_log(self._log)

    def publish(self, contents: Mapping[str, _Content], names: Collection[str]) -> Published:
        todo = [name for name in sorted(contents) if not self._has(name, contents[name])]
        if all(name in _OF_THE_RUN and name in self._there for name in todo):
            todo = []
        is_published = MANIFEST in self._there
        waiting = [name for name in todo if is_published and name in self._there and name != MANIFEST]
        for name in todo:
            if name != MANIFEST:
                self._send(contents[name], f"{_INCOMING}/{name}" if name in waiting else name)
        for name in waiting:
            copied = self._store.copy(self._at(f"{_INCOMING}/{name}"), self._at(name))
            self._note(name, contents[name], copied)
        if MANIFEST in todo:
            self._send(contents[MANIFEST], MANIFEST)
        removed = [name for name in self._there if _is_in(name, {*names, _INCOMING}) and name not in contents]
        for name in removed:
            self._store.remove(self._at(name))
        if todo or removed or self._log.exists():
            objects = {name: asdict(self._known[name]) for name in sorted(contents) if name in self._known}
            _write_record(self._store, self._url, self._record | {"objects": objects})
        self._log.unlink(missing_ok=True)
        sent = sum(contents[name].size_bytes for name in todo)
        old = [name for name in removed if not _is_in(name, {_INCOMING})]
        return Published(self._url, len(todo), sent, len(contents) - len(todo), len(old))

    def _at(self, name: str) -> str:
        return joined(self._url, name)

    def _has(self, name: str, content: _Content) -> bool:
        """Whether an object is there, is what we sent under that name, and was sent with this content."""
        there, known = self._there.get(name), self._known.get(name)
        if there is None or known is None:
            return False
        as_sent = (there.size_bytes, there.stamp) == (known.size_bytes, known.stamp)
        return as_sent and (known.size_bytes, known.sha256) == (content.size_bytes, content.sha256)

    def _send(self, content: _Content, name: str) -> None:
        if self._has(name, content):
            return
        _LOGGER.info("sending %s, %d bytes", joined(shown(self._url), name), content.size_bytes)
        self._note(name, content, self._store.put(content.path, self._at(name)))

    def _note(self, name: str, content: _Content, there: RemoteFile) -> None:
        """Remember what is there now, so that a later run need not send it again."""
        self._there[name] = there
        self._known[name] = _Sent(content.sha256, there.size_bytes, there.stamp)
        with self._log.open("ab") as log:
            log.write(orjson.dumps({"name": name, **asdict(self._known[name])}) + b"\n")


def _contents(folder: Path, names: Collection[str]) -> dict[str, _Content]:
    """What a build hands over: object name -> content; shards by the digests of their manifest."""
    shards = read_manifest(folder)["shards"]
    digests = {f"shards/{shard['name']}{suffix}": each["sha256"] for shard in shards for suffix, each in shard["files"].items()}
    places = [folder / name for name in sorted(names)]
    paths = [path for place in places for path in ([place] if place.is_file() else sorted(place.rglob("*"))) if path.is_file()]
    inside = {path.relative_to(folder).as_posix(): path for path in paths}
    return {name: _Content(path, path.stat().st_size, digests.get(name) or file_digest(path)) for name, path in inside.items()}


def _is_in(name: str, folders: Collection[str]) -> bool:
    return name.partition("/")[0] in folders


def _read_log(log: Path) -> dict[str, _Sent]:
    """What a publication that was killed had sent; its last line may be half a line."""
    lines = log.read_bytes().split(b"\n")[:-1] if log.exists() else []
    found = (orjson.loads(line) for line in lines)
    return {facts.pop("name"): _Sent(**facts) for facts in found}


def _read_json(store: Store, url: str) -> dict[str, Any] | None:
    """An object of JSON; None when there is none; raises FolderRefused when it is something else."""
    there = store.info(url)
    if there is None:
        return None
    try:
        found = orjson.loads(store.read(url, 0, there.size_bytes))
    except orjson.JSONDecodeError as error:
        raise FolderRefused(f"{shown(url)}: no build wrote this; give another --out, or move it away") from error
    return found if isinstance(found, dict) else None


def _write_record(store: Store, url: str, record: Mapping[str, Any]) -> None:
    store.write(joined(url, _RECORD), orjson.dumps(record, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n")


def _short_digest(url: str) -> str:
    return hashlib.sha256(url.encode()).hexdigest()[:12]


@contextmanager
def _refused() -> Iterator[None]:
    """What is wrong with an input's address is a refusal where output goes there."""
    try:
        yield
    except InputError as error:
        raise FolderRefused(str(error)) from error


@contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    """Processes that built together (`--task`) come here together: the first one publishes, the others find it done."""
    with (folder / ".publish.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
