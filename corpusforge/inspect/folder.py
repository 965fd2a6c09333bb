"""A finished build on disk: its manifest, its steps as a graph, and any document by its id.

Nothing but the output folder is needed: not the recipe, not the input, not the packages of the stages that made it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from corpusforge.engine.manifest import read_manifest
from corpusforge.engine.store import read_json, read_parquet
from corpusforge.errors import InputError


@dataclass(frozen=True)
class Location:
    """Where a document lies: the part of its source and the row in it."""

    source: str
    part: str
    row: int


class BuildFolder:
    """Reads an output folder; raises InputError when it holds no finished build."""

    def __init__(self, out: Path) -> None:
        """Open `out`, the folder that holds manifest.json."""
        self.out = out
        self.manifest: dict[str, Any] = read_manifest(out)
        self._steps: dict[str, dict[str, Any]] = {step["fingerprint"]: step for step in self.manifest["steps"]}
        self._folders = {path.name.rpartition("-")[2]: path for path in sorted(out.glob("[0-9][0-9]*-*"))}

    @property
    def sources(self) -> tuple[str, ...]:
        """Names of the sources, in the order of the recipe."""
        return tuple(source["name"] for source in self.manifest["sources"])

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

    def steps_of(self, source: str) -> tuple[Path, ...]:
        """Folders of the steps that a source's documents went through, in order, the sink left out."""
        sink = self.manifest["steps"][-1]
        chain: list[str] = []
        parents: Sequence[str] = sink["parents"]
        while parents:
            step = parents[self.sources.index(source)] if len(parents) == len(self.sources) > 1 else parents[0]
            chain.append(step)
            parents = self._steps[step]["parents"]
        return tuple(self._folder(step) for step in reversed(chain))

    def _folder(self, step: str) -> Path:
        if step not in self._folders:
            name = self._steps[step]["name"]
            raise InputError(f"{self.out}: the folder of step {name} ({step}) is gone; build again, then ask again")
        return self._folders[step]

    def parts_of(self, source: str) -> list[str]:
        """Names of a source's parts."""
        return [part["name"] for part in read_json(self.steps_of(source)[0] / "report.json")["parts"]]

    def find(self, ids: Sequence[bytes], sources: Sequence[str] | None = None) -> dict[bytes, Location]:
        """Where documents lie; ids that no source has are left out. An id that occurs twice is the row that was kept."""
        wanted = pa.array(sorted(set(ids)), pa.binary(16))
        found: dict[bytes, Location] = {}
        for source in sources or self.sources:
            read = self.steps_of(source)[0]
            for part in self.parts_of(source):
                column = read_parquet(read / f"{part}.parquet", ["id"])["id"]
                rows = np.flatnonzero(pc.is_in(column, wanted).to_numpy())
                for row, each in zip(rows.tolist(), column.take(pa.array(rows)).to_pylist(), strict=True):
                    location = Location(source, part, row)
                    if each not in found or (self.verdicts(found[each]) and not self.verdicts(location)):
                        found[each] = location
        return found

    def verdicts(self, location: Location) -> list[dict[str, Any]]:
        """What dropped a document: one row of verdicts at most."""
        paths = (folder / f"{location.part}.verdicts.parquet" for folder in self.steps_of(location.source))
        tables = (read_parquet(path) for path in paths if path.exists())
        return [row for table in tables for row in table.filter(pc.equal(pc.field("row"), location.row)).to_pylist()]

    def signals(self, location: Location) -> dict[str, Any]:
        """Everything that was measured on a document."""
        measured: dict[str, Any] = {}
        for folder in self.steps_of(location.source):
            name = read_json(folder / "report.json").get("signals")
            if name is not None:
                path = self.out / "signals" / name / f"{location.part}.parquet"
                for row in read_parquet(path).filter(pc.equal(pc.field("row"), location.row)).to_pylist():
                    measured |= {signal: value for signal, value in row.items() if signal not in ("row", "failed", "message")}
        return measured

    def document(self, location: Location) -> dict[str, Any]:
        """A document's columns as they were when it was encoded; the text and its size come last rewritten."""
        read = self.steps_of(location.source)[0]
        found = _row_of(pq.ParquetFile(read / f"{location.part}.parquet"), location.row)
        path = self._text_file(location.source, location.part)
        if path.parent != read:
            found |= read_parquet(path).filter(pc.equal(pc.field("row"), location.row)).to_pylist()[0]
        return found

    def texts(self, places: Mapping[bytes, Location]) -> Iterator[tuple[bytes, str]]:
        """(id, stored text) of many documents, part by part."""
        by_part: dict[tuple[str, str], list[tuple[int, bytes]]] = {}
        for each, place in places.items():
            by_part.setdefault((place.source, place.part), []).append((place.row, each))
        for (source, part), members in sorted(by_part.items()):
            path = self._text_file(source, part)
            names = ["text", *(["row"] if "row" in pq.read_schema(path).names else [])]
            table = read_parquet(path, names)
            rows = table["row"].to_numpy() if "row" in names else np.arange(table.num_rows)
            wanted = sorted(members)
            positions = np.searchsorted(rows, [row for row, _ in wanted])
            yield from zip((each for _, each in wanted), table["text"].take(pa.array(positions)).to_pylist(), strict=True)

    def _text_file(self, source: str, part: str) -> Path:
        """The file of the last step that wrote the part's text."""
        paths = [folder / f"{part}.parquet" for folder in self.steps_of(source)]
        return [path for path in paths if path.exists() and "text" in pq.read_schema(path).names][-1]


def _row_of(file: pq.ParquetFile, row: int) -> dict[str, Any]:
    """One row, reading its row group only."""
    for group in range(file.num_row_groups):
        count = file.metadata.row_group(group).num_rows
        if row < count:
            found: dict[str, Any] = file.read_row_group(group).slice(row, 1).to_pylist()[0]
            return found
        row -= count
    raise AssertionError(f"row {row} beyond the end of the part")
