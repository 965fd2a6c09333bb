"""status tells what is in an output folder, finished or not, while a build runs or not."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from corpusforge.engine.store import locked, read_json, write_json
from corpusforge.errors import InputError
from corpusforge.inspect.status import Status, status


def states(found: Status) -> dict[str, str]:
    return {step.name: step.state for step in found.steps}


def test_the_books_of_each_source_add_up_over_all_steps(small: Path) -> None:
    notes, books = status(small).sources
    assert (notes.came_in, notes.kept, notes.rejected, notes.failed) == (17, 12, 4, 1)
    assert notes.reasons == {"invalid_json": 1, "missing_text": 1, "too_few_words": 1, "duplicate": 1}
    assert (books.came_in, books.kept, books.rejected) == (3, 2, 1)


def test_a_finished_build_has_every_step_done_and_its_shards(small: Path) -> None:
    found = status(small)
    assert found.is_published
    assert set(states(found).values()) == {"done"}
    assert sum(shard["num_documents"] for shard in found.shards) == 14


def test_steps_are_told_in_the_order_of_their_work(small: Path) -> None:
    names = [step.name for step in status(small).steps]
    assert names == [step["name"] for step in read_json(small / "manifest.json")["steps"]]


def test_steps_of_a_build_that_stopped_are_found_in_the_same_order(half_built: Path, small: Path) -> None:
    assert list(states(status(half_built))) == list(states(status(small)))
    assert states(status(half_built))["index.megatron"] == "not done"


def test_a_step_without_a_report_is_half_done(half_built: Path) -> None:
    found = status(half_built)
    assert states(found)["split.greedy"] == "half done"
    assert not found.is_published
    assert found.shards == ()


def test_a_half_done_step_shows_the_books_of_its_finished_tasks(half_built: Path) -> None:
    step = next(half_built.glob("*-split.greedy-*"))
    fingerprint = step.name.rpartition("-")[2]
    entry = {"stage": "split.greedy", "in": 3, "kept": 3, "rejected": {}, "failed": 0}
    part = {"name": "notes-00000-0000", "source": "notes", "rows": 17, "text_bytes": 1, "entries": {fingerprint: [entry]}}
    write_json(step / "notes-00000-0000.task.json", {"parts": [part]})
    found = status(half_built)
    (books,) = [each.books for each in found.steps if each.name == "split.greedy"]
    assert books["notes"][0].kept == 3
    assert found.sources[0].kept == 12


def test_a_plan_on_disk_tells_of_steps_that_have_not_begun(half_built: Path, small: Path) -> None:
    manifest = read_json(small / "manifest.json")
    write_json(half_built / "plan.json", {"sources": manifest["sources"], "steps": manifest["steps"]})
    assert states(status(half_built))["index.megatron"] == "not done"


def test_a_manifest_of_a_later_recipe_leaves_the_old_steps_out(
    build_small: Callable[..., Path], recipe: Path, tmp_path: Path
) -> None:
    out = build_small(recipe, tmp_path / "out")
    build_small(recipe, out, "stages.2.max_tokens=16")
    found = status(out)
    assert len(found.steps) == len(read_json(out / "manifest.json")["steps"])
    assert [each.path.name.split("-")[1] for each in found.old] == ["split.greedy", "index.megatron"]


def test_a_running_build_is_named_by_its_process(small: Path, corpusforge: Callable[..., Result]) -> None:
    with locked(small):
        assert status(small).builder.startswith(f"process {os.getpid()}")
        assert "is building here now" in corpusforge("status", small).stdout
    assert status(small).builder == ""


def test_sizes_are_those_of_the_files(small: Path) -> None:
    step = status(small).steps[0]
    assert step.folder is not None
    assert step.size_bytes == sum(path.stat().st_size for path in (small / step.folder).rglob("*") if path.is_file())


def test_damaged_input_is_told(copy: Path, corpusforge: Callable[..., Result]) -> None:
    report = next(copy.glob("*-notes-read-*")) / "report.json"
    write_json(report, {**read_json(report), "bad_shards": [{"path": "a.jsonl.gz", "offset": 7, "what": "it ends early"}]})
    assert "damaged input: a.jsonl.gz at 7: it ends early" in corpusforge("status", copy).stdout


def test_json_has_the_same_names_as_reports(small: Path, corpusforge: Callable[..., Result]) -> None:
    found = json.loads(corpusforge("status", small, "--json").stdout)
    assert found["steps"][0]["books"]["notes"][0]["in"] == 17
    assert found["is_published"] is True


@pytest.mark.parametrize("name", ["nowhere", "."])
def test_a_folder_without_a_build_says_so(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="give the output folder of a build"):
        status(tmp_path / name)


def test_a_manifest_of_another_version_is_told_from_a_defect(copy: Path) -> None:
    write_json(copy / "manifest.json", {"steps": []})
    with pytest.raises(InputError, match="it has no 'sources'; another version wrote it"):
        status(copy)


def test_a_folder_that_is_no_step_is_not_taken_for_one(copy: Path) -> None:
    (copy / "99-notes-0123456789").mkdir()
    assert "99-notes-0123456789" not in [step.folder for step in status(copy).steps]


def test_the_newest_of_two_generations_is_meant_without_a_manifest(
    build_small: Callable[..., Path], recipe: Path, tmp_path: Path
) -> None:
    out = build_small(recipe, tmp_path / "out")
    build_small(recipe, out, "stages.2.max_tokens=16")
    wanted = [step["fingerprint"] for step in read_json(out / "manifest.json")["steps"]][:-1]
    sink = next(out.glob(f"*-{read_json(out / 'manifest.json')['steps'][-1]['fingerprint']}"))
    shutil.rmtree(sink)
    (out / "manifest.json").unlink()
    (out / "plan.json").unlink()
    assert [str(step.folder).rpartition("-")[2] for step in status(out).steps] == wanted
