"""One document per row of Arrow IPC files, as `datasets` writes them (streams) and as Feather 2 is (files with a footer).

A local file is mapped into memory, so finding the ranges of rows that make the tasks reads no text. Arrow checks little of what
it maps: offsets that lead out of a buffer crash a process, so every batch is validated whole before anything looks at it. The
buffers of a compressed file (Feather's default) are no map: each of its tasks decompresses what lies before it, too.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import ClassVar

import pyarrow as pa

from corpusforge.core import MAX_BATCH_BYTES, MAX_TASK_BYTES, Batches, InputFile, Range, Shard
from corpusforge.errors import BadShard
from corpusforge.remote.urls import is_url
from corpusforge.source.arrow_damage import check_names, is_sound
from corpusforge.source.arrow_fields import check_schema, needed_columns
from corpusforge.source.arrow_rows import TableReader, bounded
from corpusforge.source.bases import RecordSource
from corpusforge.source.rows import MAX_BATCH_ROWS
from corpusforge.source.streams import open_input, opened
from corpusforge.source.tasks import Piece, group, merged, read_ranges

# A batch of a file, and the number of its first row.
NumberedBatch = tuple[int, pa.RecordBatch]

# What pyarrow raises on files that are no Arrow, cut off or changed.
_DAMAGE = (pa.ArrowException, OSError, UnicodeDecodeError, EOFError)

_FILE_MAGIC = b"ARROW1"
_STREAM_END = b"\xff\xff\xff\xff\0\0\0\0"

_COPY_AGAIN = "copy or download it again, or exclude it"


class Arrow(RecordSource):
    """Gives each row of Arrow IPC files, streams or with a footer, as a document named by its number; TEXT_ROWS.

    A bad row is rejected as too_large, undecodable, missing_text, empty_text, nul_bytes or missing_id. Columns that only
    some files have are "" elsewhere.
    """

    adds: ClassVar[tuple[str, ...]] = ("text",)

    include: tuple[str, ...] = ("**/*.arrow", "**/*.feather")
    """Where `path` is a folder: patterns that the path inside it has to match one of."""

    def shards(self, files: Sequence[InputFile]) -> list[Shard]:
        """Ranges of rows, at most MAX_TASK_BYTES of the columns that are needed; a remote file is one, read from its begin.

        Raises InputError, with what the first file has, where a column cannot be what it is mapped to.
        """
        pieces: list[Piece] = []
        first: tuple[InputFile, pa.Schema] | None = None
        for file in files:
            schema = self._schema(file)
            if schema is not None:
                check_schema(file, schema, self.columns, self.meta, first)
                first = first or (file, schema)
            pieces += [_whole(file)] if is_url(file.path) else self._pieces(file)
        return [merged(shard) for shard in group(pieces)]

    def read(self, shard: Shard) -> Batches:
        """TEXT_ROWS batches; raises BadShard, with the number of the row, where a file is damaged or no Arrow file."""
        return self.as_given(read_ranges(shard, self._rows))

    def _schema(self, file: InputFile) -> pa.Schema | None:
        """Names and types of a file's columns; None where it is damaged, which `read` says."""
        try:
            with open_input(file), _opened_arrow(file) as source:
                return _reader(source).schema
        except (BadShard, *_DAMAGE):
            return None

    def _pieces(self, file: InputFile) -> Iterator[Piece]:
        row = 0
        try:
            for first, batch in _batches(file):
                # nbytes would follow offsets that nobody has looked at
                columns = batch.select(needed_columns(batch.schema, self.columns, self.meta))
                yield from _cut(file, first, batch.num_rows, columns.get_total_buffer_size())
                row = first + batch.num_rows
        except BadShard:
            yield Piece(Range(file, row, row), MAX_TASK_BYTES)

    def _rows(self, each: Range) -> Batches:
        reader = TableReader(each.file.relative, self.columns, self.meta, self.max_document_bytes)
        with open_input(each.file):
            for first, batch in _within(each):
                needed = batch.select(needed_columns(batch.schema, self.columns, self.meta))
                if not is_sound(needed):
                    raise BadShard(each.file.path, first, "a batch of rows is damaged", _COPY_AGAIN)
                for begin, rows in _slices(needed):
                    yield from bounded(reader.rows(rows, first + begin), max_bytes=MAX_BATCH_BYTES, max_rows=MAX_BATCH_ROWS)


