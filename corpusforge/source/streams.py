"""Bytes of plain, gzip and zstd files, by suffix: all of them or an error, never silently fewer.

zstandard's stream_reader and zlib's decompressobj both end quietly where a file was cut off, so every frame is driven by hand
until its decoder says that it is at its end. Input goes in by small pieces: 256 bytes of zstd hold at most 8 MiB (an RLE block
takes 4 bytes and gives 128 KiB), which bounds memory against bombs, where 64 KiB would hold 2 GiB; it costs 15 % of speed.
"""

import io
import os
import zlib
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Protocol

import zstandard

from corpusforge.core import InputFile
from corpusforge.errors import BadShard, InputChanged, InputError
from corpusforge.remote.store import RemoteFile, Store
from corpusforge.remote.stream import RemoteStream
from corpusforge.remote.urls import is_url
from corpusforge.source.listing import stamp_of

if TYPE_CHECKING:
    from typing_extensions import Buffer

BLOCK_BYTES = 2**20
PIECE_BYTES = 2**8

# What is copied at once from a block of a remote file; the block itself is fetched by RemoteStream.
_REMOTE_PIECE_BYTES = 2**16

# A remote file larger than this is looked at before it is read, too: a smaller one is read as fast as looked at.
_WORTH_A_LOOK_BYTES = 8 * 2**20

_LET_IT_BE = "let nothing write to the input, and run the same command again"
_COPY_AGAIN = "copy or download it again, or exclude it"
_CHECK_DISK = "check the disk or the network behind it and build again, or exclude it"

# First bytes of files that are no plain text, what they are, and the suffix under which they could be read.
_MAGIC = (
    (b"\x1f\x8b", "gzip", ".gz"),
    (b"\x28\xb5\x2f\xfd", "zstd", ".zst"),
    (b"BZh", "bzip2", ""),
    (b"\xfd7zXZ\x00", "xz", ""),
    (b"\x04\x22\x4d\x18", "lz4", ""),
    (b"PK\x03\x04", "a zip archive", ""),
    (b"PAR1", "Parquet", ""),
    (b"ARROW1", "an Arrow file", ""),
)
_UTF_16_MAGIC = ((b"\xff\xfe", "UTF-16", ""), (b"\xfe\xff", "UTF-16", ""))


class _Decoder(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, /) -> bytes: ...


@dataclass(frozen=True)
class Compression:
    """How a compressed file is read: a decoder for each of its frames (zstd) or members (gzip)."""

    name: str
    frame: str
    new_decoder: Callable[[], _Decoder]
    error: type[Exception]

    def starts(self, head: bytes) -> bool:
        """Whether bytes can be the first ones of a frame."""
        # 0x184D2A50 to 5F, little-endian, are zstd's skippable frames: pzstd writes them
        is_skippable = self.name == "zstd" and b"\x50" <= head[:1] <= b"\x5f" and head[1:4] == b"\x2a\x4d\x18"
        return is_skippable or any(head.startswith(magic) for magic, name, _ in _MAGIC if name == self.name)


def _gzip_decoder() -> _Decoder:
    return zlib.decompressobj(wbits=31)


def _zstd_decoder() -> _Decoder:
    # 2 GiB windows (zstd --long=31) are in use for web dumps; a frame takes only what its header asks for
    return zstandard.ZstdDecompressor(max_window_size=2**31).decompressobj()


_GZIP = Compression("gzip", "member", _gzip_decoder, zlib.error)
_ZSTD = Compression("zstd", "frame", _zstd_decoder, zstandard.ZstdError)
_BY_SUFFIX = {".gz": _GZIP, ".zst": _ZSTD, ".zstd": _ZSTD}


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
    position = stream.tell()
    try:
        while block := stream.read(BLOCK_BYTES):
            yield block
            position += len(block)
    except BadShard as error:
        stream.seek(position)
        yield stream.read(error.offset - position)
        raise


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
            cure = f"name it *{suffix}" if suffix else "convert it to UTF-8 text, plain or with gzip or zstd"
            raise BadShard(file.path, 0, f"it should be plain text, but its first bytes say {name}", f"{cure}, or exclude it")


def decompressed_blocks(stream: BinaryIO, file: InputFile, compression: Compression) -> Iterator[bytes]:
    """Content of all frames, in blocks of about BLOCK_BYTES / 4.

    Raises BadShard, with the offset in the compressed file, where it is cut off, damaged, not what its suffix says, or has
    something else behind its last frame; everything that could be decoded before that is given first.
    """
    held: list[bytes] = []
    held_bytes = 0
    try:
        for content in _contents(stream, file, compression):
            held.append(content)
            held_bytes += len(content)
            if held_bytes >= BLOCK_BYTES // 4:
                yield b"".join(held)
                held, held_bytes = [], 0
    except BadShard:
        yield b"".join(held)
        raise
    yield b"".join(held)


def _contents(stream: BinaryIO, file: InputFile, compression: Compression) -> Iterator[bytes]:
    begin = 0
    while begin < file.size_bytes:
        begin = yield from _frame(stream, file, compression, begin)
    if file.size_bytes == 0:
        raise BadShard(file.path, 0, f"the file is empty, which no {compression.name} file is", _COPY_AGAIN)


def _frame(stream: BinaryIO, file: InputFile, compression: Compression, begin: int) -> Generator[bytes, None, int]:
    """Content of the frame that starts at `begin`; returns where it ends."""
    _check_frame(stream, file, compression, begin)
    decoder = compression.new_decoder()
    position = begin
    while piece := stream.read(PIECE_BYTES):
        try:
            content = decoder.decompress(piece)
        except compression.error as error:
            yield from _before_damage(stream, compression, begin, position)
            what = f"the {compression.name} {compression.frame} that begins at {begin} is damaged ({error})"
            raise BadShard(file.path, position, what, _COPY_AGAIN) from error
        position += len(piece)
        yield content
        if decoder.eof:
            return position - len(decoder.unused_data)
    what = f"the file is cut off inside the {compression.name} {compression.frame} that begins at {begin}"
    raise BadShard(file.path, position, what, _COPY_AGAIN)


def _check_frame(stream: BinaryIO, file: InputFile, compression: Compression, begin: int) -> None:
    """Raise BadShard when no frame starts at `begin`; leaves the stream there."""
    stream.seek(begin)
    head = stream.read(4)
    stream.seek(begin)
    if compression.starts(head):
        return
    if begin == 0:
        what = f"its name says {compression.name}, but it starts with {head!r}"
        raise BadShard(file.path, 0, what, "name it for what it is, or exclude it")
    what = f"after the last {compression.name} {compression.frame} come {file.size_bytes - begin} bytes that are none: {head!r}"
    raise BadShard(file.path, begin, what, f"{_COPY_AGAIN}, or cut these bytes off")


def _before_damage(stream: BinaryIO, compression: Compression, begin: int, damaged_piece: int) -> Iterator[bytes]:
    """What the damaged piece of a frame gives before the damage: the frame is decoded again, that piece byte by byte.

    A decoder that raises keeps what it had decoded in the same call to itself.
    """
    stream.seek(begin)
    decoder = compression.new_decoder()
    while (missing := damaged_piece - stream.tell()) > 0:
        decoder.decompress(stream.read(min(missing, PIECE_BYTES)))
    with suppress(compression.error):
        while byte := stream.read(1):
            yield decoder.decompress(byte)
