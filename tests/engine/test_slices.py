"""Several processes that build one folder: the same bytes as one, in any order, and after any of them died."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from corpusforge.engine.plan import make_plan
from corpusforge.engine.progress import SILENT
from corpusforge.engine.run import build
from corpusforge.engine.slices import Slice, SlicesMissing, alone, joined
from corpusforge.errors import BuildStopped, FolderInUse, NothingLeft, UserError
from corpusforge.recipe import load_recipe

ROOT = Path(__file__).resolve().parents[2]
TINY = ROOT / "recipes/tiny.yaml"
OF_THE_MACHINE = ("run.json", ".lock", ".digests.json")


def outputs(out: Path) -> dict[str, bytes]:
    """Everything that must not depend on who built it."""
    files = [path for path in sorted(out.rglob("*")) if path.is_file() and ".slices" not in path.parts]
    names = {path.relative_to(out).as_posix(): path for path in files}
    return {name: path.read_bytes() for name, path in names.items() if name not in OF_THE_MACHINE}


@pytest.fixture(scope="module")
def built_by_one(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    out = tmp_path_factory.mktemp("one")
    build(load_recipe(TINY), out)
    return outputs(out)


def round_of(out: Path, *tasks: str, overrides: tuple[str, ...] = ()) -> list[str]:
    """Run tasks one after the other, none waiting for another; how each ended."""
    return [one(out, task, overrides) for task in tasks]


def one(out: Path, task: str, overrides: tuple[str, ...] = ()) -> str:
    try:
        build(load_recipe(TINY, overrides), out, task=Slice.parse(task, wait=False))
    except SlicesMissing:
        return "more"
    return "done"


def rounds(out: Path, *tasks: str) -> int:
    """Rounds until each task ends well."""
    for number in range(1, 40):
        if round_of(out, *tasks) == ["done"] * len(tasks):
            return number
    raise AssertionError("no end")


def process(out: Path, task: str, code: str = "") -> "subprocess.Popen[str]":
    """A process that builds as `task`, after running `code`."""
    code += (
        "\nfrom pathlib import Path; from corpusforge.engine.run import build; from corpusforge.engine.slices import Slice\n"
        f"from corpusforge.recipe import load_recipe; build(load_recipe(Path({str(TINY)!r})), Path({str(out)!r}), "
        f"task=Slice.parse({task!r}))"
    )
    return subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True)


def how_it_ended(process: "subprocess.Popen[str]") -> tuple[int, str]:
    """Its exit code and what it said."""
    _, said = process.communicate()
    return process.returncode, said


# Stands in for any sudden end: the process kills itself when it is about to put down its results for the n-th time.
DIES = """
import os, signal
from corpusforge.engine import slices
times = 0
def write_json(path, value, write=slices.write_json):
    global times
    times += path.name.endswith("{suffix}")
    if times == {at}:
        os.kill(os.getpid(), signal.SIGKILL)
    write(path, value)
