"""show lists documents of any step, by verdict, source and rule."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from corpusforge.errors import UserError
from corpusforge.inspect.show import Question, Shown, one_verdict, show


def ids(out: Path, question: Question) -> list[str]:
    return [each.id for each in show(out, question)]


def first(out: Path, question: Question) -> Shown:
    return next(show(out, question))


def test_kept_are_those_that_became_sequences(small: Path) -> None:
    assert len(ids(small, Question())) == 14


def test_kept_after_a_step_are_those_that_went_on(small: Path) -> None:
    assert len(ids(small, Question(step="books-read"))) == 2
    assert len(ids(small, Question(step="filter.fragile"))) == 15


def test_rejected_without_a_step_are_those_of_all_steps(small: Path) -> None:
    found = [each.reason for each in show(small, Question("rejected"))]
    assert found == ["missing_text", "invalid_json", "too_few_words", "duplicate", "undecodable"]


def test_a_stage_stands_for_its_step_in_every_source(small: Path) -> None:
    assert [each.reason for each in show(small, Question("rejected", step="filter.length"))] == ["too_few_words"]


def test_a_rejected_document_shows_value_threshold_signals_and_text(small: Path) -> None:
    found = first(small, Question("rejected", step="notes-filter.length"))
    assert (found.value, found.threshold, found.text) == (2.0, 3.0, "too short")
    assert found.signals == {"num_words": 2, "num_chars": 9}


def test_what_could_not_be_read_shows_what_was_found(small: Path) -> None:
    assert first(small, Question("rejected", reason="invalid_json")).text == "no json"


def test_a_duplicate_shows_its_witness(small: Path) -> None:
    found = first(small, Question("rejected", reason="duplicate"))
    assert found.witness in ids(small, Question())


def test_failed_documents_show_the_message(small: Path) -> None:
    (found,) = show(small, Question("failed"))
    assert (found.message, found.text) == ("ValueError: boom at an odd word", "this note will explode now")


def test_source_narrows(small: Path) -> None:
    assert {each.about["source"] for each in show(small, Question(source="books"))} == {"books"}


def test_limit_counts_documents_and_0_is_all(small: Path) -> None:
    assert len(ids(small, Question(limit=3))) == 3
    assert len(ids(small, Question(limit=0))) == 14


def test_a_random_sample_is_the_same_for_a_seed_and_another_for_another(small: Path) -> None:
    samples = [ids(small, Question(limit=5, seed=seed)) for seed in (1, 1, 2)]
    assert samples[0] == samples[1] != samples[2]
    assert set(samples[0]) <= set(ids(small, Question()))
    assert len(set(samples[0])) == 5


def test_a_sample_larger_than_what_there_is_is_everything(small: Path) -> None:
    assert ids(small, Question(limit=99, seed=4)) == ids(small, Question())


@pytest.mark.parametrize(
    ("question", "message"),
    [
        (Question(step="filter.lenght"), "no step 'filter.lenght'.*did you mean 'notes-filter.length'"),
        (Question(source="note"), "no source 'note'.*did you mean 'notes'"),
        (Question("rejected", reason="duplicat"), "rejected as 'duplicat'.*did you mean 'duplicate'"),
        (Question("failed", reason="duplicate"), "--reason duplicate is of rejected documents"),
    ],
)
def test_what_is_not_there_is_refused_with_a_cure(small: Path, question: Question, message: str) -> None:
    with pytest.raises(UserError, match=message):
        show(small, question)


def test_two_verdicts_at_once_are_refused() -> None:
    with pytest.raises(UserError, match="--kept and --failed"):
        one_verdict({"kept": True, "rejected": False, "failed": True}, None)


def test_a_reason_alone_asks_for_rejected_documents() -> None:
    assert one_verdict({"kept": False, "rejected": False, "failed": False}, "duplicate") == "rejected"


def test_a_build_that_stopped_shows_what_its_steps_decided(half_built: Path) -> None:
    assert len(ids(half_built, Question("rejected"))) == 5


def test_json_is_one_object_a_line(small: Path, corpusforge: Callable[..., Result]) -> None:
    lines = corpusforge("show", small, "--rejected", "--json").stdout.splitlines()
    assert [json.loads(line)["reason"] for line in lines][-1] == "undecodable"


def test_only_the_beginning_of_a_long_text_is_shown_unless_full(long_text: Path, corpusforge: Callable[..., Result]) -> None:
    assert len(corpusforge("show", long_text).stdout) < 600
    assert corpusforge("show", long_text, "--full").stdout.count("granite") == 200


def test_brackets_in_a_text_are_no_markup(long_text: Path, corpusforge: Callable[..., Result]) -> None:
    assert "[red]quartz[/red]" in corpusforge("show", long_text).stdout


def test_nothing_found_says_so(small: Path, corpusforge: Callable[..., Result]) -> None:
    assert corpusforge("show", small, "dedup.exact", "--failed").stdout == "no document\n"
