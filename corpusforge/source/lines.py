r"""Lines of blocks of bytes, with their offsets; `\n` alone ends one, and a line that is too long is counted, not held."""

import sys
from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO, NamedTuple

from corpusforge.source.streams import BLOCK_BYTES, plain_blocks

# Cuts a block at newlines, which it leaves out; the last piece, b"" or more, goes on in the next block.
Cut = Callable[[bytes], list[bytes]]


class Line(NamedTuple):
    """A line without its newline: byte offset, length in bytes, and content, which is empty where it was too long to hold."""

    offset: int
    size_bytes: int
    content: bytes


def at_newlines(block: bytes) -> list[bytes]:
    """What lies between the newlines of a block."""
    return block.split(b"\n")


def split_lines(
    blocks: Iterable[bytes], *, offset: int = 0, end: int = sys.maxsize, max_bytes: int, cut: Cut = at_newlines
) -> Iterator[Line]:
    """Lines that begin before `end`, of blocks that begin at `offset`; those above `max_bytes` come without content.

    `cut` says which newlines end a line: it is given each block in turn.
    """
    begin, carried, held = offset, 0, list[bytes]()
    for block in blocks:
        *ended, rest = cut(block)
        for piece in ended:
            if begin >= end:
                return
            size_bytes = carried + len(piece)
            held.append(piece)
            yield Line(begin, size_bytes, b"".join(held) if size_bytes <= max_bytes else b"")
            begin, carried, held = begin + size_bytes + 1, 0, []
        if begin >= end:
            return
        carried += len(rest)
        held = [*held, rest] if carried <= max_bytes else []
    if carried and begin < end:
        yield Line(begin, carried, b"".join(held) if carried <= max_bytes else b"")


def lines_of_range(stream: BinaryIO, begin: int, end: int, *, max_bytes: int) -> Iterator[Line]:
    """Lines of a plain file that begin at `begin` <= offset < `end`, however the file is cut."""
    start = _first_line(stream, begin, end)
    if start >= end:
        return
    stream.seek(start)
    yield from split_lines(plain_blocks(stream), offset=start, end=end, max_bytes=max_bytes)


def _first_line(stream: BinaryIO, begin: int, end: int) -> int:
    """Offset of the first line that begins at or after `begin`; `end` where there is none before it."""
    if begin == 0:
        return 0
    # a line begins at `begin` when the byte before it ends one; never look beyond `end`, where a huge line would be read
    # once for each range that it spans
    position = begin - 1
    stream.seek(position)
    while position < end and (block := stream.read(min(BLOCK_BYTES, end - position))):
        newline = block.find(b"\n")
        if newline >= 0:
            return position + newline + 1
        position += len(block)
    return end
