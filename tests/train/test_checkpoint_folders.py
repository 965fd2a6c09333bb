"""Checkpoint folders: whole or not there, damaged ones skipped, others' refused, and which of them stay."""

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from corpusforge.errors import FolderRefused, StoreDamaged
from corpusforge.recipe.training import Keep
from corpusforge.train.checkpoints import (
    Facts,
    Manifest,
    check_facts,
    checkpoints,
    damage,
    digests,
    finish,
    newest_whole,
    partial_folder,
    read_manifest,
    remove_partials,
    surplus,
)

FACTS = Facts("a", data="d1", tokenizer="t1", base="b1", settings={"learning_rate": 1e-4, "steps": 9})


def written(folder: Path, step: int, **bits: float) -> Path:
    partial = partial_folder(folder, step)
    (partial / "state").mkdir(parents=True)
    (partial / "state" / "weights.pt").write_bytes(b"weights" * step)
    (partial / "latest").write_bytes(b"state")
    files = digests(partial, 0, 2) | digests(partial, 1, 2)
    return finish(folder, Manifest(step, step * 8, 2, FACTS, {"name": "t"}, bits, files=files))


def test_a_finished_checkpoint_says_what_it_is_and_is_whole(tmp_path: Path) -> None:
    checkpoint = written(tmp_path, 5, geo=1.25, general=1.75)
    manifest = read_manifest(checkpoint)
    assert (manifest.step, manifest.rows, manifest.world, manifest.facts, manifest.mean_bits) == (5, 40, 2, FACTS, 1.5)
    assert sorted(manifest.files) == ["latest", "state/weights.pt"]
    assert damage(checkpoint) is None
    assert newest_whole(tmp_path) == checkpoint


def test_what_a_kill_left_half_written_is_never_taken_and_goes_away(tmp_path: Path) -> None:
    former = written(tmp_path, 5)
    (partial_folder(tmp_path, 10) / "state").mkdir(parents=True)
    assert newest_whole(tmp_path) == former
    remove_partials(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [former.name]


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (lambda folder: (folder / "state" / "weights.pt").unlink(), "state/weights.pt is missing"),
        (lambda folder: (folder / "state" / "weights.pt").write_bytes(b"we"), "state/weights.pt has 2 bytes, not 70"),
        (
            lambda folder: (folder / "state" / "weights.pt").write_bytes(b"W" * 70),
            "state/weights.pt is no longer what was written",
        ),
        (lambda folder: (folder / "manifest.json").unlink(), "it is gone"),
        (lambda folder: (folder / "manifest.json").write_text("{}"), "says other things than a manifest"),
    ],
)
def test_a_damaged_checkpoint_is_skipped_with_a_message(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, harm: Callable[[Path], object], told: str
) -> None:
    former, last = written(tmp_path, 5), written(tmp_path, 10)
    harm(last)
    with caplog.at_level(logging.WARNING):
        assert newest_whole(tmp_path) == former
    assert told in caplog.text


def test_damage_everywhere_stops_instead_of_beginning_again(tmp_path: Path) -> None:
    (written(tmp_path, 5) / "latest").write_bytes(b"other")
    with pytest.raises(StoreDamaged, match="none of its 1 checkpoints is whole"):
        newest_whole(tmp_path)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"data": "d2"}, "the rows of the build or its mix changed since it was written (d1 then, d2 now)"),
        ({"tokenizer": "t2"}, "the tokenizer changed"),
        ({"base": "b2"}, "the base changed"),
        ({"settings": {"learning_rate": 2e-4, "steps": 9}}, "learning_rate 0.0001 then, 0.0002 now"),
    ],
)
def test_a_checkpoint_of_something_else_is_refused(tmp_path: Path, changed: dict, told: str) -> None:
    checkpoint = written(tmp_path, 5)
    check_facts(checkpoint, FACTS, FACTS)
    with pytest.raises(FolderRefused) as error:
        check_facts(checkpoint, FACTS, replace(FACTS, **changed))
    assert told in str(error.value)


def test_the_newest_the_best_and_milestones_stay(tmp_path: Path) -> None:
    bits = {1: 5.0, 2: 1.0, 3: 4.0, 4: 3.0, 5: 2.0, 6: 2.5}
    for step, value in bits.items():
        written(tmp_path, step, geo=value)
    gone = {read_manifest(path).step for path in surplus(tmp_path, Keep(last=1, best=True, milestones=4))}
    assert gone == {1, 3, 5}
    assert len(checkpoints(tmp_path)) == 6
    assert {read_manifest(path).step for path in surplus(tmp_path, Keep(last=2, best=False))} == {1, 2, 3, 4}
