"""Content-Encoding taken off: gzip, deflate, br, zstd, one over another, into a bounded number of bytes.

Crawls keep bodies with the coding that was on the wire or without it, and their headers say one or the other; so what does not
begin as its coding would is left as it is.
"""

from collections.abc import Callable, Iterator

import brotli
import zstandard
from zlib_ng import zlib_ng

from corpusforge.source.http_message import Body
from corpusforge.source.media_types import OCTETS, sniffed

# More than anyone uses; a header of many codings is an attack on the reader.
_MAX_CODINGS = 4

_ZSTD_PIECE_BYTES = 2**8
_ERRORS = (zlib_ng.error, zstandard.ZstdError, brotli.error)

_MAGIC = {"gzip": b"\x1f\x8b", "x-gzip": b"\x1f\x8b", "zstd": b"\x28\xb5\x2f\xfd"}

# (content, most bytes) -> pieces of it decoded; the last is followed by None where the decoder came to its end.
_Decode = Callable[[bytes, int], Iterator[bytes | None]]


class Oversized(ValueError):
    """A body that is larger than it may be."""


def decoded(body: bytes, header: str, max_bytes: int) -> Body:
    """The body without the codings of a Content-Encoding header; raises Oversized above `max_bytes`."""
    codings = [each.strip().lower() for each in header.split(",") if each.strip()]
    found = Body(body)
    for coding in reversed(codings[:_MAX_CODINGS]):
        if coding in _DECODERS and not found.flaw:
            found = _without(found.content, coding, max_bytes)
    return found


def _without(body: bytes, coding: str, max_bytes: int) -> Body:
    if not body.startswith(_MAGIC.get(coding, b"")):
        return Body(body)
    parts: list[bytes] = []
    size, flaw = 0, f"its {coding} content is cut off"
    is_cut_off = True
    try:
        for piece in _DECODERS[coding](body, max_bytes + 1):
            if piece is None:
                return Body(b"".join(parts))
            parts.append(piece)
            size += len(piece)
            if size > max_bytes:
                raise Oversized(coding)
    except _ERRORS as error:
        flaw, is_cut_off = f"its {coding} content is damaged ({error})", False
    # deflate and br have no first bytes of their own: what does not decode and can be read without was stored without
    if coding not in _MAGIC and _is_text(body):
        return Body(body)
    return Body(b"".join(parts), flaw, is_cut_off)


def _is_text(body: bytes) -> bool:
    return sniffed(body) != OCTETS


def _gzip(body: bytes, max_bytes: int) -> Iterator[bytes | None]:
    """All members; bytes behind the last one are let be, as browsers do."""
    while True:
        decoder = zlib_ng.decompressobj(wbits=31)
        yield decoder.decompress(body, max_bytes)
        if not decoder.eof:
            return
        body = decoder.unused_data
        if not body.startswith(b"\x1f\x8b"):
            yield None
            return


def _deflate(body: bytes, max_bytes: int) -> Iterator[bytes | None]:
    """zlib's format, as the standard says, or the bare stream that some servers send."""
    try:
        decoder = zlib_ng.decompressobj()
        content = decoder.decompress(body, max_bytes)
    except zlib_ng.error:
        decoder = zlib_ng.decompressobj(wbits=-15)
        content = decoder.decompress(body, max_bytes)
    yield content
    if decoder.eof:
        yield None


def _brotli(body: bytes, max_bytes: int) -> Iterator[bytes | None]:
    decoder = brotli.Decompressor()
    yield decoder.process(body, output_buffer_limit=max_bytes)
    while not decoder.is_finished() and not decoder.can_accept_more_data():
        yield decoder.process(b"", output_buffer_limit=max_bytes)
    if decoder.is_finished():
        yield None


def _zstd(body: bytes, max_bytes: int) -> Iterator[bytes | None]:
    # zstd's decoder knows no limit: by small pieces no call gives more than 8 MiB
    decoder = zstandard.ZstdDecompressor(max_window_size=2**27).decompressobj()
    for begin in range(0, len(body), _ZSTD_PIECE_BYTES):
        yield decoder.decompress(body[begin : begin + _ZSTD_PIECE_BYTES])
        if decoder.eof:
            yield None
            return


_DECODERS: dict[str, _Decode] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
