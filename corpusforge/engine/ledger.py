"""The books: documents in = kept + rejected + failed, per source and stage, or the build fails."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from corpusforge.errors import LedgerError


@dataclass(frozen=True)
class Entry:
    """What one stage did to the documents of one source."""

    stage: str
    came_in: int
    kept: int
    rejected: dict[str, int] = field(default_factory=dict)
    failed: int = 0
    cut_bytes: int = 0
    """UTF-8 bytes that edits cut out of documents that were kept."""

    def to_json(self) -> dict[str, Any]:
        """As it stands in a report."""
        facts = {"stage": self.stage, "in": self.came_in, "kept": self.kept, "rejected": self.rejected, "failed": self.failed}
        return {**facts, "cut_bytes": self.cut_bytes} if self.cut_bytes else facts

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Entry":
        """Back from a report."""
        return cls(
            value["stage"], value["in"], value["kept"], value["rejected"], value["failed"], value.get("cut_bytes", 0)
        )  # fmt: skip


def entry(stage: str, came_in: int, kept: int, verdicts: pa.Table) -> Entry:
    """An entry from counts made apart: rows before, rows after, and the verdicts in between; raises LedgerError."""
    dropped = verdicts.filter(pc.not_equal(verdicts["drop"], ""))
    failed = pc.sum(dropped["failed"]).as_py() or 0
    reasons = dropped.filter(pc.invert(dropped["failed"]))["drop"].value_counts().to_pylist()
    return checked(Entry(stage, came_in, kept, {each["values"]: each["counts"] for each in reasons}, failed), "a part")


def checked(each: Entry, where: str) -> Entry:
    """The entry itself; raises LedgerError when it does not add up."""
    if each.came_in != each.kept + sum(each.rejected.values()) + each.failed:
        raise LedgerError(
            f"{where}: {each.stage}: {each.came_in} documents in, but {each.kept} kept + {sum(each.rejected.values())}"
            f" rejected + {each.failed} failed; the stage loses or repeats rows: report it with the recipe"
        )
    return each


def total(entries: Iterable[Entry]) -> Entry:
    """The sum of entries of one stage."""
    entries = list(entries)
    rejected: Counter[str] = Counter()
    for each in entries:
        rejected.update(each.rejected)
    return Entry(
        entries[0].stage, sum(each.came_in for each in entries), sum(each.kept for each in entries), dict(rejected),
        sum(each.failed for each in entries), sum(each.cut_bytes for each in entries),
    )  # fmt: skip


def check_flow(source: str, entries: list[Entry]) -> None:
    """Raise LedgerError where a stage took in another number of documents than the one before it kept."""
    for before, after in pairwise(entries):
        if before.kept != after.came_in:
            raise LedgerError(
                f"source {source}: {before.stage} kept {before.kept} documents but {after.stage} took in {after.came_in}; "
                "delete the folders of both steps and build again; if it stays, report it with the recipe"
            )
