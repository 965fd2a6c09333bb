"""One document per file, or per member of an archive: bytes and a media type, which an extract stage turns into text."""

import posixpath
from collections.abc import Iterator, Sequence
from typing import ClassVar

from corpusforge.core import MAX_TASK_BYTES, RAW_ROWS, Batches, InputFile, Range, Shard
from corpusforge.source.bases import FileSource
from corpusforge.source.compression import Compression
from corpusforge.source.judge import too_large
from corpusforge.source.listing import list_files
from corpusforge.source.members import Choice, Member, unpacked_name, with_packed
from corpusforge.source.rows import KEPT, About, Row, Verdict, gather
from corpusforge.source.streams import compression_of, decompressed_blocks, open_input
from corpusforge.source.tar_members import tar_members
from corpusforge.source.tasks import Piece, group, read_ranges, whole
from corpusforge.source.zip_members import zip_members, zip_pieces

_MIME = {
    ".md": "text/markdown",
    ".markdown": "text/markdown",
    ".rst": "text/x-rst",
    ".rmd": "text/x-rmarkdown",
    ".txt": "text/plain",
    ".html": "text/html",
    ".htm": "text/html",
    ".xhtml": "application/xhtml+xml",
    ".xml": "application/xml",
    ".nxml": "application/xml",
    ".jats": "application/xml",
    ".tei": "application/tei+xml",
    ".pdf": "application/pdf",
    ".tex": "text/x-tex",
}
_TARS = (".tar", ".tar.gz", ".tgz", ".tar.zst", ".tar.zstd", ".tzst")
_ARCHIVES = (".zip", *_TARS)


class Files(FileSource):
    """Gives each file of a folder as a document, named by its path; RAW_ROWS.

    Compressed files (.gz, .zst) are unpacked. Archives (.zip, .tar, .tar.gz, .tgz, .tar.zst) are folders: each member that
    `include` takes is a document, named geo.zip!/path/in/it; links in them and archives in archives are none. Rejects
    what is above max_document_bytes as too_large, what has no byte as empty_document, and members as encrypted,
    unsupported_compression, sparse_member or damaged_member.
    """

    revision: ClassVar[int] = 2
    adds: ClassVar[tuple[str, ...]] = ("raw", "mime")

    include: tuple[str, ...] = ("**/*.md", "**/*.markdown", "**/*.rst", "**/*.Rmd", "**/*.txt")
    """Where `path` is a folder: patterns that the path inside it, or inside an archive in it, has to match one of."""

    def files(self) -> Sequence[InputFile]:
        """Files and archives, sorted by relative path; raises InputError when there are none or one cannot be read."""
        also = (*with_packed(self.include), *(f"**/*{suffix}" for suffix in _ARCHIVES))
        return list_files(self.path, include=self.include, exclude=self.exclude, also=also)

    def shards(self, files: Sequence[InputFile]) -> list[Shard]:
        """Neighbouring files together, at most MAX_TASK_BYTES of what will be read; zip archives cut, tar archives whole."""
        return group(piece for file in files for piece in self._pieces(file))

    def read(self, shard: Shard) -> Batches:
        """RAW_ROWS batches; raises BadShard where a file is damaged, InputError when it cannot be read."""
        return gather(read_ranges(shard, self._rows), RAW_ROWS)

    @property
    def _choice(self) -> Choice:
        return Choice(self.include, self.exclude, self.max_document_bytes)

    def _pieces(self, file: InputFile) -> list[Piece]:
        if _has_suffix(file, (".zip",)):
            return zip_pieces(file, self._choice)
        if _has_suffix(file, _TARS):
            return [whole(file, MAX_TASK_BYTES)]
        return [whole(file, file.size_bytes if file.size_bytes <= self.max_document_bytes else 0)]

    def _rows(self, each: Range) -> Iterator[Row]:
        if not _has_suffix(each.file, _ARCHIVES):
            yield self._file(each.file)
            return
        read = zip_members if _has_suffix(each.file, (".zip",)) else tar_members
        for member in read(each, self._choice):
            yield _member_row(each.file, member)

    def _file(self, file: InputFile) -> Row:
        raw, verdict, compression = b"", KEPT, compression_of(file)
        if file.size_bytes > self.max_document_bytes:
            verdict = too_large(file.size_bytes, self.max_document_bytes, "file")
        elif file.size_bytes and compression:
            raw, verdict = _unpacked(file, compression, self.max_document_bytes)
        elif file.size_bytes:
            with open_input(file) as stream:
                raw = stream.read()
        return _row(file.relative, file.relative, raw, verdict)


def _has_suffix(file: InputFile, suffixes: tuple[str, ...]) -> bool:
    return file.relative.lower().endswith(suffixes)


def _unpacked(file: InputFile, compression: Compression, max_bytes: int) -> tuple[bytes, Verdict]:
    held = bytearray()
    with open_input(file) as stream:
        for block in decompressed_blocks(stream, file, compression):
            held += block
            if len(held) > max_bytes:
                return b"", too_large(len(held), max_bytes, "beginning of the content")
    return bytes(held), KEPT


def _member_row(file: InputFile, member: Member) -> Row:
    return _row(f"{file.relative}!/{member.label}", member.name, member.content, member.verdict)


def _row(key: str, name: str, raw: bytes, verdict: Verdict) -> Row:
    if not raw and not verdict.drop:
        verdict = Verdict("empty_document", 0, message="the file has no byte")
    return Row(About(key, key), (raw, mime_of(name)), verdict)


def mime_of(relative: str) -> str:
    """Media type by suffix, of a compressed file by the one before; application/octet-stream for what is not known."""
    suffix = posixpath.splitext(unpacked_name(relative))[1]
    return _MIME.get(suffix.lower(), "application/octet-stream")
