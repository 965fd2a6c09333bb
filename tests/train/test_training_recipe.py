"""The `train:` block: mistakes with their cure, presets, and recipes that only train."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from corpusforge.errors import RecipeError
from corpusforge.recipe import load_training
from corpusforge.recipe.training import PRESETS, Train
from corpusforge.shipped import shipped_folder

STAGE = {"name": "a", "sequence_length": 8, "global_batch_tokens": 64, "steps": 3, "learning_rate": 1e-4}


def recipe(folder: Path, train: dict[str, Any]) -> Path:
    path = folder / "train.yaml"
    path.write_text(yaml.safe_dump({"version": 1, "name": "t", "train": train}, sort_keys=False))
    return path


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"global_batch_tokens": 60}, "global_batch_tokens 60 is no multiple of sequence_length; nearest are 56 or 64"),
        ({"epochs": 1}, "give either steps or epochs"),
        ({"steps": None}, "give either steps or epochs"),
        ({"learning_rat": 1}, "train.stages.0.learning_rat: unknown setting, got 1; did you mean 'learning_rate'?"),
        ({"schedule": {"shape": "cosin"}}, "train.stages.0.schedule.shape"),
        ({"schedule": {"warmup_steps": 1, "warmup_share": 0.1}}, "warmup_steps and warmup_share say the same"),
        ({"trains": "new_embeddings"}, "new_embeddings needs new_rows_from"),
        ({"trains": "new_embeddings", "new_rows_from": 5, "zero": 3}, "take zero: 2 or less"),
        ({"offload": "optimizer_and_weights"}, "offload of weights needs zero: 3"),
        ({"zero": 0}, "zero: 0 is for fp32"),
        ({"compile": True, "zero": 3}, "compile does not go with zero: 3"),
        ({"branch_from": "b@5"}, "stage 'a' branches from 'b', which is no stage before it"),
        ({"branch_from": "b5"}, "train.stages.0.branch_from"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_cure(tmp_path: Path, changes: dict[str, Any], told: str) -> None:
    path = recipe(tmp_path, {"build": "b", "model": "m", "stages": [{**STAGE, **changes}]})
    with pytest.raises(RecipeError) as error:
        load_training(path)
    assert told in str(error.value)


def test_a_recipe_that_only_trains_needs_a_build(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"train.build: is required and missing in a recipe without sources"):
        load_training(recipe(tmp_path, {"model": "m", "stages": [STAGE]}))


def test_paths_count_from_the_file_and_overrides_reach_a_stage_by_name(tmp_path: Path) -> None:
    train = {"build": "b", "model": "m", "stages": [STAGE, {**STAGE, "name": "b", "init_from": "other/final"}]}
    training = load_training(recipe(tmp_path, train), ["train.stages.a.steps=7"])
    assert (training.build, training.settings.model) == (tmp_path / "b", tmp_path / "m")
    assert [stage.steps for stage in training.settings.stages] == [7, 3]
    assert training.settings.stages[1].init_from == str(tmp_path / "other" / "final")


def test_a_recipe_with_sources_trains_on_its_own_build(tmp_path: Path) -> None:
    tree = yaml.safe_load((shipped_folder("recipes") / "tiny.yaml").read_text())
    tree["variables"]["data"] = str(shipped_folder("recipes") / "samples" / "tiny")
    tree["stages"][1]["tokenizer"] = str(shipped_folder("recipes") / "samples" / "tokenizer")
    path = tmp_path / "tiny.yaml"
    path.write_text(yaml.safe_dump(tree))
    with pytest.raises(RecipeError, match="it has no `train:` block"):
        load_training(path)
    path.write_text(yaml.safe_dump({**tree, "train": {"model": "m", "stages": [STAGE]}}))
    assert load_training(path).build == Path("out/tiny").absolute()


@pytest.mark.parametrize("name", sorted(path.stem for path in PRESETS.glob("*.yaml")))
def test_a_preset_is_whole_and_names_its_source(name: str) -> None:
    assert Train.model_validate({"model": "m", "preset": name}).stages
    assert "Published" in (PRESETS / f"{name}.yaml").read_text()


def test_a_recipe_goes_before_its_preset_stage_by_stage() -> None:
    own = [{"name": "pretrain", "steps": 9, "schedule": {"floor": 0.5}}, {**STAGE, "name": "more"}]
    stages = Train.model_validate({"model": "m", "preset": "k2", "stages": own}).stages
    assert [stage.name for stage in stages] == ["pretrain", "general", "expert", "more"]
    assert (stages[0].steps, stages[0].epochs, stages[0].learning_rate) == (9, None, 1e-5)
    assert (stages[0].schedule.shape, stages[0].schedule.floor) == ("constant", 0.5)
    assert (stages[2].trains, stages[2].lora.rank, stages[2].lora.targets) == ("lora", 8, ("q_proj", "k_proj", "v_proj"))


def test_an_unknown_preset_names_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="no preset 'k3'; presets here: jiuzhou, k2, knowlm"):
        load_training(recipe(tmp_path, {"build": "b", "model": "m", "preset": "k3", "stages": [STAGE]}))


def test_a_wrong_setting_is_one_mistake_and_a_list_without_items_is_another(tmp_path: Path) -> None:
    for stages, told in (
        ([{**STAGE, "learning_rat": 1}], "train.stages.0.learning_rat: unknown"),
        ([], "train.stages: tuple should have"),
    ):
        with pytest.raises(RecipeError) as found:
            load_training(recipe(tmp_path, {"build": "b", "model": "m", "stages": stages}))
        assert len(str(found.value).splitlines()) == 1
        assert told in str(found.value)
