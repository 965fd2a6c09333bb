"""The alarm: a source that loses more than its share stops the build before the loss is spent on.

A wrong field name, a language model that calls everything Klingon or a blocked crawl look the same in the books: nearly
everything is gone. The check is not part of any fingerprint, so raising the share goes on where the build stopped.
"""

from collections.abc import Iterator, Sequence
from itertools import islice

import pyarrow.compute as pc

from corpusforge.engine.ledger import Entry
from corpusforge.engine.parts import PartInfo, columns_path, verdicts_path
from corpusforge.engine.plan import Step
from corpusforge.engine.store import read_parquet
from corpusforge.errors import SourceAlarm

MAX_EXAMPLES = 3


def lost_share(entries: Sequence[Entry]) -> float:
    """Share of a source's documents that the stages so far have rejected or failed."""
    came_in = entries[0].came_in
    return 1 - entries[-1].kept / came_in if came_in else 0.0


def check_alarm(
    source: str, share: float, entries: Sequence[Entry], step: Step, parts: Sequence[tuple[PartInfo, Step]]
) -> None:
    """Raise SourceAlarm, with examples from `step`, when `source` has lost more than `share`.

    `parts` are the source's parts, each with its read step; `entries` its books up to and with `step`.
    """
    lost = lost_share(entries)
    if lost <= share:
        return
    last = entries[-1]
    reasons = {**last.rejected, **({"failed": last.failed} if last.failed else {})}
    most = ", ".join(f"{reason} {count}" for reason, count in sorted(reasons.items(), key=lambda each: (-each[1], each[0]))[:5])
    lines = [
        f"source {source}: {lost:.1%} of its {entries[0].came_in} documents are gone after {step.name} ({most}); "
        f"alarm_share is {share:.1%}: look at the examples, mend the stage, or raise alarm_share of the source to go on",
        *islice(_examples(step, parts, max(sorted(reasons), key=lambda reason: reasons[reason], default="")), MAX_EXAMPLES),
    ]
    raise SourceAlarm("\n".join(lines))


def _examples(step: Step, parts: Sequence[tuple[PartInfo, Step]], reason: str) -> Iterator[str]:
    for info, read in parts:
        verdicts = read_parquet(verdicts_path(step, info.name))
        rows = verdicts.filter(pc.equal(verdicts["drop"], reason)).slice(0, MAX_EXAMPLES).to_pylist()
        origins = read_parquet(columns_path(read, info.name), ["origin"])["origin"]
        for row in rows:
            value = "" if row["value"] is None else f" value {row['value']:g}"
            threshold = "" if row["threshold"] is None else f" threshold {row['threshold']:g}"
            message = f": {row['message']}" if row["message"] else ""
            yield f"  {origins[row['row']].as_py()}: {row['drop']}{value}{threshold}{message}"
