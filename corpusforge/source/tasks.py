"""Tasks of at most MAX_TASK_BYTES: small files together, big ones cut; the same input gives the same tasks everywhere."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import TypeVar

from corpusforge.core import MAX_TASK_BYTES, InputFile, Range, Shard
from corpusforge.errors import BadShard

Item = TypeVar("Item")


@dataclass(frozen=True)
class Piece:
    """A range that is not cut further, and the bytes of work it stands for."""

    range: Range
    size_bytes: int


def cut(file: InputFile, *, max_bytes: int = MAX_TASK_BYTES) -> list[Piece]:
    """Byte ranges of nearly equal size that cover a file; one for an empty file."""
    number = max(1, -(-file.size_bytes // max_bytes))
    bounds = [file.size_bytes * n // number for n in range(number + 1)]
    return [Piece(Range(file, begin, end), end - begin) for begin, end in pairwise(bounds)]


def whole(file: InputFile, size_bytes: int) -> Piece:
    """A file that cannot be cut, as work of `size_bytes`."""
    return Piece(Range(file, 0, file.size_bytes), size_bytes)


def group(pieces: Iterable[Piece], *, max_bytes: int = MAX_TASK_BYTES) -> list[Shard]:
    """Neighbours together as long as they fit; a piece of `max_bytes` or more stays alone, but for pieces without work."""
    shards: list[Shard] = []
    held: list[Range] = []
    held_bytes = 0
    for piece in pieces:
        if held and held_bytes + piece.size_bytes > max_bytes:
            shards.append(Shard(tuple(held)))
            held, held_bytes = [], 0
        held.append(piece.range)
        held_bytes += piece.size_bytes
    return [*shards, Shard(tuple(held))] if held else shards


def merged(shard: Shard) -> Shard:
    """A shard whose neighbouring ranges of one file are one; ranges from n to n, which have a meaning of their own, stay."""
    runs = (list(run) for _, run in groupby(shard.ranges, key=lambda each: (each.file.relative, each.begin == each.end)))
    return Shard(tuple(Range(run[0].file, run[0].begin, run[-1].end) for run in runs))


def read_ranges(shard: Shard, read: Callable[[Range], Iterator[Item]]) -> Iterator[Item]:
    """What `read` gives for all ranges of a shard; damage in one is raised after the others, so that it costs only itself."""
    damaged: list[BadShard] = []
    for each in shard.ranges:
        try:
            yield from read(each)
        except BadShard as error:
            damaged.append(error)
    if len(damaged) == 1:
        raise damaged[0]
    if damaged:
        first, others = damaged[0], ", ".join(error.path for error in damaged[1:])
        together = BadShard(first.path, first.offset, first.what, f"{first.cure}; also damaged: {others}")
        together.others = tuple(damaged[1:])
        raise together from first
