"""One document per line of JSON: plain files, cut by byte ranges, and gzip and zstd files, one task each."""

from collections.abc import Iterator, Sequence
from typing import ClassVar

from corpusforge.core import MAX_TASK_BYTES, TEXT_ROWS, Batches, InputFile, Range, Shard
from corpusforge.source.bases import RecordSource
from corpusforge.source.lines import Line, lines_of_range, split_lines
from corpusforge.source.records import RecordReader
from corpusforge.source.rows import Row, gather
from corpusforge.source.streams import check_plain, compression_of, decompressed_blocks, open_input
from corpusforge.source.tasks import Piece, cut, group, read_ranges, whole


class Jsonl(RecordSource):
    """Gives each line of JSON Lines files as a document; TEXT_ROWS.

    A bad line is rejected as too_large, undecodable, lone_surrogate, invalid_json, not_an_object, missing_id, missing_text,
    text_not_string, empty_text, nul_bytes or wrong_type. Blank lines are no documents; a byte order mark is skipped.
    """

    adds: ClassVar[tuple[str, ...]] = ("text",)

    include: tuple[str, ...] = ("**/*.jsonl", "**/*.jsonl.gz", "**/*.jsonl.zst", "**/*.ndjson*")
    """Where `path` is a folder: patterns that the path inside it has to match one of."""

    def shards(self, files: Sequence[InputFile]) -> list[Shard]:
        """Byte ranges of plain files, at most MAX_TASK_BYTES together; each compressed file alone."""
        return group(piece for file in files for piece in _pieces(file))

    def read(self, shard: Shard) -> Batches:
        """TEXT_ROWS batches; raises BadShard where a file is cut off, damaged or not what its suffix says."""
        return self.as_given(gather(read_ranges(shard, self._rows), TEXT_ROWS))

    def _rows(self, each: Range) -> Iterator[Row]:
        reader = RecordReader(each.file.relative, self.columns, self.meta, self.max_document_bytes)
        for line in self._lines(each):
            row = reader.row(line)
            if row is not None:
                yield row

    def _lines(self, each: Range) -> Iterator[Line]:
        compression = compression_of(each.file)
        with open_input(each.file, each.end) as stream:
            if compression is None:
                check_plain(stream, each.file)
                yield from lines_of_range(stream, each.begin, each.end, max_bytes=self.max_document_bytes)
            else:
                blocks = decompressed_blocks(stream, each.file, compression)
                yield from split_lines(blocks, max_bytes=self.max_document_bytes)


def _pieces(file: InputFile) -> list[Piece]:
    # what a compressed file holds is not known before it is read: each makes a task of its own
    return cut(file) if compression_of(file) is None else [whole(file, MAX_TASK_BYTES)]
