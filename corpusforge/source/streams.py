"""Bytes of input files, plain or compressed, by suffix: all of them or an error, never silently fewer."""

import io
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO

from corpusforge.core import InputFile
from corpusforge.errors import BadShard, InputChanged, InputError
from corpusforge.remote.store import RemoteFile, Store
from corpusforge.remote.stream import RemoteStream
from corpusforge.remote.urls import is_url
from corpusforge.source.compression import GZIP, LZ4, ZSTD, Compression, contents, pieces
from corpusforge.source.listing import stamp_of

if TYPE_CHECKING:
    from typing_extensions import Buffer

BLOCK_BYTES = 2**20

# What is copied at once from a block of a remote file; the block itself is fetched by RemoteStream.
_REMOTE_PIECE_BYTES = 2**16

# A remote file larger than this is looked at before it is read, too: a smaller one is read as fast as looked at.
_WORTH_A_LOOK_BYTES = 8 * 2**20

_LET_IT_BE = "let nothing write to the input, and run the same command again"
_COPY_AGAIN = "copy or download it again, or exclude it"
_CHECK_DISK = "check the disk or the network behind it and build again, or exclude it"

# First bytes of files that are no plain text, what they are, and the suffix under which they could be read.
_MAGIC = (
    (GZIP.magic, "gzip", ".gz"),
    (ZSTD.magic, "zstd", ".zst"),
    (LZ4.magic, "lz4", ".lz4"),
    (b"BZh", "bzip2", ""),
    (b"\xfd7zXZ\x00", "xz", ""),
    (b"PK\x03\x04", "a zip archive", ""),
    (b"PAR1", "Parquet", ""),
    (b"ARROW1", "an Arrow file", ""),
)
_UTF_16_MAGIC = ((b"\xff\xfe", "UTF-16", ""), (b"\xfe\xff", "UTF-16", ""))


_BY_SUFFIX = {".gz": GZIP, ".zst": ZSTD, ".zstd": ZSTD, ".lz4": LZ4}
PACKED_SUFFIXES = tuple(_BY_SUFFIX)


def compression_of(file: InputFile) -> Compression | None:
    """How a file is compressed, by its suffix; None for a plain one."""
    return _BY_SUFFIX.get(os.path.splitext(file.relative)[1].lower())


@contextmanager
def open_input(file: InputFile, stop: int | None = None) -> Iterator[BinaryIO]:
    """A listed file, open; raises InputError when it cannot be read, InputChanged when it was written to since it was listed.

    Damage met in a file that was written to is no damage: it becomes InputChanged too. `stop` is the offset where reading will
    end, about: what lies behind it is fetched from a store only when it is read.
    """
    with opened(file, stop) as stream:
        if not is_url(file.path) or file.size_bytes > _WORTH_A_LOOK_BYTES:
            check_unchanged(file)
        try:
            yield stream
        except InputError:
            check_unchanged(file)
            raise
        check_unchanged(file)


def check_unchanged(file: InputFile) -> None:
    """Raise InputChanged when a file is not what it was when it was listed."""
    size_bytes, stamp = _facts_now(file)
    if size_bytes != file.size_bytes or file.stamp not in ("", stamp):
        what = f"has {size_bytes} bytes now, {file.size_bytes} when the build began"
        raise InputChanged(f"{file.path}: was written to since the build began ({what}); {_LET_IT_BE}")


def _facts_now(file: InputFile) -> tuple[int, str]:
    """Size and stamp; raises InputChanged when there is no such file any more."""
    if is_url(file.path):
        found = Store(file.path).info(file.path)
        if found is None:
            raise InputChanged(f"{file.path}: is gone since the build began; {_LET_IT_BE}")
        return found.size_bytes, found.stamp
    try:
        facts = os.stat(file.path)
    except OSError as error:
        raise InputChanged(f"{file.path}: is gone since the build began ({error.strerror}); {_LET_IT_BE}") from error
    return facts.st_size, stamp_of(facts)


class _ListedFile(io.FileIO):
    """A file that gives as many bytes as it had when it was listed, or BadShard with the offset: never fewer, never OSError."""

    def __init__(self, file: InputFile) -> None:
        super().__init__(file.path, "rb")
        self._file = file

    def readinto(self, buffer: "Buffer") -> int:
        position = self.tell()
        view = memoryview(buffer)[: max(self._file.size_bytes - position, 0)]
        try:
            count = super().readinto(view) or 0
        except OSError as error:
            raise BadShard(self._file.path, position, f"cannot be read ({error.strerror})", _CHECK_DISK) from error
        if len(view) and not count:
            raise BadShard(self._file.path, position, f"the file ends before its {self._file.size_bytes} bytes", _COPY_AGAIN)
        return count

    def readall(self) -> bytes:
        content = bytearray(max(self._file.size_bytes - self.tell(), 0))
        filled = 0
        while count := self.readinto(memoryview(content)[filled:]):
            filled += count
        return bytes(content)


def opened(file: InputFile, stop: int | None = None) -> BinaryIO:
    """As open_input, without a look at whether the file is still the one that was listed."""
    if is_url(file.path):
        remote = RemoteStream(RemoteFile(file.path, file.size_bytes, file.stamp), stop)
        return io.BufferedReader(remote, _REMOTE_PIECE_BYTES)
    try:
        return io.BufferedReader(_ListedFile(file), BLOCK_BYTES)
    except OSError as error:
        check_unchanged(file)
        raise InputError(f"{file.path}: cannot be read ({error.strerror}); correct its permissions, or exclude it") from error


def plain_blocks(stream: BinaryIO) -> Iterator[bytes]:
    """Blocks of at most BLOCK_BYTES from where the stream stands to its end; before BadShard, all that lies before it."""
    return pieces(stream, BLOCK_BYTES)


def check_plain(stream: BinaryIO, file: InputFile) -> None:
    """Raise BadShard when the first bytes say that a file is no text in UTF-8; leaves the stream at its start."""
    _check(stream, file, (*_MAGIC, *_UTF_16_MAGIC))


def check_text(stream: BinaryIO, file: InputFile) -> None:
    """Raise BadShard when the first bytes say that a file is no text in any charset; leaves the stream at its start."""
    _check(stream, file, _MAGIC)


def _check(stream: BinaryIO, file: InputFile, magic: Sequence[tuple[bytes, str, str]]) -> None:
    head = stream.read(8)
    stream.seek(0)
    for mark, name, suffix in magic:
        if head.startswith(mark):
            cure = f"name it *{suffix}" if suffix else "convert it to UTF-8 text, plain or with gzip, zstd or lz4"
            raise BadShard(file.path, 0, f"it should be plain text, but its first bytes say {name}", f"{cure}, or exclude it")


def decompressed_blocks(stream: BinaryIO, file: InputFile, compression: Compression) -> Iterator[bytes]:
    """Content of all frames, in blocks of about BLOCK_BYTES / 4.

    Raises BadShard, with the offset in the compressed file, where it is cut off, damaged, not what its suffix says, or has
    something else behind its last frame; everything that could be decoded before that is given first.
    """
    held: list[bytes] = []
    held_bytes = 0
    try:
        for _, content in contents(stream, file, compression):
            held.append(content)
            held_bytes += len(content)
            if held_bytes >= BLOCK_BYTES // 4:
                yield b"".join(held)
                held, held_bytes = [], 0
    except BadShard:
        yield b"".join(held)
        raise
    yield b"".join(held)
