"""A store of remote files: look, list, read a range, put, copy, remove; tried again where trouble may pass.

fsspec knows the stores; this adds what they differ in: how often they try (here: ATTEMPTS, whatever the store), what they raise
(here: errors for a user, see `trouble`), what tells that a file changed (here: `stamp`), and listings kept from before (never).
"""

import hashlib
import re
import time
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from corpusforge.errors import FileFailed, InputError, MissingExtra
from corpusforge.remote.trouble import Trouble, trouble_of
from corpusforge.remote.urls import check_url, joined, protocol_of, shown

Result = TypeVar("Result")

# Seconds to wait before each further attempt; botocore makes up to five of its own in each, with pauses.
PAUSES = (0.5, 1.0, 2.0, 4.0)

BLOCK_BYTES = 8 * 2**20

# What stores say of a file that only files of the same bytes share, the strongest first; and what a write changes.
_VERSIONS = ("md5Hash", "ETag", "etag", "generation", "blob_id")
_TIMES = ("LastModified", "Last-Modified", "last_modified", "updated", "modified", "mtime", "created")

_NAMES_BYTES = "version "

_EXTRAS = {"s3": ("s3fs", "s3"), "s3a": ("s3fs", "s3"), "hf": ("huggingface_hub", "hf")}

_CREDENTIALS = {
    "s3": "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE; FSSPEC_S3_ANON=true for a public bucket",
    "gs": "GOOGLE_APPLICATION_CREDENTIALS",
    "hf": "HF_TOKEN, of an account that was given access to the dataset",
    "abfs": "AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY",
}  # fmt: skip


@dataclass(frozen=True)
class RemoteFile:
    """A remote file: its address, its size in bytes, and its `stamp`, which differs once the file is another.

    A stamp that `names_bytes`, as one from an ETag does, is never that of other bytes; "" is no stamp: the store says nothing.
    """

    url: str
    size_bytes: int
    stamp: str


class Store:
    """The store that an address lies in. Methods take addresses; all raise InputError (FileFailed where trouble did not pass).

    Credentials and endpoint are those of the environment, or of fsspec's own configuration.
    """

    def __init__(self, url: str) -> None:
        """Connect to nothing yet; raises InputError for an address that cannot be used, MissingExtra without the package."""
        from fsspec.core import url_to_fs

        check_url(url)
        self._protocol = protocol_of(url)
        try:
            self._files: Any = url_to_fs(url, **_options(self._protocol))[0]
        except ImportError as error:
            if self._protocol in _EXTRAS:
                raise MissingExtra(f"{self._protocol}://", *_EXTRAS[self._protocol]) from error
            raise InputError(f"{shown(url)}: a package for {self._protocol}:// is missing: {error}") from error
        except ValueError as error:
            raise InputError(f"{shown(url)}: {self._protocol}:// is no kind of store that fsspec knows; correct it") from error
        if hasattr(self._files, "retries"):
            self._files.retries = 1  # s3fs and gcsfs would multiply theirs by ours

    def info(self, url: str) -> RemoteFile | None:
        """A file as it is now; None where there is none."""
        facts = self._try(url, lambda: self._fresh().info(self._path(url)), missing=None)
        return None if facts is None or facts["type"] != "file" else _remote_file(url, facts)

    def find(self, url: str, max_depth: int | None = None) -> dict[str, RemoteFile]:
        """All files below a folder, however deep or to `max_depth`, by relative path; none where there is no such folder."""
        path = self._path(url)
        nothing: dict[str, Any] = {}
        found = self._try(url, lambda: self._fresh().find(path, maxdepth=max_depth, detail=True), missing=nothing)
        below = len(path.rstrip("/")) + 1
        named = {name[below:]: facts for name, facts in sorted(found.items()) if facts["type"] == "file" and name[below:]}
        return {name: self._sized(joined(url, name), facts) for name, facts in named.items() if not name.endswith("/")}

    def names(self, url: str) -> list[str] | None:
        """Names of what lies right in a folder, sorted; None where there is no such folder."""
        found = self._try(url, lambda: self._fresh().ls(self._path(url), detail=False), missing=None)
        if found is None:
            return None
        paths = {str(name).rstrip("/") for name in found} - {self._path(url).rstrip("/")}  # some stores list a folder in itself
        return sorted({path.rpartition("/")[2] for path in paths})

    def read(self, url: str, begin: int, end: int) -> bytes:
        """Bytes `begin` <= x < `end` in one request; fewer where the file is shorter."""
        content = self._try(f"{shown(url)} at {begin}", lambda: self._files.cat_file(self._path(url), start=begin, end=end))
        if len(content) > end - begin:
            raise InputError(f"{shown(url)}: the server sends the whole file where a part was asked for; download the file")
        return bytes(content)

    def put(self, path: Path, url: str) -> RemoteFile:
        """Upload a local file, which appears whole; raises FileFailed when what arrived is something else."""
        self._try(url, lambda: self._files.put_file(str(path), self._path(url)))
        there = self._written(url)
        if there.size_bytes != path.stat().st_size or not self._holds(there, path):
            raise FileFailed(f"{shown(url)}: what arrived there is not {path}; run the same command again")
        return there

    def write(self, url: str, content: bytes) -> None:
        """Write a small file, which appears whole."""
        self._try(url, lambda: self._files.pipe_file(self._path(url), content))

    def copy(self, source: str, target: str) -> RemoteFile:
        """Copy a file inside the store."""
        self._try(target, lambda: self._files.cp_file(self._path(source), self._path(target)))
        return self._written(target)

    def remove(self, url: str) -> None:
        """Delete a file, if it is there."""
        self._try(url, lambda: self._files.rm_file(self._path(url)), missing=None)

    def sha256(self, file: RemoteFile) -> str:
        """sha256 of the content, hex, by reading all of it."""
        return _digest("sha256", self._blocks(file))

    def _blocks(self, file: RemoteFile) -> Iterator[bytes]:
        for begin in range(0, file.size_bytes, BLOCK_BYTES):
            yield self.read(file.url, begin, min(begin + BLOCK_BYTES, file.size_bytes))

    def _path(self, url: str) -> str:
        return str(self._files._strip_protocol(url))

    def _fresh(self) -> Any:
        self._files.invalidate_cache()
        return self._files

    def _sized(self, url: str, facts: Mapping[str, Any]) -> RemoteFile:
        """Folders of web servers are listed without sizes."""
        found = _remote_file(url, facts) if facts.get("size") is not None else self.info(url)
        if found is None:
            raise InputError(f"{shown(url)}: is listed, but is not there; correct it, or exclude it")
        return found

    def _written(self, url: str) -> RemoteFile:
        there = self.info(url)
        if there is None:
            raise FileFailed(f"{shown(url)}: it was written, but is not there; see that nothing deletes there, and run again")
        return there

    def _holds(self, there: RemoteFile, path: Path) -> bool:
        """Whether a file of the right size has our content, as far as the store tells: by an MD5, as most ETags are."""
        md5 = _md5_of(there.stamp)
        if not md5 or md5 == _digest("md5", _local_blocks(path)):
            return True
        # the ETag of an object that S3 encrypts with a key of its own looks like an MD5 and is none
        return self.sha256(there) == _digest("sha256", _local_blocks(path))

    def _try(self, where: str, action: Callable[[], Result], **otherwise: Result) -> Result:
        """The result; that of `missing`, if given, where nothing is there."""
        for pause in (*PAUSES, None):
            try:
                return action()
            except Exception as error:  # every store has exceptions of its own
                trouble = trouble_of(error)
                if trouble is None:
                    raise
                if trouble.kind == "missing" and "missing" in otherwise:
                    return otherwise["missing"]
                if trouble.kind != "passing" or pause is None:
                    raise self._error(where, trouble) from error
                time.sleep(pause)
        raise AssertionError("the last attempt returns or raises")

    def _error(self, where: str, trouble: Trouble) -> InputError | FileFailed:
        where = shown(where)
        if trouble.kind == "passing":
            cure = "check the network, the endpoint and the store, then run the same command again: what is finished is kept"
            return FileFailed(f"{where}: the store did not do it in {len(PAUSES) + 1} attempts ({trouble.said}); {cure}")
        if trouble.kind == "missing":
            return InputError(f"{where}: there is no such file or bucket ({trouble.said}); correct the address")
        if trouble.kind == "rejected":
            cure = "correct the address, or the region and endpoint in the environment"
            return InputError(f"{where}: the store takes no such request ({trouble.said}); {cure}")
        names = _CREDENTIALS.get(self._protocol, "those that fsspec documents for it")
        cure = f"set them in the environment ({names}), or have this right given to them"
        return InputError(f"{where}: the credentials of this environment do not allow it ({trouble.said}); {cure}")


