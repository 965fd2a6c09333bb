"""The rows that training reads: how full they are, and what each stage of the mix takes of each group."""

from collections.abc import Iterator, Mapping
from typing import Any

from corpusforge.index.mix import Mix, MixGroup, StagePlan
from corpusforge.report import charts, figures
from corpusforge.report.markup import Markup, element, joined, table

_GROUPS = ["group", "slice", "#documents", "#rows", "#pieces", "#tokens", "#fill", ""]
_STAGES = ["stage", "group", "#weight", "#of tokens", "#rows", "#epochs", ""]


def rows_section(manifest: Mapping[str, Any], mix: Mix) -> Markup | None:
    """Packing by group, and the stages; None where the shards are not packed."""
    if mix.layout != "packed":
        return None
    intro = (
        f"Rows of {figures.count(mix.seq_length)} tokens, whole pieces one behind the other; fill is what no piece fits into."
    )
    notes = [
        element("p", element("strong", f"{stage.name}: "), note, class_="alert") for stage in mix.stages for note in stage.notes
    ]
    packed = table(_GROUPS, _packed_rows(manifest, mix), class_="wide")
    stages = table(_STAGES, [row for stage in mix.stages for row in _stage_rows(stage)], class_="wide")
    return joined([element("p", intro), packed, *notes, stages])


def _packed_rows(manifest: Mapping[str, Any], mix: Mix) -> Iterator[list[str]]:
    for groups, what in ((mix.groups, "training"), (mix.held_out, "held out")):
        for name, group in groups.items():
            yield _packed_row(manifest, name, what, group, mix.seq_length)


def _packed_row(manifest: Mapping[str, Any], name: str, what: str, group: MixGroup, row_length: int) -> list[str]:
    names = {shard.name for shard in group.shards}
    shards = [shard for shard in manifest["shards"] if shard["name"] in names]
    pieces, fill = (sum(shard[count] for shard in shards) for count in ("num_segments", "num_fill_tokens"))
    places = group.num_sequences * row_length
    counts = (group.num_documents, group.num_sequences, pieces, group.num_tokens)
    bar = charts.bar(group.num_tokens, places, "kept")
    return [element("strong", name), what, *map(figures.count, counts), figures.share(fill, places), bar]


def _stage_rows(stage: StagePlan) -> Iterator[list[str]]:
    for name, group in stage.groups.items():
        numbers = [figures.share(group.weight, 1), figures.share(group.share, 1), figures.count(group.num_rows)]
        bar = charts.bar(group.num_rows, stage.num_rows, "kept")
        yield [element("strong", stage.name), name, *numbers, figures.number(group.epochs, 3), bar]
