"""The small build and its page; other recipes by their text."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from report_builds import build_small, make_input
from report_page import Page

from corpusforge.engine.run import build
from corpusforge.recipe import load_recipe
from corpusforge.report.page import write_report


@pytest.fixture(scope="session")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_input(tmp_path_factory.mktemp("input"))


@pytest.fixture(scope="session")
def small(recipe: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_small(recipe, tmp_path_factory.mktemp("built") / "small")


@pytest.fixture(scope="session")
def page(small: Path) -> Page:
    """The page of the small build."""
    return Page.read(write_report(small))


@pytest.fixture
def copy(small: Path, tmp_path: Path) -> Path:
    shutil.copytree(small, tmp_path / "out")
    return tmp_path / "out"


@pytest.fixture
def page_of(tmp_path: Path) -> Callable[[str], Page]:
    """Builds a recipe and reads its page."""

    def make(recipe: str) -> Page:
        path = tmp_path / "recipe.yaml"
        path.write_text(recipe, encoding="utf-8")
        build(load_recipe(path), tmp_path / "out")
        return Page.read(write_report(tmp_path / "out"))

    return make
