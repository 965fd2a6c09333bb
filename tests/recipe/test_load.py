import re
from pathlib import Path

import pytest

from corpusforge.errors import RecipeError
from corpusforge.recipe import load_recipe
from corpusforge.recipe.yaml import load_yaml

ROOT = Path(__file__).resolve().parents[2]

GOOD = """\
version: 1
name: demo
variables: {data: input}
sources:
  - {name: notes, use: source.jsonl, path: "${data}/*.jsonl", license: cc0-1.0, pipeline: [{use: filter.length, min_words: 3}]}
stages:
  - {use: dedup.exact}
  - {use: vocab.train, vocab_size: 500}
  - {use: vocab.encode}
  - {use: split.greedy, max_tokens: 64}
sink: {use: index.megatron, layout: pieces}
"""


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    path = tmp_path / "demo.yaml"
    path.write_text(GOOD)
    return path


def problems(path: Path, *overrides: str) -> tuple[str, ...]:
    with pytest.raises(RecipeError) as caught:
        load_recipe(path, overrides)
    return caught.value.problems


def test_a_good_recipe_loads(recipe: Path) -> None:
    loaded = load_recipe(recipe)
    assert [named.use for named in loaded.stages] == ["dedup.exact", "vocab.train", "vocab.encode", "split.greedy"]
    assert loaded.sources[0].license == "cc0-1.0"


def test_paths_are_relative_to_the_recipe_file(recipe: Path, tmp_path: Path) -> None:
    assert load_recipe(recipe).sources[0].source.path == str(tmp_path / "input/*.jsonl")  # type: ignore[attr-defined]


def test_paths_given_by_set_are_relative_to_the_working_folder(recipe: Path) -> None:
    loaded = load_recipe(recipe, ["variables.data=elsewhere"], Path("/work"))
    assert loaded.sources[0].source.path == "/work/elsewhere/*.jsonl"  # type: ignore[attr-defined]
    assert loaded.overrides == ("variables.data=elsewhere",)


def test_sources_and_stages_can_be_overridden_by_name_and_position(recipe: Path) -> None:
    loaded = load_recipe(recipe, ["sources.notes.pipeline.0.min_words=9", "stages.3.max_tokens=32"])
    assert loaded.sources[0].stages[0].stage.min_words == 9  # type: ignore[attr-defined]
    assert loaded.stages[3].stage.max_tokens == 32  # type: ignore[attr-defined]


def test_a_mapped_id_brings_the_check_for_duplicate_ids(recipe: Path) -> None:
    loaded = load_recipe(recipe, ["sources.0.columns={id: doc}"])
    assert loaded.stages[0].use == "dedup.ids"


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("seeed=1", "demo.yaml: seeed: unknown setting, got 1; did you mean 'seed'?"),
        ("sources.0.pipeline.0.min_wrods=3",
         "demo.yaml: sources.0.pipeline.0.min_wrods (filter.length): unknown setting, got 3; did you mean 'min_words'?"),
        ("sources.0.licence=x", "demo.yaml: sources.0.licence (source.jsonl): unknown setting, got 'x'; "),
        ("stages.3.max_tokens=many",
         "demo.yaml: stages.3.max_tokens (split.greedy): input should be a valid integer"),
        ("sink.use=index.megatorn", "demo.yaml: sink.use: no stage 'index.megatorn'; did you mean 'index.megatron'?"),
        ("sink.use=filter.length", "demo.yaml: sink.use: filter.length is no sink and cannot stand here"),
        ("stages.0.use=sorce.files", "demo.yaml: stages.0.use: no stage 'sorce.files'; did you mean 'source.files'?"),
        ("sources.0.pipeline=txt", "demo.yaml: sources.0.pipeline: no pipeline 'txt'"),
        ("sources.0.path=${dta}/x", "demo.yaml.sources.0.path: ${dta} is not declared; did you mean 'data'?"),
        ("version=2", "demo.yaml: version: input should be 1, got 2"),
        ("name=No Spaces", "demo.yaml: name: string should match pattern"),
        ("stages.1.tokenizer=none", "demo.yaml: stages.1.tokenizer (vocab.train): unknown setting, got 'none'"),
        ("stages.2.tokenizer=nowhere", "demo.yaml: stages.2.tokenizer (vocab.encode): no such file or folder: "),
        ("stages.7.max_tokens=1", "--set stages.7.max_tokens=1: no element '7'; there are 0 to 3"),
        ("sinc.layout=pieces", "--set sinc.layout=pieces: the recipe has no 'sinc' here; did you mean 'sink'?"),
        ("sink", "--set sink: no value; write --set a.b=value"),
    ],
)  # fmt: skip
def test_each_mistake_says_where_what_and_the_cure(recipe: Path, override: str, expected: str) -> None:
    assert any(problem.startswith(expected) for problem in problems(recipe, override)), problems(recipe, override)


