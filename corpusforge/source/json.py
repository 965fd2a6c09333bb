"""One document per element of a JSON array, as fine-tuning data is mostly published; each file is one task.

A file is read in blocks and never as a whole. As with CSV, whether a comma parts two elements is known only when all before it
has been read, so a big file keeps one core busy: write it as JSON Lines where that is too slow.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import ClassVar

import numpy as np

from corpusforge.core import MAX_TASK_BYTES, TEXT_ROWS, Batches, InputFile, Range, Shard
from corpusforge.errors import BadShard
from corpusforge.source.bases import RecordSource
from corpusforge.source.lines import Line, split_lines
from corpusforge.source.records import RecordReader
from corpusforge.source.rows import Row, gather
from corpusforge.source.streams import check_plain, compression_of, decompressed_blocks, open_input, plain_blocks
from corpusforge.source.tasks import group, read_ranges, whole
from corpusforge.text.json_elements import element_ends

_BLANK = b" \t\r\n"


class Json(RecordSource):
    """Gives each element of the array that a JSON file holds as a document named by its offset; TEXT_ROWS.

    A bad element is rejected as a line is by source.jsonl.
    """

    adds: ClassVar[tuple[str, ...]] = ("text",)

    include: tuple[str, ...] = ("**/*.json", "**/*.json.gz", "**/*.json.zst")
    """Where `path` is a folder: patterns that the path inside it has to match one of."""

    def shards(self, files: Sequence[InputFile]) -> list[Shard]:
        """Whole files, small ones together."""
        return group(whole(file, file.size_bytes if compression_of(file) is None else MAX_TASK_BYTES) for file in files)

    def read(self, shard: Shard) -> Batches:
        """TEXT_ROWS batches; raises BadShard where a file is cut off, damaged or holds no array."""
        return self.as_given(gather(read_ranges(shard, self._rows), TEXT_ROWS))

    def _rows(self, each: Range) -> Iterator[Row]:
        reader = RecordReader(each.file.relative, self.columns, self.meta, self.max_document_bytes, unit="element")
        for element in self._elements(each.file):
            row = reader.row(element)
            if row is not None:
                yield row

    def _elements(self, file: InputFile) -> Iterator[Line]:
        compression, cutter = compression_of(file), _Cutter()
        with open_input(file) as stream:
            if compression is None:
                check_plain(stream, file)
            blocks = plain_blocks(stream) if compression is None else decompressed_blocks(stream, file, compression)
            for piece in split_lines(blocks, max_bytes=self.max_document_bytes, cut=cutter.cut):
                if piece.offset == 0 or cutter.is_behind(piece):
                    _check_blank(file, piece)
                else:
                    yield piece
        if cutter.closed < 0:
            cure = "copy or download it again, or exclude it; JSON Lines are read by source.jsonl"
            raise BadShard(file.path, cutter.position, "the array that the file should hold is not closed", cure)


@dataclass
class _Cutter:
    """Cuts blocks at the brackets of the array and the commas in it; it remembers where it stands."""

    state: int = field(default=0, init=False)
    position: int = field(default=0, init=False)
    closed: int = field(default=-1, init=False)
    """Offset behind the bracket that closes the array, -1 before it."""

    def cut(self, block: bytes) -> list[bytes]:
        """The pieces between them."""
        data = np.frombuffer(block, np.uint8)
        ends, self.state = element_ends(data, self.state)
        bounds = [0, *ends.tolist()]
        closing = ends[data[ends - 1] == ord("]")]
        if self.closed < 0 and len(closing):
            self.closed = self.position + int(closing[0])
        self.position += len(block)
        return [*(block[begin : end - 1] for begin, end in pairwise(bounds)), block[bounds[-1] :]]

    def is_behind(self, piece: Line) -> bool:
        """Whether a piece lies behind the array."""
        return 0 <= self.closed <= piece.offset


def _check_blank(file: InputFile, piece: Line) -> None:
    """Raise BadShard where something stands before or behind the array."""
    content = piece.content.removeprefix(b"\xef\xbb\xbf").strip(_BLANK)
    if content or (piece.size_bytes and not piece.content):
        what = f"the file should hold one array, but {content[:20]!r} stands outside of it"
        raise BadShard(file.path, piece.offset, what, "convert it; JSON Lines are read by source.jsonl")
