"""A recipe as checked, frozen values."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import ConfigDict, Field

from corpusforge.core import Sink, Source, Stage
from corpusforge.documented import Documented
from corpusforge.index.blend import NAME, MixSettings
from corpusforge.recipe.training import Train


@dataclass(frozen=True)
class NamedStage:
    """A stage with the name by which the recipe calls it."""

    use: str
    stage: Stage


@dataclass(frozen=True)
class SourceChain:
    """A source and the stages of its own, up to where the sources join."""

    name: str
    group: str
    license: str
    lang: str
    alarm_share: float
    limit: int | None
    sample: float
    use: str
    source: Source
    stages: tuple[NamedStage, ...]


@dataclass(frozen=True)
class Trial:
    """A build on little: a limit and a sample for every source of a recipe, in place of its own."""

    limit: int | None = None
    sample: float | None = None

    def __bool__(self) -> bool:
        return self.limit is not None or self.sample is not None

    def overrides(self, num_sources: int) -> tuple[str, ...]:
        """As after --set."""
        wanted = {"limit": self.limit, "sample": self.sample}
        return tuple(
            f"sources.{index}.{name}={value}"
            for index in range(num_sources)
            for name, value in wanted.items()
            if value is not None
        )


@dataclass(frozen=True)
class Recipe:
    """A whole build; `overrides` are the --set arguments, kept for the record."""

    path: Path
    name: str
    seed: int
    on_bad_shard: Literal["stop", "keep_going"]
    sources: tuple[SourceChain, ...]
    stages: tuple[NamedStage, ...]
    sink_use: str
    sink: Sink
    mix: MixSettings | None
    overrides: tuple[str, ...]
    train: Train | None = None


def default_out(recipe: Recipe, trial: Trial | None = None) -> Path:
    """Where a build goes when nobody says: a trial beside the whole build, so that it takes nothing's place."""
    return Path("out") / (f"{recipe.name}-trial" if trial else recipe.name)


class RecipeHeader(Documented):
    """The top level of a recipe file."""

    model_config = ConfigDict(title="CorpusForge recipe")

    version: Literal[1]
    """Version of the recipe language."""
    name: str = Field(pattern=NAME)
    """Name of the build; the default output folder is out/<name>."""
    description: str = ""
    """For people."""
    seed: int = Field(default=0, ge=0, lt=2**63)
    """Decides the order of documents in the shards."""
    variables: dict[str, Any] = Field(default_factory=dict)
    """Values used below as ${name}; --set variables.name=value replaces them."""
    on_bad_shard: Literal["stop", "keep_going"] = "stop"
    """What a damaged input file does: stop the build, or keep what was read before the damage and count the rest."""
    sources: list[dict[str, Any]] = Field(min_length=1)
    """Where documents come from; each with stages of its own up to where they join."""
    stages: list[dict[str, Any]] = Field(default_factory=list)
    """Stages after the sources have joined."""
    sink: dict[str, Any]
    """Where the shards go."""
    mix: MixSettings | None = None
    """What training reads in which stages; null is one stage, `main`, that reads every row once."""
    train: Train | None = None
    """What `corpusforge train` does with the shards; a build does not look at it."""


class SourceHeader(Documented):
    """What every source in a recipe says, beside the settings of the stage named by `use`."""

    name: str = Field(pattern=NAME)
    """Unique in the recipe; part of every document id."""
    use: str
    """The source stage, such as source.jsonl."""
    group: str = Field(default="main", pattern=NAME)
    """Shards are written per group; training mixes groups by weight."""
    license: str = ""
    """Licence of documents that name none themselves."""
    lang: str = ""
    """Language of documents that name none themselves, such as en or zh."""
    alarm_share: float = Field(default=0.95, gt=0, le=1)
    """The build stops when this source has lost a larger share of its documents; 1 never stops it."""
    limit: int | None = Field(default=None, gt=0)
    """Take only the first documents, this many; null takes all. One worker reads them, and what is done counts as done only
    while size and time of change of the files stay, since a quick look should not wait until everything is hashed."""
    sample: float = Field(default=1.0, gt=0, le=1)
    """Take only this share of the documents: the same ones every time, chosen by their id as they are read."""
    pipeline: str | list[dict[str, Any]] = Field(default_factory=list)
    """Stages of this source alone: a shipped pipeline's name, a YAML file, or a list of stages."""


class PipelineHeader(Documented):
    """The top level of a pipeline file."""

    version: Literal[1]
    """Version of the recipe language."""
    description: str = ""
    """For people."""
    stages: list[dict[str, Any]]
    """Stages, in order."""
