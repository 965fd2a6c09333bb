"""Addresses in one form, so that lists and documents agree on them: host, host with path, words.

A host is lower-case ASCII (IDNA), without user, port or final dots. Nothing is looked up: no list of public suffixes is needed,
since a blocked domain blocks everything below it.
"""

import re
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote

# scheme://user@host:port/path?query#fragment, of which lists often leave out the scheme.
_ADDRESS = re.compile(
    r"(?:(?:[a-z][a-z0-9+.-]*:)?/{2,}|https?:)?(?:[^/?#]*@)?(?P<host>\[[^\]/?#]*\]|[^/?#:]*)(?::\d*)?"
    r"(?P<path>[^?#]*)(?P<query>(?:\?[^#]*)?)",
    re.IGNORECASE,
)
_DOTS = str.maketrans("。．｡", "...")
_SEPARATORS = re.compile(r"[\W_]+")


class Address(NamedTuple):
    """Host, path and query of an address, "" for parts it lacks."""

    host: str
    path: str
    query: str


def split_address(url: str) -> Address:
    """The parts of an address with or without its scheme.

    >>> split_address("HTTPS://user@Bücher.example.:8080/A/?q=1#top")
    Address(host='xn--bcher-kva.example', path='/A/', query='?q=1')
    """
    found = _ADDRESS.match(url.strip().replace("\\", "/"))
    assert found is not None  # every part may be empty
    return Address(ascii_host(found["host"]), unquote(found["path"]), found["query"])


@lru_cache(maxsize=4096)
def ascii_host(host: str) -> str:
    """A host in the form in which hosts are compared; labels that IDNA refuses stay as they are, in lower case."""
    labels = unquote(host).translate(_DOTS).lower().strip(".").split(".")
    return ".".join(label if label.isascii() else _ascii_label(label) for label in labels)


def parents(host: str) -> list[str]:
    """The host and the domains above it: "a.b.c" -> ["a.b.c", "b.c", "c"]."""
    labels = host.split(".")
    return [".".join(labels[place:]) for place in range(len(labels))]


def address_keys(address: Address) -> list[str]:
    """Under which keys a list may name an address: itself with its query, then without, then each folder above, then its host.

    >>> address_keys(split_address("http://www.a.org/b/c/?d"))
    ['a.org/b/c?d', 'a.org/b/c', 'a.org/b', 'a.org']
    """
    page = address.host.removeprefix("www.") + address.path.rstrip("/")
    ends = [place for place, character in enumerate(page) if character == "/"]
    folders = [page, *(page[:end] for end in reversed(ends))]
    return [page + address.query, *folders] if address.query else folders


def address_words(address: Address) -> list[str]:
    """Runs of letters and digits of an address in lower case, escapes undone and the host in its own letters."""
    words = f"{_readable(address.host)} {address.path} {unquote(address.query)}"
    return _SEPARATORS.sub(" ", words.casefold()).split()


def _ascii_label(label: str) -> str:
    try:
        return label.encode("idna").decode("ascii")
    except UnicodeError:
        return label


@lru_cache(maxsize=4096)
def _readable(host: str) -> str:
    labels = [_readable_label(label) if label.startswith("xn--") else label for label in host.split(".")]
    return ".".join(labels)


def _readable_label(label: str) -> str:
    try:
        return label.encode("ascii").decode("idna")
    except UnicodeError:
        return label
