"""From a recipe file to a Recipe: every mistake is reported, at once, each with its path, its value and the cure."""

import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from pathlib import Path

from corpusforge.core import Barrier, Filter, Sink, Source, Stage, Transform
from corpusforge.errors import RecipeError
from corpusforge.recipe.checking import Problems, validate
from corpusforge.recipe.contracts import contract_problems, resource_problems
from corpusforge.recipe.model import NamedStage, PipelineHeader, Recipe, RecipeHeader, SourceChain, SourceHeader, Trial
from corpusforge.recipe.registry import find_stage
from corpusforge.recipe.suggest import did_you_mean
from corpusforge.recipe.variables import apply_overrides, substitute
from corpusforge.recipe.yaml import Tree, load_yaml
from corpusforge.settings import Located
from corpusforge.shipped import shipped_folder

NO_TRIAL = Trial()

_OF_A_PIPELINE = re.compile(r"sources\.[^.=]+\.pipeline\.[^=]")

IN_CHAIN = (Transform, Filter)
AFTER_JOIN = (Transform, Filter, Barrier)


def load_recipe(
    path: Path, overrides: Sequence[str] = (), working_folder: Path | None = None, *, trial: Trial = NO_TRIAL
) -> Recipe:
    """Read, override, substitute and check a recipe; raises RecipeError with all problems."""
    tree = load_yaml(path)
    sources = tree.get("sources")
    overrides = (*overrides, *trial.overrides(len(sources) if isinstance(sources, list) else 0))
    tree = filled(path, tree, overrides, working_folder)
    problems = Problems()
    header = validate(RecipeHeader, tree, path.name, "", "", problems)
    if header is None:
        raise RecipeError(problems)
    recipe = _assemble(path, header, overrides, problems)
    if problems or recipe is None:
        raise RecipeError(problems)
    return recipe


def filled(path: Path, tree: dict[str, Tree], overrides: Sequence[str], working_folder: Path | None = None) -> dict[str, Tree]:
    """The tree of a recipe with overrides put in and variables replaced; raises RecipeError with all that have no place."""
    tree = _overridden(tree, overrides, working_folder or Path.cwd())
    variables = tree.get("variables") or {}
    if not isinstance(variables, dict):
        return tree
    rest = {key: value for key, value in tree.items() if key != "variables"}
    return {**substitute(rest, variables, path.name), "variables": variables}


def _overridden(tree: dict[str, Tree], overrides: Sequence[str], working_folder: Path) -> dict[str, Tree]:
    """One override after another, so that one may name a pipeline and the next change a stage of it."""
    problems: list[str] = []
    for override in overrides:
        try:
            tree = apply_overrides(_with_pipelines_open(tree, [override]), [override], working_folder)
        except RecipeError as error:
            problems += error.problems
    if problems:
        raise RecipeError(problems)
    return tree


def _with_pipelines_open(tree: dict[str, Tree], overrides: Sequence[str]) -> dict[str, Tree]:
    """The tree with the stages of named pipelines in place of their names, where an override changes one of them."""
    sources = tree.get("sources")
    opened = {path.split(".")[1] for path in overrides if _OF_A_PIPELINE.match(path)}
    if not opened or not isinstance(sources, list):
        return tree
    return {**tree, "sources": [_opened(each, index, opened) for index, each in enumerate(sources)]}


def _opened(source: Tree, index: int, opened: AbstractSet[str]) -> Tree:
    if not isinstance(source, dict) or not {str(index), str(source.get("name"))} & opened:
        return source
    return {**source, "pipeline": _open_stages(source.get("pipeline"))}


def _open_stages(named: Tree) -> Tree:
    """The stages of a pipeline in a list of their own, where they can be found."""
    if isinstance(named, str) and _pipeline_path(named).is_file():
        return _open_stages(load_yaml(_pipeline_path(named)).get("stages"))
    if not isinstance(named, list):
        return named
    opened = []
    for each in named:
        inner = _open_stages(each["pipeline"]) if isinstance(each, dict) and set(each) == {"pipeline"} else None
        opened += inner if isinstance(inner, list) else [each]
    return opened