def test_all_mistakes_are_told_at_once(recipe: Path) -> None:
    found = problems(recipe, "seeed=1", "name=A B", "version=3")
    assert len(found) == 3


def test_mistakes_in_stages_of_several_places_are_told_at_once(recipe: Path) -> None:
    found = problems(recipe, "sources.0.pipeline.0.min_wrods=1", "stages.3.max_tokns=1", "sink.layuot=x")
    assert len(found) == 3


def test_a_missing_setting_is_named(recipe: Path) -> None:
    text = recipe.read_text().replace(", max_tokens: 64", "")
    recipe.write_text(text)
    assert problems(recipe) == ("demo.yaml: stages.3.max_tokens (split.greedy): is required and missing; add it",)


@pytest.mark.parametrize(
    ("removed", "expected"),
    [
        ("  - {use: split.greedy, max_tokens: 64}\n", "sink (index.megatron): needs pieces, "),
        ("  - {use: vocab.train, vocab_size: 500}\n", "stages.1 (vocab.encode): needs tokenizer, "),
        ("  - {use: vocab.encode}\n", "stages.2 (split.greedy): needs ids, widths, "),
    ],
)
def test_stages_that_do_not_fit_together_are_found_before_anything_runs(recipe: Path, removed: str, expected: str) -> None:
    recipe.write_text(recipe.read_text().replace(removed, ""))
    assert any(expected + "which no stage before it gives; add " in problem for problem in problems(recipe)), problems(recipe)


def test_bytes_need_an_extract_stage(recipe: Path) -> None:
    recipe.write_text(recipe.read_text().replace("source.jsonl", "source.files").replace("/*.jsonl", ""))
    assert any("sources.0.pipeline.0 (filter.length): needs text" in problem for problem in problems(recipe))


def test_two_sources_of_one_name_are_refused(recipe: Path) -> None:
    second = "  - {name: notes, use: source.jsonl, path: x}\nstages:"
    recipe.write_text(recipe.read_text().replace("stages:", second))
    assert any("two sources are named 'notes'" in problem for problem in problems(recipe))


def test_a_pipeline_file_beside_the_recipe_is_found_and_its_mistakes_named(recipe: Path) -> None:
    (recipe.parent / "own.yaml").write_text("version: 1\nstages: [{use: filter.length, min_words: a few}]\n")
    recipe.write_text(recipe.read_text().replace("[{use: filter.length, min_words: 3}]", "own.yaml"))
    assert problems(recipe)[0].startswith("own.yaml: stages.0.min_words (filter.length): input should be a valid integer")


@pytest.mark.parametrize(
    ("pipeline", "expected"),
    [
        ("[{use: extract.markup}, {use: filter.length}, {use: extract.markup}]",
         "sources.0.pipeline.1 (filter.length): stands before extract.markup, which needs bytes that are not stored"),
        ("[{use: extract.markup}, {use: vocab.encode}]",
         "sources.0.pipeline.1 (vocab.encode): makes the tokenizer of the whole build; put it under `stages`"),
    ],
)  # fmt: skip
def test_stages_in_a_place_where_they_cannot_work_are_refused(recipe: Path, pipeline: str, expected: str) -> None:
    text = recipe.read_text().replace("source.jsonl", "source.files").replace("/*.jsonl", "")
    recipe.write_text(text.replace("[{use: filter.length, min_words: 3}]", pipeline))
    assert any(expected in problem for problem in problems(recipe)), problems(recipe)


def test_a_variable_that_is_not_declared_cannot_be_set(recipe: Path) -> None:
    assert problems(recipe, "variables.dta=x") == (
        "--set variables.dta=x: the recipe declares no variable 'dta'; did you mean 'data'?",
    )


