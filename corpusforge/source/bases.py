"""Settings and listing that sources of files share, and those that sources of records in files share."""

from collections.abc import Sequence

import pyarrow as pa

from corpusforge.core import RAW_FIELDS, RAW_ROWS, Batches, InputFile, Source
from corpusforge.settings import InputPath
from corpusforge.source.columns import Columns
from corpusforge.source.listing import list_files


class FileSource(Source):
    """A source that reads files."""

    path: InputPath
    """A folder, a file or a glob pattern, here or at an address: s3://bucket/folder, https://host/folder/."""
    include: tuple[str, ...]
    """Where `path` is a folder: patterns that the path inside it has to match one of."""
    exclude: tuple[str, ...] = ()
    """Patterns of files to leave out, matched with the relative path and with the file name."""

    def files(self) -> Sequence[InputFile]:
        """The files, sorted by relative path; raises InputError when there are none or one cannot be read."""
        return list_files(self.path, include=self.include, exclude=self.exclude)


class RecordFields(Source):
    """A source of records: which of their fields are a document's text, id and facts."""

    columns: Columns = Columns()
    """Names of the fields or columns that hold text, id, url, lang, license and date."""
    meta: tuple[str, ...] = ()
    """Further ones to keep, as a JSON object: dates and decimals as strings, numbers beyond 64 bits as floats."""
    mime: str = ""
    """Where columns.text holds documents with markup, their media type, such as text/html; an extract stage then reads them."""

    @property
    def has_mapped_ids(self) -> bool:
        """Whether columns.id names a field."""
        return self.columns.id is not None

    def given(self) -> tuple[str, ...]:
        """text, or raw and mime where `mime` is set."""
        return ("raw", "mime") if self.mime else self.adds

    def as_given(self, batches: Batches) -> Batches:
        """TEXT_ROWS as they are, or as RAW_ROWS where `mime` is set."""
        return (_raw_rows(batch, self.mime) for batch in batches) if self.mime else batches


class RecordSource(RecordFields, FileSource):
    """A source that reads many records from each file."""


def _raw_rows(batch: pa.RecordBatch, mime: str) -> pa.RecordBatch:
    """Texts as bytes of a media type."""
    raw = batch["text"].cast(RAW_FIELDS[0].type)
    columns = {name: batch[name] for name in batch.schema.names} | {"raw": raw, "mime": pa.array([mime] * batch.num_rows)}
    return pa.RecordBatch.from_arrays([columns[name] for name in RAW_ROWS.names], schema=RAW_ROWS)
