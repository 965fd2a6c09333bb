"""The frames of gzip, zstd and lz4 files, one after another: all of their content or an error, never silently fewer.

zstandard's stream_reader and zlib's decompressobj both end quietly where a file was cut off, so every frame is driven by hand
until its decoder says that it is at its end. Memory is bounded against bombs: decoders of gzip and lz4 give a bounded amount at
a time; that of zstd cannot, so its input goes in by 256 bytes, which hold at most 8 MiB (an RLE block takes 4 bytes and gives
128 KiB).

gzip is read by zlib-ng, which is zlib's code at twice the speed, with its answer to every input. igzip is faster by another
seventh, but reads members that zlib refuses and gives other content before damage.
"""

from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, BinaryIO, NamedTuple

import lz4.frame
import zstandard
from zlib_ng import zlib_ng

from corpusforge.core import InputFile
from corpusforge.errors import BadShard

# Content that a decoder gives at once, about.
_CONTENT_BYTES = 2**20

# gzip's window and the member's trailer; a larger piece is copied more often than it is decoded, as members are small.
_PIECE_BYTES = 2**15
_ZSTD_PIECE_BYTES = 2**8

# A dictionary for all frames behind it, in a skippable frame of its own at the start of a .warc.zst.
_DICTIONARY_MAGIC = b"\x5d\x2a\x4d\x18"
_MAX_DICTIONARY_BYTES = 2**26

_COPY_AGAIN = "copy or download it again, or exclude it"


class Content(NamedTuple):
    """A piece of what a frame holds, and where the frame begins in the file."""

    frame: int
    content: bytes


@dataclass(frozen=True)
class Compression:
    """How a compressed file is read: a decoder for each of its frames (zstd, lz4) or members (gzip)."""

    name: str
    frame: str
    magic: bytes
    piece_bytes: int
    new_decoder: Callable[[], Any]
    contents: Callable[[Any, bytes], Iterator[bytes]]
    """What a decoder gives for a piece of the file, in bounded pieces."""
    error: type[Exception]

    def starts(self, head: bytes) -> bool:
        """Whether bytes can be the first ones of a frame."""
        # 0x184D2A50 to 5F, little-endian, are frames that zstd and lz4 skip: pzstd writes them
        is_skippable = self.name != "gzip" and b"\x50" <= head[:1] <= b"\x5f" and head[1:4] == b"\x2a\x4d\x18"
        return is_skippable or head.startswith(self.magic)


def _gzip_contents(decoder: Any, piece: bytes) -> Iterator[bytes]:
    while True:
        content = decoder.decompress(piece, _CONTENT_BYTES)
        yield content
        if decoder.eof:  # zlib leaves unconsumed_tail as it was then
            return
        piece = decoder.unconsumed_tail
        if not piece and len(content) < _CONTENT_BYTES:
            return


def _lz4_contents(decoder: Any, piece: bytes) -> Iterator[bytes]:
    yield decoder.decompress(piece, _CONTENT_BYTES)
    while not decoder.eof and not decoder.needs_input:
        yield decoder.decompress(b"", _CONTENT_BYTES)


def _zstd_contents(decoder: Any, piece: bytes) -> Iterator[bytes]:
    yield decoder.decompress(piece)


def _zstd_decoder(dictionary: zstandard.ZstdCompressionDict | None = None) -> Any:
    # 2 GiB windows (zstd --long=31) are in use for web dumps; a frame takes only what its header asks for
    return zstandard.ZstdDecompressor(dict_data=dictionary, max_window_size=2**31).decompressobj()


GZIP = Compression(
    "gzip", "member", b"\x1f\x8b", _PIECE_BYTES, lambda: zlib_ng.decompressobj(wbits=31), _gzip_contents, zlib_ng.error
)  # fmt: skip
ZSTD = Compression(
    "zstd", "frame", b"\x28\xb5\x2f\xfd", _ZSTD_PIECE_BYTES, _zstd_decoder, _zstd_contents, zstandard.ZstdError
)  # fmt: skip
LZ4 = Compression(
    "lz4", "frame", b"\x04\x22\x4d\x18", _PIECE_BYTES, lz4.frame.LZ4FrameDecompressor, _lz4_contents, RuntimeError
)  # fmt: skip


