"""A build that stops after a step leaves what a whole build goes on from, and publishes nothing."""

from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner

from corpusforge.cli import app
from corpusforge.engine.plan import Plan
from corpusforge.engine.run import build
from corpusforge.engine.slices import Slice
from corpusforge.errors import UserError
from corpusforge.recipe import load_recipe

ROOT = Path(__file__).resolve().parents[2]
OF_THE_MACHINE = ("run.json", ".digests.json")

RECIPE = f"""\
version: 1
name: small
seed: 3
sources:
  - {{name: notes, use: source.jsonl, path: notes.jsonl, pipeline: [{{use: filter.length, min_words: 3}}]}}
  - {{name: files, use: source.files, path: files, pipeline: [{{use: extract.markup}}]}}
stages:
  - {{use: dedup.exact}}
  - {{use: dedup.minhash, threshold: 0.8}}
  - {{use: vocab.encode, tokenizer: {ROOT / "recipes/samples/tokenizer"}}}
  - {{use: split.greedy, max_tokens: 24}}
sink: {{use: index.megatron, layout: pieces, num_shards: 2}}
"""


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    texts = [f"Sample {number} is a basalt with olivine, taken at {number} m." for number in range(8)]
    (tmp_path / "notes.jsonl").write_bytes(b"".join(orjson.dumps({"text": text}) + b"\n" for text in [*texts, texts[0]]))
    (tmp_path / "files").mkdir()
    (tmp_path / "files/a.md").write_text("# Granite\n\nGranite holds quartz, feldspar and mica.\n")
    (tmp_path / "small.yaml").write_text(RECIPE)
    return tmp_path / "small.yaml"


def run(recipe: Path, out: str, *overrides: str, until: str | None = None, task: Slice | None = None) -> Plan:
    return build(load_recipe(recipe, overrides), recipe.parent / out, task=task, until=until)


def done(plan: Plan) -> list[str]:
    return [step.name for step in plan.steps if step.is_done]


def outputs(out: Path) -> dict[str, bytes]:
    files = [path for path in sorted(out.rglob("*")) if path.is_file() and path.name not in OF_THE_MACHINE]
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in files}


def test_steps_behind_it_do_not_run_and_nothing_is_published(recipe: Path) -> None:
    plan = run(recipe, "out", until="dedup.exact")
    assert done(plan) == ["notes-read", "notes-filter.length", "files-read", "dedup.exact"]
    assert not any((plan.out / name).exists() for name in ("manifest.json", "shards", "run.json"))


def test_the_kind_of_a_stage_means_the_last_of_its_steps(recipe: Path) -> None:
    assert done(run(recipe, "out", until="dedup"))[-1] == "dedup.minhash"


def test_a_step_of_one_source_leaves_the_others_unread(recipe: Path) -> None:
    assert done(run(recipe, "out", until="notes-filter.length")) == ["notes-read", "notes-filter.length"]


def test_a_stage_inside_a_reading_step_is_found_too(recipe: Path) -> None:
    assert done(run(recipe, "out", until="extract.markup")) == ["files-read"]


def test_the_whole_build_goes_on_from_there_and_gives_the_same_bytes(recipe: Path) -> None:
    plan = run(recipe, "out", until="dedup")
    before = {path: path.stat().st_mtime_ns for path in plan.out.glob("*/report.json")}
    run(recipe, "out")
    run(recipe, "whole")
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert outputs(recipe.parent / "out") == outputs(recipe.parent / "whole")


def test_a_trial_of_other_settings_leaves_a_finished_build_as_it_is(recipe: Path) -> None:
    plan = run(recipe, "out")
    before = outputs(plan.out)
    run(recipe, "out", "stages.1.threshold=0.5", until="dedup")
    after = outputs(plan.out)
    assert {name for name in before if after[name] != before[name]} == {"plan.json"}
    assert not any(name.startswith("shards/") for name in after.keys() - before.keys())


def test_what_is_done_already_runs_no_further(recipe: Path) -> None:
    run(recipe, "out", until="dedup")
    assert done(run(recipe, "out", until="dedup.exact"))[-1] == "dedup.minhash"


def test_a_task_of_a_team_stops_there_as_well(recipe: Path) -> None:
    assert done(run(recipe, "out", until="dedup", task=Slice(1, 1)))[-1] == "dedup.minhash"
    assert not (recipe.parent / "out/manifest.json").exists()


def test_a_step_that_is_not_there_is_refused_before_anything_runs(recipe: Path) -> None:
    with pytest.raises(UserError, match=r"small\.yaml: no step 'dedup\.minhas'; did you mean 'dedup\.minhash'"):
        run(recipe, "out", until="dedup.minhas")
    assert not list((recipe.parent / "out").glob("0*"))


@pytest.mark.parametrize("where", ["{folder}/out", "s3://nowhere/out --scratch {folder}/out"])
def test_the_command_says_what_is_left_and_where_to_look_and_sends_nothing_to_a_store(recipe: Path, where: str) -> None:
    arguments = where.format(folder=recipe.parent).split()
    done = CliRunner().invoke(app, ["build", str(recipe), "--workers", "1", "--until", "dedup", "--out", *arguments])
    lines = done.stdout.splitlines()
    assert done.exit_code == 0
    assert lines[1].split() == ["notes", "9", "8", "88.9%", "1", "\u00b7", "duplicate", "1"]
    assert lines[-2] == "stopped after dedup, nothing published; the same command without --until goes on from here"
    assert f"corpusforge dedup show {recipe.parent / 'out'}" in lines[-1]
