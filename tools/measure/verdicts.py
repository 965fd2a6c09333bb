"""Documents through the filters of a pipeline, with the engine's own functions and without a build around them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from measure.texts import Document

from corpusforge.core import Filter, writes_text
from corpusforge.engine.apply import Outcome, apply_filter, measure
from corpusforge.engine.parts import Part, PartInfo
from corpusforge.recipe import NamedStage, load_recipe
from corpusforge.settings import ThresholdMark
from corpusforge.text.hashing import content_hashes

ROOT = Path(__file__).resolve().parents[2]
BENCH = ROOT / "recipes/bench.yaml"
SHARED = ROOT.parent / "shared/data"


@dataclass(frozen=True)
class Verdict:
    """What became of a document: `reason` is "" for kept; value and threshold are the rule's."""

    document: Document
    reason: str = ""
    value: float | None = None
    threshold: float | None = None


def pipeline_filters(pipeline: str) -> tuple[NamedStage, ...]:
    """The stages of a shipped pipeline, or of a YAML file."""
    return load_recipe(BENCH, [f"sources.0.pipeline={pipeline}"]).sources[0].stages


def verdicts(filters: Sequence[NamedStage], documents: Sequence[Document]) -> list[Verdict]:
    """What the filters say of each document, in the order given."""
    found = [Verdict(document) for document in documents]
    texts = pa.array([document.text for document in documents], pa.large_string())
    columns = pa.table(
        {
            "text": texts,
            "content_hash": content_hashes(texts),
            "lang": [document.lang for document in documents],
            "url": [""] * len(documents),
        }
    )
    for outcome in outcomes(filters, part_of(columns)):
        for row in outcome.verdicts.select(["row", "drop", "value", "threshold"]).to_pylist():
            found[row["row"]] = Verdict(documents[row["row"]], row["drop"], row["value"], row["threshold"])
    return found


def part_of(columns: pa.Table) -> Part:
    """Documents in memory as the engine passes them on; `columns` has text, its hash and whatever else filters ask for."""
    sizes = pc.cast(pc.binary_length(columns["text"]), pa.int64())
    rows = np.arange(columns.num_rows, dtype=np.int32)
    info = PartInfo("part", "source", columns.num_rows, pc.sum(sizes).as_py() or 0)
    return Part(info, rows, np.ones(len(rows), np.bool_), columns.append_column("num_bytes", sizes))


def outcomes(filters: Sequence[NamedStage], part: Part) -> Iterator[Outcome]:
    """What each filter makes of a part; those between two changes of the text share what they look at, as in a build."""
    todo = list(filters)
    while todo:
        group = [todo.pop(0)]
        while todo and not writes_text(group[-1].stage) and _is_cheap(group[-1]) and _is_cheap(todo[0]):
            group.append(todo.pop(0))
        unlike = {_measures(named): _filter(named) for named in group}
        signals = dict(zip(unlike, measure(list(unlike.values()), part), strict=True))
        for named in group:
            outcome = apply_filter(named, part, signals[_measures(named)])
            part = outcome.part
            yield outcome


def _measures(named: NamedStage) -> str:
    """What a filter measures, apart from its thresholds: as in a build, filters that differ in these alone measure once."""
    fields = type(named.stage).model_fields.items()
    thresholds = {name for name, field in fields if any(isinstance(mark, ThresholdMark) for mark in field.metadata)}
    return named.use + named.stage.model_dump_json(exclude=thresholds)


def _is_cheap(named: NamedStage) -> bool:
    return _filter(named).cost == "cheap"


def _filter(named: NamedStage) -> Filter:
    assert isinstance(named.stage, Filter), f"{named.use} is no filter"
    return named.stage
