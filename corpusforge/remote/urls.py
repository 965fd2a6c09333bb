"""Addresses of remote files: s3://bucket/folder/a.jsonl, gs://, abfs://, https://, memory:// and whatever fsspec knows.

An address says where, never who: credentials and endpoints come from the environment, so that recipes, fingerprints, reports
and errors hold none.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from corpusforge.errors import InputError, UserError

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


def is_url(path: str) -> bool:
    """Whether a path is an address of a remote file or folder; file:// is none."""
    return _URL.match(path) is not None and not path.startswith(("file://", "local://"))


def without_file_scheme(path: str) -> str:
    """The local path in file:///data/a.jsonl; any other path as it is."""
    return path.removeprefix("file://").removeprefix("local://")


def protocol_of(url: str) -> str:
    """What stands before ://, in lower case: "s3"."""
    return url.partition("://")[0].lower()


def check_url(url: str) -> None:
    """Raise InputError where an address holds credentials, or names no bucket or server."""
    parts = urlsplit(url)
    if parts.password is not None:
        raise InputError(f"{shown(url)}: the address holds a password; give credentials in the environment, and take them out")
    if protocol_of(url) in ("http", "https") and (parts.query or parts.fragment):
        what = "has a query, which may hold credentials and names no file"
        raise InputError(f"{shown(url)}: the address {what}; give one without, or download the file")
    if not parts.netloc and protocol_of(url) != "memory":
        raise InputError(f"{shown(url)}: the address names no bucket or server; add it, as in s3://bucket/folder")


def shown(url: str) -> str:
    """An address as it may be shown: without password and query."""
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    user, at, server = host.rpartition("@")
    known = f"{user.partition(':')[0]}{at}{server}"  # abfs://container@account: what stands before @ is no secret
    return f"{scheme}://{known}{slash}{path.partition('?')[0]}"


def joined(url: str, relative: str) -> str:
    """The address of something below a folder: joined("s3://b/x", "a/b.md") -> "s3://b/x/a/b.md"."""
    return f"{url.rstrip('/')}/{relative}"


def check_local(path: Path) -> None:
    """Raise UserError where a path was given as an address, for what works on this machine alone."""
    given = str(path).replace(":/", "://", 1)  # a Path holds s3://bucket as s3:/bucket
    if is_url(given) and not path.exists():
        cure = "give the one that the build worked in (--scratch), or a copy of what lies there"
        raise UserError(f"{shown(given)}: this command reads a folder on this machine; {cure}")


def name_of(url: str) -> str:
    """The last part of an address."""
    return url.rstrip("/").rpartition("/")[2]


def folders_above(url: str) -> Iterator[str]:
    """The folders that an address lies in, the nearest first, down to the bucket or server."""
    parts = url.rstrip("/").split("/")
    for count in range(len(parts) - 1, 2, -1):
        yield "/".join(parts[:count])
