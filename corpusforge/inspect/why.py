"""A document's whole fate: where it came from, what each step said of it, and what it became."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc

from corpusforge.errors import InputError
from corpusforge.index.reader import read_lineage
from corpusforge.inspect.folder import ABOUT, Documents, Location, open_documents
from corpusforge.inspect.steps import StepOnDisk, books_so_far

Verdict = Literal["kept", "rejected", "failed", "waiting"]

MIN_DIGITS = 6
_ID = re.compile(rf"[0-9a-fA-F]{{{MIN_DIGITS},32}}")
_MAX_CANDIDATES = 8


@dataclass(frozen=True)
class Witness:
    """The document that stayed instead: its id in hex, and where it came from."""

    id: str
    source: str
    origin: str


@dataclass(frozen=True)
class Cut:
    """UTF-8 bytes begin <= x < end that a stage cut out of the text it found; the `owner`, if one is named, has the same."""

    begin: int
    end: int
    reason: str
    owner: Witness | None


@dataclass(frozen=True)
class StepFate:
    """What one stage of a step said; waiting where a build stopped before it. `reason` is "" unless dropped.

    `cut_bytes` are the UTF-8 bytes that it cut out of the text, `cuts` say where.
    """

    step: str
    stage: str
    verdict: Verdict
    reason: str
    value: float | None
    threshold: float | None
    message: str
    witness: Witness | None
    signals: Mapping[str, Any]
    cut_bytes: int = 0
    cuts: tuple[Cut, ...] = ()


@dataclass(frozen=True)
class Place:
    """Tokens start <= x < start + length of a sequence of a shard, and the bytes of the stored text that they spell."""

    shard: str
    sequence: int
    start: int
    length: int
    piece: int
    text_begin: int
    text_end: int


@dataclass(frozen=True)
class Fate:
    """All that is known of one row; `about` has source, origin, url, license, lang, date and meta."""

    id: str
    about: Mapping[str, str]
    verdict: Verdict
    steps: tuple[StepFate, ...]
    places: tuple[Place, ...]


def why(out: Path, document: str) -> list[Fate]:
    """The fate of a document named by its id in hex (six digits or more will do), its origin, or `source:origin`.

    More than one only where the input gave one id several times. Raises InputError when none, or more than one, is meant.
    """
    documents = open_documents(out)
    return [_fate(documents, each, location) for each, location in named(documents, document)]


def named(documents: Documents, name: str) -> list[tuple[bytes, Location]]:
    """The document that is meant, id and place, as `why` takes it; raises InputError when none, or more than one, is meant."""
    found = documents.find_prefix(name.lower()) if _ID.fullmatch(name) else []
    found = found or documents.find_origin(name) or _of_source(documents, name)
    if not found:
        raise InputError(f"{documents.out}: no document {name!r}; {_cure(documents, name)}")
    if len({each for each, _ in found}) > 1:
        shown = [f"  {each.hex()}  {_named_origin(documents, place)}" for each, place in found[:_MAX_CANDIDATES]]
        more = [f"  and {len(found) - _MAX_CANDIDATES} more"] if len(found) > _MAX_CANDIDATES else []
        lines = [f"{documents.out}: {name!r} may be any of {len(found)} documents; give more digits, or source:origin"]
        raise InputError("\n".join([*lines, *shown, *more]))
    return found


def _of_source(documents: Documents, name: str) -> list[tuple[bytes, Location]]:
    source, _, origin = name.partition(":")
    return documents.find_origin(origin, source) if source in documents.sources else []


def _cure(documents: Documents, name: str) -> str:
    if re.fullmatch(r"[0-9a-fA-F]+", name) and len(name) < MIN_DIGITS:
        return f"an id needs at least {MIN_DIGITS} of its digits"
    sources = ", ".join(documents.sources)
    return f"`corpusforge show {documents.out}` lists ids and origins; its sources: {sources}"


def _named_origin(documents: Documents, place: Location) -> str:
    return f"{place.source}:{documents.about(place.source, place.part, [place.row])[0]['origin']}"


def _fate(documents: Documents, document: bytes, location: Location) -> Fate:
    steps = tuple(_step_fates(documents, location))
    about = documents.about(location.source, location.part, [location.row])[0]
    places = tuple(_places(documents, document)) if all(step.verdict == "kept" for step in steps) else ()
    last: Verdict = steps[-1].verdict
    verdict: Verdict = last if last != "kept" or places else "waiting"
    return Fate(document.hex(), {name: about[name] for name in ABOUT}, verdict, steps, places)


def _step_fates(documents: Documents, location: Location) -> Iterator[StepFate]:
    books = books_so_far(documents.generation.steps)
    for step in documents.steps_of(location.source):
        entries = books.get(step.fingerprint, {}).get(location.source, [])
        table = documents.verdict_table(step, location.part)
        dropped = [] if table is None else table.filter(pc.equal(table["row"], location.row)).to_pylist()
        stages = [each.stage for each in entries] or [row["stage"] for row in dropped] or [step.name]
        signals = documents.signals_at(step, location.part, [location.row])[0]
        for stage in stages:
            if table is None:
                yield StepFate(step.name, stage, "waiting", "", None, None, "", None, {})
                return
            if dropped and dropped[0]["stage"] == stage:
                yield _dropped(documents, step, dropped[0], signals)
                return
            cuts = _cuts(documents, step, location)
            cut_bytes = sum(cut.end - cut.begin for cut in cuts)
            yield StepFate(step.name, stage, "kept", "", None, None, "", None, signals, cut_bytes, cuts)


def _dropped(documents: Documents, step: StepOnDisk, row: Mapping[str, Any], signals: Mapping[str, Any]) -> StepFate:
    return StepFate(
        step.name, row["stage"], "failed" if row["failed"] else "rejected", row["drop"], row["value"], row["threshold"],
        row["message"], _witness(documents, row["witness"]), signals,
    )  # fmt: skip


def _cuts(documents: Documents, step: StepOnDisk, location: Location) -> tuple[Cut, ...]:
    edits = documents.edits_at(step, location)
    owners = _witnesses(documents, [edit["owner"] for edit in edits if "owner" in edit])
    return tuple(Cut(edit["begin"], edit["end"], edit["reason"], owners.get(edit.get("owner", b""))) for edit in edits)


def _witness(documents: Documents, witness: bytes | None) -> Witness | None:
    return None if witness is None else _witnesses(documents, [witness])[witness]


def _witnesses(documents: Documents, ids: Sequence[bytes]) -> dict[bytes, Witness]:
    """The documents of some ids; source and origin are "" where the build has no such document."""
    places = documents.find(ids) if ids else {}
    return {each: _described(documents, each, places.get(each)) for each in dict.fromkeys(ids)}


def _described(documents: Documents, document: bytes, place: Location | None) -> Witness:
    if place is None:
        return Witness(document.hex(), "", "")
    about = documents.about(place.source, place.part, [place.row])[0]
    return Witness(document.hex(), about["source"], about["origin"])


def _places(documents: Documents, document: bytes) -> Iterator[Place]:
    sink = documents.generation.steps[-1]
    folder = sink.folder if sink.kind == "sink" else None
    for path in sorted(folder.glob("*.docs.parquet")) if folder is not None else ():
        prefix = path.with_name(path.name.removesuffix(".docs.parquet"))
        hits = pc.equal(read_lineage(prefix, ["document"])["document"], pa.scalar(document, pa.binary(16)))
        if pc.any(hits).as_py():
            for row in read_lineage(prefix).filter(hits).to_pylist():
                numbers = {name: row[name] for name in ("sequence", "start", "length", "piece", "text_begin", "text_end")}
                yield Place(prefix.name, **numbers)