def test_an_empty_value_is_refused(recipe: Path) -> None:
    assert problems(recipe, "sources.0.path=")[0].startswith("--set sources.0.path=: the value is empty")


def test_characters_that_yaml_does_not_allow_are_an_error_of_ours(recipe: Path) -> None:
    assert problems(recipe, "name=a\x07b")[0].startswith("--set name=a\x07b: not readable as YAML")


def test_a_stage_of_a_named_pipeline_can_be_changed_from_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    path = tmp_path / "r.yaml"
    path.write_text(
        "version: 1\nname: r\nsources:\n  - {name: s, use: source.files, path: in, pipeline: text}\n"
        "stages: [{use: vocab.train, vocab_size: 400}, {use: vocab.encode}]\nsink: {use: index.megatron, layout: documents}\n"
    )
    loaded = load_recipe(path, ["sources.s.pipeline.length.min_words=7"])
    assert [stage.use for stage in loaded.sources[0].stages] == ["extract.markup", "filter.length"]
    assert loaded.sources[0].stages[1].stage.model_dump()["min_words"] == 7
    assert load_recipe(path).sources[0].stages[1].stage.model_dump()["min_words"] == 20


def included(tmp_path: Path, pipeline: str) -> Path:
    (tmp_path / "in").mkdir()
    (tmp_path / "mine.yaml").write_text("version: 1\nstages: [{use: filter.length, min_words: 5}, {pipeline: science}]\n")
    (tmp_path / "round.yaml").write_text("version: 1\nstages: [{pipeline: round.yaml}]\n")
    path = tmp_path / "r.yaml"
    path.write_text(
        f"version: 1\nname: r\nsources:\n  - {{name: s, use: source.files, path: in, pipeline: {pipeline}}}\n"
        "stages: [{use: vocab.train, vocab_size: 400}, {use: vocab.encode}]\nsink: {use: index.megatron, layout: documents}\n"
    )
    return path


def test_a_pipeline_can_stand_among_the_stages_of_another(tmp_path: Path) -> None:
    loaded = load_recipe(included(tmp_path, "[{use: extract.markup}, {pipeline: mine.yaml}]"))
    stages = [stage.use for stage in loaded.sources[0].stages]
    assert stages[:2] == ["extract.markup", "filter.length"]
    assert stages[2:] == [each["use"] for each in load_yaml(ROOT / "pipelines/science.yaml")["stages"]]


def test_an_included_stage_can_be_changed_from_the_command_line(tmp_path: Path) -> None:
    path = included(tmp_path, "[{use: extract.markup}, {pipeline: text}]")
    loaded = load_recipe(path, ["sources.s.pipeline.2.min_words=7"])
    assert loaded.sources[0].stages[2].stage.model_dump()["min_words"] == 7


@pytest.mark.parametrize(
    ("pipeline", "problem"),
    [
        ("[{pipeline: round.yaml}]", "round.yaml: stages.0.pipeline: pipeline 'round.yaml' includes itself"),
        ("[{pipeline: sience}]", "sources.0.pipeline.0.pipeline: no pipeline 'sience'"),
        ("[{pipeline: text, min_words: 3}]", "sources.0.pipeline.0.use: a stage's name is missing"),
    ],
)
def test_what_cannot_be_included_is_told(tmp_path: Path, pipeline: str, problem: str) -> None:
    with pytest.raises(RecipeError, match=re.escape(problem)):
        load_recipe(included(tmp_path, pipeline))


def test_one_override_may_name_a_pipeline_and_the_next_change_a_stage_of_it(tmp_path: Path) -> None:
    path = included(tmp_path, "science")
    loaded = load_recipe(path, ["sources.s.pipeline=text", "sources.s.pipeline.length.min_words=7"])
    assert [stage.use for stage in loaded.sources[0].stages] == ["extract.markup", "filter.length"]
    assert loaded.sources[0].stages[1].stage.model_dump()["min_words"] == 7


def test_a_name_that_several_stages_have_needs_a_position(tmp_path: Path) -> None:
    path = included(tmp_path, "[{use: extract.markup}, {pipeline: science}]")
    with pytest.raises(RecipeError, match="3 elements are named 'prose'; give a position, from 0 to 8"):
        load_recipe(path, ["sources.s.pipeline.prose.min_words_per_line=1"])
