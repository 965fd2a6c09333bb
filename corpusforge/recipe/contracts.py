"""Whether the stages of a recipe fit together: columns, artefacts and the files that settings name."""

from collections.abc import Iterator
from pathlib import Path

from corpusforge.core import HELD_OUT, Barrier, Filter, Stage, writes_text
from corpusforge.recipe.model import NamedStage, Recipe
from corpusforge.settings import ResourceMark

# Columns that the engine itself gives to every document.
ENGINE_COLUMNS = frozenset({"id", "source", "origin", "url", "lang", "license", "date", "meta"})
HASH_COLUMN = "content_hash"


def contract_problems(recipe: Recipe) -> Iterator[str]:
    """A line for each stage that needs something which no stage before it gives, or that would be given twice."""
    joined: set[str] | None = None
    for index, chain in enumerate(recipe.sources):
        have = set(ENGINE_COLUMNS) | set(chain.source.given())
        yield from _chain_problems(f"sources.{index}.pipeline", chain.stages)
        yield from _walk(f"sources.{index}.pipeline", chain.stages, have)
        if "raw" in have and "text" not in have:
            yield f"sources.{index} ({chain.use}): gives bytes, and no stage turns them into text; add an extract stage"
            have.add("text")
        joined = have if joined is None else joined & have
    have = (joined or set()) - {"raw", "mime"} | {HASH_COLUMN}
    yield from _walk("stages", recipe.stages, have)
    yield from _walk("sink", (NamedStage(recipe.sink_use, recipe.sink),), have, numbered=False)
    yield from (f"sink.{line}" for line in recipe.sink.misfits([named.stage for named in recipe.stages]))
    yield from group_problems(recipe)


def group_problems(recipe: Recipe) -> Iterator[str]:
    """A line for each group that the sink or the mix names and no source has, or whose name is that of a held-out slice."""
    groups = sorted({chain.group for chain in recipe.sources})
    for group in groups:
        if group.endswith(HELD_OUT):
            yield f"group {group!r}: {HELD_OUT} at the end is kept for slices that are held out; give another name"
    shares = recipe.sink.held_out
    for group in sorted(set(shares) - set(groups)) if isinstance(shares, dict) else ():
        yield f"sink.held_out: no source has group {group!r}; groups are: {', '.join(groups)}"
    yield from recipe.mix.problems(groups) if recipe.mix else ()


def _chain_problems(where: str, stages: tuple[NamedStage, ...]) -> Iterator[str]:
    """What may stand after the join only, and filters between stages that need bytes: bytes are not stored."""
    on_bytes = [index for index, named in enumerate(stages) if {"raw", "mime"} & set(named.stage.reads)]
    for index, named in enumerate(stages):
        if named.stage.provides:
            made = ", ".join(named.stage.provides)
            yield f"{where}.{index} ({named.use}): makes the {made} of the whole build; put it under `stages`, after the join"
        if isinstance(named.stage, Filter) and on_bytes and index < on_bytes[-1]:
            last = stages[on_bytes[-1]].use
            yield f"{where}.{index} ({named.use}): stands before {last}, which needs bytes that are not stored; put it after"


def _walk(where: str, stages: tuple[NamedStage, ...], have: set[str], numbered: bool = True) -> Iterator[str]:
    for index, named in enumerate(stages):
        place = f"{where}.{index} ({named.use})" if numbered else f"{where} ({named.use})"
        missing = [name for name in named.stage.required() if name not in have]
        if missing:
            yield f"{place}: needs {', '.join(missing)}, which no stage before it gives; {_cure(missing[0])}"
        if writes_text(named.stage) and "ids" in have:
            yield f"{place}: writes text, but its tokens are there already; put it before vocab.encode"
        if isinstance(named.stage, Barrier) and set(named.stage.provides) & have:
            yield f"{place}: {', '.join(named.stage.provides)} is already given by a stage before it; remove one"
        have |= set(named.stage.adds) | set(named.stage.provides)


def _cure(name: str) -> str:
    cures = {
        "text": "add an extract stage to the source's pipeline",
        "raw": "use it in the pipeline of a source that gives bytes, such as source.files",
        "ids": "add vocab.encode before it",
        "pieces": "add split.greedy before it",
        "tokenizer": "add vocab.train before it, or name a tokenizer",
    }
    return cures.get(name, f"add a stage that gives {name}")


def resources(stage: Stage) -> dict[str, Path]:
    """Settings of a stage that name a file or folder it uses: setting -> path."""
    marked = {
        name: getattr(stage, name)
        for name, field in type(stage).model_fields.items()
        if any(isinstance(mark, ResourceMark) for mark in field.metadata) or _marked_inside(field.annotation)
    }
    return {name: Path(path) for name, path in marked.items() if path is not None}


def _marked_inside(annotation: object) -> bool:
    """Whether a union such as `ResourcePath | None` holds the mark."""
    arguments = getattr(annotation, "__args__", ())
    return any(any(isinstance(mark, ResourceMark) for mark in getattr(argument, "__metadata__", ())) for argument in arguments)


def manifest_path(build: Path) -> Path:
    """What a finished build wrote last."""
    return build / "manifest.json"


def resource_problems(recipe: Recipe) -> Iterator[str]:
    """A line for each file, or finished build, that a setting names and that is not there."""
    places: list[tuple[str, str, Stage]] = [(f"sources.{i}", chain.use, chain.source) for i, chain in enumerate(recipe.sources)]
    for i, chain in enumerate(recipe.sources):
        places += [(f"sources.{i}.pipeline.{j}", each.use, each.stage) for j, each in enumerate(chain.stages)]
    places += [(f"stages.{i}", each.use, each.stage) for i, each in enumerate(recipe.stages)]
    places.append(("sink", recipe.sink_use, recipe.sink))
    for where, use, stage in places:
        for setting, path in resources(stage).items():
            if not path.exists():
                yield f"{where}.{setting} ({use}): no such file or folder: {path}; paths are relative to the recipe file"
        for path in stage.earlier() if isinstance(stage, Barrier) else ():
            if not manifest_path(path).is_file():
                yield f"{where} ({use}): no finished build is at {path}; paths are relative to the recipe file"
