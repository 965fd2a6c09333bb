"""What a build says of the disk before it starts, beside what it then takes."""

import gzip
from pathlib import Path

import pytest

from corpusforge.engine.estimate import Estimate, estimate
from corpusforge.engine.plan import make_plan
from corpusforge.engine.run import build
from corpusforge.recipe import Trial, load_recipe
from corpusforge.terminal.progress import BuildProgress

ROOT = Path(__file__).resolve().parents[2]
TOKENIZER = ROOT / "recipes/samples/tokenizer"
TEXT = "\n\n".join(path.read_text("utf-8") for path in sorted((ROOT / "recipes/samples/textbook_en").glob("*.md")))


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    for number in range(60):
        (tmp_path / f"in/{number}.txt").write_text(f"{number}\n\n{TEXT[number * 7 :]}", "utf-8")
    path = tmp_path / "r.yaml"
    path.write_text(
        f"""\
version: 1
name: r
sources: [{{name: s, use: source.files, path: in, pipeline: text}}]
stages: [{{use: dedup.exact}}, {{use: vocab.encode, tokenizer: {TOKENIZER}}}, {{use: split.greedy, max_tokens: 512}}]
sink: {{use: index.megatron, layout: pieces}}
"""
    )
    return path


def size_of(out: Path) -> int:
    return sum(path.stat().st_size for path in out.glob("[0-9]*/**/*") if path.is_file())


def test_the_estimate_holds_what_the_build_takes_and_not_several_times_as_much(recipe: Path) -> None:
    loaded = load_recipe(recipe)
    needed = estimate(make_plan(loaded, recipe.parent / "out")).needed_bytes
    taken = size_of(build(loaded, recipe.parent / "out").out)
    assert taken < needed < 3 * taken


def test_steps_that_are_done_need_nothing_more(recipe: Path) -> None:
    loaded = load_recipe(recipe)
    build(loaded, recipe.parent / "out")
    assert estimate(make_plan(loaded, recipe.parent / "out")).needed_bytes == 0


def test_packed_input_counts_for_what_is_in_it(recipe: Path) -> None:
    plain = estimate(make_plan(load_recipe(recipe), recipe.parent / "out")).needed_bytes
    for path in (recipe.parent / "in").iterdir():
        path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    packed = (*("sources.0.use=source.jsonl", "sources.0.pipeline=[]", "sources.0.include=['*.gz']"),)
    found = estimate(make_plan(load_recipe(recipe, packed), recipe.parent / "out")).needed_bytes
    assert plain / 2 < found < 2 * plain


def test_a_trial_needs_little(recipe: Path) -> None:
    whole = estimate(make_plan(load_recipe(recipe), recipe.parent / "out")).needed_bytes
    trial = estimate(make_plan(load_recipe(recipe, trial=Trial(limit=1)), recipe.parent / "out")).needed_bytes
    assert trial < whole / 20


def test_a_build_warns_only_where_the_disk_is_too_small(capsys: pytest.CaptureFixture[str]) -> None:
    BuildProgress().planned(Estimate(needed_bytes=1_000, free_bytes=2_000))
    assert capsys.readouterr().err == ""
    BuildProgress().planned(Estimate(needed_bytes=3_000_000, free_bytes=2_000))
    assert "warning: needs about 3.0 MB on disk, 2.0 kB are free" in capsys.readouterr().err
