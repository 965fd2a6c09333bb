"""The steps that lie in an output folder, and which of them belong together.

A folder may hold the steps of several recipes one after another, some of them half done. What belongs together is said by
the manifest of a finished build, by plan.json where a build wrote one, and otherwise found from the reports: the newest
step whose ancestors are all there, with them, then the same for the sources that it does not cover.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import orjson

from corpusforge.engine.ledger import Entry, total
from corpusforge.engine.manifest import MANIFEST, PLAN
from corpusforge.engine.store import read_json
from corpusforge.errors import InputError

STEP_FOLDER = re.compile(r"(?P<number>\d{2,})-(?P<name>.+)-(?P<fingerprint>[0-9a-f]{12})")

State = Literal["done", "half done", "not done"]
Json = Mapping[str, Any]


@dataclass(frozen=True)
class StepOnDisk:
    """A step: `folder` is None where none was made yet, `report` is empty until the step is done."""

    name: str
    kind: str
    fingerprint: str
    parents: tuple[str, ...]
    folder: Path | None
    report: Json = field(default_factory=dict)

    @property
    def state(self) -> State:
        """Done once the report is there."""
        if self.folder is None:
            return "not done"
        return "done" if self.report else "half done"

    @property
    def books(self) -> dict[str, list[Entry]]:
        """Entries by source (the sink's by group), one for each stage; of a step half done, of its finished tasks."""
        if self.report:
            ledger = self.report["ledger"]
            return {source: [Entry.from_json(each) for each in entries] for source, entries in ledger.items()}
        return {}

    def path(self, name: str) -> Path:
        """A file of the step; raises InputError when its folder is gone."""
        if self.folder is None:
            raise InputError(f"the folder of step {self.name} ({self.fingerprint}) is gone; build again, then ask again")
        return self.folder / name


@dataclass(frozen=True)
class Generation:
    """The steps of one recipe in the order of their work; `sources` by position in the recipe where that is known."""

    steps: tuple[StepOnDisk, ...]
    sources: tuple[str, ...]


def steps_on_disk(out: Path) -> dict[str, StepOnDisk]:
    """Every step with a folder under `out`, by fingerprint; raises InputError when there is none."""
    if not out.is_dir():
        raise InputError(f"{out}: no such folder; give the output folder of a build, such as out/geo")
    found = {}
    for folder in sorted(out.glob("[0-9][0-9]*-*")):
        match = STEP_FOLDER.fullmatch(folder.name)
        if match and folder.is_dir() and not folder.is_symlink():
            found[match["fingerprint"]] = _step(folder, match["name"], match["fingerprint"])
    if not found:
        raise InputError(f"{out}: no step of a build is here; give the output folder of a build, or build one with --out {out}")
    return found


def _step(folder: Path, name: str, fingerprint: str) -> StepOnDisk:
    report = _report(folder)
    if report.get("fingerprint") != fingerprint:
        return StepOnDisk(name, "", fingerprint, (), folder)
    return StepOnDisk(report["name"], report["kind"], fingerprint, tuple(report["parents"]), folder, report)


def _report(folder: Path) -> Json:
    return read_if_there(folder / "report.json") or {}


def read_if_there(path: Path) -> Json | None:
    """JSON that may vanish, because a build is running that we watch."""
    try:
        value: Json = orjson.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    return value


def finished_generation(out: Path) -> Generation | None:
    """The steps that the manifest names; None when no build has finished here."""
    return _listed(out, out / MANIFEST)


def latest_generation(out: Path) -> Generation:
    """The steps of the build that runs or ran last, finished or not."""
    manifest, plan = _listed(out, out / MANIFEST), _listed(out, out / PLAN)
    return plan or manifest or _guessed(steps_on_disk(out))


def _listed(out: Path, path: Path) -> Generation | None:
    if not path.is_file():
        return None
    listing = read_json(path)
    try:
        steps, sources = listing["steps"], tuple(each["name"] for each in listing["sources"])
    except (KeyError, TypeError) as error:
        raise InputError(f"{path}: it has no {error}; another version wrote it: build again into a fresh folder") from error
    found = steps_on_disk(out)
    return Generation(tuple(_expected(each, found.get(each["fingerprint"])) for each in steps), sources)


def _expected(listed: Json, found: StepOnDisk | None) -> StepOnDisk:
    if found is not None and found.report:
        return found
    folder = found.folder if found else None
    return StepOnDisk(listed["name"], listed["kind"], listed["fingerprint"], tuple(listed["parents"]), folder)


def _guessed(found: Mapping[str, StepOnDisk]) -> Generation:
    done = [step for step in found.values() if step.report]
    chosen: dict[str, StepOnDisk] = {}
    covered: set[str] = set()
    for tip in sorted(done, key=lambda step: (-touched(step), step.fingerprint)):
        line = _with_ancestors(tip, found)
        sources = {source for step in line if step.kind == "read" for source in step.books}
        if sources and not sources & covered:
            covered |= sources
            chosen |= {step.fingerprint: step for step in line}
    last = max((touched(step) for step in chosen.values()), default=0)
    going_on = [step for step in found.values() if not step.report and touched(step) >= last]
    newest = {step.name: step for step in sorted(going_on, key=touched)}
    lines = (each for step in sorted(chosen.values(), key=number) for each in _with_ancestors(step, found))
    ordered = dict.fromkeys(step.fingerprint for step in lines)
    half = sorted(newest.values(), key=number)
    reading = [each.report["parts"][0]["source"] for each in sorted(chosen.values(), key=number) if each.kind == "read"]
    sources_begun = [part["source"] for step in half for part in finished_parts([step])]
    return Generation((*(found[each] for each in ordered), *half), tuple(dict.fromkeys([*reading, *sources_begun])))


def _with_ancestors(step: StepOnDisk, found: Mapping[str, StepOnDisk]) -> list[StepOnDisk]:
    """The step and all before it, first things first; empty when one of them is missing."""
    line: dict[str, StepOnDisk] = {}
    todo = [step.fingerprint]
    while todo:
        each = found.get(todo.pop())
        if each is None or not each.report:
            return []
        if each.fingerprint not in line:
            line[each.fingerprint] = each
            todo += each.parents
    return list(reversed(line.values()))


def touched(step: StepOnDisk) -> int:
    """When something last appeared in the step's folder, in nanoseconds."""
    assert step.folder is not None
    return step.folder.stat().st_mtime_ns


def number(step: StepOnDisk) -> int:
    """The number that the step's folder carries; large when there is none."""
    match = STEP_FOLDER.fullmatch(step.folder.name) if step.folder else None
    return int(match["number"]) if match else 1_000_000


def finished_parts(steps: Sequence[StepOnDisk]) -> Iterator[Json]:
    """What steps half done noted of finished parts: name, source, rows, entries by fingerprint; each part once a pass."""
    for step in steps:
        if step.folder is not None and not step.report:
            noted: dict[str, Json] = {}
            for path in sorted(step.folder.glob("*.task.json")):
                noted |= {part["name"]: part for part in (read_if_there(path) or {"parts": ()})["parts"]}
            yield from noted.values()


def books_so_far(steps: Sequence[StepOnDisk]) -> dict[str, dict[str, list[Entry]]]:
    """Fingerprint -> books of each step: of its report, or of the tasks that are finished."""
    books = {step.fingerprint: step.books for step in steps if step.report}
    gathered: dict[str, dict[str, list[list[Entry]]]] = {}
    for part in finished_parts(steps):
        for fingerprint, entries in part["entries"].items():
            some = gathered.setdefault(fingerprint, {}).setdefault(part["source"], [])
            some.append([Entry.from_json(each) for each in entries])
    for fingerprint, sources in gathered.items():
        if fingerprint not in books:
            books[fingerprint] = {name: [total(same) for same in zip(*some, strict=True)] for name, some in sources.items()}
    return books