def pieces(stream: BinaryIO, size_bytes: int) -> Iterator[bytes]:
    """Pieces of at most `size_bytes` from where the stream stands to its end; before BadShard, all that lies before it."""
    position = stream.tell()
    try:
        while piece := stream.read(size_bytes):
            yield piece
            position += len(piece)
    except BadShard as error:
        stream.seek(position)
        yield stream.read(error.offset - position)
        raise


def contents(
    stream: BinaryIO, file: InputFile, compression: Compression, begin: int = 0, end: int | None = None
) -> Iterator[Content]:
    """What the frames hold that begin from `begin` on and before `end`, in pieces; a frame begins at `begin`.

    Raises BadShard, with the offset in the compressed file, where it is cut off, damaged, not what its suffix says, or has
    something else behind its last frame; everything that could be decoded before that is given first.
    """
    if file.size_bytes == 0:
        raise BadShard(file.path, 0, f"the file is empty, which no {compression.name} file is", _COPY_AGAIN)
    if compression is ZSTD:
        compression = _with_dictionary(stream)
    end = file.size_bytes if end is None else end
    while begin < end:
        begin = yield from _frame(stream, file, compression, begin)


def _with_dictionary(stream: BinaryIO) -> Compression:
    """zstd with the dictionary that a file brings with it, if it does: as crawls are written by the .warc.zst draft."""
    stream.seek(0)
    head = stream.read(8)
    size = int.from_bytes(head[4:], "little")
    if not head.startswith(_DICTIONARY_MAGIC) or size > _MAX_DICTIONARY_BYTES:
        return ZSTD
    content = stream.read(size)
    if content.startswith(ZSTD.magic):
        with suppress(zstandard.ZstdError):  # what is no dictionary is skipped, and frames that need one say so
            content = zstandard.ZstdDecompressor().decompress(content, max_output_size=_MAX_DICTIONARY_BYTES)
    dictionary = zstandard.ZstdCompressionDict(content)
    return replace(ZSTD, new_decoder=lambda: _zstd_decoder(dictionary))


def _frame(stream: BinaryIO, file: InputFile, compression: Compression, begin: int) -> Generator[Content, None, int]:
    """Content of the frame that starts at `begin`; returns where it ends."""
    _check_frame(stream, file, compression, begin)
    decoder = compression.new_decoder()
    position, given = begin, 0
    for piece in pieces(stream, compression.piece_bytes):
        try:
            for content in compression.contents(decoder, piece):
                given += len(content)
                yield Content(begin, content)
        except compression.error as error:
            yield from _before_damage(stream, compression, begin, position, given)
            what = f"the {compression.name} {compression.frame} that begins at {begin} is damaged ({error})"
            raise BadShard(file.path, position, what, _COPY_AGAIN) from error
        position += len(piece)
        if decoder.eof:
            return position - len(decoder.unused_data or b"")
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


def _before_damage(stream: BinaryIO, compression: Compression, begin: int, damaged_piece: int, given: int) -> Iterator[Content]:
    """What the damaged piece of a frame gives before the damage, behind the `given` bytes that are known.

    A decoder that raises keeps what it had decoded in the same call to itself, so the frame is decoded again, that piece byte
    by byte.
    """
    stream.seek(begin)
    decoder = compression.new_decoder()
    with suppress(compression.error):
        for content in _in_small_steps(stream, compression, decoder, damaged_piece):
            fresh = content[given:] if given else content
            given = max(given - len(content), 0)
            if fresh:
                yield Content(begin, fresh)


def _in_small_steps(stream: BinaryIO, compression: Compression, decoder: Any, damaged_piece: int) -> Iterator[bytes]:
    while (missing := damaged_piece - stream.tell()) > 0:
        yield from compression.contents(decoder, stream.read(min(missing, compression.piece_bytes)))
    while byte := stream.read(1):
        yield from compression.contents(decoder, byte)
