"""Documents by their address: blocked domains and pages, and words that only addresses of one kind hold.

The rules are those of datatrove's URL filter: one banned word is enough, of soft words it takes two. A domain stands for all
below it and a page for all in its folder, so no list of public suffixes is needed. Lists are kept as hashes, 8 bytes an entry,
since block lists of adult sites have millions.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Annotated, ClassVar

import ahocorasick_rs
import numpy as np
import pyarrow as pa
import xxhash
from numpy.typing import NDArray
from pydantic import Field

from corpusforge.core import Artifacts, Filter, Rule
from corpusforge.errors import InputError
from corpusforge.settings import ResourcePath, ThresholdMark
from corpusforge.text.urls import address_keys, address_words, parents, split_address
from corpusforge.text.view import TextView

Stamp = tuple[int, int]


class Url(Filter):
    """Rejects documents by their url; one without passes. Lists are UTF-8 text, an entry a line, `#` begins a comment line."""

    reads: ClassVar[tuple[str, ...]] = ("url",)
    adds: ClassVar[tuple[str, ...]] = ("url_domain_blocked", "url_blocked", "url_words", "url_subwords", "url_soft_words")

    domains: ResourcePath | None = None
    """Blocked domains with all below them; rejected as url_domain."""
    urls: ResourcePath | None = None
    """Blocked pages, with or without http://, and what lies in their folders; rejected as url_blocked."""
    words: ResourcePath | None = None
    """Words of which one is enough, as a whole word of the address; rejected as url_words."""
    subwords: ResourcePath | None = None
    """The same anywhere in the address, whatever separates its letters, and for Chinese; rejected as url_subwords."""
    soft_words: ResourcePath | None = None
    """Words of which more than max_soft_words different ones are rejected as url_soft_words."""
    max_soft_words: Annotated[int, ThresholdMark()] = Field(default=1, ge=0)
    """How many different soft_words an address may hold."""

    def prepare(self, artifacts: Artifacts, folder: Path) -> None:
        """Raise InputError where a list cannot be read or has an entry that could never match."""
        self.annotate(TextView(pa.array([], pa.large_string())))

    def annotate(self, view: TextView) -> dict[str, pa.Array]:
        """Two of 0 and 1, then numbers of different words found; all int64, null where there is no list."""
        addresses = [split_address(url) for url in view.texts.to_pylist()]
        words = [address_words(each) for each in addresses] if self.words or self.subwords or self.soft_words else []
        spaced, joined = [f" {' '.join(each)} " for each in words], ["".join(each) for each in words]
        columns = (
            _listed(self.domains, _domain, (parents(each.host) for each in addresses)),
            _listed(self.urls, _page, map(address_keys, addresses)),
            _found(self.words, " ", spaced),
            _found(self.subwords, "", joined),
            _found(self.soft_words, " ", spaced),
        )
        nulls = pa.nulls(len(view), pa.int64())
        return {name: nulls if column is None else column for name, column in zip(self.adds, columns, strict=True)}

    def rules(self) -> tuple[Rule, ...]:
        """Domain, page, words."""
        return (
            Rule("url_domain_blocked", "<=", 0, "url_domain"),
            Rule("url_blocked", "<=", 0, "url_blocked"),
            Rule("url_words", "<=", 0, "url_words"),
            Rule("url_subwords", "<=", 0, "url_subwords"),
            Rule("url_soft_words", "<=", self.max_soft_words, "url_soft_words"),
        )


def _listed(path: Path | None, key_of: Callable[[str], str], keys: Iterable[list[str]]) -> pa.Array | None:
    """Whether one of the keys of each document is on the list."""
    if path is None:
        return None
    table = _hashes(path, key_of, _stamp(path))
    asked = [[_hash(key) for key in each] for each in keys]
    hashes = np.array([each for document in asked for each in document], np.uint64)
    is_in = np.searchsorted(table, hashes, "right") > np.searchsorted(table, hashes, "left")
    documents = np.repeat(np.arange(len(asked)), [len(each) for each in asked])
    return pa.array((np.bincount(documents[is_in], minlength=len(asked)) > 0).astype(np.int64))


def _found(path: Path | None, edge: str, addresses: list[str]) -> pa.Array | None:
    """How many different words of the list each address holds, those of the list between `edge` on both sides."""
    if path is None:
        return None
    automaton = _automaton(path, edge, _stamp(path))
    found = (automaton.find_matches_as_indexes(address, overlapping=True) for address in addresses)
    return pa.array([len({word for word, _, _ in each}) for each in found], pa.int64())


@lru_cache(maxsize=8)
def _hashes(path: Path, key_of: Callable[[str], str], stamp: Stamp) -> NDArray[np.uint64]:
    """Sorted hashes of the entries, once per process; `stamp` is in the key so that a file written anew is read anew."""
    return np.unique(np.fromiter((_hash(key) for key in _keys(path, key_of)), np.uint64))


@lru_cache(maxsize=8)
def _automaton(path: Path, edge: str, stamp: Stamp) -> ahocorasick_rs.AhoCorasick:
    """As _hashes."""
    words = dict.fromkeys(_keys(path, _words if edge else _joined))
    return ahocorasick_rs.AhoCorasick([f"{edge}{word}{edge}" for word in words])


def _keys(path: Path, key_of: Callable[[str], str]) -> Iterator[str]:
    """The entries of a list in the form in which they are compared."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (UnicodeDecodeError, IsADirectoryError) as error:
        raise InputError(f"filter.url: {path}: no list in UTF-8 ({error}); give a text file, an entry a line") from error
    for number, line in enumerate(lines, 1):
        entry = line.strip()
        if not entry or entry.startswith("#"):
            continue
        key = key_of(entry)
        if not key:
            raise InputError(f"filter.url: {path}: line {number}: {entry!r} can never match; mend or remove it")
        yield key


def _domain(entry: str) -> str:
    """The host of an entry such as `example.com`, `.example.com` or `*.example.com`; "" where it names a page."""
    host, path, query = split_address(entry.removeprefix("*."))
    return "" if path.strip("/") or query else host


def _page(entry: str) -> str:
    return address_keys(split_address(entry))[0]


def _words(entry: str) -> str:
    return " ".join(address_words(split_address(entry)))


def _joined(entry: str) -> str:
    return "".join(address_words(split_address(entry)))


def _hash(key: str) -> int:
    return xxhash.xxh3_64_intdigest(key.encode())


def _stamp(path: Path) -> Stamp:
    status = path.stat()
    return status.st_size, status.st_mtime_ns