def _options(protocol: str) -> dict[str, Any]:
    if protocol not in ("http", "https"):
        return {}
    from fsspec.config import conf

    # a file that is compressed on its way has no ranges, and not the size that it said
    return {"headers": {**conf.get(protocol, {}).get("headers", {}), "Accept-Encoding": "identity"}}


def _remote_file(url: str, facts: Mapping[str, Any]) -> RemoteFile:
    if facts.get("size") is None:
        raise InputError(f"{shown(url)}: the server does not say how large it is; download the file")
    return RemoteFile(url, int(facts["size"]), _stamp(facts))


def _stamp(facts: Mapping[str, Any]) -> str:
    version = next((str(facts[name]).strip('"') for name in _VERSIONS if facts.get(name)), "")
    if version and not version.startswith("W/"):  # a weak ETag allows other bytes of the same meaning
        return f"{_NAMES_BYTES}{version}"
    time_written = next((facts[name] for name in _TIMES if facts.get(name)), version)
    if isinstance(time_written, datetime):  # a listing may have seconds where a look at the file has a date
        time_written = time_written.timestamp()
    text = f"{time_written:.6f}" if isinstance(time_written, (int, float)) else str(time_written)
    return f"written {text}" if text else ""


def names_bytes(stamp: str) -> bool:
    """Whether a stamp says which bytes a file has, and not just when it was written."""
    return stamp.startswith(_NAMES_BYTES)


def _md5_of(stamp: str) -> str:
    """An MD5 in hex, as S3 gives it, or in Base64, as Google does; "" where a stamp is none."""
    found = stamp.removeprefix(_NAMES_BYTES)
    if re.fullmatch("[0-9a-f]{32}", found):
        return found
    with suppress(NotBase64):
        plain = b64decode(found, validate=True)
        return plain.hex() if len(plain) == 16 else ""
    return ""


def _digest(algorithm: str, blocks: Iterator[bytes]) -> str:
    digest = hashlib.new(algorithm, usedforsecurity=False)
    for block in blocks:
        digest.update(block)
    return digest.hexdigest()


def _local_blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            yield block
