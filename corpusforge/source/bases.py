"""Settings and listing that sources of files share, and those that sources of records in files share."""

from collections.abc import Sequence

from corpusforge.core import InputFile, Source
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

    @property
    def has_mapped_ids(self) -> bool:
        """Whether columns.id names a field."""
        return self.columns.id is not None


class RecordSource(RecordFields, FileSource):
    """A source that reads many records from each file."""
