"""Documents that a step took out because another stays in their place: part by part, and counted by the one that stays.

Nothing here grows with the corpus but the removals of one part, and the counts of a share of the documents that stay.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from corpusforge.inspect.folder import Documents, id_bytes
from corpusforge.inspect.steps import StepOnDisk

_WITNESSES_AT_ONCE = 4_000_000

# The reason whose value is a similarity: of others (dedup.paragraph: words left) it is something else.
_LIKE = "near_duplicate"


@dataclass(frozen=True)
class Removals:
    """Rows of a part that `step`, number `index` of its source, took out: those whose verdict names a witness.

    Columns row, reason, message, witness; similarity and threshold, null where the step measured none.
    """

    source: str
    part: str
    step: StepOnDisk
    index: int
    table: pa.Table

    def where(self, mask: pa.ChunkedArray) -> "Removals":
        """Some of them."""
        return replace(self, table=self.table.filter(mask))


def dedup_steps(documents: Documents) -> list[StepOnDisk]:
    """Steps that look at the whole corpus and take documents out, as far as they have decided: dedup.exact and others."""
    deciding = {step.fingerprint for source in documents.sources for step in documents.steps_of(source)}
    return [step for step in documents.generation.steps if step.kind == "barrier" and step.fingerprint in deciding]


def removals(documents: Documents, steps: Iterable[StepOnDisk], sources: Sequence[str] | None = None) -> Iterator[Removals]:
    """What some steps took out of some sources, or all, part by part in the order of the recipe."""
    wanted = {step.fingerprint for step in steps}
    for source in documents.sources if sources is None else sources:
        for index, step in enumerate(documents.steps_of(source)):
            for part in documents.parts_of(source) if step.fingerprint in wanted else ():
                table = documents.verdict_table(step, part.name)
                if table is not None:
                    yield Removals(source, part.name, step, index, _removed(table))


def _removed(verdicts: pa.Table) -> pa.Table:
    found = verdicts.filter(pc.is_valid(verdicts["witness"]))
    measured = {"similarity": found["value"], "threshold": found["threshold"]}
    is_like = pc.equal(found["drop"], _LIKE)
    columns = {name: found[name] for name in ("row", "message", "witness")}
    likeness = {name: pc.if_else(is_like, column, None) for name, column in measured.items()}
    return pa.table({**columns, "reason": found["drop"], **likeness})


def group_sizes(found: Callable[[], Iterable[Removals]]) -> Iterator[pa.Table]:
    """Columns `witness` and `count`, how many documents went for it: of a share of the witnesses at a time."""
    num_shares = 1 + sum(each.table.num_rows for each in found()) // _WITNESSES_AT_ONCE
    for number in range(num_shares):
        tables = [_of_share(each.table.select(["witness"]), number, num_shares) for each in found()]
        if tables:
            counted = pa.concat_tables(tables).group_by("witness").aggregate([([], "count_all")])
            yield counted.rename_columns(["witness", "count"])


def _of_share(witnesses: pa.Table, number: int, num_shares: int) -> pa.Table:
    leading = id_bytes(witnesses["witness"])[:, :4].astype(np.uint64) @ np.array([2**24, 2**16, 2**8, 1], np.uint64)
    return witnesses.filter(pa.array(leading * np.uint64(num_shares) >> np.uint64(32) == number))


Sizes = list[tuple[bytes, int]]
"""Ids of documents that stay, and how many went for each."""


def largest(sizes: Sizes, counted: pa.Table, limit: int) -> Sizes:
    """The largest groups of those known and those of a table, at most `limit` (0: all); then by id."""
    first = counted.sort_by([("count", "descending"), ("witness", "ascending")]).slice(0, limit or None)
    found = [*sizes, *zip(first["witness"].to_pylist(), first["count"].to_pylist(), strict=True)]
    return sorted(found, key=lambda each: (-each[1], each[0]))[: limit or None]


def least_alike(table: pa.Table) -> pa.Table:
    """Of rows with a witness, for each of these the one least like it."""
    ordered = table.sort_by([("witness", "ascending"), ("similarity", "ascending"), ("row", "ascending")])
    ids = id_bytes(ordered["witness"])
    is_first = np.ones(len(ids), np.bool_)
    is_first[1:] = (ids[1:] != ids[:-1]).any(axis=1)
    return ordered.filter(pa.array(is_first))
