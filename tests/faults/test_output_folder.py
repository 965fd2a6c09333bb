"""Whose folder it is: two builds at once, two recipes, folders with other people's files, folders that cannot be written."""

import subprocess
import sys
import time
from pathlib import Path

import orjson
import pytest
from fault_builds import command, finished, outputs, reference, run, small_recipe, snapshot
from test_read_errors import as_no_superuser

from corpusforge.engine import store
from corpusforge.engine.run import build
from corpusforge.errors import DiskFull, FolderRefused, StoreDamaged
from corpusforge.recipe import load_recipe


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_of_two_builds_at_once_the_second_is_refused_with_the_owner_and_the_first_is_not_disturbed(tmp_path: Path) -> None:
    recipe = small_recipe(tmp_path, num_notes=30_000)
    first = subprocess.Popen(command(recipe, tmp_path / "out", workers=1), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    while not (tmp_path / "out/.recipe.json").exists():
        time.sleep(0.002)
    second = run(recipe, tmp_path / "out")
    assert first.poll() is None, "the first ended before the second began"
    assert second.returncode == 3
    assert f"{tmp_path}/out: process {first.pid} on " in second.stderr
    assert "is building here; wait for it, or give another --out" in second.stderr
    assert first.wait(timeout=120) == 0
    assert outputs(tmp_path / "out") == reference(recipe, tmp_path / "whole")


def small_build(tmp_path: Path, *overrides: str) -> Path:
    recipe = tmp_path / "small.yaml" if (tmp_path / "small.yaml").exists() else small_recipe(tmp_path)
    return build(load_recipe(recipe, overrides), tmp_path / "out").out


def refused(tmp_path: Path, *overrides: str) -> str:
    with pytest.raises(FolderRefused) as caught:
        small_build(tmp_path, *overrides)
    assert caught.value.exit_code == 2
    return str(caught.value)


def test_a_folder_that_holds_another_recipe_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    out = small_build(tmp_path)
    before = outputs(out)
    said = refused(tmp_path, "name=other")
    assert said == f"{out}: it holds a build of recipe 'small', not of 'other'; give another --out, or delete it"
    assert outputs(out) == before


def test_a_folder_is_its_recipes_from_the_first_moment_on_even_when_the_build_failed(tmp_path: Path) -> None:
    recipe = small_recipe(tmp_path)
    (tmp_path / "notes/0.jsonl.gz").write_bytes(b"\x1f\x8bdamaged")
    assert run(recipe, tmp_path / "out").returncode == 2
    assert "it holds a build of recipe 'small', not of 'other'" in refused(tmp_path, "name=other")


def test_a_recipe_may_change_its_settings_in_its_folder(tmp_path: Path) -> None:
    small_build(tmp_path)
    out = small_build(tmp_path, "stages.2.max_tokens=30")
    assert orjson.loads((out / ".recipe.json").read_bytes())["recipe"] == "small"


def test_files_of_others_in_the_folder_are_never_touched(tmp_path: Path) -> None:
    theirs = tmp_path / "out"
    (theirs / "data").mkdir(parents=True)
    another = theirs / "another-build/01-x-0123456789ab"
    another.mkdir(parents=True)
    for path in (theirs / "notes.txt", theirs / "data/big.partial", another / f"part.parquet.{'0f' * 16}.partial"):
        path.write_text("mine")
    before = snapshot(theirs)
    small_build(tmp_path)
    small_build(tmp_path, "stages.2.max_tokens=30")
    after = snapshot(theirs)
    assert {path: after.get(path) for path in before} == before


@pytest.mark.parametrize("name", ["shards", "tokenizer", "manifest.json", "mix.json", "run.json"])
def test_what_a_build_would_replace_but_did_not_write_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / name).write_text("mine")
    said = refused(tmp_path)
    assert said.startswith(f"{tmp_path}/out/{name}: it is there already and no build of this folder wrote it")
    assert said.endswith("give another --out, or move it away")
    assert (tmp_path / "out" / name).read_text() == "mine"


