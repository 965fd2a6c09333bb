"""What a build tells while it runs: rates and shares from the notes of its tasks, lines where there is no terminal."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from corpusforge.engine.ledger import Entry
from corpusforge.engine.plan import Step
from corpusforge.engine.store import write_json
from corpusforge.terminal.progress import BuildProgress, PassNotes, books_line


def step(name: str, folder: Path) -> Step:
    folder.mkdir(exist_ok=True)
    return Step(name, "stream", (), name[:1] * 12, (), folder, {})


@pytest.fixture
def passing(tmp_path: Path) -> tuple[Step, Step]:
    return step("read", tmp_path / "read"), step("filter", tmp_path / "filter")


def note(steps: tuple[Step, Step], part: str, came_in: int, kept: int) -> None:
    first, last = steps
    entries = {
        first.fingerprint: [{"stage": "a", "in": came_in, "kept": came_in, "rejected": {}, "failed": 0}],
        last.fingerprint: [{"stage": "b", "in": came_in, "kept": kept, "rejected": {"short": came_in - kept}, "failed": 0}],
    }
    write_json(first.folder / f"{part}.task.json", {"parts": [{"name": part, "text_bytes": 2_000_000, "entries": entries}]})


def moments(monkeypatch: pytest.MonkeyPatch, *seconds: float) -> None:
    """The clock says these, one after another."""
    coming = iter(seconds)
    monkeypatch.setattr("corpusforge.terminal.progress.time.monotonic", lambda: next(coming))


def test_documents_and_bytes_a_second_and_the_share_kept(passing: tuple[Step, Step], monkeypatch: pytest.MonkeyPatch) -> None:
    moments(monkeypatch, 0.0, 2.0)
    notes = PassNotes(passing)
    note(passing, "p0", 100, 80)
    note(passing, "p1", 100, 100)
    assert notes.facts() == ", 100 documents/s, 2.0 MB/s, kept 90.0%"


def test_what_an_earlier_run_finished_is_no_speed_of_this_one(
    passing: tuple[Step, Step], monkeypatch: pytest.MonkeyPatch
) -> None:
    note(passing, "p0", 100, 50)
    moments(monkeypatch, 0.0, 2.0)
    notes = PassNotes(passing)
    assert notes.facts() == ", kept 50.0%"


def test_the_notes_are_not_read_twice_a_second(passing: tuple[Step, Step], monkeypatch: pytest.MonkeyPatch) -> None:
    moments(monkeypatch, 0.0, 0.5, 1.5)
    notes = PassNotes(passing)
    note(passing, "p0", 100, 50)
    assert notes.facts() == ""
    assert notes.facts() == ", 67 documents/s, 1.3 MB/s, kept 50.0%"


def test_a_part_noted_by_itself_and_by_its_task_counts_once(
    passing: tuple[Step, Step], monkeypatch: pytest.MonkeyPatch
) -> None:
    moments(monkeypatch, 0.0, 1.0)
    notes = PassNotes(passing)
    note(passing, "p0", 100, 50)
    (passing[0].folder / "p0.part.task.json").write_bytes((passing[0].folder / "p0.task.json").read_bytes())
    assert notes.facts() == ", 100 documents/s, 2.0 MB/s, kept 50.0%"


def run_two_tasks(progress: BuildProgress, steps: tuple[Step, Step]) -> None:
    context: AbstractContextManager[Callable[[], None]] = progress.running(steps, 2)
    with context as tick:
        tick()
        tick()


def test_away_from_a_terminal_a_long_pass_prints_lines(passing: tuple[Step, Step], capsys: pytest.CaptureFixture[str]) -> None:
    note(passing, "p0", 100, 50)
    run_two_tasks(BuildProgress(line_seconds=0.0), passing)
    assert capsys.readouterr().err == "read + filter: 1 of 2 tasks, kept 50.0%, 0:00:00 left\n"


def test_away_from_a_terminal_a_short_pass_prints_nothing(
    passing: tuple[Step, Step], capsys: pytest.CaptureFixture[str]
) -> None:
    run_two_tasks(BuildProgress(), passing)
    assert capsys.readouterr().err == ""


def test_a_source_is_named_where_the_step_does_not_name_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    progress = BuildProgress()
    progress.finished(step("vocab.encode", tmp_path / "a"), {"en": [Entry("vocab.encode", 10, 10)]})
    progress.finished(step("en-filter.length", tmp_path / "b"), {"en": [Entry("filter.length", 10, 9, {"short": 1})]})
    labels = [line.split("  ")[0] for line in capsys.readouterr().err.splitlines()]
    assert labels == ["vocab.encode en", "en-filter.length"]


def test_books_are_told_in_words_the_largest_loss_first() -> None:
    books = Entry("filter", 2061, 2000, {"empty": 1, "short": 57}, 3, 12_000)
    assert books_line(books) == ("2,061 in, 2,000 kept, 58 rejected (short 57, empty 1), [red]3 failed[/red], 12.0 kB cut")


def test_waiting_for_the_same_tasks_is_told_once(passing: tuple[Step, Step], capsys: pytest.CaptureFixture[str]) -> None:
    progress = BuildProgress()
    for tasks in ([2, 3], [2, 3], [3]):
        progress.waiting(passing, tasks)
    assert capsys.readouterr().err == "read + filter: waiting for task 2, 3\nread + filter: waiting for task 3\n"
