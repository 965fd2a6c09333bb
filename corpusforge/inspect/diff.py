"""Two builds side by side: the books, which documents only one of them kept and what became of them in the other, tokens.

Ids are compared as Arrow columns, sixteen bytes a document, so that a million documents take seconds.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from corpusforge.inspect.folder import BuildFolder, Documents

ABSENT = "not there"
_KEPT = -1


@dataclass(frozen=True)
class Counted:
    """A number in both builds: documents that came in, were rejected by a rule, failed, were kept; None: has none."""

    source: str
    step: str
    what: str
    a: int | None
    b: int | None


@dataclass(frozen=True)
class Example:
    """A document that one build kept, and the other's reason: a rule's, failed, or that it is not there."""

    id: str
    source: str
    origin: str
    step: str
    reason: str


@dataclass(frozen=True)
class OnlyThere:
    """Documents that one build alone kept; `reasons` says how many the other lost by (step, rule)."""

    num_documents: int
    reasons: dict[tuple[str, str], int]
    examples: tuple[Example, ...]


@dataclass(frozen=True)
class Tokens:
    """A count of one group of shards in both builds."""

    group: str
    what: str
    a: int
    b: int


@dataclass(frozen=True)
class Difference:
    """All of it; `num_both` counts the documents that both builds kept."""

    counts: tuple[Counted, ...]
    num_both: int
    only_a: OnlyThere
    only_b: OnlyThere
    tokens: tuple[Tokens, ...]


def diff(a: Path, b: Path, num_examples: int = 10) -> Difference:
    """Compare two finished builds; raises InputError when one of the folders holds none."""
    builds = BuildFolder(a), BuildFolder(b)
    fates = _Fates.read(builds[0]), _Fates.read(builds[1])
    only_a, only_b = (_only(*builds, *fates, num_examples), _only(*builds[::-1], *fates[::-1], num_examples))
    num_both = len(fates[0].kept_ids) - only_a.num_documents
    return Difference(tuple(_counts(*builds)), num_both, only_a, only_b, tuple(_tokens(*builds)))


@dataclass(frozen=True)
class _Fates:
    """Every row of a build: its id, and the reason that dropped it as a number in `reasons`, -1 where it was kept.

    `starts` is the first row of each (source, part) in `parts`.
    """

    ids: pa.Array
    codes: NDArray[np.int32]
    reasons: tuple[tuple[str, str], ...]
    parts: tuple[tuple[str, str], ...]
    starts: NDArray[np.int64]

    @property
    def kept_ids(self) -> pa.Array:
        return self.ids.filter(pa.array(self.codes == _KEPT))

    @classmethod
    def read(cls, documents: Documents) -> "_Fates":
        numbers: dict[tuple[str, str], int] = {}
        parts = [(source, part) for source in documents.sources for part in documents.parts_of(source)]
        columns = [documents.column(source, part.name, "id").combine_chunks() for source, part in parts]
        codes = [
            _codes(documents, source, part.name, len(ids), numbers) for (source, part), ids in zip(parts, columns, strict=True)
        ]
        starts = np.cumsum([0, *(len(ids) for ids in columns)])[:-1]
        names = tuple((source, part.name) for source, part in parts)
        flat = [chunk for ids in columns for chunk in (ids.chunks if isinstance(ids, pa.ChunkedArray) else [ids])]
        ids = pa.chunked_array(flat, pa.binary(16)).combine_chunks()
        return cls(_one(ids), np.concatenate([np.empty(0, np.int32), *codes]), tuple(numbers), names, starts)


def _one(ids: pa.Array | pa.ChunkedArray) -> pa.Array:
    return pa.concat_arrays(ids.chunks) if isinstance(ids, pa.ChunkedArray) else ids


def _codes(
    documents: Documents, source: str, part: str, num_rows: int, numbers: dict[tuple[str, str], int]
) -> NDArray[np.int32]:
    """Reason numbers of a part's rows; `numbers` gives each (step, reason) its number, and learns new ones."""
    codes = np.full(num_rows, _KEPT, np.int32)
    for step in documents.steps_of(source):
        table = documents.verdict_table(step, part)
        if table is not None and table.num_rows:
            encoded = table["drop"].combine_chunks().dictionary_encode()
            encoded = encoded.chunk(0) if isinstance(encoded, pa.ChunkedArray) else encoded
            own = [numbers.setdefault((step.name, reason), len(numbers)) for reason in encoded.dictionary.to_pylist()]
            codes[table["row"].to_numpy()] = np.array(own, np.int32)[encoded.indices.to_numpy()]
    return codes


