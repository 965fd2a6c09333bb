"""A build that ends when dedup.minhash has decided: what that took, what was removed and why."""

import resource
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import orjson
import pyarrow as pa

from corpusforge.dedup import sketches
from corpusforge.dedup.pairs import EQUAL
from corpusforge.engine.exchange import gather
from corpusforge.engine.ledger import Entry
from corpusforge.engine.plan import Step
from corpusforge.engine.progress import Progress
from corpusforge.engine.run import build
from corpusforge.engine.store import read_parquet
from corpusforge.inspect.folder import Documents, open_documents
from corpusforge.inspect.steps import StepOnDisk
from corpusforge.recipe import load_recipe

_ROOT = Path(__file__).resolve().parents[2]
_STAGE = "dedup.minhash"
_RECIPE = """\
version: 1
name: near
sources: [{{name: s, use: source.jsonl, path: {path}, alarm_share: 1}}]
stages:
  - {stage}
  - {{use: vocab.encode, tokenizer: {tokenizer}}}
sink: {{use: index.megatron, layout: documents}}
"""


@dataclass(frozen=True)
class Cost:
    """What the stage took: CPU and wall time, and bytes in its working files, by round or kind of array.

    `peak_bytes` is the most memory that this process has ever held; reading comes before the stage.
    """

    seconds: float
    wall_seconds: float
    disk_bytes: Mapping[str, int]
    peak_bytes: int


class Removed(NamedTuple):
    """The document that stays for one that went, and their similarity as the build has it."""

    witness: int
    similarity: float


@dataclass(frozen=True)
class Deduplicated:
    """Documents are numbered by their lines. `verified` are the pairs whose similarity the stage found to be high enough."""

    removed: Mapping[int, Removed]
    verified: frozenset[tuple[int, int]]

    @property
    def kept_whole(self) -> list[tuple[int, int]]:
        """Verified pairs of which both are kept."""
        return sorted(pair for pair in self.verified if pair[0] not in self.removed and pair[1] not in self.removed)


class _Enough(Exception):
    """The stage is done."""


@dataclass
class _Watch(Progress):
    """Listens for the stage. State: when it began, and what it took when it has ended."""

    began: float = 0.0
    wall_began: float = 0.0
    costs: list[Cost] = field(default_factory=list)

    def running(self, steps: Sequence[Step], num_tasks: int) -> AbstractContextManager[Callable[[], None]]:
        self.began, self.wall_began = time.process_time(), time.monotonic()
        return super().running(steps, num_tasks)

    def finished(self, step: Step, entries: Mapping[str, Sequence[Entry]]) -> None:
        if step.name != _STAGE:
            return
        seconds, wall = time.process_time() - self.began, time.monotonic() - self.wall_began
        disk = Counter[str]()
        for path in (step.folder / "scratch").iterdir():
            disk[path.name.split(".", 1)[1]] += path.stat().st_size
        self.costs.append(Cost(seconds, wall, dict(disk), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024))
        raise _Enough


def run_stage(path: Path, out: Path, **settings: object) -> Cost:
    """Build a JSONL file into `out` by one worker, this process, with these settings of the stage."""
    recipe = out.with_suffix(".yaml")
    stage = orjson.dumps({"use": _STAGE, **settings}).decode()
    recipe.write_text(_RECIPE.format(path=path, stage=stage, tokenizer=_ROOT / "recipes/samples/tokenizer"), encoding="utf-8")
    watch = _Watch()
    with suppress(_Enough):
        build(load_recipe(recipe), out, progress=watch)
    return watch.costs[0]


def deduplicated(out: Path) -> Deduplicated:
    """What the stage decided in a folder of `run_stage`, and from which pairs."""
    documents = open_documents(out)
    step = next(step for step in documents.steps_of("s") if step.name == _STAGE)
    firsts = _first_lines(documents)
    return Deduplicated(_removed(documents, step, firsts), _verified(step.path("scratch"), firsts))


def _first_lines(documents: Documents) -> list[int]:
    """Number of the first line of each part."""
    found = [0]
    for part in documents.parts_of("s"):
        found.append(found[-1] + part.rows)
    return found[:-1]


def _removed(documents: Documents, step: StepOnDisk, firsts: Sequence[int]) -> dict[int, Removed]:
    line_of: dict[bytes, int] = {}
    gone: dict[int, tuple[bytes, float]] = {}
    for first, part in zip(firsts, documents.parts_of("s"), strict=True):
        line_of |= {each: first + row for row, each in enumerate(documents.column("s", part.name, "id").to_pylist())}
        for each in read_parquet(step.path(f"{part.name}.verdicts.parquet"), ["row", "witness", "value"]).to_pylist():
            gone[first + each["row"]] = (each["witness"], each["value"])
    return {line: Removed(line_of[witness], value) for line, (witness, value) in gone.items()}


def _verified(scratch: Path, firsts: Sequence[int]) -> frozenset[tuple[int, int]]:
    """The pairs that the last round is given; a document with equal shingles has those of the one that stands for it."""
    records = gather(sorted(scratch.glob("*.verify")), 0)
    a, b = _lines(records["a"], firsts, scratch), _lines(records["b"], firsts, scratch)
    is_equal = [kind == EQUAL for kind in records["kind"].to_pylist()]
    alike: dict[int, list[int]] = {}
    for one, other, equal in zip(a, b, is_equal, strict=True):
        if equal:
            alike.setdefault(one, [one]).append(other)
    found = {(min(pair), max(pair)) for members in alike.values() for pair in combinations(members, 2)}
    for one, other, equal in zip(a, b, is_equal, strict=True):
        if not equal:
            pairs = ((left, right) for left in alike.get(one, [one]) for right in alike.get(other, [other]))
            found |= {(min(pair), max(pair)) for pair in pairs}
    return frozenset(found)


def _lines(places: pa.ChunkedArray, firsts: Sequence[int], scratch: Path) -> list[int]:
    """Lines of the documents at these places, which count only those that came to the stage."""
    given = places.to_numpy()
    rows = sketches.nodes_at(scratch, given)["row"].tolist()
    return [firsts[part] + row for part, row in zip(sketches.part_of(given).tolist(), rows, strict=True)]