slices.write_json = write_json
"""


@pytest.mark.parametrize(
    "tasks", [("1/3", "2/3", "3/3"), ("3/3", "1/3", "2/3"), ("2/2", "1/2"), ("1/1",), ("7/7", *(f"{i}/7" for i in range(1, 7)))]
)
def test_tasks_that_run_in_rounds_in_any_order_write_the_same_bytes_as_one_process(
    tmp_path: Path, built_by_one: dict[str, bytes], tasks: tuple[str, ...]
) -> None:
    rounds(tmp_path, *tasks)
    assert outputs(tmp_path) == built_by_one


def test_a_task_does_its_share_and_says_which_others_are_missing(tmp_path: Path) -> None:
    with pytest.raises(SlicesMissing, match="run --task 1/2, then this one again") as caught:
        build(load_recipe(TINY), tmp_path, task=Slice(2, 2, wait=False))
    assert caught.value.exit_code == 75


def test_the_share_of_a_task_is_not_done_twice(tmp_path: Path) -> None:
    round_of(tmp_path, "1/2")
    (results,) = tmp_path.glob("*/slices.scratch/*-1-1.json")
    before = results.stat().st_mtime_ns
    round_of(tmp_path, "1/2")
    assert results.stat().st_mtime_ns == before


def test_a_build_that_a_team_left_is_finished_by_one_process(tmp_path: Path, built_by_one: dict[str, bytes]) -> None:
    round_of(tmp_path, "1/2", "2/2", "1/2")
    build(load_recipe(TINY), tmp_path)
    assert outputs(tmp_path) == built_by_one


def test_a_build_that_a_team_left_is_finished_by_one_of_another_number(tmp_path: Path, built_by_one: dict[str, bytes]) -> None:
    round_of(tmp_path, "1/3", "2/3")
    rounds(tmp_path, "1/2", "2/2")
    assert outputs(tmp_path) == built_by_one


def test_a_build_that_one_process_left_is_finished_by_a_team(tmp_path: Path, built_by_one: dict[str, bytes]) -> None:
    build(load_recipe(TINY), tmp_path)
    (tmp_path / "manifest.json").unlink()
    for report in [*tmp_path.glob("*-split.greedy-*/report.json"), *tmp_path.glob("*-index.megatron-*/report.json")]:
        report.unlink()
    rounds(tmp_path, "1/2", "2/2")
    assert outputs(tmp_path) == built_by_one


def test_a_team_may_change_the_recipe_between_two_rounds(tmp_path: Path) -> None:
    round_of(tmp_path / "team", "1/2", "2/2")
    change = ("stages.2.max_tokens=32",)
    ends = [round_of(tmp_path / "team", "1/2", "2/2", overrides=change) for _ in range(10)]
    assert ends[-1] == ["done", "done"]
    build(load_recipe(TINY, change), tmp_path / "one")
    assert shards(tmp_path / "team") == shards(tmp_path / "one")


def shards(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (out / "shards").iterdir()}


def test_a_finished_build_is_done_at_once_for_every_task(tmp_path: Path) -> None:
    build(load_recipe(TINY), tmp_path)
    assert round_of(tmp_path, "2/2", "1/2") == ["done", "done"]


def test_an_error_is_the_same_for_every_task(tmp_path: Path) -> None:
    nothing = ("sources.notes.pipeline=[{use: filter.length, min_words: 100000}]", "sources.notes.alarm_share=1.0")
    for task in ("1/2", "2/2"):
        with pytest.raises((NothingLeft, SlicesMissing)):
            build(load_recipe(TINY, nothing), tmp_path, task=Slice.parse(task, wait=False))
    for task in ("1/2", "2/2"):
        with pytest.raises(NothingLeft, match="too_few_words"):
            build(load_recipe(TINY, nothing), tmp_path, task=Slice.parse(task, wait=False))


@pytest.mark.parametrize("text", ["", "3", "0/3", "4/3", "a/b", "1/2/3", "-1/3"])
def test_a_task_that_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="give i/n"):
        Slice.parse(text)


def test_a_build_without_task_and_tasks_exclude_each_other(tmp_path: Path) -> None:
    with alone(tmp_path), pytest.raises(FolderInUse, match="without --task"):
        build(load_recipe(TINY), tmp_path, task=Slice(1, 2))
    with joined(tmp_path, Slice(1, 2), SILENT), pytest.raises(FolderInUse, match="team of processes"):
        build(load_recipe(TINY), tmp_path)


def test_the_same_task_runs_once(tmp_path: Path) -> None:
    with joined(tmp_path, Slice(1, 2), SILENT), pytest.raises(FolderInUse, match="task 1/2 runs here already"):
        build(load_recipe(TINY), tmp_path, task=Slice(1, 2))


@contextmanager
def at_work(out: Path, task: Slice) -> Iterator[None]:
    """A task that has come and agreed to the plan of the tiny recipe."""
    with joined(out, task, SILENT) as crew:
        with crew.turn():
            crew.agree(make_plan(load_recipe(TINY), out))
        yield


def test_tasks_of_another_number_do_not_join(tmp_path: Path) -> None:
    round_of(tmp_path, "1/2")
    with (
        at_work(tmp_path, Slice(1, 2)),
        pytest.raises(FolderInUse, match="2 tasks build here, this is 2/3; give --task i/2"),
    ):
        build(load_recipe(TINY), tmp_path, task=Slice(2, 3))


def test_who_has_come_and_agreed_to_nothing_yet_stands_in_nobody_s_way(tmp_path: Path) -> None:
    round_of(tmp_path, "1/2")  # leaves what it agreed to
    with joined(tmp_path, Slice(2, 2), SILENT):
        changed = make_plan(load_recipe(TINY, ["seed=8"]), tmp_path)
        with joined(tmp_path, Slice(1, 2), SILENT) as crew, crew.turn():
            assert crew.agree(changed) == frozenset()


def test_tasks_of_another_recipe_do_not_join(tmp_path: Path) -> None:
    round_of(tmp_path, "1/2")
    with at_work(tmp_path, Slice(1, 2)), pytest.raises(FolderInUse, match="another recipe here"):
        build(load_recipe(TINY, ["seed=8"]), tmp_path, task=Slice(2, 2))


@pytest.mark.slow
def test_tasks_that_run_at_the_same_time_wait_for_each_other_and_write_the_same_bytes(
    tmp_path: Path, built_by_one: dict[str, bytes]
) -> None:
    team = [process(tmp_path, task) for task in ("1/3", "2/3", "3/3")]
    assert [how_it_ended(each) for each in team] == [(0, "")] * 3
    assert outputs(tmp_path) == built_by_one


@pytest.mark.slow
@pytest.mark.parametrize("at", [1, 3])
def test_a_task_that_dies_is_done_again_by_the_same_command_while_the_others_wait(
    tmp_path: Path, built_by_one: dict[str, bytes], at: int
) -> None:
    dying, waiting = process(tmp_path, "1/2", DIES.format(suffix="-1.json", at=at)), process(tmp_path, "2/2")
    assert how_it_ended(dying) == (-signal.SIGKILL, "")
    again = process(tmp_path, "1/2")
    assert [again.communicate()[1], waiting.communicate()[1]] == ["", ""]
    assert outputs(tmp_path) == built_by_one


@pytest.mark.slow
def test_a_task_that_dies_in_its_turn_holds_nobody_up(tmp_path: Path, built_by_one: dict[str, bytes]) -> None:
    dying = process(tmp_path, "1/2", DIES.format(suffix=".prepared", at=1))
    assert how_it_ended(dying) == (-signal.SIGKILL, "")
    rounds(tmp_path, "2/2", "1/2")
    assert outputs(tmp_path) == built_by_one


@pytest.mark.slow
def test_a_task_that_dies_while_it_writes_reports_leaves_them_to_the_others(
    tmp_path: Path, built_by_one: dict[str, bytes]
) -> None:
    round_of(tmp_path, "1/2")
    dying = process(tmp_path, "2/2", DIES.replace("slices", "reports").format(suffix="report.json", at=2))
    assert how_it_ended(dying) == (-signal.SIGKILL, "")
    assert len(list(tmp_path.glob("*/report.json"))) == 1
    rounds(tmp_path, "1/2", "2/2")
    assert outputs(tmp_path) == built_by_one


@pytest.mark.slow
def test_when_a_task_fails_those_that_wait_for_it_stop_and_say_why(tmp_path: Path) -> None:
    fails = DIES.replace("os.kill(os.getpid(), signal.SIGKILL)", "raise slices.UserError('the dog ate it')")
    waiting = process(tmp_path, "2/2")
    while not list(tmp_path.glob("*/slices.scratch/*-1-2.json")):
        time.sleep(0.05)
    failing = process(tmp_path, "1/2", fails.format(suffix="-1.json", at=1))
    failing.communicate()
    _, said = waiting.communicate()
    assert "BuildStopped: task 1/2 stopped: the dog ate it\nmend that, then run all tasks again" in said


def test_an_error_of_yesterday_stops_nobody_at_once(tmp_path: Path, built_by_one: dict[str, bytes]) -> None:
    with pytest.raises(UserError), joined(tmp_path, Slice(1, 2), SILENT):
        raise UserError("the dog ate it")
    waiting = process(tmp_path, "2/2")
    build(load_recipe(TINY), tmp_path, task=Slice(1, 2))
    assert waiting.communicate()[1] == ""
    assert outputs(tmp_path) == built_by_one


def test_an_error_of_yesterday_stops_those_who_have_waited_long_for_its_task(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("corpusforge.engine.slices.GRACE_SECONDS", 0.1)
    with pytest.raises(UserError), joined(tmp_path, Slice(1, 2), SILENT):
        raise UserError("the dog ate it")
    with pytest.raises(BuildStopped, match="task 1/2 stopped: the dog ate it"):
        build(load_recipe(TINY), tmp_path, task=Slice(2, 2))
