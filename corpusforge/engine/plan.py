"""A recipe as steps, each with a folder named by what its output depends on.

    chain of each source:  read, then one step per stage        joined:  one step per stage, then the sink

A read step is the source and all its stages up to the last that needs raw bytes: bytes are never stored, text is. A step
whose folder holds a report is done; touching one setting, one input or one word list gives new names to that step and to
those after it, and to no other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from corpusforge.core import Barrier, Filter, InputFile, Source, Transform, writes_text
from corpusforge.engine.fingerprint import Digests, fingerprint, stage_facts
from corpusforge.engine.inputs import Listing, listing_of
from corpusforge.engine.store import file_digest, read_json
from corpusforge.errors import InputError, RecipeError, UserError
from corpusforge.recipe.model import NamedStage, Recipe, SourceChain
from corpusforge.recipe.suggest import did_you_mean

Kind = Literal["read", "stream", "barrier", "sink"]

# Bumped when the engine itself writes other bytes for equal input.
ENGINE_REVISION = 1


@dataclass(frozen=True)
class Step:
    """One folder of output. `stages` has one element, in a read step the source and what follows it."""

    name: str
    kind: Kind
    stages: tuple[NamedStage, ...]
    fingerprint: str
    parents: tuple[str, ...]
    folder: Path
    artifacts: Mapping[str, Path]
    signals: Path | None = None
    """Of a filter, the folder of what it measured: named without thresholds, so several steps may share it."""

    @property
    def is_done(self) -> bool:
        """Whether the folder is complete; a sink's only while its shards are what the report says."""
        return self.report.exists() and (self.kind != "sink" or self._holds_its_shards())

    def _holds_its_shards(self) -> bool:
        """Shards are handed out and linked elsewhere: one that was written to after the report is hashed again."""
        written = self.report.stat().st_mtime_ns
        for shard in read_json(self.report)["shards"]:
            for suffix, facts in shard["files"].items():
                path = self.folder / f"{shard['name']}{suffix}"
                if not path.exists() or path.stat().st_size != facts["size_bytes"]:
                    return False
                if path.stat().st_mtime_ns > written and file_digest(path) != facts["sha256"]:
                    return False
        return True

    @property
    def report(self) -> Path:
        """Written last."""
        return self.folder / "report.json"


@dataclass(frozen=True)
class Plan:
    """Steps of each source's chain by source name, steps after the join, and what they read."""

    recipe: Recipe
    out: Path
    chains: Mapping[str, tuple[Step, ...]]
    joined: tuple[Step, ...]
    inputs: Mapping[str, Sequence[InputFile]]
    listings: Mapping[str, Listing]

    @property
    def steps(self) -> tuple[Step, ...]:
        """All steps in the order in which they run."""
        return (*(step for chain in self.chains.values() for step in chain), *self.joined)

    def before(self, source: str, step: Step) -> tuple[Step, ...]:
        """The steps before `step` that hold columns or verdicts of `source`; those that only make an artefact hold none."""
        path = (*self.chains[source], *self.joined)
        return tuple(each for each in path[: path.index(step)] if each.kind != "barrier" or not each.stages[0].stage.provides)

    def needed_for(self, name: str) -> frozenset[str]:
        """Fingerprints of the steps called `name` and of all that these stand on; raises UserError where there is none.

        A step is called by its own name, by a stage that it has (filter.length), or by the kind of one (dedup).
        """
        needed: set[str] = set()
        for step in reversed(self.steps):
            if step.fingerprint in needed or any(f"{each}.".startswith(f"{name}.") for each in _names(step)):
                needed |= {step.fingerprint, *step.parents}
        if not needed:
            names = {each for step in self.steps for each in _names(step)}
            raise UserError(f"{self.recipe.path.name}: no step {name!r}; {did_you_mean(name, names, 'steps')}")
        return frozenset(needed)


def _names(step: Step) -> tuple[str, ...]:
    return (step.name, *(named.use for named in step.stages))


def make_plan(recipe: Recipe, out: Path) -> Plan:
    """List and digest the inputs and name every step; raises RecipeError with every input problem."""
    _refuse_itself(recipe, out)
    inputs = _list_inputs(recipe)
    digests = Digests(out / ".digests.json")
    builder = _Builder(out, digests)
    chains: dict[str, tuple[Step, ...]] = {}
    listings: dict[str, Listing] = {}
    for chain in recipe.sources:
        digested = builder.inputs(chain, inputs[chain.name])
        listings[chain.name] = listing_of(inputs[chain.name], digested if chain.limit is None else None)
        chains[chain.name] = builder.chain(chain, digested, recipe.on_bad_shard)
    parents = tuple(steps[-1].fingerprint for steps in chains.values())
    artifacts: dict[str, Path] = {}
    joined = []
    settled = tuple(_last_settled(steps) for steps in chains.values())
    for named in recipe.stages:
        kind: Kind = "barrier" if isinstance(named.stage, Barrier) else "stream"
        step = builder.step(named.use, kind, (named,), parents, artifacts, settled)
        settled = (step.fingerprint,) if settles_rows(step) else settled
        joined.append(step)
        parents = (step.fingerprint,)
        artifacts = artifacts | {name: step.folder / name for name in named.stage.provides}
    groups = {chain.name: chain.group for chain in recipe.sources}
    sink = NamedStage(recipe.sink_use, recipe.sink)
    joined.append(builder.step(sink.use, "sink", (sink,), parents, artifacts, seed=recipe.seed, groups=groups))
    digests.save()
    return Plan(recipe, out, chains, tuple(joined), inputs, listings)


