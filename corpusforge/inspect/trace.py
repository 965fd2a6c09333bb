"""From a training sample back to its documents."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.compute as pc

from corpusforge.errors import InputError
from corpusforge.index.reader import ShardReader, read_lineage
from corpusforge.inspect.answers import Answer, answers_in, has_labels
from corpusforge.inspect.folder import BuildFolder
from corpusforge.vocab.folder import TokenizerFiles


@dataclass(frozen=True)
class Segment:
    """Tokens start <= x < start + length of a sequence, and the bytes of a document's stored text that they spell."""

    start: int
    length: int
    document: str
    piece: int
    text_begin: int
    text_end: int
    text: str
    about: Mapping[str, str]
    signals: Mapping[str, Any]
    answers: tuple[Answer, ...] = ()
    """Of a row for fine-tuning, the tokens that bear loss."""


def build_of_shard(shard: Path) -> tuple[BuildFolder, str]:
    """The build that a shard belongs to and the shard's name; `shard` is its prefix or any of its files."""
    name = shard.name
    for suffix in (".bin", ".idx", ".docs.parquet", ".labels"):
        name = name.removesuffix(suffix)
    build = BuildFolder(shard.absolute().parent.parent)
    build.shard(name)
    return build, name


def trace(shard: Path, sequence: int) -> list[Segment]:
    """The segments of sequence number `sequence` of a shard; raises InputError where there is none."""
    build, name = build_of_shard(shard)
    prefix = build.prefix(name)
    count = len(ShardReader(prefix))
    if not 0 <= sequence < count:
        raise InputError(f"{prefix}: no sequence {sequence}; it has 0 to {count - 1}")
    lineage = read_lineage(prefix)
    rows = lineage.filter(pc.equal(lineage["sequence"], sequence)).to_pylist()
    places = build.find([row["document"] for row in rows], sorted({row["source"] for row in rows}))
    tokenizer = TokenizerFiles.read(build.out / "tokenizer").loaded() if has_labels(prefix) else None
    segments = []
    for row in rows:
        if row["document"] not in places:
            raise InputError(f"{prefix}: document {row['document'].hex()} is in no part of {row['source']}; build again")
        place = places[row["document"]]
        document = build.document(place)
        about = {key: document[key] for key in ("source", "origin", "url", "license", "lang", "date", "meta")}
        text = document["text"].encode()[row["text_begin"] : row["text_end"]].decode()
        answers = answers_in(prefix, sequence, row["start"], row["length"], tokenizer) if tokenizer is not None else ()
        segments.append(
            Segment(
                row["start"], row["length"], row["document"].hex(), row["piece"], row["text_begin"], row["text_end"],
                text, about, build.signals(place), answers,
            )
        )  # fmt: skip
    return segments
