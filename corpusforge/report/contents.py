"""What the kept documents are: how much of each source, language and licence, and what is known of them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from corpusforge.report.rows import PartRows

# What may be known of a document: columns, and names in its meta, of which one has to be there.
FACTS = ("url", "license", "date", "title", "author", "lang")
_IN_META = {"title": ("title",), "author": ("author", "authors")}

# Values in meta that say nothing.
_NOTHING: tuple[object, ...] = (None, "", [], "[]")

# (source, language, licence), "" where it is not stated.
Key = tuple[str, str, str]


@dataclass(frozen=True)
class Amount:
    """Kept documents, bytes of their texts, and tokens of their texts: without the marks that end pieces."""

    num_documents: int = 0
    text_bytes: int = 0
    num_tokens: int = 0

    def __add__(self, other: "Amount") -> "Amount":
        return Amount(
            self.num_documents + other.num_documents, self.text_bytes + other.text_bytes, self.num_tokens + other.num_tokens
        )


@dataclass
class Contents:
    """State: amounts by source, language and licence; of each source, how many kept documents have a fact."""

    amounts: dict[Key, Amount] = field(default_factory=lambda: defaultdict(Amount))
    num_known: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))

    def add(self, rows: PartRows) -> None:
        """Look at a part."""
        kept = pa.array(np.flatnonzero(rows.reached(len(rows.steps))))
        columns = {name: _taken(rows, name, kept) for name in ("lang", "license", "num_bytes")}
        table = pa.table({**columns, "tokens": _num_tokens(rows, kept)})
        sums = table.group_by(["lang", "license"]).aggregate([("num_bytes", "count"), ("num_bytes", "sum"), ("tokens", "sum")])
        for each in sums.to_pylist():
            amount = Amount(each["num_bytes_count"], each["num_bytes_sum"], each["tokens_sum"])
            self.amounts[rows.source, each["lang"] or "", each["license"] or ""] += amount
        for name in ("url", "license", "date", "lang"):
            self.num_known[rows.source, name] += _num_stated(_taken(rows, name, kept))
        metas = [_meta(each) for each in _taken(rows, "meta", kept).to_pylist()]
        for fact, names in _IN_META.items():
            known = (any(meta.get(name) not in _NOTHING for name in names) for meta in metas)
            self.num_known[rows.source, fact] += sum(known)

    def by(self, *places: int) -> Mapping[tuple[str, ...], Amount]:
        """Amounts by some of source (0), language (1) and licence (2), most tokens first."""
        sums: dict[tuple[str, ...], Amount] = defaultdict(Amount)
        for key, amount in self.amounts.items():
            sums[tuple(key[place] for place in places)] += amount
        return dict(sorted(sums.items(), key=lambda item: (-item[1].num_tokens, -item[1].text_bytes, item[0])))

    @property
    def all(self) -> Amount:
        """Of everything that was kept."""
        return total(self.amounts.values())


def total(amounts: Iterable[Amount]) -> Amount:
    """The sum of amounts."""
    return sum(amounts, start=Amount())


def _taken(rows: PartRows, name: str, kept: pa.Array) -> pa.ChunkedArray:
    column = rows.column(name, len(rows.steps))
    assert column is not None, "reading gives it"
    return column.take(kept)


def _meta(stored: str | None) -> dict[str, object]:
    """A document's meta; one that a source of somebody else's gave as no JSON object tells nothing."""
    try:
        found = orjson.loads(stored or "{}")
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _num_stated(column: pa.ChunkedArray | pa.Array) -> int:
    return int(pc.sum(pc.not_equal(column, "")).as_py() or 0)


def _num_tokens(rows: PartRows, kept: pa.Array) -> pa.Array:
    """Tokens of each kept document's text: by its pieces, which are few, or by its ids where no stage has split it."""
    pieces = rows.column("pieces", len(rows.steps))
    if pieces is None:
        ids = rows.column("ids", len(rows.steps))
        assert ids is not None, "a build ends in tokens"
        return pc.list_value_length(ids.take(kept)).cast(pa.int64())
    taken = pieces.take(kept).combine_chunks()
    begins, ends = (taken.flatten().field(name).to_numpy() for name in ("token_begin", "token_end"))
    lengths = np.zeros(len(taken), np.int64)
    np.add.at(lengths, taken.value_parent_indices().to_numpy(), (ends - begins).astype(np.int64))
    return pa.array(lengths)
