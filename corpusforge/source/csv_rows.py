"""From the bytes of a CSV file to rows: cut into records, split into fields, judge them."""

from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from corpusforge.core import InputFile
from corpusforge.errors import BadShard
from corpusforge.source.judge import listed, too_large, undecodable
from corpusforge.source.lines import Line, split_lines
from corpusforge.source.records import RecordReader, rejected
from corpusforge.source.rows import Row, Verdict
from corpusforge.text.csv_records import BEGINS, QUOTED, record_ends

_HOW_TO_CLOSE = (
    "close it or double it in the file, set `quote` ('' where quotes are characters like others), or exclude the file"
)


# A record with its number from 1, as a spreadsheet counts rows.
NumberedLine = tuple[int, Line]


class Misquoted(ValueError):
    """A quoted field that goes on behind its closing quote."""


@dataclass(frozen=True)
class Dialect:
    """The ASCII characters that part fields and quote them; a quote of "" is none."""

    delimiter: str
    quote: str

    def fields(self, record: str) -> list[str]:
        """The fields of a record without its newline; raises Misquoted."""
        if not self.quote or self.quote not in record:
            return record.split(self.delimiter)
        fields = list[str]()
        position = 0
        while True:
            is_quoted = record.startswith(self.quote, position)
            content, end = self._quoted(record, position) if is_quoted else self._plain(record, position)
            fields.append(content)
            if end == len(record):
                return fields
            if record[end] != self.delimiter:
                raise Misquoted(f"field {len(fields)} goes on behind its closing quote with {record[end : end + 20]!r}")
            position = end + 1

    def _plain(self, record: str, begin: int) -> tuple[str, int]:
        end = record.find(self.delimiter, begin)
        end = len(record) if end < 0 else end
        return record[begin:end], end

    def _quoted(self, record: str, begin: int) -> tuple[str, int]:
        """A quoted field without its quotes, and the position behind the closing one, which a whole record has."""
        end = record.index(self.quote, begin + 1)
        while record.startswith(self.quote, end + 1):
            end = record.index(self.quote, end + 2)
        return record[begin + 1 : end].replace(self.quote * 2, self.quote), end + 1


@dataclass
class _Cutter:
    """Cuts blocks at the ends of records; it remembers where it stands, for what is quoted may go on in the next block."""

    dialect: Dialect
    state: int = field(default=BEGINS, init=False)
    position: int = field(default=0, init=False)
    begin: int = field(default=0, init=False)
    num_ended: int = field(default=0, init=False)

    def cut(self, block: bytes) -> list[bytes]:
        """The ends of records, without their newlines, and the beginning of one more."""
        # a byte order mark is no part of the first field, which may begin with a quote
        skipped = len(BOM_UTF8) if self.position == 0 and block.startswith(BOM_UTF8) else 0
        quote = ord(self.dialect.quote) if self.dialect.quote else -1
        data = np.frombuffer(block, np.uint8)[skipped:]
        ends, self.state = record_ends(data, self.state, ord(self.dialect.delimiter), quote)
        bounds = [0, *(ends + skipped).tolist()]
        self.num_ended += len(ends)
        self.begin = self.position + bounds[-1] if len(ends) else self.begin
        self.position += len(block)
        pieces = [block[begin : end - 1] for begin, end in pairwise(bounds)]
        return [*pieces, block[bounds[-1] :]]


def numbered_records(blocks: Iterable[bytes], file: InputFile, dialect: Dialect, *, max_bytes: int) -> Iterator[NumberedLine]:
    """Records with their numbers from 1, as a spreadsheet counts rows, without mark and line ends; empty lines left out.

    Raises BadShard, with the offset of the record, where a quote is still open at the end of the file.
    """
    cutter = _Cutter(dialect)
    lines = split_lines(_closed(blocks, file, cutter), max_bytes=max_bytes, cut=cutter.cut)
    for number, line in enumerate(lines, start=1):
        content = line.content.removeprefix(BOM_UTF8) if line.offset == 0 else line.content
        content = content.removesuffix(b"\r")
        if content or line.size_bytes > max_bytes:
            yield number, line._replace(content=content)


def _closed(blocks: Iterable[bytes], file: InputFile, cutter: _Cutter) -> Iterator[bytes]:
    """The blocks; when they have all been cut, raises BadShard where a quote is open."""
    yield from blocks
    if cutter.state == QUOTED:
        number = cutter.num_ended + 1
        what = f"a quote that opens in row {number} is never closed: all behind it is one field"
        raise BadShard(file.path, cutter.begin, what, _HOW_TO_CLOSE)


@dataclass(frozen=True)
class RowReader:
    """Turns records of one file, whose columns are `names`, into rows."""

    records: RecordReader
    names: tuple[str, ...]
    dialect: Dialect

    def row(self, number: int, line: Line) -> Row:
        """The row of the record `number`."""
        origin, max_bytes = f"{self.records.relative}:{line.offset}", self.records.max_bytes
        if line.size_bytes > max_bytes:
            return rejected(origin, too_large(line.size_bytes, max_bytes, f"content of row {number}"))
        try:
            fields = self.dialect.fields(line.content.decode())
        except UnicodeDecodeError as error:
            return rejected(origin, undecodable(error, f"content of row {number}"), line.content)
        except Misquoted as error:
            return rejected(origin, Verdict("misquoted", message=f"row {number}: {error}"), line.content)
        if len(fields) != len(self.names):
            return rejected(origin, self._wrong_count(number, len(fields)), line.content)
        return self.records.document(dict(zip(self.names, fields, strict=True)), origin, line.content)

    def _wrong_count(self, number: int, found: int) -> Verdict:
        expected = len(self.names)
        message = f"row {number} has {found} fields, the file's columns are {expected}: {listed(self.names)}"
        return Verdict("too_few_fields" if found < expected else "too_many_fields", found, expected, message)