def test_an_output_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    assert "out: File exists; a file stands where a folder is needed: move it away" in refused(tmp_path)
    assert (tmp_path / "out").read_text() == "mine"


def test_an_output_folder_below_a_file_is_refused(tmp_path: Path) -> None:
    recipe = small_recipe(tmp_path)
    with pytest.raises(FolderRefused, match="a file stands where a folder is needed"):
        build(load_recipe(recipe), recipe / "out")


def test_a_folder_that_may_not_be_written_is_refused_with_the_path(tmp_path: Path) -> None:
    recipe = small_recipe(tmp_path)
    (tmp_path / "out").mkdir(mode=0o555)
    done = run(recipe, tmp_path / "out", preexec_fn=as_no_superuser)
    assert done.returncode == 2, done.stderr
    assert f"error: {tmp_path}/out/.lock: Permission denied; change the permissions" in done.stderr
    assert list((tmp_path / "out").iterdir()) == []


def test_what_a_killed_build_left_in_a_finished_step_is_cleared_away(tmp_path: Path) -> None:
    out = small_build(tmp_path)
    before = outputs(out)
    (step,) = out.glob("*-dedup.exact-*")
    (step / "scratch").mkdir()
    (step / "scratch/notes.map").write_text("x")
    (step / "notes-00000-0000.task.json").write_text("x")
    (step / f"a.parquet.{'1e' * 16}.partial").write_text("x")
    (out / f"shards.{'2d' * 16}.partial").mkdir()
    small_build(tmp_path)
    assert outputs(out) == before


@pytest.mark.parametrize("spoil", [lambda path: path.write_bytes(b"PAR1 no longer"), lambda path: path.unlink()])
def test_a_file_of_a_finished_step_that_is_damaged_or_gone_is_told_with_the_folder_to_delete(tmp_path: Path, spoil) -> None:
    out = small_build(tmp_path)
    whole = reference(tmp_path / "small.yaml", tmp_path / "whole", "stages.2.max_tokens=30")
    (step,) = out.glob("*-notes-read-*")
    spoil(sorted(step.glob("*-0000.parquet"))[0])
    with pytest.raises(StoreDamaged) as caught:
        small_build(tmp_path, "stages.1.parity_documents=7")
    assert str(caught.value).endswith(f"delete {step} and run the same command again")
    for path in sorted(step.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    step.rmdir()
    out = small_build(tmp_path, "stages.2.max_tokens=30")
    shards = {name: content for name, content in whole.items() if name.startswith("shards/")}
    assert {name: content for name, content in outputs(out).items() if name.startswith("shards/")} == shards


def test_a_report_that_is_no_json_is_told_with_the_folder_to_delete(tmp_path: Path) -> None:
    out = small_build(tmp_path)
    (report,) = out.glob("*-dedup.exact-*/report.json")
    report.write_bytes(b"")
    with pytest.raises(StoreDamaged) as caught:
        small_build(tmp_path)
    assert f"{report}: a build wrote it, but it is damaged" in str(caught.value)
    assert str(caught.value).endswith(f"delete {report.parent} and run the same command again")


def test_a_file_system_without_locks_is_refused_for_that_and_not_as_in_use(tmp_path: Path, monkeypatch) -> None:
    def no_locks(*_: object) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr(store.fcntl, "flock", no_locks)
    assert "its file system takes no locks (No locks available)" in refused(tmp_path)


def test_a_full_device_is_told_with_the_path_that_was_wanted_and_not_that_of_the_partial_file(tmp_path: Path) -> None:
    def fail() -> None:
        with store.publish(tmp_path / "a.parquet") as partial:
            raise OSError(28, "No space left on device", str(partial))

    with pytest.raises(DiskFull, match=rf"^{tmp_path}/a\.parquet: the disk is full: "):
        fail()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_plan_changes_nothing_in_a_folder_of_another_recipe(tmp_path: Path) -> None:
    recipe = small_recipe(tmp_path)
    before = finished(recipe, tmp_path / "out")
    assert run(recipe, tmp_path / "out", "--set", "name=other", "--dry-run").returncode == 0
    assert outputs(tmp_path / "out") == before
