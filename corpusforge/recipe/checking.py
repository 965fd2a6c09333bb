"""From trees to checked values: every mistake at once, each with its path, its value and the cure."""

from collections.abc import Iterator
from typing import TypeVar, get_args

from pydantic import BaseModel, ValidationError

from corpusforge.recipe.suggest import did_you_mean
from corpusforge.recipe.yaml import Tree

Model = TypeVar("Model", bound=BaseModel)


class Problems(list[str]):
    """Problems found so far in one file."""

    def add(self, name: str, where: str, what: str) -> None:
        """Note what is wrong at a place of the file `name`."""
        self.append(f"{name}: {where}: {what}" if where else f"{name}: {what}")


def validate(model: type[Model], tree: Tree, name: str, where: str, use: str, problems: Problems) -> Model | None:
    """The values of a model, or None with its problems, each at its path below `where`."""
    try:
        return model.model_validate(tree)
    except ValidationError as error:
        found = error.errors(include_url=False)
        for each in found:
            if each["type"] == "too_short" and any(_is_inside(other["loc"], each["loc"]) for other in found):
                continue  # pydantic counts the items that are right; that one is wrong is said at the item
            path = ".".join(str(step) for step in ((where,) if where else ()) + each["loc"])
            problems.add(name, f"{path} ({use})" if use else path, _explain(model, dict(each)))
        return None


def _is_inside(location: tuple[int | str, ...], outer: tuple[int | str, ...]) -> bool:
    return len(location) > len(outer) and location[: len(outer)] == outer


def _explain(model: type[BaseModel], error: dict[str, Tree]) -> str:
    if error["type"] == "missing":
        return "is required and missing; add it"
    value = repr(str(error["input"]) if isinstance(error["input"], str) else error["input"])
    shown = value if len(value) <= 80 else f"{value[:77]}..."
    if error["type"] == "extra_forbidden":
        known = _settings(model, error["loc"])
        return f"unknown setting, got {shown}; {did_you_mean(str(error['loc'][-1]), known, 'settings')}"
    return f"{error['msg'][0].lower()}{error['msg'][1:]}, got {shown}"


def _settings(model: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    """Settings beside the unknown one: of the model, or of the nested model it stands in."""
    for step in location[:-1]:
        if isinstance(step, int):
            continue
        field = model.model_fields.get(step)
        nested = next((each for each in _types(field.annotation if field else None) if issubclass(each, BaseModel)), None)
        if nested is None:
            return []
        model = nested
    return list(model.model_fields)


def _types(annotation: object) -> Iterator[type]:
    """The classes in an annotation: of `tuple[TrainStage, ...] | None` tuple's element and NoneType."""
    if get_args(annotation):
        for each in get_args(annotation):
            yield from _types(each)
    elif isinstance(annotation, type):
        yield annotation
