"""Any document of a build on disk, by id, by origin or by place: its columns, its text, what was measured and decided.

Nothing but the output folder is needed: not the recipe, not the input, not the packages of the stages that made it. `Documents`
reads what steps have left, also of a build that stopped half-way; `BuildFolder` is a finished build with manifest and shards.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from corpusforge.engine.manifest import read_manifest
from corpusforge.engine.parts import TEXT_COLUMNS
from corpusforge.engine.store import read_parquet
from corpusforge.errors import InputError
from corpusforge.inspect.rows import places_of, take_rows, values_of
from corpusforge.inspect.steps import Generation, StepOnDisk, finished_generation, finished_parts, latest_generation

ABOUT = ("source", "origin", "url", "license", "lang", "date", "meta")
_NO_SIGNALS = ("row", "failed", "message", "edits", *TEXT_COLUMNS)


@dataclass(frozen=True)
class Location:
    """Where a document lies: the part of its source and the row in it."""

    source: str
    part: str
    row: int


@dataclass(frozen=True)
class PartOnDisk:
    """A part of a source: its name and how many rows were read into it."""

    name: str
    rows: int


class Documents:
    """The documents of one generation of steps."""

    def __init__(self, out: Path, generation: Generation) -> None:
        """Read nothing yet but the names of parts."""
        self.out = out
        self.generation = generation
        self._parts = {source: _parts(generation, source) for source in generation.sources}
        self._paths = {source: tuple(_path(generation, source, self._parts[source])) for source in generation.sources}

    @property
    def sources(self) -> tuple[str, ...]:
        """Names of the sources, in the order of the recipe."""
        return self.generation.sources

    def steps_of(self, source: str) -> tuple[StepOnDisk, ...]:
        """The steps that a source's documents go through, in order; the sink, and steps that make an artefact, left out."""
        return self._paths[source]

    def parts_of(self, source: str) -> tuple[PartOnDisk, ...]:
        """A source's parts; of a read step half done, those that are finished."""
        return self._parts[source]

    def column(self, source: str, part: str, name: str) -> pa.ChunkedArray:
        """A column that reading gave, for all rows of a part."""
        return read_parquet(self.steps_of(source)[0].path(f"{part}.parquet"), [name])[name]

    def find(self, ids: Sequence[bytes], sources: Sequence[str] | None = None) -> dict[bytes, Location]:
        """Where documents lie; ids that no source has are left out. An id that occurs twice is the row that was kept."""
        wanted = pa.array(sorted(set(ids)), pa.binary(16))
        found: dict[bytes, Location] = {}
        for source in sources or self.sources:
            for part in self.parts_of(source):
                column = self.column(source, part.name, "id")
                rows = np.flatnonzero(pc.is_in(column, wanted).to_numpy())
                for row, each in zip(rows.tolist(), column.take(pa.array(rows)).to_pylist(), strict=True):
                    location = Location(source, part.name, row)
                    if each not in found or (self.verdicts(found[each]) and not self.verdicts(location)):
                        found[each] = location
        return found

    def find_prefix(self, digits: str) -> list[tuple[bytes, Location]]:
        """Documents whose id, in hex, begins with `digits`."""
        whole, odd = bytes.fromhex(digits[: len(digits) // 2 * 2]), digits[-1:] if len(digits) % 2 else ""
        found = []
        for source in self.sources:
            for part in self.parts_of(source):
                ids = id_bytes(self.column(source, part.name, "id"))
                hits = (ids[:, : len(whole)] == np.frombuffer(whole, np.uint8)).all(axis=1)
                if odd:
                    hits &= ids[:, len(whole)] >> 4 == int(odd, 16)
                found += [(ids[row].tobytes(), Location(source, part.name, row)) for row in np.flatnonzero(hits).tolist()]
        return found

    def find_origin(self, origin: str, source: str | None = None) -> list[tuple[bytes, Location]]:
        """Documents of that origin, in one source or in all."""
        found = []
        for each in self.sources if source is None else (source,):
            for part in self.parts_of(each):
                hits = pc.equal(self.column(each, part.name, "origin"), origin).to_numpy()
                rows = np.flatnonzero(hits).tolist()
                ids = id_bytes(self.column(each, part.name, "id")) if rows else np.empty((0, 16), np.uint8)
                found += [(ids[row].tobytes(), Location(each, part.name, row)) for row in rows]
        return found

    def verdict_table(self, step: StepOnDisk, part: str) -> pa.Table | None:
        """The rows of a part that a step dropped; None when the part has not come through the step yet."""
        path = step.path(f"{part}.verdicts.parquet")
        return read_parquet(path) if path.exists() else None

    def verdicts(self, location: Location) -> list[dict[str, Any]]:
        """What dropped a document: one row of verdicts at most."""
        tables = (self.verdict_table(step, location.part) for step in self.steps_of(location.source))
        rows = (table.filter(pc.equal(table["row"], location.row)).to_pylist() for table in tables if table is not None)
        return [row for some in rows for row in some]

    def about(self, source: str, part: str, rows: Sequence[int]) -> list[dict[str, Any]]:
        """id and the ABOUT columns of some rows."""
        file = pq.ParquetFile(self.steps_of(source)[0].path(f"{part}.parquet"))
        found: list[dict[str, Any]] = take_rows(file, rows, ["id", *ABOUT]).to_pylist()
        return found

    def texts_of(self, source: str, part: str, rows: Sequence[int], num_steps: int) -> list[str]:
        """Text of some rows as it was after the first `num_steps` steps; the rows must have been kept by all but the last."""
        return self.texts_after(source, part, {num_steps: rows})[num_steps]

    def texts_after(self, source: str, part: str, asked: Mapping[int, Sequence[int]]) -> dict[int, list[str]]:
        """Texts of rows by the number of steps they were to have gone through, as of `texts_of`; each file is read once."""
        found: dict[int, list[str]] = self._given("text", source, part, asked)
        if len(found) < len(asked):
            raise InputError(f"{self.out}: part {part} has no text of these rows; its files were changed: build again")
        return found

    def _given(self, name: str, source: str, part: str, asked: Mapping[int, Sequence[int]]) -> dict[int, list[Any]]:
        """A column of some rows as the first so many steps left it; nothing where none of them gives it to all these rows."""
        found: dict[int, list[Any]] = {}
        for index, step in reversed([*enumerate(self.steps_of(source)[: max(asked, default=0)])]):
            path = step.path(f"{part}.parquet")
            left = {number: rows for number, rows in asked.items() if number > index and number not in found}
            if left and path.exists():
                found |= values_of(pq.ParquetFile(path), name, left)
        return found

    def signals_of(self, source: str, part: str, rows: Sequence[int], num_steps: int | None = None) -> list[dict[str, Any]]:
        """Everything that the first `num_steps` steps, or all, measured on some rows."""
        measured: list[dict[str, Any]] = [{} for _ in rows]
        for step in self.steps_of(source)[:num_steps]:
            for known, new in zip(measured, self.signals_at(step, part, rows), strict=True):
                known.update(new)
        return measured

    def _said_file(self, step: StepOnDisk, part: str) -> pq.ParquetFile | None:
        """Where a filter's signals and edits lie, or what a barrier gives beside its verdicts."""
        name = step.report.get("signals")
        folder = self.out / "signals" / name if name else step.folder if step.kind == "barrier" else None
        path = folder / f"{part}.parquet" if folder is not None else None
        return pq.ParquetFile(path) if path is not None and path.exists() else None

    def _given_file(self, step: StepOnDisk, part: str) -> pq.ParquetFile | None:
        """Where a stage that works row by row keeps the columns that it gives."""
        path = step.folder / f"{part}.parquet" if step.folder is not None and step.kind == "stream" else None
        return pq.ParquetFile(path) if path is not None and path.exists() else None

    def edits_at(self, step: StepOnDisk, location: Location) -> list[dict[str, Any]]:
        """Spans (begin, end, reason, and of a barrier the owner) that one step had cut out of a document if it kept it."""
        file = self._said_file(step, location.part) or self._given_file(step, location.part)
        if file is None or "edits" not in file.schema_arrow.names:
            return []
        places = places_of(file, [location.row])
        found = take_rows(file, places[places >= 0].tolist(), ["edits"])["edits"].to_pylist()
        return [edit for edits in found for edit in edits or ()]

    def signals_at(self, step: StepOnDisk, part: str, rows: Sequence[int]) -> list[dict[str, Any]]:
        """What one step measured on some rows; empty where it measures nothing."""
        file = self._said_file(step, part)
        names = [] if file is None else [each for each in file.schema_arrow.names if each not in _NO_SIGNALS]
        if file is None or not names:
            return [{} for _ in rows]
        places = places_of(file, rows)
        have = iter(take_rows(file, places[places >= 0].tolist(), names).to_pylist())
        return [next(have) if place >= 0 else {} for place in places.tolist()]

    def signals(self, location: Location) -> dict[str, Any]:
        """Everything that was measured on a document."""
        return self.signals_of(location.source, location.part, [location.row])[0]

    def document(self, location: Location) -> dict[str, Any]:
        """A kept document's id, ABOUT columns and text."""
        found = self.about(location.source, location.part, [location.row])[0]
        count = len(self.steps_of(location.source))
        return {**found, "text": self.texts_of(location.source, location.part, [location.row], count)[0]}

    def texts(self, places: Mapping[bytes, Location]) -> Iterator[tuple[bytes, str]]:
        """(id, stored text) of many kept documents, part by part."""
        for source, part, rows, ids in _by_part(places):
            yield from zip(ids, self.texts_of(source, part, rows, len(self.steps_of(source))), strict=True)

    def conversations(self, places: Mapping[bytes, Location]) -> Iterator[tuple[bytes, str, list[dict[str, Any]]]]:
        """(id, stored text, whose turn which bytes of it are) of many kept rows for fine-tuning, part by part."""
        for source, part, rows, ids in _by_part(places):
            count = len(self.steps_of(source))
            turns = self._given("turns", source, part, {count: rows}).get(count)
            if turns is None:
                raise InputError(f"{self.out}: part {part} has no turns of these rows; its files were changed: build again")
            yield from zip(ids, self.texts_of(source, part, rows, count), turns, strict=True)


class BuildFolder(Documents):
    """A finished build; raises InputError when the folder holds none."""

    def __init__(self, out: Path) -> None:
        """Open `out`, the folder that holds manifest.json."""
        self.manifest: dict[str, Any] = read_manifest(out)
        generation = finished_generation(out)
        assert generation is not None
        for step in generation.steps:
            if step.folder is None:
                raise InputError(
                    f"{out}: the folder of step {step.name} ({step.fingerprint}) is gone; build again, then ask again"
                )
        super().__init__(out, generation)

    def shard(self, name: str) -> dict[str, Any]:
        """What the manifest says of a shard; raises InputError when it names none such."""
        for shard in self.manifest["shards"]:
            if shard["name"] == name:
                found: dict[str, Any] = shard
                return found
        names = ", ".join(shard["name"] for shard in self.manifest["shards"])
        raise InputError(f"{self.out}: no shard {name!r}; there are {names}")

    def prefix(self, name: str) -> Path:
        """Path of a shard without its suffix."""
        return self.out / "shards" / name


def _by_part(places: Mapping[bytes, Location]) -> Iterator[tuple[str, str, list[int], list[bytes]]]:
    """(source, part, rows, ids) of documents, rows ascending."""
    by_part: dict[tuple[str, str], list[tuple[int, bytes]]] = {}
    for each, place in places.items():
        by_part.setdefault((place.source, place.part), []).append((place.row, each))
    for (source, part), members in sorted(by_part.items()):
        yield source, part, [row for row, _ in sorted(members)], [each for _, each in sorted(members)]


def open_documents(out: Path) -> Documents:
    """The documents of the finished build in `out`, or else of the latest unfinished one."""
    return Documents(out, finished_generation(out) or latest_generation(out))


def _parts(generation: Generation, source: str) -> tuple[PartOnDisk, ...]:
    listed = [part for step in generation.steps if step.kind == "read" and step.report for part in step.report["parts"]]
    begun = list(finished_parts(generation.steps))
    named = {part["name"]: PartOnDisk(part["name"], part["rows"]) for part in (*listed, *begun) if part["source"] == source}
    return tuple(named.values())


def _path(generation: Generation, source: str, parts: Sequence[PartOnDisk]) -> Iterator[StepOnDisk]:
    """Steps that say something of a source's rows: by their books, and half done ones by the files they have."""
    for step in generation.steps:
        if step.report:
            if step.kind != "sink" and source in step.report["ledger"]:
                yield step
        elif step.folder is not None and any((step.folder / f"{part.name}.verdicts.parquet").exists() for part in parts):
            yield step


def id_bytes(column: pa.ChunkedArray) -> NDArray[np.uint8]:
    """Ids as uint8 [n, 16], without a Python object for each."""
    chunks = [chunk for chunk in column.chunks if len(chunk)]
    arrays = [
        np.frombuffer(chunk.buffers()[1], np.uint8)[16 * chunk.offset : 16 * (chunk.offset + len(chunk))] for chunk in chunks
    ]
    return np.concatenate([np.empty(0, np.uint8), *arrays]).reshape(-1, 16)
