"""diff puts two builds side by side."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from corpusforge.errors import InputError
from corpusforge.inspect.diff import ABSENT, Difference, diff
from corpusforge.inspect.show import Question, show


def counts(found: Difference, source: str) -> dict[tuple[str, str], tuple[int | None, int | None]]:
    return {(each.step, each.what): (each.a, each.b) for each in found.counts if each.source == source}


def test_counts_stand_side_by_side_by_source_step_and_rule(small: Path, strict: Path) -> None:
    found = counts(diff(small, strict), "notes")
    assert found == {
        ("", "in"): (17, 17),
        ("notes-read", "missing_text"): (1, 1),
        ("notes-read", "invalid_json"): (1, 1),
        ("notes-filter.length", "too_few_words"): (1, 9),
        ("filter.fragile", "failed"): (1, None),
        ("dedup.exact", "duplicate"): (1, None),
        ("", "kept"): (12, 6),
    }


def test_documents_kept_by_one_alone_are_told_with_what_the_other_did(small: Path, strict: Path) -> None:
    found = diff(small, strict)
    assert found.only_a.num_documents == 6
    assert found.only_a.reasons == {("notes-filter.length", "too_few_words"): 6}
    assert found.only_b.num_documents == 0
    assert found.num_both == 8


def test_the_other_way_round_is_the_mirror_image(small: Path, strict: Path) -> None:
    there, back = diff(small, strict), diff(strict, small)
    assert (back.only_b, back.only_a, back.num_both) == (there.only_a, there.only_b, there.num_both)


def test_examples_are_documents_that_the_other_rejected(small: Path, strict: Path) -> None:
    examples = diff(small, strict, 2).only_a.examples
    rejected = {each.id: each.about["origin"] for each in show(strict, Question("rejected", reason="too_few_words"))}
    assert [rejected[each.id] for each in examples] == [each.origin for each in examples]
    assert len(examples) == 2


def test_documents_that_the_other_never_read_are_not_there(small: Path, ambiguous: Path) -> None:
    found = diff(small, ambiguous)
    assert found.only_a.reasons == {("", ABSENT): 14}
    assert found.only_b.reasons == {("", ABSENT): 2}
    assert counts(found, "a") == {("", "in"): (None, 1), ("", "kept"): (None, 1)}


def test_tokens_are_summed_by_group(small: Path, strict: Path) -> None:
    documents = {each.group: (each.a, each.b) for each in diff(small, strict).tokens if each.what == "num_documents"}
    assert documents == {"books": (2, 2), "geo": (12, 6)}


def test_a_build_does_not_differ_from_itself(small: Path) -> None:
    found = diff(small, small)
    assert all(each.a == each.b for each in (*found.counts, *found.tokens))
    assert (found.only_a.num_documents, found.only_b.num_documents, found.num_both) == (0, 0, 14)


def test_an_id_given_twice_counts_as_kept(twice: Path) -> None:
    assert diff(twice, twice).num_both == 1


def test_an_unfinished_build_cannot_be_compared(small: Path, half_built: Path) -> None:
    with pytest.raises(InputError, match="no finished build is here"):
        diff(small, half_built)


def test_json_lists_reasons_and_examples(small: Path, strict: Path, corpusforge: Callable[..., Result]) -> None:
    found = json.loads(corpusforge("diff", small, strict, "--json", "--limit", "1").stdout)
    assert found["only_a"]["reasons"] == [{"step": "notes-filter.length", "reason": "too_few_words", "num_documents": 6}]
    assert len(found["only_a"]["examples"]) == 1
    assert found["only_b"]["num_documents"] == 0


def test_the_screen_shows_changes_with_their_sign(small: Path, strict: Path, corpusforge: Callable[..., Result]) -> None:
    lines = [line.split() for line in corpusforge("diff", small, strict).stdout.splitlines()]
    assert ["notes-filter.length", "too_few_words", "1", "9", "+8"] in lines
    assert ["kept", "12", "6", "-6"] in lines
