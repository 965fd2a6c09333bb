"""Documents of builds that were finished earlier, which a later build compares its own with: read from their folders alone.

Those that count are what such a build put into its shards: all its steps have had their say. Their text is as the step of the
same stage found it there, so that comparing with an earlier build and building all at once compare the same; where there was
no such step, it is the last one.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from corpusforge.core import PartOrigin
from corpusforge.engine.manifest import read_manifest
from corpusforge.engine.parts import Part, PartInfo, aligned
from corpusforge.engine.store import file_digest, read_json, read_parquet
from corpusforge.errors import InputError
from corpusforge.recipe.contracts import manifest_path


@dataclass(frozen=True)
class EarlierPart:
    """A part of a finished build; `steps` are the folders that it went through, of which the last of `texts` has its text."""

    info: PartInfo
    origin: PartOrigin
    source: tuple[str, str]
    steps: tuple[Path, ...]
    texts: tuple[Path, ...]

    def load(self, columns: Sequence[str]) -> Part:
        """Columns of the documents in its shards, out of text and what the read step says of a document."""
        alive = np.ones(self.info.rows, np.bool_)
        for folder in self.steps:
            verdicts = folder / f"{self.info.name}.verdicts.parquet"
            if verdicts.exists():  # a step that makes an artefact says nothing of documents
                alive[read_parquet(verdicts, ["row"])["row"].to_numpy()] = False
        rows = np.flatnonzero(alive).astype(np.int32)
        wanted = [name for name in dict.fromkeys(["id", "num_bytes", *columns]) if name != "text"]
        table = read_parquet(self.steps[0] / f"{self.info.name}.parquet", wanted).take(pa.array(rows))
        if "text" in columns:
            texts = self._texts(rows)
            table = table.append_column("text", texts)
            sizes = pc.cast(pc.binary_length(texts), pa.int64())
            table = table.set_column(table.schema.get_field_index("num_bytes"), "num_bytes", sizes)
        return Part(self.info, rows, np.ones(len(rows), np.bool_), table)

    def _texts(self, rows: np.ndarray) -> pa.ChunkedArray:
        for folder in reversed(self.texts):
            path = folder / f"{self.info.name}.parquet"
            if path.exists() and "text" in pq.read_schema(path).names:
                if folder == self.steps[0]:
                    return read_parquet(path, ["text"])["text"].take(pa.array(rows))
                return aligned(read_parquet(path, ["row", "text"]), rows)["text"]
        raise InputError(f"{self.steps[0]}: no text of {self.info.name} is there; build it again")


def earlier_parts(builds: Sequence[Path], stage: str) -> list[EarlierPart]:
    """All parts of finished builds, build by build and in each in the order of its sources; `stage` names the one that asks.

    Raises InputError where a step's folder is gone, or a build was itself compared with one that is not listed before it.
    """
    parts: list[EarlierPart] = []
    known: list[dict[str, str]] = []
    for build in builds:
        manifest = read_manifest(build)
        folders = _folders(build, manifest["steps"])
        for compared in _compared_with(folders[step["fingerprint"]] for step in manifest["steps"]):
            if compared not in known:
                raise InputError(
                    f"{build}: it was itself built against {compared['name']!r}, whose manifest has the digest "
                    f"{compared['manifest'][:12]}; list that build before it"
                )
        known.append(described(build))
        for source in manifest["sources"]:
            parts += _parts_of(source, _path_of(source["name"], manifest["steps"]), folders, manifest["name"], stage)
    return parts


def described(build: Path) -> dict[str, str]:
    """A finished build as the report of a step that compares with it names it."""
    return {"name": read_manifest(build)["name"], "manifest": file_digest(manifest_path(build))}


def _folders(build: Path, steps: Sequence[Mapping[str, Any]]) -> dict[str, Path]:
    """Folder of each step by fingerprint."""
    found = {folder.name.rpartition("-")[2]: folder for folder in sorted(build.glob("[0-9][0-9]*-*")) if folder.is_dir()}
    for step in steps:
        if not (found.get(step["fingerprint"], build) / "report.json").is_file():
            raise InputError(f"{build}: the folder of its step {step['name']} ({step['fingerprint']}) is gone; build it again")
    return found


def _compared_with(steps: Iterable[Path]) -> list[dict[str, str]]:
    return [each for folder in steps for each in read_json(folder / "report.json").get("against", [])]


def _path_of(source: str, steps: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The steps that documents of a source go through, from reading to the last before the sink."""
    path = [next(step for step in steps if step["name"] == f"{source}-read")]
    for step in steps:
        if path[-1]["fingerprint"] in step["parents"] and step["kind"] != "sink":
            path.append(step)
    return path


def _parts_of(
    source: Mapping[str, str], path: Sequence[Mapping[str, Any]], folders: Mapping[str, Path], build: str, stage: str
) -> list[EarlierPart]:
    steps = tuple(folders[step["fingerprint"]] for step in path)
    same = [index for index, step in enumerate(path) if step["name"] == stage]
    texts, lasting = (steps[: same[-1]], steps[same[-1]]) if same else (steps, None)
    found = []
    for part in read_json(steps[0] / "report.json")["parts"]:
        info = PartInfo(part["name"], part["source"], part["rows"], part["text_bytes"])
        origin = PartOrigin(info.name, info.source, source["group"], build, lasting)
        found.append(EarlierPart(info, origin, (str(steps[0].parent), info.source), steps, texts))
    return found