def _refuse_itself(recipe: Recipe, out: Path) -> None:
    """Raise RecipeError where a stage compares with the build that is to be made: it would never be done."""
    for index, named in enumerate(recipe.stages):
        earlier = named.stage.earlier() if isinstance(named.stage, Barrier) else ()
        if out.resolve() in [build.resolve() for build in earlier]:
            raise RecipeError(
                [f"{recipe.path.name}: stages.{index} ({named.use}): {out} is the output folder itself; give another --out"]
            )


def settles_rows(step: Step) -> bool:
    """Whether cheap filters behind the step measure only what it kept: a read step, a Transform, and whatever writes text."""
    stage = step.stages[0].stage
    return step.kind == "read" or isinstance(stage, Transform) or writes_text(stage)


def _last_settled(steps: Sequence[Step]) -> str:
    """Fingerprint of the last step that settled which rows there are."""
    return [step.fingerprint for step in steps if settles_rows(step)][-1]


def _list_inputs(recipe: Recipe) -> dict[str, Sequence[InputFile]]:
    inputs: dict[str, Sequence[InputFile]] = {}
    problems = []
    for index, chain in enumerate(recipe.sources):
        try:
            inputs[chain.name] = chain.source.files()
        except InputError as error:
            problems.append(f"{recipe.path.name}: sources.{index} ({chain.use}): {error}")
    if problems:
        raise RecipeError(problems)
    return inputs


def split_read(chain: SourceChain) -> tuple[tuple[NamedStage, ...], tuple[NamedStage, ...]]:
    """The stages of the read step (the source first), and those that stand on stored text."""
    needs_raw = [index for index, named in enumerate(chain.stages) if {"raw", "mime"} & set(named.stage.reads)]
    count = needs_raw[-1] + 1 if needs_raw else 0
    return (NamedStage(chain.use, chain.source), *chain.stages[:count]), chain.stages[count:]


class _Builder:
    """Numbers steps and finds their folders: one that exists keeps its number."""

    def __init__(self, out: Path, digests: Digests) -> None:
        self._out, self._digests, self._number = out, digests, 0
        found = sorted(out.glob("[0-9][0-9]*-*")) if out.is_dir() else []
        self._folders = {folder.name.rpartition("-")[2]: folder for folder in found}

    def chain(self, chain: SourceChain, inputs: list[list[str | int]], on_bad_shard: str) -> tuple[Step, ...]:
        reading, streaming = split_read(chain)
        facts: dict[str, Any] = {
            "source": chain.name, "license": chain.license, "lang": chain.lang, "on_bad_shard": on_bad_shard,
            "inputs": inputs,
        }  # fmt: skip
        if chain.limit is not None or chain.sample < 1:
            facts["taken"] = [chain.limit, chain.sample]
        steps = [self.step(f"{chain.name}-read", "read", reading, (), {}, **facts)]
        artifacts: dict[str, Path] = {}
        for named in streaming:
            parents, settled = (steps[-1].fingerprint,), (_last_settled(steps),)
            steps.append(self.step(f"{chain.name}-{named.use}", "stream", (named,), parents, artifacts, settled))
            artifacts = artifacts | {name: steps[-1].folder / name for name in named.stage.provides}
        return tuple(steps)

    def inputs(self, chain: SourceChain, files: Sequence[InputFile]) -> list[list[str | int]]:
        """The listing as it enters the fingerprint of the read step."""
        # a limit is for a quick look, which must not wait until a terabyte is hashed: a file counts by what a write changes
        if chain.limit is not None:
            return [[file.relative, file.size_bytes, file.stamp] for file in files]
        return self._digests.of_inputs(files)

    def step(
        self, name: str, kind: Kind, stages: tuple[NamedStage, ...], parents: tuple[str, ...],
        artifacts: Mapping[str, Path], settled: tuple[str, ...] = (), **facts: Any,
    ) -> Step:  # fmt: skip
        stage_list = [stage_facts(named, self._digests) for named in stages]
        digest = fingerprint({"engine": ENGINE_REVISION, "kind": kind, "parents": parents, "stages": stage_list, **facts})
        self._number += 1
        folder = self._folders.get(digest, self._out / f"{self._number:02d}-{name}-{digest}")
        signals = self._signals(stages[0], parents, settled) if isinstance(stages[0].stage, Filter) else None
        return Step(name, kind, stages, digest, parents, folder, dict(artifacts), signals)

    def _signals(self, named: NamedStage, parents: tuple[str, ...], settled: tuple[str, ...]) -> Path:
        """Cheap signals depend on the text and on which rows there are, expensive ones also on what was kept before."""
        assert isinstance(named.stage, Filter)
        facts = stage_facts(named, self._digests, thresholds=False)
        depends = settled if named.stage.cost == "cheap" else parents
        return self._out / "signals" / f"{named.use}-{fingerprint({'engine': ENGINE_REVISION, 'on': depends, **facts})}"


def source_of(step: Step) -> Source:
    """The source of a read step."""
    stage = step.stages[0].stage
    assert isinstance(stage, Source)
    return stage
