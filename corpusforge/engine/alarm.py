"""The alarm: a source that loses more than its share stops the build before the loss is spent on.

A wrong field name, a language model that calls everything Klingon, a blocked crawl or a template that makes all documents look
alike are the same in the books: nearly everything is gone. The check is not part of any fingerprint, so raising the share goes
on where the build stopped.
"""

from collections.abc import Iterator, Sequence
from itertools import islice

import pyarrow as pa
import pyarrow.compute as pc

from corpusforge.engine.ledger import Entry
from corpusforge.engine.parts import PartInfo, columns_path, verdicts_path
from corpusforge.engine.plan import Step
from corpusforge.engine.store import read_parquet
from corpusforge.errors import SourceAlarm

MAX_EXAMPLES = 3

# A part and its read step.
ReadPart = tuple[PartInfo, Step]


def lost_share(entries: Sequence[Entry]) -> float:
    """Share of a source's documents that the stages so far have rejected or failed."""
    came_in = entries[0].came_in
    return 1 - entries[-1].kept / came_in if came_in else 0.0


def check_alarm(source: str, share: float, entries: Sequence[Entry], step: Step, parts: Sequence[ReadPart]) -> None:
    """Raise SourceAlarm, with examples from `step`, when `source` has lost more than `share`.

    `parts` are those of all sources; `entries` the books of `source` up to and with `step`.
    """
    lost = lost_share(entries)
    if lost <= share:
        return
    last = entries[-1]
    reasons = {**last.rejected, **({"failed": last.failed} if last.failed else {})}
    most = ", ".join(f"{reason} {count}" for reason, count in sorted(reasons.items(), key=lambda each: (-each[1], each[0]))[:5])
    mine = [(info, read) for info, read in parts if info.source == source]
    copies = _copies(step, mine)
    examples = _groups(copies, parts) if copies.num_rows else _examples(step, mine, _most_frequent(reasons))
    look = f"`corpusforge dedup show {step.folder.parent} --source {source}`" if copies.num_rows else "the examples"
    lines = [
        f"source {source}: {lost:.1%} of its {entries[0].came_in} documents are gone after {step.name} ({most}); "
        f"alarm_share is {share:.1%}: look at {look}, mend the stage, or raise alarm_share of the source to go on",
        *islice(examples, MAX_EXAMPLES),
    ]
    raise SourceAlarm("\n".join(lines))


def _most_frequent(reasons: dict[str, int]) -> str:
    return max(sorted(reasons), key=lambda reason: reasons[reason], default="")


def _examples(step: Step, parts: Sequence[ReadPart], reason: str) -> Iterator[str]:
    for info, read in parts:
        verdicts = read_parquet(verdicts_path(step, info.name))
        rows = verdicts.filter(pc.equal(verdicts["drop"], reason)).slice(0, MAX_EXAMPLES).to_pylist()
        origins = read_parquet(columns_path(read, info.name), ["origin"])["origin"]
        for row in rows:
            value = "" if row["value"] is None else f" value {row['value']:g}"
            threshold = "" if row["threshold"] is None else f" threshold {row['threshold']:g}"
            message = f": {row['message']}" if row["message"] else ""
            yield f"  {origins[row['row']].as_py()}: {row['drop']}{value}{threshold}{message}"


def _copies(step: Step, parts: Sequence[ReadPart]) -> pa.Table:
    """Documents that went for another: its id (witness), their own origin, how like they are (null where not measured)."""
    tables = []
    for info, read in parts:
        verdicts = read_parquet(verdicts_path(step, info.name), ["row", "drop", "value", "witness"])
        copies = verdicts.filter(pc.is_valid(verdicts["witness"]))
        if copies.num_rows:
            origins = read_parquet(columns_path(read, info.name), ["origin"])["origin"].take(copies["row"])
            likeness = pc.if_else(pc.equal(copies["drop"], "near_duplicate"), copies["value"], None)
            tables.append(pa.table({"witness": copies["witness"], "origin": origins, "likeness": likeness}))
    return pa.concat_tables(tables) if tables else pa.table({})


def _groups(copies: pa.Table, parts: Sequence[ReadPart]) -> Iterator[str]:
    """The documents for which the most others went, with the least alike of these."""
    counts = copies.group_by("witness").aggregate([([], "count_all")])
    largest = counts.sort_by([("count_all", "descending"), ("witness", "ascending")]).slice(0, MAX_EXAMPLES)
    kept = _origins(largest["witness"], parts)
    for witness, count in zip(largest["witness"].to_pylist(), largest["count_all"].to_pylist(), strict=True):
        group = copies.filter(pc.equal(copies["witness"], pa.scalar(witness, pa.binary(16))))
        least = group.sort_by([("likeness", "ascending"), ("origin", "ascending")]).slice(0, MAX_EXAMPLES).to_pylist()
        shown = [row["origin"] if row["likeness"] is None else f"{row['origin']} ({row['likeness']:.3g})" for row in least]
        more = [f"{count - len(shown)} more"] if count > len(shown) else []
        yield f"  {count} went for {kept.get(witness, witness.hex())}: {', '.join([*shown, *more])}"


def _origins(ids: pa.ChunkedArray, parts: Sequence[ReadPart]) -> dict[bytes, str]:
    """ "source:origin" of documents by id."""
    found = {}
    for info, read in parts:
        table = read_parquet(columns_path(read, info.name), ["id", "origin"])
        for row in table.filter(pc.is_in(table["id"], ids.combine_chunks())).to_pylist():
            found[row["id"]] = f"{info.source}:{row['origin']}"
    return found