def _whole(file: InputFile) -> Piece:
    """A file that can only be read from its begin, and up to its end."""
    return Piece(Range(file, 0, 0), MAX_TASK_BYTES)


def _cut(file: InputFile, first: int, num_rows: int, size_bytes: int) -> Iterator[Piece]:
    """Ranges of a batch's rows of nearly equal number, so many that each is about MAX_TASK_BYTES."""
    number = min(max(1, -(-size_bytes // MAX_TASK_BYTES)), num_rows)
    bounds = [first + num_rows * n // number for n in range(number + 1)] if number else []
    return (Piece(Range(file, begin, end), size_bytes // number) for begin, end in pairwise(bounds))


def _within(each: Range) -> Iterator[NumberedBatch]:
    """Batches, or parts of them, with the rows of a range; one from n to n is all from row n to the end of the file."""
    is_open = each.begin == each.end
    for first, batch in _batches(each.file):
        if first >= each.end and not is_open:
            return
        begin = max(each.begin - first, 0)
        end = batch.num_rows if is_open else min(each.end - first, batch.num_rows)
        if begin < end:
            yield first + begin, batch.slice(begin, end - begin)


def _slices(batch: pa.RecordBatch) -> Iterator[NumberedBatch]:
    """Copies of parts of a batch of about MAX_BATCH_BYTES; the batch itself where it is no larger."""
    number = min(-(-batch.nbytes // MAX_BATCH_BYTES), batch.num_rows)
    if number <= 1:
        yield 0, batch
        return
    for begin, end in pairwise(batch.num_rows * n // number for n in range(number + 1)):
        # a copy, as a slice would drag the buffers of the whole batch along
        yield begin, batch.take(pa.array(range(begin, end)))


def _batches(file: InputFile) -> Iterator[NumberedBatch]:
    """All batches of a file; raises BadShard, with the number of the row, behind the last one that can be read."""
    row = 0
    try:
        with _opened_arrow(file) as source:
            reader = _reader(source)
            for batch in _each(reader):
                yield row, batch
                row += batch.num_rows
            what = _what_is_wrong(source, file) if isinstance(reader, pa.ipc.RecordBatchStreamReader) else ""
    except _DAMAGE as error:
        raise BadShard(file.path, row, f"it is damaged, cut off or no Arrow file ({error})", _COPY_AGAIN) from error
    if what:
        raise BadShard(file.path, row, what, _COPY_AGAIN)


def _opened_arrow(file: InputFile) -> pa.NativeFile:
    return pa.PythonFile(opened(file), "r") if is_url(file.path) else pa.memory_map(file.path)


def _reader(source: pa.NativeFile) -> pa.ipc.RecordBatchStreamReader | pa.ipc.RecordBatchFileReader:
    magic = source.read(len(_FILE_MAGIC))
    source.seek(0)
    reader = pa.ipc.open_file(source) if magic == _FILE_MAGIC else pa.ipc.open_stream(source)
    check_names(reader.schema)
    return reader


def _each(reader: pa.ipc.RecordBatchStreamReader | pa.ipc.RecordBatchFileReader) -> Iterator[pa.RecordBatch]:
    if isinstance(reader, pa.ipc.RecordBatchStreamReader):
        return iter(reader)
    return (reader.get_batch(number) for number in range(reader.num_record_batches))


def _what_is_wrong(source: pa.NativeFile, file: InputFile) -> str:
    """What the end of a stream lacks, "" for nothing: pyarrow takes a file that ends between two batches for a whole one."""
    position = source.tell()
    if position < file.size_bytes:
        return f"{file.size_bytes - position} bytes follow the end of the stream"
    source.seek(max(position - len(_STREAM_END), 0))
    return "" if source.read(len(_STREAM_END)) == _STREAM_END else "the file is cut off: the stream has no end mark"
