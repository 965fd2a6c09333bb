"""What was taken out, counted again from the verdicts: examples of each reason, and what libraries said when they raised."""

from collections import Counter
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from corpusforge.errors import StoreDamaged
from corpusforge.report.examples import Place
from corpusforge.report.flow import FAILED, Flow, Loss
from corpusforge.report.rows import PartRows

_NUM_EXAMPLES = 2

# Distinct messages counted per stage; what comes after that many is counted together.
_MAX_MESSAGES = 1000
OTHER_MESSAGES = "(other messages)"


@dataclass(frozen=True)
class Taken:
    """A document that was taken out: where, and what the verdict says of it."""

    place: Place
    value: float | None
    threshold: float | None
    message: str


@dataclass
class Losses:
    """State: documents taken out by (source, stage, reason), first examples by (stage, reason), failures by message."""

    counts: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    examples: dict[tuple[str, str], list[Taken]] = field(default_factory=dict)
    messages: dict[str, Counter[str]] = field(default_factory=dict)

    def add(self, rows: PartRows) -> None:
        """Look at a part."""
        for index, verdicts in enumerate(rows.verdicts):
            failed = verdicts.filter(verdicts["failed"])
            self._count_messages(failed)
            self._look(rows, index, failed.set_column(2, "drop", pa.array([FAILED] * failed.num_rows, pa.string())))
            self._look(rows, index, verdicts.filter(pc.invert(verdicts["failed"])))

    def _look(self, rows: PartRows, index: int, verdicts: pa.Table) -> None:
        for each in verdicts.group_by(["stage", "drop"]).aggregate([([], "count_all")]).to_pylist():
            stage, reason = each["stage"], each["drop"]
            self.counts[rows.source, stage, reason] += each["count_all"]
            known = self.examples.setdefault((stage, reason), [])
            wanted = _NUM_EXAMPLES - len(known)
            if wanted > 0:
                same = pc.and_(pc.equal(verdicts["stage"], stage), pc.equal(verdicts["drop"], reason))
                first = verdicts.filter(same).slice(0, wanted).to_pylist()
                known += [
                    Taken(Place(rows.source, rows.part.name, index, row["row"]), row["value"], row["threshold"], row["message"])
                    for row in first
                ]

    def _count_messages(self, failed: pa.Table) -> None:
        for each in failed.group_by(["stage", "message"]).aggregate([([], "count_all")]).to_pylist():
            counts = self.messages.setdefault(each["stage"], Counter())
            message = each["message"]
            is_new = message not in counts and len(counts) >= _MAX_MESSAGES
            counts[OTHER_MESSAGES if is_new else message] += each["count_all"]

    @property
    def places(self) -> list[Place]:
        """Of the examples."""
        return [taken.place for some in self.examples.values() for taken in some]

    def check(self, flow: Flow, out: str) -> None:
        """Raise StoreDamaged where the verdicts are not what the books say."""
        books: Counter[tuple[str, str, str]] = Counter()
        for loss in flow.losses:
            books[_key(loss)] += loss.num_documents
        for key in sorted({*books, *self.counts}):
            if books[key] != self.counts[key]:
                source, stage, reason = key
                raise StoreDamaged(
                    f"{out}: source {source}: the report of {stage} counts {books[key]} documents as {reason}, its verdicts "
                    f"{self.counts[key]}; delete the folder of that step and build again"
                )


def _key(loss: Loss) -> tuple[str, str, str]:
    return loss.source, loss.stage, loss.reason