def _only(here: BuildFolder, there: BuildFolder, mine: _Fates, other: _Fates, num_examples: int) -> OnlyThere:
    """What `here` kept and `there` did not."""
    missing = ~pc.is_in(mine.ids, other.kept_ids).to_numpy(zero_copy_only=False)
    rows = np.flatnonzero((mine.codes == _KEPT) & missing)
    places = pc.fill_null(pc.index_in(mine.ids.take(pa.array(rows)), other.ids), -1).to_numpy(zero_copy_only=False)
    codes = np.where(places >= 0, other.codes[np.maximum(places, 0)] if len(other.codes) else _KEPT, _KEPT)
    names = {_KEPT: ("", ABSENT), **dict(enumerate(other.reasons))}
    numbers, counts = np.unique(codes, return_counts=True)
    reasons = {names[number]: count for number, count in zip(numbers.tolist(), counts.tolist(), strict=True)}
    examples = [
        _example(here, mine, row, names[code]) for row, code in zip(rows[:num_examples].tolist(), codes.tolist(), strict=False)
    ]
    return OnlyThere(len(rows), dict(sorted(reasons.items(), key=lambda each: (-each[1], each[0]))), tuple(examples))


def _example(build: BuildFolder, fates: _Fates, row: int, reason: tuple[str, str]) -> Example:
    index = int(np.searchsorted(fates.starts, row, side="right")) - 1
    source, part = fates.parts[index]
    about = build.about(source, part, [row - int(fates.starts[index])])[0]
    return Example(about["id"].hex(), source, about["origin"], *reason)


def _counts(a: BuildFolder, b: BuildFolder) -> Iterator[Counted]:
    """The books of both, in the order of the first and then of the second."""
    for source in dict.fromkeys([*a.sources, *b.sources]):
        books = [dict(_books(build, source)) for build in (a, b)]
        keys = dict.fromkeys([*books[0], *books[1]])
        del keys["", "kept"]  # what the second build alone has comes before it
        for key in (*keys, ("", "kept")):
            yield Counted(source, *key, books[0].get(key), books[1].get(key))


def _books(build: BuildFolder, source: str) -> Iterator[tuple[tuple[str, str], int]]:
    """((step, what), number) of a source: what came in, what each step lost, what was kept."""
    if source not in build.sources:
        return
    entries = [(step, each) for step in build.steps_of(source) for each in step.books[source]]
    yield ("", "in"), entries[0][1].came_in
    lost: Counter[tuple[str, str]] = Counter()
    for step, each in entries:
        lost.update({(step.name, reason): count for reason, count in sorted(each.rejected.items())})
        lost.update({(step.name, "failed"): each.failed} if each.failed else {})
    yield from lost.items()
    yield ("", "kept"), entries[-1][1].kept


def _tokens(a: BuildFolder, b: BuildFolder) -> Iterator[Tokens]:
    sums = [_sums(build) for build in (a, b)]
    for group in sorted({*(key[0] for key in sums[0]), *(key[0] for key in sums[1])}):
        for what in ("num_documents", "num_sequences", "num_tokens"):
            yield Tokens(group, what, sums[0][group, what], sums[1][group, what])


def _sums(build: BuildFolder) -> Counter[tuple[str, str]]:
    sums: Counter[tuple[str, str]] = Counter()
    for shard in build.manifest["shards"]:
        sums.update({(shard["group"], what): shard[what] for what in ("num_documents", "num_sequences", "num_tokens")})
    return sums
