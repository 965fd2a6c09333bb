"""One document per row of Parquet files: row groups make the tasks, and only the columns that are needed are read."""

from collections.abc import Iterator, Sequence
from typing import ClassVar

import pyarrow as pa
import pyarrow.parquet as pq

from corpusforge.core import MAX_BATCH_BYTES, MAX_TASK_BYTES, Batches, InputFile, Range, Shard
from corpusforge.errors import BadShard
from corpusforge.remote.store import BLOCK_BYTES as REMOTE_BLOCK_BYTES
from corpusforge.remote.urls import is_url
from corpusforge.source.arrow_fields import check_schema, needed_fields
from corpusforge.source.arrow_rows import TableReader, bounded
from corpusforge.source.bases import RecordSource
from corpusforge.source.rows import MAX_BATCH_ROWS
from corpusforge.source.streams import BLOCK_BYTES, open_input, opened
from corpusforge.source.tasks import Piece, group, merged, read_ranges

# A dictionary makes columns look smaller in the file than they are: never read more rows than this at once.
_MAX_READ_ROWS = 4096

# What pyarrow raises on files that are no Parquet, cut off or changed.
_DAMAGE = (pa.ArrowException, OSError, UnicodeDecodeError)

_COPY_AGAIN = "copy or download it again, or exclude it"


class Parquet(RecordSource):
    """Gives each row of Parquet files as a document; TEXT_ROWS.

    A bad row is rejected as too_large, undecodable, missing_text, empty_text, nul_bytes or missing_id. Columns that only
    some files have are "" elsewhere, and their types may differ between files as long as they are scalars.
    """

    adds: ClassVar[tuple[str, ...]] = ("text",)

    include: tuple[str, ...] = ("**/*.parquet",)
    """Where `path` is a folder: patterns that the path inside it has to match one of."""

    def shards(self, files: Sequence[InputFile]) -> list[Shard]:
        """Row groups, at most MAX_TASK_BYTES together; a file without a readable footer alone, so that `read` says so.

        Raises InputError, with what the first file has, where a column cannot be what it is mapped to.
        """
        pieces: list[Piece] = []
        first: tuple[InputFile, pa.Schema] | None = None
        for file in files:
            try:
                parquet = _open(file)
            except BadShard:
                pieces.append(Piece(Range(file, 0, 0), MAX_TASK_BYTES))
                continue
            with parquet:
                check_schema(file, parquet.schema_arrow, self.columns, self.meta, first)
                first = first or (file, parquet.schema_arrow)
                pieces += _row_groups(file, parquet.metadata)
        return [merged(shard) for shard in group(pieces)]

    def read(self, shard: Shard) -> Batches:
        """TEXT_ROWS batches; raises BadShard, with the number of the row, where a file is damaged or no Parquet file."""
        return self.as_given(read_ranges(shard, self._rows))

    def _rows(self, each: Range) -> Batches:
        reader = TableReader(each.file.relative, self.columns, self.meta, self.max_document_bytes)
        with open_input(each.file), _open(each.file) as parquet:
            if each.begin == each.end:
                raise BadShard(each.file.path, 0, "the file had no footer when it was listed", "build again")
            names = needed_fields(parquet.schema_arrow, self.columns, self.meta)
            first = sum(parquet.metadata.row_group(number).num_rows for number in range(each.begin))
            for number in range(each.begin, each.end):
                for batch in _batches_of_group(each.file, parquet, number, names, first):
                    rows = _documents(each.file, reader, batch, first)
                    yield from bounded(rows, max_bytes=MAX_BATCH_BYTES, max_rows=MAX_BATCH_ROWS)
                    first += batch.num_rows


def _open(file: InputFile) -> pq.ParquetFile:
    source, buffer_bytes = (opened(file), REMOTE_BLOCK_BYTES) if is_url(file.path) else (file.path, BLOCK_BYTES)
    try:
        # a buffer makes reading of large row groups a stream instead of one read per column
        parquet = pq.ParquetFile(source, buffer_size=buffer_bytes, pre_buffer=False, page_checksum_verification=True)
        _ = parquet.schema_arrow.names  # not UTF-8 in a damaged footer
    except _DAMAGE as error:
        raise BadShard(file.path, file.size_bytes, f"no readable Parquet footer ({error})", _COPY_AGAIN) from error
    metadata = parquet.metadata
    num_rows = sum(metadata.row_group(number).num_rows for number in range(metadata.num_row_groups))
    if num_rows == metadata.num_rows:
        return parquet
    parquet.close()
    what = f"the footer says {metadata.num_rows} rows, its row groups add up to {num_rows}"
    raise BadShard(file.path, file.size_bytes, what, _COPY_AGAIN)


def _row_groups(file: InputFile, metadata: pq.FileMetaData) -> list[Piece]:
    sizes = [metadata.row_group(number).total_byte_size for number in range(metadata.num_row_groups)]
    return [Piece(Range(file, number, number + 1), size) for number, size in enumerate(sizes)]


def _documents(file: InputFile, reader: TableReader, batch: pa.RecordBatch, first: int) -> pa.RecordBatch:
    try:
        return reader.rows(batch, first)
    except pa.ArrowIndexError as error:  # a dictionary's indices are looked at only when they are used
        raise BadShard(file.path, first, f"a dictionary column is damaged ({error})", _COPY_AGAIN) from error


def _batches_of_group(
    file: InputFile, parquet: pq.ParquetFile, number: int, names: list[str], first: int
) -> Iterator[pa.RecordBatch]:
    """Batches of about MAX_BATCH_BYTES of a row group whose first row is row `first` of the file; raises BadShard."""
    facts = parquet.metadata.row_group(number)
    per_row = facts.total_byte_size // max(facts.num_rows, 1) + 1
    num_rows = min(max(MAX_BATCH_BYTES // per_row, 1), _MAX_READ_ROWS)
    done = 0
    try:
        for batch in parquet.iter_batches(num_rows, row_groups=[number], columns=names, use_threads=False):
            yield batch
            done += batch.num_rows
    except _DAMAGE as error:
        raise BadShard(file.path, first + done, f"row group {number} is damaged ({error})", _COPY_AGAIN) from error
    if done != facts.num_rows:
        what = f"row group {number} gave {done} rows, its footer says {facts.num_rows}"
        raise BadShard(file.path, first + done, what, _COPY_AGAIN)
