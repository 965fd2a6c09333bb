"""A build can die before any change it makes to its folder, and lose any files it wrote last: the next one heals it."""

import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from fault_builds import books_that_do_not_add_up, leftovers, outputs, small_recipe

from corpusforge.engine.run import build
from corpusforge.recipe import load_recipe

DRIVER = Path(__file__).with_name("crash_driver.py")

# What is put in place at the end, each as a whole, in this order.
PUBLISHED = ("shards", "tokenizer", "mix.json", "manifest.json", "run.json")


def drive(recipe: Path, folder: Path, *points: int) -> str:
    done = subprocess.run(
        [sys.executable, str(DRIVER), str(recipe), str(folder), *map(str, points)],
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_a_build_that_dies_before_any_of_its_changes_is_finished_by_the_next(tmp_path: Path) -> None:
    recipe = small_recipe(tmp_path)
    number = int(drive(recipe, tmp_path))
    whole = outputs(tmp_path / "whole")
    assert number > 200
    # each of the last, where what is finished is put in place and cleared away, and some of those before
    points = sorted({*random.Random(1).sample(range(1, number), 20), *range(number - 30, number + 1)})
    drive(recipe, tmp_path, *points)
    for point in points:
        assert leftovers(tmp_path / str(point)) == [], point
        assert outputs(tmp_path / str(point)) == whole, point
    assert books_that_do_not_add_up(tmp_path / str(points[0])) == []


def in_order_of_writing(out: Path) -> list[list[Path]]:
    """Files of a build as they came into being, one after another; what is put in place at the end comes together."""
    files = [path for path in sorted(out.rglob("*")) if path.is_file()]
    own = [path for path in files if path.relative_to(out).parts[0] not in (*PUBLISHED, ".lock")]
    steps = [[path] for path in sorted(own, key=lambda path: path.stat().st_mtime_ns)]
    placed = [[path for path in files if path.relative_to(out).parts[0] == name] for name in PUBLISHED]
    return steps + placed


@pytest.mark.parametrize("share", [0.0, 0.1, 0.25, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0])
def test_a_folder_with_only_the_first_files_of_a_build_is_completed_to_the_same_bytes(tmp_path: Path, share: float) -> None:
    recipe = small_recipe(tmp_path)
    whole = tmp_path / "whole"
    build(load_recipe(recipe), whole)
    order = in_order_of_writing(whole)
    for path in (path for step in order[: round(share * len(order))] for path in step):
        target = tmp_path / "cut" / path.relative_to(whole)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target)
    build(load_recipe(recipe), tmp_path / "cut")
    assert outputs(tmp_path / "cut") == outputs(whole)


def test_files_lost_from_an_unfinished_step_are_made_again(tmp_path: Path) -> None:
    recipe = small_recipe(tmp_path)
    whole = outputs(build(load_recipe(recipe), tmp_path / "whole").out)
    plan = build(load_recipe(recipe), tmp_path / "cut")
    (plan.out / "manifest.json").unlink()
    for step in plan.joined:
        step.report.unlink()
        for path in list(step.folder.glob("*.verdicts.parquet"))[::2]:
            path.unlink()
    build(load_recipe(recipe), plan.out)
    assert outputs(plan.out) == whole
    assert (plan.out / "run.json").exists()
