"""What a build says of its input: for the manifest what is the same on every machine, for run.json where it lay."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import orjson

from corpusforge.core import InputFile, Stage
from corpusforge.recipe.model import SourceChain
from corpusforge.settings import InputMark, ResourceMark


@dataclass(frozen=True)
class Listing:
    """The input files of a source: how many, their bytes, and the sha256 of the list of names, sizes and digests.

    The digest is "" where files were not hashed, as in a trial.
    """

    num_files: int
    size_bytes: int
    sha256: str


def listing_of(files: Sequence[InputFile], digests: Sequence[Sequence[str | int]] | None) -> Listing:
    """`digests` are relative path, size and digest of each file, as they enter a fingerprint."""
    sha256 = hashlib.sha256(orjson.dumps(digests)).hexdigest() if digests is not None else ""
    return Listing(len(files), sum(file.size_bytes for file in files), sha256)


def source_facts(chain: SourceChain, listing: Listing) -> dict[str, Any]:
    """What the manifest says of a source: settings are those that are not the usual ones, and no paths."""
    paths = set(_marked(chain.source, (InputMark, ResourceMark)))
    settings = chain.source.model_dump(mode="json", exclude=paths, exclude_defaults=True)
    stages = [named.use for named in chain.stages]
    about = {"name": chain.name, "group": chain.group, "use": chain.use, "license": chain.license, "lang": chain.lang}
    return {**about, "settings": settings, "pipeline": stages, "inputs": asdict(listing)}


def input_paths(chains: Iterable[SourceChain]) -> Mapping[str, list[str]]:
    """Where the input of each source lay."""
    return {chain.name: [str(getattr(chain.source, name)) for name in _marked(chain.source, (InputMark,))] for chain in chains}


def _marked(stage: Stage, marks: tuple[type, ...]) -> list[str]:
    fields = type(stage).model_fields.items()
    return [name for name, field in fields if any(isinstance(mark, marks) for mark in field.metadata)]
