"""What a newcomer meets first: imports, schemas, recipes, README."""

import inspect
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from typer.core import TyperGroup as Group
from typer.main import get_command

import corpusforge
from corpusforge.cli import app
from corpusforge.recipe import load_recipe
from corpusforge.recipe.registry import find_stage, stage_name, stage_names
from corpusforge.recipe.schema import schemas
from corpusforge.shipped import shipped_folder

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = (
    "build",
    "plan",
    "stages",
    "verify",
    "trace",
    "why",
    "show",
    "report",
    "status",
    "clean",
    "diff",
    "refilter",
    "init",
)
RECIPES = sorted((ROOT / "recipes").glob("*.yaml"))


def _functions(command: Any, path: str = "corpusforge") -> dict[str, Callable[..., None]]:
    """The function of every command, by how it is called."""
    if not isinstance(command, Group):
        return {path: inspect.unwrap(command.callback)}
    below = (_functions(each, f"{path} {name}") for name, each in command.commands.items())
    return {name: function for found in below for name, function in found.items()}


@pytest.mark.parametrize("arguments", [["--help"], ["build", "--help"], ["why", "--help"], ["--version"]])
def test_help_loads_no_heavy_package(arguments: list[str]) -> None:
    heavy = {"torch", "transformers", "datasets", "ray", "numba", "pyarrow", "polars", "tokenizers", "deepspeed"}
    code = (
        "import sys; from corpusforge.cli import app\n"
        f"try: app({arguments!r})\nexcept SystemExit: pass\n"
        f"print('loaded:', sorted({heavy!r} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "loaded: []"


def test_importing_the_package_loads_nothing_but_itself() -> None:
    code = "import sys, corpusforge; print(sorted(name for name in sys.modules if name.startswith('corpusforge.')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_stub_of_the_package_names_what_it_offers() -> None:
    stub = (ROOT / "corpusforge/__init__.pyi").read_text(encoding="utf-8")
    offered = {*re.findall(r" as (\w+)$", stub, re.MULTILINE), *re.findall(r"^(\w+):", stub, re.MULTILINE)}
    assert offered == set(corpusforge.__all__)


def test_a_name_that_the_package_does_not_have_is_refused() -> None:
    with pytest.raises(AttributeError, match="module 'corpusforge' has no attribute 'bild'"):
        corpusforge.bild  # type: ignore[attr-defined]  # noqa: B018


def test_the_example_in_the_readme_runs(tmp_path: Path) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"<!-- example begins -->\n```python\n(.*?)```\n<!-- example ends -->", readme, re.DOTALL)
    (tmp_path / "recipes").symlink_to(ROOT / "recipes")
    done = subprocess.run(
        [sys.executable, "-c", example],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert done.stderr == ""
    assert done.stdout.startswith("kept ")


def test_ctrl_c_ends_with_130_and_says_how_to_go_on() -> None:
    code = (
        "import sys, corpusforge.engine.run as run\n"
        "def stop(*arguments, **settings): raise KeyboardInterrupt\n"
        "run.build = stop\n"
        "from corpusforge.cli import main\n"
        f"sys.argv = ['corpusforge', 'build', {str(ROOT / 'recipes/tiny.yaml')!r}]\n"
        "main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 130
    assert "run the same command to go on" in done.stderr


def test_every_command_is_listed_by_help() -> None:
    group = get_command(app)
    assert isinstance(group, Group)
    assert tuple(group.commands) == (*COMMANDS, "dedup", "train", "handoff", "vocab", "weights", "evaluate")


@pytest.mark.parametrize("path", sorted(_functions(get_command(app))))
def test_a_command_is_fifteen_lines_at_most(path: str) -> None:
    lines = inspect.getsource(_functions(get_command(app))[path]).splitlines()
    ends = [number for number, line in enumerate(lines) if line.strip().endswith('"""')]
    assert len(lines) - ends[-1] - 1 <= 15


def test_importing_every_stage_loads_no_training_package() -> None:
    heavy = {"torch", "transformers", "datasets", "ray", "tokenizers", "sentencepiece", "docutils"}
    code = (
        "import sys; from corpusforge.recipe.registry import find_stage, stage_names\n"
        "[find_stage(name) for name in stage_names()]\n"
        f"print(sorted({heavy!r} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", sorted(schemas()))
def test_schemas_on_disk_are_fresh(name: str) -> None:
    assert (ROOT / "schemas" / name).read_text(encoding="utf-8") == schemas()[name], "run tools/schemas"


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.name)
def test_shipped_recipes_meet_the_schema(path: Path) -> None:
    schema = json.loads(schemas()["recipe.schema.json"])
    jsonschema.validate(yaml.safe_load(path.read_text(encoding="utf-8")), schema)


@pytest.mark.parametrize("path", sorted((ROOT / "pipelines").glob("*.yaml")), ids=lambda path: path.name)
def test_shipped_pipelines_meet_the_schema(path: Path) -> None:
    schema = json.loads(schemas()["pipeline.schema.json"])
    jsonschema.validate(yaml.safe_load(path.read_text(encoding="utf-8")), schema)


def test_the_schema_refuses_an_unknown_setting() -> None:
    schema = json.loads(schemas()["recipe.schema.json"])
    tree = yaml.safe_load((ROOT / "recipes/geo.yaml").read_text(encoding="utf-8"))
    tree["stages"][0]["threshhold"] = 1
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(tree, schema)


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.name)
def test_shipped_recipes_load(path: Path) -> None:
    assert load_recipe(path).name == path.stem


def test_the_command_reference_in_the_readme_is_fresh() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "tools/generate.py", "--check"], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.returncode == 0, f"{done.stdout}run tools/schemas"


def test_every_command_is_shown_in_the_readme_with_an_example() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for command in COMMANDS:
        assert f"$ corpusforge {command} --help" in readme
        assert re.search(rf"Example: corpusforge {command}", readme)


def test_the_readme_names_only_files_that_exist() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    named = re.findall(r"`((?:recipes|tools|schemas|pipelines|corpusforge|tests)/[\w./-]+)`", readme)
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("folder", ["pipelines", "recipes", "schemas"])
def test_shipped_folders_are_found(folder: str) -> None:
    assert any(shipped_folder(folder).iterdir())  # type: ignore[arg-type]


@pytest.mark.parametrize("name", stage_names())
def test_file_name_is_class_name_is_recipe_name(name: str) -> None:
    assert stage_name(find_stage(name)) == name


@pytest.mark.parametrize("name", stage_names())
def test_every_stage_and_setting_is_documented(name: str) -> None:
    stage = find_stage(name)
    assert stage.__doc__
    settings = stage.model_json_schema()["properties"] if stage.model_fields else {}
    undocumented = [setting for setting in stage.model_fields if not settings[setting].get("description")]
    assert undocumented == []