def _assemble(path: Path, header: RecipeHeader, overrides: tuple[str, ...], problems: Problems) -> Recipe | None:
    chains = [_chain(path, index, tree, problems) for index, tree in enumerate(header.sources)]
    stages = _stages(path.name, "stages", header.stages, AFTER_JOIN, problems)
    sink = _stage(path.name, "sink", header.sink, (Sink,), problems)
    sources = tuple(chain for chain in chains if chain is not None)
    for name in sorted({each.name for each in sources if [other.name for other in sources].count(each.name) > 1}):
        cure = "names are part of document ids, give each its own"
        problems.add(path.name, "sources", f"two sources are named {name!r}; {cure}")
    if sink is None or len(sources) < len(chains) or None in stages or not isinstance(sink.stage, Sink):
        return None
    joined = tuple(stage for stage in stages if stage is not None)
    recipe = Recipe(
        path=path.resolve(), name=header.name, seed=header.seed, on_bad_shard=header.on_bad_shard, sources=sources,
        stages=joined, sink_use=sink.use, sink=sink.stage, mix=header.mix, overrides=overrides, train=header.train,
    )  # fmt: skip
    problems += [f"{path.name}: {problem}" for problem in (*contract_problems(recipe), *resource_problems(recipe))]
    if any(chain.source.has_mapped_ids for chain in sources):
        recipe = replace(recipe, stages=(NamedStage("dedup.ids", find_stage("dedup.ids")()), *joined))
    return recipe


def _chain(path: Path, index: int, tree: dict[str, Tree], problems: Problems) -> SourceChain | None:
    where = f"sources.{index}"
    own = {key: value for key, value in tree.items() if key in SourceHeader.model_fields}
    header = validate(SourceHeader, own, path.name, where, "", problems)
    settings = {key: value for key, value in tree.items() if key not in own}
    named = _stage(path.name, where, {"use": tree.get("use"), **settings}, (Source,), problems)
    if header is None:
        return None
    pipeline = tree.get("pipeline", [])  # not header.pipeline: pydantic makes plain strings, which have lost their folder
    stages = _pipeline(path.name, f"{where}.pipeline", pipeline, problems)
    if named is None or None in stages or not isinstance(named.stage, Source):
        return None
    return SourceChain(
        name=header.name, group=header.group, license=header.license, lang=header.lang, alarm_share=header.alarm_share,
        limit=header.limit, sample=header.sample, use=named.use, source=named.stage,
        stages=tuple(stage for stage in stages if stage is not None),
    )  # fmt: skip


def _pipeline(
    name: str, where: str, value: str | list[dict[str, Tree]], problems: Problems, including: tuple[Path, ...] = ()
) -> list[NamedStage | None]:
    """The stages of a list, or of a pipeline by its name; `including` are the files that led here."""
    if isinstance(value, list):
        return _stages(name, where, value, IN_CHAIN, problems)
    path = _pipeline_path(value)
    if path in including:
        problems.add(name, where, f"pipeline {value!r} includes itself; take it out")
        return [None]
    if not path.is_file():
        shipped = [each.stem for each in shipped_folder("pipelines").glob("*.yaml")]
        cure = f"{did_you_mean(value, shipped, 'shipped pipelines')} or give a path that ends in .yaml"
        problems.add(name, where, f"no pipeline {value!r} ({path}); {cure}")
        return [None]
    try:
        header = validate(PipelineHeader, load_yaml(path), path.name, "", "", problems)
    except RecipeError as error:
        problems += error.problems
        return [None]
    return [None] if header is None else _stages(path.name, "stages", header.stages, IN_CHAIN, problems, (*including, path))


def _pipeline_path(value: str) -> Path:
    if value.endswith((".yaml", ".yml")):
        return (value.base if isinstance(value, Located) else Path.cwd()) / value
    return shipped_folder("pipelines") / f"{value}.yaml"


def _stages(
    name: str, where: str, trees: list[dict[str, Tree]], kinds: tuple[type[Stage], ...], problems: Problems,
    including: tuple[Path, ...] = (),
) -> list[NamedStage | None]:  # fmt: skip
    """Each stage in turn; `{pipeline: NAME}` stands for the stages of that pipeline."""
    found: list[NamedStage | None] = []
    for index, tree in enumerate(trees):
        if set(tree) == {"pipeline"} and isinstance(tree["pipeline"], str):
            found += _pipeline(name, f"{where}.{index}.pipeline", tree["pipeline"], problems, including)
        else:
            found.append(_stage(name, f"{where}.{index}", tree, kinds, problems))
    return found


def _stage(
    name: str, where: str, tree: dict[str, Tree], kinds: tuple[type[Stage], ...], problems: Problems
) -> NamedStage | None:
    use = tree.get("use")
    if not isinstance(use, str):
        problems.add(name, f"{where}.use", f"a stage's name is missing, got {use!r}; see `corpusforge stages`")
        return None
    try:
        found = find_stage(use)
    except LookupError as error:
        problems.add(name, f"{where}.use", str(error.args[0]))
        return None
    if not issubclass(found, kinds):
        wanted = " or ".join(kind.__name__.lower() for kind in kinds)
        problems.add(name, f"{where}.use", f"{use} is no {wanted} and cannot stand here; see `corpusforge stages`")
        return None
    settings = {key: value for key, value in tree.items() if key != "use"}
    stage = validate(found, settings, name, where, use, problems)
    return None if stage is None else NamedStage(str(use), stage)
