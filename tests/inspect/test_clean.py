"""clean removes what no build uses, only what is ours, and only when told to."""

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from corpusforge.engine.store import locked, write_json
from corpusforge.errors import FolderInUse, InputError
from corpusforge.inspect.clean import clean
from corpusforge.inspect.verify import verify


@pytest.fixture
def rebuilt(build_small: Callable[..., Path], recipe: Path, tmp_path: Path) -> Path:
    """Built twice: first with pieces of 24 tokens, then of 16."""
    out = build_small(recipe, tmp_path / "out")
    return build_small(recipe, out, "stages.2.max_tokens=16")


def files(out: Path) -> set[Path]:
    return {path for path in out.rglob("*") if path.name != ".lock"}


def names(out: Path) -> list[str]:
    return [f"{each.why}: {each.path.name.split('-')[1]}" for each in clean(out).found]


def test_old_steps_are_listed(rebuilt: Path) -> None:
    assert names(rebuilt) == ["old step: split.greedy", "old step: index.megatron"]


def test_without_yes_nothing_is_touched(rebuilt: Path, corpusforge: Callable[..., Result]) -> None:
    before = files(rebuilt)
    shown = corpusforge("clean", rebuilt).stdout
    assert files(rebuilt) == before
    assert f"would go; to delete: corpusforge clean {rebuilt} --yes" in shown


def test_with_yes_the_old_steps_go_and_the_build_stays_sound(rebuilt: Path, corpusforge: Callable[..., Result]) -> None:
    assert "deleted" in corpusforge("clean", rebuilt, "--yes").stdout
    assert verify(rebuilt).problems == ()
    assert clean(rebuilt).found == ()


def test_a_clean_folder_says_so(small: Path, corpusforge: Callable[..., Result]) -> None:
    assert corpusforge("clean", small).stdout.endswith("nothing to clean\n")


def test_signals_that_no_step_uses_go(copy: Path) -> None:
    (copy / "signals/filter.length-0123456789ab").mkdir()
    (copy / "run.json").touch()
    assert names(copy) == ["old signals: 0123456789ab"]


def test_what_killed_writers_left_goes(copy: Path) -> None:
    partial = next(copy.glob("*-notes-read-*")) / f"a.parquet.{'0' * 32}.partial"
    partial.touch()
    assert [(each.why, each.path) for each in clean(copy).found] == [("partial", partial)]


def test_the_scratch_of_a_finished_step_goes(copy: Path) -> None:
    scratch = next(copy.glob("*-dedup.exact-*")) / "scratch"
    scratch.mkdir()
    assert [(each.why, each.path) for each in clean(copy).found] == [("scratch", scratch)]


@pytest.mark.parametrize(
    "path",
    ["notes.txt", "my-folder/a.txt", "07-mine/a.txt", "07-mine-0123456789ab/a.txt", "signals/mine.txt", "notes.partial"],
)
def test_what_is_not_ours_is_never_touched(copy: Path, path: str) -> None:
    (copy / path).parent.mkdir(parents=True, exist_ok=True)
    (copy / path).write_text("mine")
    (copy / "run.json").touch()
    assert clean(copy, with_unfinished=True, delete=True).found == ()
    assert (copy / path).read_text() == "mine"


def test_a_link_is_not_followed(copy: Path, tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    write_json(tmp_path / "precious/report.json", {"fingerprint": "0123456789ab"})
    (copy / "07-mine-0123456789ab").symlink_to(tmp_path / "precious")
    assert clean(copy, with_unfinished=True, delete=True).found == ()
    assert (tmp_path / "precious/report.json").exists()


@pytest.fixture
def stopped(copy: Path) -> Path:
    """A later build, of another recipe, has begun and was stopped."""
    begun = copy / "06-split.greedy-0123456789ab"
    begun.mkdir()
    (begun / "notes-00000-0000.verdicts.parquet").touch()
    return copy


def test_what_a_stopped_build_may_go_on_with_is_kept(stopped: Path, corpusforge: Callable[..., Result]) -> None:
    shown = corpusforge("clean", stopped, "--yes").stdout
    assert (stopped / "06-split.greedy-0123456789ab").exists()
    assert "kept for a build that was stopped: 1 folders" in shown


def test_unfinished_takes_it_as_well(stopped: Path, corpusforge: Callable[..., Result]) -> None:
    corpusforge("clean", stopped, "--yes", "--unfinished")
    assert not (stopped / "06-split.greedy-0123456789ab").exists()


def test_after_another_build_has_finished_it_is_old(stopped: Path) -> None:
    (stopped / "run.json").touch()
    assert names(stopped) == ["old step: split.greedy"]


def test_while_a_build_runs_it_is_refused(small: Path) -> None:
    with locked(small), pytest.raises(FolderInUse, match="is building here"):
        clean(small)


def test_without_a_finished_build_nobody_knows_what_is_old(half_built: Path) -> None:
    with pytest.raises(InputError, match="no finished build is here"):
        clean(half_built)
