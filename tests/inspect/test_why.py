"""why tells a document's fate, from the output folder alone."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from corpusforge.errors import InputError
from corpusforge.index.reader import read_lineage
from corpusforge.inspect.show import Question, show
from corpusforge.inspect.why import Fate, why


def fate(out: Path, name: str) -> Fate:
    (found,) = why(out, name)
    return found


def id_of(out: Path, reason: str) -> str:
    return next(show(out, Question("rejected", reason=reason))).id


def test_a_kept_document_passed_every_stage_and_became_sequences(small: Path) -> None:
    found = fate(small, "granite.md")
    stages = ["source.files", "extract.markup", "filter.fragile", "dedup.exact", "vocab.encode", "split.greedy"]
    assert [step.stage for step in found.steps] == stages
    assert {step.verdict for step in found.steps} == {"kept"}
    assert found.verdict == "kept"


def test_places_are_what_the_lineage_of_the_shards_says(small: Path) -> None:
    found = fate(small, next(show(small, Question(source="notes"))).id)
    shard = read_lineage(small / "shards" / found.places[0].shard).to_pylist()
    mine = [row for row in shard if row["document"].hex() == found.id]
    assert [(row["sequence"], row["length"], row["text_begin"]) for row in mine] == [
        (place.sequence, place.length, place.text_begin) for place in found.places
    ]


def test_where_it_came_from_is_told(small: Path) -> None:
    about = fate(small, "a.jsonl:0").about
    assert (about["source"], about["origin"], about["url"], about["license"]) == (
        "notes", "a.jsonl:0", "https://example.org/0", "cc0-1.0",
    )  # fmt: skip


def test_a_rejected_document_names_rule_value_and_threshold(small: Path) -> None:
    found = fate(small, id_of(small, "too_few_words"))
    last = found.steps[-1]
    assert (found.verdict, last.step, last.reason, last.value, last.threshold) == (
        "rejected", "notes-filter.length", "too_few_words", 2.0, 3.0,
    )  # fmt: skip
    assert last.signals == {"num_words": 2, "num_chars": 9}
    assert found.places == ()


def test_a_document_rejected_while_reading_never_reaches_a_later_step(small: Path) -> None:
    found = fate(small, "bad.txt")
    assert [(step.stage, step.verdict) for step in found.steps] == [("source.files", "kept"), ("extract.markup", "rejected")]


def test_a_duplicate_names_the_document_that_stayed(small: Path) -> None:
    found = fate(small, id_of(small, "duplicate"))
    witness = found.steps[-1].witness
    assert witness is not None
    assert fate(small, witness.id).verdict == "kept"
    assert fate(small, f"{witness.source}:{witness.origin}").id == witness.id


def test_a_failed_document_carries_the_words_of_the_library(small: Path) -> None:
    found = fate(small, next(show(small, Question("failed"))).id)
    assert found.verdict == "failed"
    assert found.steps[-1].message == "ValueError: boom at an odd word"


@pytest.mark.parametrize("digits", [6, 7, 31, 32])
def test_a_prefix_of_the_id_is_enough(small: Path, digits: int) -> None:
    whole = fate(small, "granite.md").id
    assert fate(small, whole[:digits].upper()).id == whole


def test_an_origin_may_hold_any_letter(small: Path) -> None:
    assert fate(small, "花岗岩.md").about["source"] == "books"


@pytest.mark.parametrize(("name", "cure"), [("abc", "at least 6"), ("ffffffffff", "corpusforge show"), ("no.md", "books")])
def test_an_unknown_document_is_refused_with_a_cure(small: Path, name: str, cure: str) -> None:
    with pytest.raises(InputError, match=f"no document '{name}'.*{cure}"):
        why(small, name)


def test_an_origin_of_two_sources_has_to_be_told_apart(ambiguous: Path) -> None:
    with pytest.raises(InputError, match=r"may be any of 2 documents; give more digits, or source:origin\n.*a:note\.txt"):
        why(ambiguous, "note.txt")
    assert fate(ambiguous, "b:note.txt").about["source"] == "b"


def test_an_id_that_the_input_gave_twice_has_two_fates(twice: Path) -> None:
    (one,) = {found.id for found in why(twice, "notes.jsonl:0")}
    assert sorted(found.verdict for found in why(twice, one)) == ["kept", "rejected"]


def test_a_build_that_stopped_tells_what_is_known_so_far(half_built: Path) -> None:
    found = fate(half_built, "granite.md")
    assert found.verdict == "waiting"
    assert [step.stage for step in found.steps][-1] == "split.greedy"
    assert found.places == ()


def test_a_rejected_document_of_a_build_that_stopped_is_rejected(half_built: Path, small: Path) -> None:
    assert fate(half_built, id_of(small, "duplicate")).verdict == "rejected"


def test_a_step_that_has_not_seen_the_document_is_left_out(half_built: Path) -> None:
    next(half_built.glob("*-split.greedy-*/books-*.verdicts.parquet")).unlink()
    found = fate(half_built, "granite.md")
    assert (found.verdict, found.steps[-1].stage) == ("waiting", "vocab.encode")


def test_json_holds_the_same(small: Path, corpusforge: Callable[..., Result]) -> None:
    (found,) = json.loads(corpusforge("why", small, "bad.txt", "--json").stdout)
    assert found["verdict"] == "rejected"
    assert found["steps"][-1]["reason"] == "undecodable"


def test_the_screen_names_the_verdict_first(small: Path, corpusforge: Callable[..., Result]) -> None:
    shown = corpusforge("why", small, "bad.txt").stdout
    assert shown.splitlines()[0].endswith("rejected: undecodable")


def test_an_unknown_id_exits_with_2(small: Path) -> None:
    import subprocess
    import sys

    command = [sys.executable, "-m", "corpusforge", "why", str(small), "0123456789"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "no document '0123456789'" in done.stderr
