"""One document per row of a Hugging Face dataset: a folder, or a dataset on the hub at a pinned commit.

`datasets` is asked for one thing that only it knows: which files a config and a split are. Reading them through it would give
one stream per file, stop at the first bad line, and remember files in caches; so the sources of this package read them, from
the hub by ranges of bytes. A row is rejected, cut into tasks and named as the same row of the same file is elsewhere.
"""

import re
from collections.abc import Sequence
from itertools import groupby
from pathlib import PurePosixPath
from typing import ClassVar

from pydantic import model_validator

from corpusforge.core import Batches, InputFile, Shard
from corpusforge.errors import InputError
from corpusforge.remote.urls import is_url
from corpusforge.settings import InputPath
from corpusforge.source.arrow import Arrow
from corpusforge.source.bases import RecordFields, RecordSource
from corpusforge.source.csv import Csv
from corpusforge.source.described_dataset import HUB, folder_files, hub_files
from corpusforge.source.jsonl import Jsonl
from corpusforge.source.parquet import Parquet
from corpusforge.source.saved_dataset import is_saved, saved_files
from corpusforge.source.streams import compression_of, decompressed_blocks, open_input, plain_blocks

Kind = type[Arrow] | type[Csv] | type[Jsonl] | type[Parquet]

_READERS: dict[str, Kind] = {
    ".arrow": Arrow,
    ".csv": Csv,
    ".json": Jsonl,
    ".jsonl": Jsonl,
    ".ndjson": Jsonl,
    ".parquet": Parquet,
    ".tsv": Csv,
}

_NAME = re.compile(r"\w+([.-]\w+)*")
_ON_HUB = re.compile(re.escape(HUB) + r"[\w.-]+(/[\w.-]+)?")


class Huggingface(RecordFields):
    """Gives each row of one split of a dataset, of Parquet, Arrow, JSON Lines or CSV files; TEXT_ROWS.

    A row is rejected and named as by source.parquet, source.arrow, source.jsonl and source.csv. Loading scripts are refused.
    """

    adds: ClassVar[tuple[str, ...]] = ("text",)

    path: InputPath
    """A folder written by save_to_disk, or with data files as load_dataset takes it; hf://datasets/owner/name on the hub."""
    commit: str = ""
    """On the hub: the revision as 40 hex digits. A branch or tag is refused, as it may come to mean other files."""
    config: str = ""
    """Name of the config (subset); may be left out where there is one, or a default."""
    split: str = ""
    """Name of the split; without it the only one, or train."""

    @model_validator(mode="after")
    def _check_place(self) -> "Huggingface":
        if is_url(self.path) and not _ON_HUB.fullmatch(self.path):
            raise ValueError(f"path {self.path!r} is no dataset on the hub; write {HUB}owner/name, and `commit` beside it")
        if self.commit and not is_url(self.path):
            raise ValueError(f"commit {self.commit!r} is for datasets on the hub; leave it out for a folder")
        if self.split and not _NAME.fullmatch(self.split):
            raise ValueError(f"split {self.split!r} is no name; give one split, and take a part of it by --limit or --sample")
        return self

    def files(self) -> Sequence[InputFile]:
        """The files of the split; raises InputError where there are none, or in a format that is not read."""
        files = self._files()
        if not files:
            raise InputError(f"path {self.path!r}: the split has no file; correct the patterns in its README.md")
        for file in files:
            if _reader_class(file) is Jsonl:
                _check_lines(file)
        return sorted(files, key=lambda file: file.relative)

    def _files(self) -> Sequence[InputFile]:
        if is_url(self.path):
            return hub_files(self.path, self.commit, self.config, self.split)
        if is_saved(self.path):
            return saved_files(self.path, self.config, self.split)
        return folder_files(self.path, self.config, self.split)

    def shards(self, files: Sequence[InputFile]) -> list[Shard]:
        """As the source of each file's format cuts them."""
        runs = groupby(files, key=_reader_class)
        return [shard for kind, run in runs for shard in self._reader(kind).shards(list(run))]

    def read(self, shard: Shard) -> Batches:
        """Rows in batches; raises what the source of the files' format raises."""
        return self._reader(_reader_class(shard.ranges[0].file)).read(shard)

    def _reader(self, kind: Kind) -> RecordSource:
        limit = self.max_document_bytes
        return kind(path=self.path, columns=self.columns, meta=self.meta, mime=self.mime, max_document_bytes=limit)


def _reader_class(file: InputFile) -> Kind:
    """The source that reads a file, by its suffix; raises InputError for what none reads."""
    path = PurePosixPath(file.relative.lower())
    kind = _READERS.get((path.with_suffix("") if compression_of(file) else path).suffix)
    if kind is None or (compression_of(file) and kind in (Parquet, Arrow)):
        cure = "convert it to Parquet, or read texts and pages by source.files"
        raise InputError(f"{file.path}: rows are read from {', '.join(_READERS)} files, this is none; {cure}")
    return kind


def _check_lines(file: InputFile) -> None:
    """Raise InputError where a *.json file is one array: it would be rejected line by line."""
    compression = compression_of(file)
    with open_input(file, 1) as stream:
        blocks = plain_blocks(stream) if compression is None else decompressed_blocks(stream, file, compression)
        head = next(iter(blocks), b"")
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"["):
        raise InputError(f"{file.path}: holds one JSON array; convert it to JSON Lines or Parquet")
