import re
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pytest

from corpusforge.core import EDITS_FIELD, Artifacts, Filter, Rule, Transform
from corpusforge.engine.apply import apply_filter, apply_transform
from corpusforge.engine.parts import Part, PartInfo
from corpusforge.errors import InputError
from corpusforge.recipe.model import NamedStage
from corpusforge.text.view import TextView


class Shout(Transform):
    """Upper-cases; a library that chokes on some words."""

    reads: ClassVar[tuple[str, ...]] = ("text",)
    adds: ClassVar[tuple[str, ...]] = ("text",)

    def apply(self, batch: pa.RecordBatch, artifacts: Artifacts) -> pa.RecordBatch:
        texts = batch["text"].to_pylist()
        if "choke" in texts:
            raise ValueError("cannot shout choke")
        if "fatal" in texts:
            raise InputError("the model file is damaged")
        return pa.RecordBatch.from_pydict({"text": pa.array([text.upper() for text in texts], pa.large_string())})


class Odd(Filter):
    """Measures nothing much, and raises on some words."""

    adds: ClassVar[tuple[str, ...]] = ("size",)

    def annotate(self, view: TextView) -> dict[str, pa.Array]:
        if "choke" in view.texts.to_pylist():
            raise ValueError("cannot measure choke")
        return {"size": pa.array(view.num_bytes)}

    def rules(self) -> tuple[Rule, ...]:
        return (Rule("size", ">=", 2, "too_small"),)


def part(*texts: str) -> Part:
    columns = {
        "text": pa.array(texts, pa.large_string()),
        "num_bytes": pa.array([len(text) for text in texts], pa.int64()),
        "id": pa.array([bytes([i]) * 16 for i in range(len(texts))], pa.binary(16)),
    }
    rows = np.arange(0, 10 * len(texts), 10, dtype=np.int32)
    return Part(PartInfo("p", "s", 10 * len(texts), 0), rows, np.ones(len(texts), np.bool_), pa.table(columns))


def test_a_document_on_which_a_library_raises_is_failed_alone_with_the_message() -> None:
    outcome = apply_transform(NamedStage("shout", Shout()), part("a", "b", "choke", "c", "choke"), {})
    assert outcome.part.columns["text"].to_pylist() == ["A", "B", "C"]
    assert [(row["row"], row["drop"], row["failed"], row["message"]) for row in outcome.verdicts.to_pylist()] == [
        (20, "failed", True, "ValueError: cannot shout choke"),
        (40, "failed", True, "ValueError: cannot shout choke"),
    ]
    assert (outcome.entry.came_in, outcome.entry.kept, outcome.entry.failed) == (5, 3, 2)


def test_an_error_that_the_user_has_to_mend_stops_the_build() -> None:
    with pytest.raises(InputError, match="damaged"):
        apply_transform(NamedStage("shout", Shout()), part("a", "fatal"), {})


def test_rewritten_text_brings_a_new_hash_and_size() -> None:
    outcome = apply_transform(NamedStage("shout", Shout()), part("ab"), {})
    assert outcome.columns is not None
    assert outcome.columns.column_names == ["row", "text", "content_hash", "num_bytes"]


def test_a_filter_gives_signals_apart_from_verdicts_and_null_where_it_failed() -> None:
    outcome = apply_filter(NamedStage("odd", Odd()), part("abc", "a", "choke"), None)
    assert outcome.signals is not None
    assert outcome.signals.select(["row", "size", "failed"]).to_pylist() == [
        {"row": 0, "size": 3, "failed": False},
        {"row": 10, "size": 1, "failed": False},
        {"row": 20, "size": None, "failed": True},
    ]
    assert [(row["row"], row["drop"], row["failed"]) for row in outcome.verdicts.to_pylist()] == [
        (10, "too_small", False),
        (20, "failed", True),
    ]
    assert outcome.part.live().rows.tolist() == [0]


def test_a_cheap_filter_measures_rows_that_are_dropped_already_but_decides_on_live_ones() -> None:
    dead = part("abc", "a", "ab").keeping(np.array([False, True, True]))
    outcome = apply_filter(NamedStage("odd", Odd()), dead, None)
    assert outcome.signals is not None
    assert outcome.signals["size"].to_pylist() == [3, 1, 2]
    assert outcome.verdicts["row"].to_pylist() == [10]
    assert (outcome.entry.came_in, outcome.entry.kept) == (2, 1)


def test_stored_signals_are_decided_on_without_text() -> None:
    first = apply_filter(NamedStage("odd", Odd()), part("abc", "a"), None)
    bare = part("abc", "a")
    without_text = Part(bare.info, bare.rows, bare.alive, bare.columns.drop_columns(["text"]))
    again = apply_filter(NamedStage("odd", Odd()), without_text, first.signals)
    assert again.verdicts.equals(first.verdicts)
    assert again.signals is None


def test_a_part_without_rows_passes_through() -> None:
    outcome = apply_filter(NamedStage("odd", Odd()), part(), None)
    assert outcome.verdicts.num_rows == 0
    assert outcome.entry.came_in == 0


class Snip(Filter):
    """Cuts out every "bad "."""

    adds: ClassVar[tuple[str, ...]] = ()
    edits_text: ClassVar[bool] = True

    def annotate(self, view: TextView) -> dict[str, pa.Array]:
        return {}

    def rules(self) -> tuple[Rule, ...]:
        return ()

    def edits(self, view: TextView) -> pa.Array:
        spans = [
            [{"begin": match.start(), "end": match.end(), "reason": "bad"} for match in re.finditer(b"bad ", text.encode())]
            for text in view.texts.to_pylist()
        ]
        return pa.array(spans, EDITS_FIELD.type)


def test_edits_cut_spans_from_kept_documents_and_their_bytes_are_in_the_books() -> None:
    outcome = apply_filter(NamedStage("snip", Snip()), part("a bad b", "good", "bad 矿bad 物"), None)
    assert outcome.part.columns["text"].to_pylist() == ["a b", "good", "矿物"]
    assert outcome.entry.cut_bytes == 4 + 8
    assert outcome.columns is not None
    assert outcome.columns["num_bytes"].to_pylist() == [3, 4, 6]
    assert outcome.signals is not None
    assert outcome.signals["edits"].to_pylist()[0] == [{"begin": 2, "end": 6, "reason": "bad"}]


def test_edits_touch_no_document_that_is_dropped() -> None:
    outcome = apply_filter(NamedStage("snip", Snip()), part("bad a", "bad b").keeping(np.array([True, False])), None)
    assert outcome.part.rows.tolist() == [0]
    assert outcome.entry.cut_bytes == 4
