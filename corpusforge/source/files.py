"""One document per file: bytes and a media type, which an extract stage turns into text."""

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import ClassVar

from corpusforge.core import RAW_ROWS, Batches, InputFile, Range, Shard
from corpusforge.source.bases import FileSource
from corpusforge.source.judge import too_large
from corpusforge.source.rows import KEPT, About, Row, Verdict, gather
from corpusforge.source.streams import open_input
from corpusforge.source.tasks import group, read_ranges, whole

_MIME = {
    ".md": "text/markdown",
    ".markdown": "text/markdown",
    ".rst": "text/x-rst",
    ".rmd": "text/x-rmarkdown",
    ".txt": "text/plain",
    ".html": "text/html",
    ".htm": "text/html",
    ".xml": "application/xml",
    ".pdf": "application/pdf",
    ".tex": "text/x-tex",
}


class Files(FileSource):
    """Gives each file of a folder as a document, named by its path; RAW_ROWS.

    Rejects files above max_document_bytes, unread, as too_large, and files without a byte as empty_document.
    """

    adds: ClassVar[tuple[str, ...]] = ("raw", "mime")

    include: tuple[str, ...] = ("**/*.md", "**/*.markdown", "**/*.rst", "**/*.Rmd", "**/*.txt")
    """Where `path` is a folder: patterns that the path inside it has to match one of."""

    def shards(self, files: Sequence[InputFile]) -> list[Shard]:
        """Neighbouring files together, at most MAX_TASK_BYTES of those that will be read."""
        return group(whole(file, self._read_bytes(file)) for file in files)

    def read(self, shard: Shard) -> Batches:
        """RAW_ROWS batches; raises BadShard when a file changed since it was listed, InputError when it cannot be read."""
        return gather(read_ranges(shard, self._rows), RAW_ROWS)

    def _read_bytes(self, file: InputFile) -> int:
        return file.size_bytes if file.size_bytes <= self.max_document_bytes else 0

    def _rows(self, each: Range) -> Iterator[Row]:
        file = each.file
        raw, verdict = b"", KEPT
        if file.size_bytes > self.max_document_bytes:
            verdict = too_large(file.size_bytes, self.max_document_bytes, "file")
        elif file.size_bytes == 0:
            verdict = Verdict("empty_document", 0, message="the file has no byte")
        else:
            with open_input(file) as stream:
                raw = stream.read()
        yield Row(About(file.relative, file.relative), (raw, mime_of(file.relative)), verdict)


def mime_of(relative: str) -> str:
    """Media type by suffix, in upper or lower case; application/octet-stream for what is not known."""
    return _MIME.get(PurePosixPath(relative).suffix.lower(), "application/octet-stream")
