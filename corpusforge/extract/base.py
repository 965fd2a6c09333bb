"""What extract stages share: one document after another, and facts filled in where the source of the document gave none."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import orjson
import pyarrow as pa

from corpusforge.core import ABOUT_FIELDS, TEXT_FIELD, VERDICT_FIELDS, Artifacts, Transform

_FACTS = ("url", "license", "date")
_FIELDS = {each.name: each for each in ABOUT_FIELDS}
OUTPUT = pa.schema([TEXT_FIELD, *(_FIELDS[name] for name in (*_FACTS, "meta")), *VERDICT_FIELDS])


@dataclass(frozen=True)
class Extracted:
    """Text of a document, or why it has none: `drop` to `message` are those of a verdict.

    `url`, `license` and `date` are what the document says of itself, "" where it says nothing; `meta` is what else it says
    (title, author, site ...), values that JSON can hold.
    """

    text: str = ""
    drop: str = ""
    value: float | None = None
    threshold: float | None = None
    message: str = ""
    url: str = ""
    license: str = ""
    date: str = ""
    meta: Mapping[str, object] = field(default_factory=dict)


class Extractor(Transform):
    """Turns the bytes of each document into text; a document is read alone, so nothing of one can reach another.

    What a source says of a document goes before what the document says of itself: url, license and date are filled in where
    they are empty, and `meta` gets the names it lacks.
    """

    reads: ClassVar[tuple[str, ...]] = ("raw", "mime", *_FACTS, "meta")
    adds: ClassVar[tuple[str, ...]] = ("text", *_FACTS, "meta")

    def extract(self, raw: bytes, mime: str, url: str) -> Extracted:
        """Text and facts of one document; `mime` as its source says, with parameters such as charset; may raise."""
        raise NotImplementedError

    def apply(self, batch: pa.RecordBatch, artifacts: Artifacts) -> pa.RecordBatch:
        """Text, facts and verdict of each row; raises what a library raises on a document."""
        read = ((value.as_py() for value in batch[name]) for name in self.reads)  # one document at a time is copied
        rows = [self._row(*row) for row in zip(*read, strict=True)]
        columns = zip(*rows, strict=True) if rows else ([] for _ in OUTPUT)
        return pa.record_batch([pa.array(*pair) for pair in zip(columns, OUTPUT.types, strict=True)], schema=OUTPUT)

    def _row(self, raw: bytes, mime: str, url: str, license: str, date: str, meta: str) -> tuple[object, ...]:
        found = self.extract(raw, mime, url)
        facts = (url or found.url, license or found.license, date or found.date, _with(meta, found.meta))
        return (found.text, *facts, found.drop, False, found.value, found.threshold, found.message)


def _with(meta: str, found: Mapping[str, object]) -> str:
    """The JSON object of a source, and what was found beside it."""
    if not found:
        return meta
    return orjson.dumps({**found, **orjson.loads(meta)}, option=orjson.OPT_SORT_KEYS).decode()
