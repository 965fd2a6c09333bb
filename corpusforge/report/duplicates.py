"""Which documents have the most copies: verdicts name the document that stays in the place of each that is taken out.

Witnesses are counted a share of all ids at a time, so that memory is bounded however many duplicates there are.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from corpusforge.inspect.folder import Documents, id_bytes
from corpusforge.inspect.steps import StepOnDisk
from corpusforge.report.examples import Place
from corpusforge.report.flow import Flow

NUM_CLUSTERS = 8
_NUM_MEMBERS = 3
_WITNESSES_AT_ONCE = 4_000_000


@dataclass(frozen=True)
class Cluster:
    """Documents that one stage took to be the same: the one that stays, how many went, and the first of these."""

    stage: str
    num_removed: int
    witness: Place
    removed: tuple[Place, ...]


def duplicate_stages(documents: Documents) -> dict[str, list[StepOnDisk]]:
    """Stages that look at the whole corpus and take documents out, with their steps: dedup.exact and others."""
    stages: dict[str, list[StepOnDisk]] = {}
    for step in documents.generation.steps:
        if step.kind == "barrier" and step.books:
            stages.setdefault(next(iter(step.books.values()))[0].stage, []).append(step)
    return stages


def largest_clusters(documents: Documents, flow: Flow) -> list[Cluster]:
    """The NUM_CLUSTERS documents of each stage with the most copies, most copies first; then by id."""
    clusters: list[Cluster] = []
    for stage, steps in duplicate_stages(documents).items():
        num_removed = sum(loss.num_documents for loss in flow.losses if loss.stage == stage)
        counts = _most_copied(documents, steps, 1 + num_removed // _WITNESSES_AT_ONCE)
        clusters += _described(documents, stage, steps, counts)
    return clusters


def _verdicts(documents: Documents, steps: list[StepOnDisk]) -> Iterator[tuple[str, str, int, pa.Table]]:
    """(source, part, number of the step, rows that were taken out and whose place another takes) of every part."""
    for source in documents.sources:
        path = documents.steps_of(source)
        for step in steps:
            for part in documents.parts_of(source) if step in path else ():
                table = documents.verdict_table(step, part.name)
                if table is not None:
                    yield source, part.name, path.index(step), table.filter(pc.is_valid(table["witness"]))


def _most_copied(documents: Documents, steps: list[StepOnDisk], num_shares: int) -> list[tuple[bytes, int]]:
    """(id, number of copies taken out), from `num_shares` looks at the verdicts, each at a range of ids."""
    best: list[tuple[bytes, int]] = []
    for number in range(num_shares):
        tables = [_of_share(table.select(["witness"]), number, num_shares) for *_, table in _verdicts(documents, steps)]
        if tables:
            counts = pa.concat_tables(tables).group_by("witness").aggregate([([], "count_all")])
            first = counts.sort_by([("count_all", "descending"), ("witness", "ascending")]).slice(0, NUM_CLUSTERS)
            best += zip(first["witness"].to_pylist(), first["count_all"].to_pylist(), strict=True)
    return sorted(best, key=lambda each: (-each[1], each[0]))[:NUM_CLUSTERS]


def _of_share(witnesses: pa.Table, number: int, num_shares: int) -> pa.Table:
    leading = id_bytes(witnesses["witness"])[:, :4].astype(np.uint64) @ np.array([2**24, 2**16, 2**8, 1], np.uint64)
    return witnesses.filter(pa.array(leading * np.uint64(num_shares) >> np.uint64(32) == number))


def _described(documents: Documents, stage: str, steps: list[StepOnDisk], counts: list[tuple[bytes, int]]) -> Iterator[Cluster]:
    members: dict[bytes, list[Place]] = {witness: [] for witness, _ in counts}
    for source, part, index, table in _verdicts(documents, steps) if counts else ():
        for witness, known in members.items():
            same = table.filter(pc.equal(table["witness"], pa.scalar(witness, pa.binary(16))))
            rows = same["row"].slice(0, _NUM_MEMBERS - len(known)).to_pylist()
            known += [Place(source, part, index, row) for row in rows]
    found = documents.find(list(members))
    for witness, count in counts:
        place = found[witness]
        index = next(number for number, step in enumerate(documents.steps_of(place.source)) if step in steps)
        yield Cluster(stage, count, Place(place.source, place.part, index, place.row), tuple(members[witness]))
