"""Where a big crawl file can be cut: at records that are known to begin there, never at bytes that only look like it.

A plain file is gone through from head to head, by the lengths that they name. In a .gz with a member for each record, a member
is looked for behind each place where a cut is due. Something that looks like one may be part of a crawled .warc.gz, which gzip
stores as it is; but it stores at most 65,535 bytes in a row. So members, each with one whole record, that follow one another
for longer than that, or to the end of the file, are those of the file itself.

Files in a store and other compressed files are not cut: the first would be fetched twice, the others have few frames.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import BinaryIO

from corpusforge.core import MAX_TASK_BYTES, InputFile, Range
from corpusforge.errors import BadShard
from corpusforge.remote.urls import is_url
from corpusforge.source.compression import GZIP, contents
from corpusforge.source.http_message import head_end
from corpusforge.source.streams import compression_of
from corpusforge.source.tasks import Piece, whole
from corpusforge.source.warc_records import BEGINNING, Head, parsed_head

# The length of a stored block of deflate has 16 bits.
_MAX_STORED_BYTES = 2**16 - 1

_MEMBER = GZIP.magic + b"\x08"
_BLOCK_BYTES = 2**20
_HEAD_BYTES = 2**12
_MAX_HEAD_BYTES = 2**16

# What stands between two records: two line breaks in WARC, one in ARC.
_MAX_BREAK_BYTES = 4


def pieces_of(file: InputFile, *, max_bytes: int = MAX_TASK_BYTES) -> list[Piece]:
    """Ranges of about `max_bytes` at most that cover a file, each beginning with a record; one where it cannot be cut."""
    compression = compression_of(file)
    size = file.size_bytes if compression is None else MAX_TASK_BYTES
    if is_url(file.path) or compression not in (None, GZIP) or file.size_bytes <= max_bytes:
        return [whole(file, size)]
    number = -(-file.size_bytes // max_bytes)
    due = [file.size_bytes * each // number for each in range(1, number)]
    try:
        # a small buffer: heads lie far from each other
        with open(file.path, "rb", buffering=_HEAD_BYTES) as stream:
            found = _plain_cuts(stream, due) if compression is None else _gzip_cuts(stream, file, due)
            cuts = list(dict.fromkeys(found))
    except OSError:
        return [whole(file, size)]  # reading meets the same, and says so
    bounds = [0, *cuts, file.size_bytes]
    return [
        Piece(Range(file, begin, end), end - begin if compression is None else MAX_TASK_BYTES)
        for begin, end in pairwise(bounds)
    ]


def _plain_cuts(stream: BinaryIO, due: list[int]) -> Iterator[int]:
    """For each offset that is due the first record from there on, as long as records follow one another."""
    ahead = iter(due)
    offset = next(ahead, None)
    for begin in _plain_records(stream):
        while offset is not None and offset <= begin:
            yield begin
            offset = next(ahead, None)
        if offset is None:
            return


def _plain_records(stream: BinaryIO) -> Iterator[int]:
    """Offsets of the records of a plain file, up to the first that is malformed."""
    position = 0
    while True:
        stream.seek(position)
        content = stream.read(_HEAD_BYTES)
        found = _head(content) or _head(content + stream.read(_MAX_HEAD_BYTES))
        if found is None:
            return
        yield position
        head, size = found
        position += size + head.size_bytes
        stream.seek(position)
        after = stream.read(_MAX_BREAK_BYTES)
        position += len(after) - len(after.lstrip(b"\r\n"))


def _gzip_cuts(stream: BinaryIO, file: InputFile, due: list[int]) -> Iterator[int]:
    """For each offset that is due, the first record from there on that is known to be one, if it comes before the next."""
    for begin, end in pairwise([*due, file.size_bytes]):
        for member in _members(stream, begin, end):
            if _is_chain(stream, file, member):
                yield member
                break


def _members(stream: BinaryIO, begin: int, end: int) -> Iterator[int]:
    """Offsets from `begin` on and before `end` at which the first bytes of a gzip member stand, whatever they are."""
    position = begin
    while position < end:
        stream.seek(position)
        block = stream.read(min(_BLOCK_BYTES, end - position) + len(_MEMBER) - 1)
        index = block.find(_MEMBER)
        while index >= 0:
            yield position + index
            index = block.find(_MEMBER, index + 1)
        position += _BLOCK_BYTES


def _is_chain(stream: BinaryIO, file: InputFile, begin: int) -> bool:
    """Whether members with one record each follow one another from here, for longer than they could in another member."""
    member, first, last, size = begin, b"", b"", 0
    try:
        for frame, content in contents(stream, file, GZIP, begin):
            if frame != member:
                if not _is_one_record(first, last, size):
                    return False
                if frame - begin > _MAX_STORED_BYTES:
                    return True
                member, first, last, size = frame, b"", b"", 0
            if len(first) < _MAX_HEAD_BYTES:
                first += content[:_MAX_HEAD_BYTES]
            last = (last + content[-_MAX_BREAK_BYTES:])[-_MAX_BREAK_BYTES:]
            size += len(content)
    except BadShard:
        return False
    return _is_one_record(first, last, size)


def _is_one_record(first: bytes, last: bytes, size_bytes: int) -> bool:
    """Whether content that begins and ends so is a record and what parts it from the next."""
    found = _head(first)
    if found is None:
        return False
    rest = size_bytes - found[1] - found[0].size_bytes
    return 0 <= rest <= _MAX_BREAK_BYTES and not last[len(last) - rest :].strip(b"\r\n")


def _head(content: bytes) -> tuple[Head, int] | None:
    """The head at the beginning of `content`, and its length."""
    if BEGINNING.match(content) is None:
        return None
    is_warc = content.startswith(b"WARC/")
    end = head_end(content, 0, len(content)) if is_warc else content.index(b"\n") + 1
    head = parsed_head(content[:end]) if end >= 0 else None
    return (head, end) if isinstance(head, Head) else None
