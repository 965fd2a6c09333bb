"""The directory at the end of a zip archive: what its members are, where they begin, how they are packed.

Read by hand, at the speed of Python's zipfile, because that takes names without a charset for those of an American PC of 1981
unless it is told otherwise, raises where one member is odd, and says nothing of an archive that was cut off.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import BinaryIO, NamedTuple

from corpusforge.core import InputFile
from corpusforge.errors import BadShard
from corpusforge.source.members import Labels, plain_name
from corpusforge.source.streams import open_input
from corpusforge.text.charset_labels import codec_of
from corpusforge.text.charsets import decode

_END = struct.Struct("<4s4H2LH")
_LOCATOR = struct.Struct("<4sLQL")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_RECORD = struct.Struct("<4s6H3L5H2L")
_MAX_COMMENT = 2**16 - 1

_IS_UTF8 = 1 << 11


class Entry(NamedTuple):
    """A member as the directory tells of it; `end` is where the next one, or the directory, begins."""

    name: str
    label: str
    offset: int
    end: int
    packed_bytes: int
    size_bytes: int
    crc: int
    method: int
    flags: int


class NoDirectory(Exception):
    """The archive has no directory that can be read."""


@dataclass(frozen=True)
class _Place:
    """Where the directory lies, and by how much all offsets in it are to be moved, since a program may stand before it all."""

    begin: int
    size_bytes: int
    shift: int


class _Record(NamedTuple):
    raw_name: bytes
    offset: int
    packed_bytes: int
    size_bytes: int
    crc: int
    method: int
    flags: int
    is_file: bool


@lru_cache(maxsize=1)
def entries_of(file: InputFile) -> tuple[Entry, ...]:
    """The members that are files, in the order of the directory; raises NoDirectory, and BadShard for one of several volumes.

    Kept for the next range of the same archive, at 320 bytes a member; a file that was written to is another InputFile.
    """
    with open_input(file) as stream:
        place = _place(stream, file)
        stream.seek(place.begin)
        records = list(_records(stream.read(place.size_bytes)))
    names = _names(records)
    starts = sorted({record.offset + place.shift for record in records} | {place.begin})
    following = dict(pairwise(starts))
    labels = Labels()
    return tuple(
        Entry(name, labels.of(name), offset, following.get(offset, offset), *record[2:7])
        for record, name in zip(records, names, strict=True)
        if record.is_file
        for offset in [record.offset + place.shift]
    )


def _place(stream: BinaryIO, file: InputFile) -> _Place:
    tail_begin = max(file.size_bytes - _END.size - _MAX_COMMENT, 0)
    stream.seek(tail_begin)
    tail = stream.read(file.size_bytes - tail_begin)
    at = tail.rfind(b"PK\x05\x06", 0, max(len(tail) - _END.size + 4, 0))
    if at < 0:
        raise NoDirectory
    _, disk, first_disk, _, _, size_bytes, begin, _ = _END.unpack_from(tail, at)
    end = tail_begin + at
    if max(disk, first_disk) not in (0, 0xFFFF):
        raise BadShard(file.path, end, f"it is volume {disk + 1} of an archive in several", "join the volumes, or exclude it")
    if at >= _LOCATOR.size and tail.startswith(b"PK\x06\x07", at - _LOCATOR.size):
        end, size_bytes, begin = _place_64(stream, end - _LOCATOR.size, tail[at - _LOCATOR.size : at])
    shift = end - size_bytes - begin
    if shift < 0:
        raise NoDirectory
    return _Place(begin + shift, size_bytes, shift)


def _place_64(stream: BinaryIO, locator_at: int, locator: bytes) -> tuple[int, int, int]:
    """Where the record of a large archive begins, which is where its directory ends; size and stated begin of that."""
    for at in (_LOCATOR.unpack(locator)[2], locator_at - _END_64.size):
        if 0 <= at <= locator_at - _END_64.size:
            stream.seek(at)
            fields = _END_64.unpack(stream.read(_END_64.size))
            if fields[0] == b"PK\x06\x06":
                return at, fields[8], fields[9]
    raise NoDirectory


def _records(data: bytes) -> Iterator[_Record]:
    position = 0
    while position < len(data):
        if len(data) - position < _RECORD.size or not data.startswith(b"PK\x01\x02", position):
            raise NoDirectory
        fields = _RECORD.unpack_from(data, position)
        made_by, flags, method, crc, packed_bytes, size_bytes = fields[1] >> 8, fields[3], fields[4], *fields[7:10]
        name_size, extra_size, comment_size = fields[10:13]
        attributes, offset = fields[15:]
        name_at = position + _RECORD.size
        extra_at = name_at + name_size
        raw_name, extra = data[name_at:extra_at], data[extra_at : extra_at + extra_size]
        if 0xFFFFFFFF in (packed_bytes, size_bytes, offset):
            size_bytes, packed_bytes, offset = _large(extra, (size_bytes, packed_bytes, offset))
        is_link = made_by == 3 and (attributes >> 28) not in (0, 8)  # Unix: links, devices; 8 is a regular file
        is_file = not raw_name.endswith((b"/", b"\\")) and not is_link
        if extra:
            raw_name = _unicode_name(extra, raw_name)
        yield _Record(raw_name, offset, packed_bytes, size_bytes, crc, method, flags, is_file)
        position = extra_at + extra_size + comment_size


def _large(extra: bytes, fields: tuple[int, ...]) -> list[int]:
    """Size, packed size and offset, those that need more than 32 bits taken from the extra field, in this order."""
    body = _extra_field(extra, 0x0001)
    large = iter(struct.unpack(f"<{len(body) // 8}Q", body[: len(body) // 8 * 8]))
    return [next(large, value) if value == 0xFFFFFFFF else value for value in fields]


def _unicode_name(extra: bytes, raw_name: bytes) -> bytes:
    """The name in UTF-8 that some programs put beside one in a charset of old."""
    return _extra_field(extra, 0x7075)[5:] or raw_name


def _extra_field(extra: bytes, wanted: int) -> bytes:
    position = 0
    while position + 4 <= len(extra):
        kind, size = struct.unpack_from("<2H", extra, position)
        if kind == wanted:
            return extra[position + 4 : position + 4 + size]
        position += 4 + size
    return b""


def _names(records: list[_Record]) -> list[str]:
    """Names in UTF-8 where they say so, else all in the charset that they look like together: often GB18030 or Shift_JIS."""
    unmarked = b"\n".join(record.raw_name for record in records if not record.flags & _IS_UTF8)
    codec = codec_of(decode(unmarked, declared=["ibm437"]).charset)
    return [plain_name(record.raw_name.decode("utf-8" if record.flags & _IS_UTF8 else codec, "replace")) for record in records]
