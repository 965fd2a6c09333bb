"""Stages by name: `filter.length` is class Length in corpusforge/filter/length.py, or an installed entry point.

Recipes name stages, never modules of their own choice, so reading a recipe imports nothing that was not installed as a
stage. Packages add stages by entry points of the group `corpusforge.stages`: name "filter.mine", object "package:Mine".
"""

import importlib
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TypeGuard

import corpusforge
from corpusforge.core import Stage
from corpusforge.recipe.suggest import did_you_mean

STAGE_PACKAGES = ("source", "extract", "filter", "dedup", "vocab", "split", "sft", "index")


@lru_cache(maxsize=1)
def _installed() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group="corpusforge.stages")}


def find_stage(name: str) -> type[Stage]:
    """The class of a stage; raises LookupError with a cure when there is none."""
    package, _, module = name.partition(".")
    if name in _installed():
        return _checked(name, _installed()[name].load())
    if package not in STAGE_PACKAGES:
        raise LookupError(f"no stage {name!r}; {did_you_mean(name, stage_names(), 'stages')}")
    found = _class_in(package, module) if module in _candidates(package) else None
    if not _is_stage(found):
        raise LookupError(f"no stage {name!r}; {_cure(name, package)}")
    return found


def _cure(name: str, package: str) -> str:
    names = [each for each in stage_names() if each.startswith(f"{package}.")]
    return did_you_mean(name, names, f"corpusforge.{package}'s stages")


def _checked(name: str, found: object) -> type[Stage]:
    if _is_stage(found):
        return found
    raise LookupError(f"no stage {name!r}: {found!r} is not a corpusforge.core.Stage")


def _class_in(package: str, module: str) -> object:
    return getattr(importlib.import_module(f"corpusforge.{package}.{module}"), _class_name(module), None)


def _class_name(module: str) -> str:
    return "".join(word.capitalize() for word in module.split("_"))


@lru_cache
def _modules(package: str) -> frozenset[str]:
    """Modules whose class of their own name is a stage; all of them are imported."""
    return frozenset(name for name in _candidates(package) if _is_stage(_class_in(package, name)))


@lru_cache
def _candidates(package: str) -> frozenset[str]:
    """Modules with a class of their own name. Others are read only: helpers may need slow libraries."""
    folder = Path(corpusforge.__file__).parent / package
    return frozenset(path.stem for path in folder.glob("*.py") if _holds_its_class(path))


def _is_stage(found: object) -> TypeGuard[type[Stage]]:
    return isinstance(found, type) and issubclass(found, Stage)


def _holds_its_class(path: Path) -> bool:
    return f"\nclass {_class_name(path.stem)}(" in path.read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def stage_names() -> tuple[str, ...]:
    """All stages there are, sorted by package in the order of the data's way, then by name."""
    own = [f"{package}.{module}" for package in STAGE_PACKAGES for module in sorted(_modules(package))]
    return (*own, *sorted(set(_installed()) - set(own)))


def stage_name(stage: type[Stage]) -> str:
    """The recipe name of one of our own stage classes: corpusforge.filter.length -> filter.length."""
    return stage.__module__.removeprefix(f"{corpusforge.__name__}.")
