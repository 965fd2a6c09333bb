"""From a recipe file to a Training: of a whole recipe its `train:` block, or a file that holds nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from corpusforge.errors import RecipeError
from corpusforge.recipe.checking import Problems, validate
from corpusforge.recipe.load import filled, load_recipe
from corpusforge.recipe.model import default_out
from corpusforge.recipe.training import Train, TrainingHeader
from corpusforge.recipe.yaml import load_yaml


@dataclass(frozen=True)
class Training:
    """What to train, on which build, and where to."""

    path: Path
    name: str
    build: Path
    out: Path
    settings: Train
    overrides: tuple[str, ...]


def load_training(path: Path, overrides: Sequence[str] = (), working_folder: Path | None = None) -> Training:
    """Read, override, substitute and check; raises RecipeError with all problems."""
    tree = load_yaml(path)
    if "sources" in tree:
        recipe = load_recipe(path, overrides, working_folder)
        if recipe.train is None:
            raise RecipeError([f"{path.name}: it has no `train:` block; add one with a model and stages"])
        return _training(path, recipe.name, recipe.train, recipe.train.build or default_out(recipe).absolute(), overrides)
    problems = Problems()
    header = validate(TrainingHeader, filled(path, tree, overrides, working_folder), path.name, "", "", problems)
    if header is not None and header.train.build is None:
        problems.add(path.name, "train.build", "is required and missing in a recipe without sources; name a finished build")
    if header is None or header.train.build is None:
        raise RecipeError(problems)
    return _training(path, header.name, header.train, header.train.build, overrides)


def _training(path: Path, name: str, settings: Train, build: Path, overrides: Sequence[str]) -> Training:
    out = settings.out or (Path("out") / f"{name}-train").absolute()
    return Training(path.resolve(), name, build, out, settings, tuple(overrides))
