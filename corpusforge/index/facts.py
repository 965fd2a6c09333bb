"""What the manifest says of one shard: enough to notice any change of its files without building again."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from corpusforge.errors import InputError
from corpusforge.index.format import SUFFIXES, Layout, shard_file
from corpusforge.tokens import TokenDtype

Count = Annotated[int, Field(ge=0)]


class FileFacts(BaseModel):
    """Size and sha256, in hex, of one file."""

    model_config = ConfigDict(frozen=True)

    size_bytes: Count
    sha256: str


class ShardFacts(BaseModel):
    """One shard as the manifest lists it: the facts the sink gave, its name, and its files by suffix.

    `num_text_tokens` leaves BOS and EOD out, `num_tokens` and `max_id` do not; `num_fill_tokens` come on top.
    Unknown keys are left out, so that a manifest may say more of a shard than verification needs.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    layout: Layout
    dtype: TokenDtype
    num_documents: Count
    num_sequences: Count
    num_segments: Count
    num_tokens: Count
    num_fill_tokens: Count
    num_text_tokens: Count
    max_id: Count
    files: dict[str, FileFacts]

    @classmethod
    def of(cls, prefix: Path, facts: Mapping[str, int | str]) -> "ShardFacts":
        """From what the sink's `write` returned, and from the files it has written at `prefix`."""
        return cls.from_json({**facts, "name": prefix.name, "files": shard_digests(prefix)})

    @classmethod
    def from_json(cls, entry: Mapping[str, object]) -> "ShardFacts":
        """From a manifest's entry; raises InputError that lists what is missing or wrong in it."""
        try:
            return cls.model_validate(dict(entry))
        except ValidationError as error:
            wrong = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
            name = entry.get("name", "without a name")
            raise InputError(f"manifest, shard {name}: {wrong}; the manifest is damaged: build again") from error

    def to_json(self) -> dict[str, object]:
        """The entry, as plain JSON values."""
        return self.model_dump(mode="json")


def shard_digests(prefix: Path) -> dict[str, dict[str, int | str]]:
    """{".bin": {"size_bytes": 14, "sha256": "9f86…"}, …} for the files of a shard that exist, read in blocks."""
    paths = {suffix: shard_file(prefix, suffix) for suffix in SUFFIXES}
    return {suffix: _digest(path) for suffix, path in paths.items() if path.exists()}


def _digest(path: Path) -> dict[str, int | str]:
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        return {"size_bytes": file.tell(), "sha256": sha256}
