import re
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pytest

from corpusforge.core import EDITS_FIELD, Artifacts, Filter, Rule, Transform
from corpusforge.engine.apply import Outcome, apply_filter, apply_transform, measure
from corpusforge.engine.parts import Part, PartInfo
from corpusforge.errors import InputError
from corpusforge.recipe.model import NamedStage
from corpusforge.text.hashing import content_hashes
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
        "num_bytes": pa.array([len(text.encode()) for text in texts], pa.int64()),
        "content_hash": content_hashes(pa.array(texts, pa.large_string())),
        "id": pa.array([bytes([i]) * 16 for i in range(len(texts))], pa.binary(16)),
    }
    rows = np.arange(0, 10 * len(texts), 10, dtype=np.int32)
    return Part(PartInfo("p", "s", 10 * len(texts), 0), rows, np.ones(len(texts), np.bool_), pa.table(columns))


def filtered(stage: Filter, given: Part) -> Outcome:
    return apply_filter(NamedStage("it", stage), given, measure([stage], given)[0])


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
    given = part("abc", "a", "choke")
    assert measure([Odd()], given)[0].select(["row", "size", "failed"]).to_pylist() == [
        {"row": 0, "size": 3, "failed": False},
        {"row": 10, "size": 1, "failed": False},
        {"row": 20, "size": None, "failed": True},
    ]
    outcome = filtered(Odd(), given)
    assert [(row["row"], row["drop"], row["failed"]) for row in outcome.verdicts.to_pylist()] == [
        (10, "too_small", False),
        (20, "failed", True),
    ]
    assert outcome.part.live().rows.tolist() == [0]


def test_a_cheap_filter_measures_rows_that_are_dropped_already_but_decides_on_live_ones() -> None:
    dead = part("abc", "a", "ab").keeping(np.array([False, True, True]))
    assert measure([Odd()], dead)[0]["size"].to_pylist() == [3, 1, 2]
    outcome = filtered(Odd(), dead)
    assert outcome.verdicts["row"].to_pylist() == [10]
    assert (outcome.entry.came_in, outcome.entry.kept) == (2, 1)


def test_stored_signals_are_decided_on_without_text() -> None:
    bare = part("abc", "a")
    signals = measure([Odd()], bare)[0]
    without_text = Part(bare.info, bare.rows, bare.alive, bare.columns.drop_columns(["text"]))
    again = apply_filter(NamedStage("it", Odd()), without_text, signals)
    assert again.verdicts.equals(filtered(Odd(), bare).verdicts)


def test_a_part_without_rows_passes_through() -> None:
    outcome = filtered(Odd(), part())
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
    outcome = filtered(Snip(), part("a bad b", "good", "bad 矿bad 物"))
    assert outcome.part.columns["text"].to_pylist() == ["a b", "good", "矿物"]
    assert outcome.entry.cut_bytes == 4 + 8
    assert outcome.columns is not None
    assert outcome.columns["num_bytes"].to_pylist() == [3, 4, 6]
    expected = content_hashes(pa.array(["a b", "good", "矿物"], pa.large_string()))
    assert outcome.columns["content_hash"].to_pylist() == expected.to_pylist()
    edits = measure([Snip()], part("a bad b"))[0]["edits"]
    assert edits.to_pylist()[0] == [{"begin": 2, "end": 6, "reason": "bad"}]


def test_edits_touch_no_document_that_is_dropped() -> None:
    outcome = filtered(Snip(), part("bad a", "bad b").keeping(np.array([True, False])))
    assert outcome.part.rows.tolist() == [0]
    assert outcome.entry.cut_bytes == 4


def in_languages(given: Part, *langs: str) -> Part:
    return given.with_columns(pa.table({"lang": pa.array(langs, pa.string())}))


def test_a_filter_of_one_language_lets_the_others_pass() -> None:
    given = in_languages(part("a", "b", "ab"), "zh", "en", "zh")
    outcome = filtered(Odd(lang="zh"), given)
    assert [(row["row"], row["drop"]) for row in outcome.verdicts.to_pylist()] == [(0, "too_small")]


def test_a_filter_of_one_language_cuts_nothing_from_the_others() -> None:
    outcome = filtered(Snip(lang="zh"), in_languages(part("bad a", "bad b"), "zh", "en"))
    assert outcome.part.columns["text"].to_pylist() == ["a", "bad b"]


def test_filters_that_measure_together_look_at_one_view() -> None:
    seen: list[TextView] = []

    class Look(Odd):
        def annotate(self, view: TextView) -> dict[str, pa.Array]:
            seen.append(view)
            return super().annotate(view)

    measure([Look(), Look()], part("ab", "c"))
    assert len(seen) == 2
    assert seen[0] is seen[1]


def test_a_part_without_rows_passes_a_filter_that_cuts() -> None:
    outcome = filtered(Snip(), part())
    assert outcome.columns is not None
    assert outcome.columns.num_rows == 0
    assert outcome.entry.cut_bytes == 0
