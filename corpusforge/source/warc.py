"""One document per response in crawls: WARC, WET and ARC files, plain, gzip, zstd and lz4.

Every byte of a file belongs to a record, to a line break between two, or is rejected as malformed_record; fastwarc and warcio,
which tests compare with, pass over what they cannot read without a word.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import BinaryIO, ClassVar, Literal

from corpusforge.core import RAW_ROWS, Batches, InputFile, Range, Shard
from corpusforge.source.bases import FileSource
from corpusforge.source.compression import Compression, Content, contents
from corpusforge.source.rows import Row, gather
from corpusforge.source.streams import check_plain, compression_of, open_input, plain_blocks
from corpusforge.source.tape import Tape
from corpusforge.source.tasks import group, read_ranges
from corpusforge.source.warc_cuts import pieces_of
from corpusforge.source.warc_payload import PayloadReader
from corpusforge.source.warc_records import BEGINNING, MAX_ARC_LINE_BYTES
from corpusforge.source.warc_rows import WarcReader


class Warc(FileSource):
    """Gives each response, resource and conversion of WARC, WET and ARC files as a document; RAW_ROWS.

    A document is named by the offset of its record, in compressed files that of the record's frame, and "+" what lies between
    where there are more in one. Other records hold no document and are counted by kind. Rejects malformed_record, revisit,
    continuation, malformed_http, http_status, unsupported_mime, truncated, too_large, damaged_body, empty_document and, where
    asked, digest_mismatch.
    """

    adds: ClassVar[tuple[str, ...]] = ("raw", "mime")

    include: tuple[str, ...] = tuple(
        f"**/*.{kind}{packed}" for kind in ("warc", "wet", "arc", "wat") for packed in ("", ".gz", ".zst", ".lz4")
    )
    """Where `path` is a folder: patterns that the path inside it has to match one of."""
    records: tuple[Literal["response", "resource", "conversion"], ...] = ("response", "resource", "conversion")
    """Kinds of records that are documents: what servers answered, other files, text that somebody extracted (WET)."""
    mime_types: tuple[str, ...] = (
        "text/html", "application/xhtml+xml", "text/plain", "text/markdown", "text/xml", "application/xml", "application/pdf",
    )  # fmt: skip
    """Media types of documents, or patterns such as text/*; others are rejected as unsupported_mime."""
    keep_truncated: bool = False
    """Keep documents of which only the beginning was crawled; they are rejected as truncated otherwise."""
    verify_digests: bool = False
    """Check WARC-Payload-Digest and WARC-Block-Digest, which costs about a tenth of the speed."""

    def shards(self, files: Sequence[InputFile]) -> list[Shard]:
        """Ranges of big plain files and of .gz with a member for each record, of at most MAX_TASK_BYTES; others whole."""
        return group(piece for file in files for piece in pieces_of(file))

    def read(self, shard: Shard) -> Batches:
        """RAW_ROWS batches; raises BadShard where a file is cut off, damaged or not what its suffix says."""
        return gather(read_ranges(shard, self._rows), RAW_ROWS)

    def _rows(self, each: Range) -> Iterator[Row]:
        compression = compression_of(each.file)
        payloads = PayloadReader(self.mime_types, self.keep_truncated, self.verify_digests, self.max_document_bytes)
        reader = WarcReader(each.file, self.records, payloads)
        with open_input(each.file, each.end) as stream:
            pieces = _pieces(stream, each, compression)
            tape = Tape(pieces, BEGINNING, max_beginning=MAX_ARC_LINE_BYTES, is_packed=compression is not None)
            yield from reader.rows(tape, each.end)


def _pieces(stream: BinaryIO, each: Range, compression: Compression | None) -> Iterator[Content]:
    if compression is not None:
        return contents(stream, each.file, compression, each.begin, each.end)
    check_plain(stream, each.file)
    stream.seek(each.begin)
    return _until(plain_blocks(stream), each.begin, each.end)


def _until(blocks: Iterable[bytes], begin: int, end: int) -> Iterator[Content]:
    position = begin
    for block in blocks:
        yield Content(begin, block[: end - position])
        position += len(block)
        if position >= end:
            return
