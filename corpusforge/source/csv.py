"""One document per row of CSV and TSV files, plain, gzip and zstd; each file is one task.

A file is not cut into byte ranges, as JSON Lines are: quoted fields hold line breaks, so whether a newline ends a row is known
only when all before it has been read. A scan for the ends of rows before the tasks are made would read every file twice, and
from an object store fetch it twice, in the one process that makes the plan. So a big file keeps one core busy; the build goes
on behind its finished parts, as with .gz. Split what is beyond a few GB into several files, or convert it to Parquet.
"""

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import BinaryIO, ClassVar

from pydantic import Field, model_validator

from corpusforge.core import MAX_TASK_BYTES, TEXT_ROWS, Batches, InputFile, Range, Shard
from corpusforge.errors import BadShard
from corpusforge.settings import CharsetName
from corpusforge.source.bases import RecordSource
from corpusforge.source.csv_header import check_names, header_names
from corpusforge.source.csv_rows import Dialect, NumberedLine, RowReader, numbered_records
from corpusforge.source.records import RecordReader
from corpusforge.source.rows import Row, gather
from corpusforge.source.streams import BLOCK_BYTES, check_text, compression_of, decompressed_blocks, open_input, plain_blocks
from corpusforge.source.tasks import group, read_ranges, whole
from corpusforge.source.transcode import utf8_blocks


class Csv(RecordSource):
    """Gives each row of CSV and TSV files as a document named by the offset where the row begins; TEXT_ROWS.

    Files in another charset than UTF-8 are read as well; offsets in these are those of their content in UTF-8.
    A bad row is rejected as too_large, undecodable, misquoted, too_few_fields, too_many_fields, missing_id, empty_text or
    nul_bytes. Quoted fields may hold line breaks; empty lines are no rows; a byte order mark is skipped.
    """

    revision: ClassVar[int] = 2
    adds: ClassVar[tuple[str, ...]] = ("text",)

    include: tuple[str, ...] = tuple(f"**/*.{kind}{packed}" for kind in ("csv", "tsv") for packed in ("", ".gz", ".zst"))
    """Where `path` is a folder: patterns that the path inside it has to match one of."""
    delimiter: str = Field(default="", max_length=1)
    """The character between fields; without it a tab in *.tsv files and a comma in others."""
    quote: str = Field(default='"', max_length=1)
    """The character around fields that hold line breaks or delimiters, doubled inside; "" where it means nothing."""
    charset: CharsetName = ""
    """The charset of all files, such as gb18030; "" finds it for each. A byte that is bad in it costs its row."""
    names: tuple[str, ...] = ()
    """Names of the columns of files without a header; without it the first row of each file has them."""

    @model_validator(mode="after")
    def _check_dialect(self) -> "Csv":
        for setting, value in (("delimiter", self.delimiter), ("quote", self.quote)):
            if not value.isascii() or value in ("\r", "\n", "\0"):
                raise ValueError(f"{setting} {value!r} cannot part or quote fields; give an ASCII character, not a line break")
        if self.delimiter and self.delimiter == self.quote:
            raise ValueError(f"delimiter and quote are both {self.quote!r}; set quote to '' where nothing is quoted")
        twice = sorted({name for name in self.names if self.names.count(name) > 1})
        if twice:
            raise ValueError(f"names has {twice[0]!r} twice; give each column a name of its own")
        return self

    def shards(self, files: Sequence[InputFile]) -> list[Shard]:
        """Whole files, small ones together; raises InputError where the header of one lacks a mapped column."""
        for file in files:
            self._check(file)
        return group(whole(file, file.size_bytes if compression_of(file) is None else MAX_TASK_BYTES) for file in files)

    def read(self, shard: Shard) -> Batches:
        """TEXT_ROWS batches; raises BadShard where a file is cut off, damaged, not what its suffix says, or a quote is open."""
        return self.as_given(gather(read_ranges(shard, self._rows), TEXT_ROWS))

    def _check(self, file: InputFile) -> None:
        try:
            with open_input(file, min(file.size_bytes, BLOCK_BYTES)) as stream:
                self._names(file, self._records(file, stream))
        except BadShard:
            pass  # `read` meets the same, and there on_bad_shard says what becomes of it

    def _rows(self, each: Range) -> Iterator[Row]:
        relative = each.file.relative
        with open_input(each.file) as stream:
            records = self._records(each.file, stream)
            names = self._names(each.file, records)
            reader = RecordReader(relative, self.columns, self.meta, self.max_document_bytes)
            rows = RowReader(reader, names, self._dialect(each.file))
            for number, line in records:
                yield rows.row(number, line)

    def _names(self, file: InputFile, records: Iterator[NumberedLine]) -> tuple[str, ...]:
        """Names of the columns, which the first record has unless they are set; () for a file without a record."""
        names = self.names or header_names(file, records, self._dialect(file), max_bytes=self.max_document_bytes)
        if names:
            check_names(file, names, self.columns, self.meta)
        return names

    def _records(self, file: InputFile, stream: BinaryIO) -> Iterator[NumberedLine]:
        blocks = utf8_blocks(_blocks(file, stream), self.charset)
        return numbered_records(blocks, file, self._dialect(file), max_bytes=self.max_document_bytes)

    def _dialect(self, file: InputFile) -> Dialect:
        is_tsv = ".tsv" in PurePosixPath(file.relative.lower()).suffixes[-2:]
        return Dialect(self.delimiter or ("\t" if is_tsv else ","), self.quote)


def _blocks(file: InputFile, stream: BinaryIO) -> Iterator[bytes]:
    compression = compression_of(file)
    if compression is None:
        check_text(stream, file)
        return plain_blocks(stream)
    return decompressed_blocks(stream, file, compression)
