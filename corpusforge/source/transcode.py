"""Content of text files in any charset as UTF-8, block by block, so that what reads rows knows one charset only.

A file in UTF-8 goes through untouched. The charset is decided at the first block that is not ASCII, by itself if that is UTF-8,
else by that and what follows: a header and a million rows of ASCII say nothing. A bad byte becomes one that no UTF-8 has, so it
costs its row, as in a file in UTF-8.
"""

import codecs
from collections.abc import Iterable, Iterator
from itertools import chain

from corpusforge.text.charset_labels import codec_of
from corpusforge.text.charsets import MARK_BAD, charset_of

_LOOK_AHEAD_BYTES = 8 * 2**20


def utf8_blocks(blocks: Iterable[bytes], charset: str) -> Iterator[bytes]:
    """The blocks, in UTF-8; `charset` is the name of theirs, "" to find it. Offsets behind it are those of the UTF-8."""
    rest = iter(blocks)
    if not charset:
        for block in rest:
            if not block.isascii():
                held, charset = _decided(block, rest)
                rest = chain(held, rest)
                break
            yield block
    yield from rest if charset in ("", "utf-8") else _transcoded(rest, charset)


def _decided(first: bytes, rest: Iterator[bytes]) -> tuple[list[bytes], str]:
    """The first block that is not ASCII, others that were looked at, and the charset."""
    held, charset, size_bytes = [first], charset_of(first), len(first)
    while charset != "utf-8" and size_bytes < _LOOK_AHEAD_BYTES and (block := next(rest, b"")):
        held.append(block)
        size_bytes += len(block)
    return held, charset if len(held) == 1 else charset_of(b"".join(held))


def _transcoded(blocks: Iterable[bytes], charset: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(codec_of(charset))(MARK_BAD)
    for block in blocks:
        yield decoder.decode(block).encode("utf-8", "surrogateescape")
    yield decoder.decode(b"", True).encode("utf-8", "surrogateescape")
