"""Members of zip archives: a range of them by the directory, or all that stand before the place where an archive is cut off."""

import struct
from collections.abc import Iterator
from typing import BinaryIO

from zlib_ng import zlib_ng

from corpusforge.core import MAX_TASK_BYTES, InputFile, Range
from corpusforge.errors import BadShard
from corpusforge.source.judge import too_large
from corpusforge.source.members import Choice, Labels, Member, decoded_name, plain_name, unpacked
from corpusforge.source.rows import Verdict
from corpusforge.source.streams import open_input
from corpusforge.source.tasks import Piece, whole
from corpusforge.source.zip_directory import Entry, NoDirectory, entries_of

_LOCAL = struct.Struct("<4s5H3L2H")
_STORED, _DEFLATED = 0, 8
_IS_ENCRYPTED, _HAS_SIZES_BEHIND = 1 << 0, 1 << 3
_PIECE_BYTES = 2**16

_METHODS = {1: "shrink", 6: "implode", 9: "Deflate64", 12: "bzip2", 14: "LZMA", 93: "zstd", 95: "xz", 98: "PPMd", 99: "AES"}
_COPY_AGAIN = "copy or download it again, or exclude it"


class _Damaged(Exception):
    """What is wrong with one member."""


def zip_pieces(file: InputFile, choice: Choice) -> list[Piece]:
    """Ranges of members, by number in the directory, with at most MAX_TASK_BYTES to read; one where there is no directory."""
    try:
        entries = entries_of(file)
    except (NoDirectory, BadShard):
        return [whole(file, MAX_TASK_BYTES)]  # reading meets the same, and there on_bad_shard says what becomes of it
    pieces, begin, size_bytes = list[Piece](), 0, 0
    for number, entry in enumerate(entries):
        is_read = entry.size_bytes <= choice.max_bytes and choice.takes(file.relative, entry.name)
        wanted = entry.size_bytes if is_read else 0
        if size_bytes and size_bytes + wanted > MAX_TASK_BYTES:
            pieces.append(Piece(Range(file, begin, number), size_bytes))
            begin, size_bytes = number, 0
        size_bytes += wanted
    return [*pieces, Piece(Range(file, begin, len(entries)), size_bytes)]


def zip_members(each: Range, choice: Choice) -> Iterator[Member]:
    """Documents of a range; raises BadShard, after all that can be read, where the archive has no directory."""
    file = each.file
    try:
        entries = entries_of(file)
    except NoDirectory:
        yield from _without_directory(file, choice)
        return
    with open_input(file) as stream:
        for entry in entries[each.begin : each.end]:
            if choice.takes(file.relative, entry.name):
                yield _member(stream, entry, choice.max_bytes)


def _member(stream: BinaryIO, entry: Entry, max_bytes: int) -> Member:
    verdict = _refusal(entry, max_bytes)
    if verdict.drop:
        return Member(entry.name, entry.label, b"", verdict)
    try:
        content = _content(stream, entry)
    except (_Damaged, zlib_ng.error) as error:
        verdict = Verdict("damaged_member", entry.offset, message=f"at {entry.offset}: {error}")
        return Member(entry.name, entry.label, b"", verdict)
    return Member(entry.name, entry.label, *unpacked(entry.name, content, max_bytes))


def _refusal(entry: Entry, max_bytes: int) -> Verdict:
    """Why a member is not read: what the directory tells of it."""
    if entry.flags & _IS_ENCRYPTED:
        return Verdict("encrypted", message="the member is encrypted; unpack the archive with its password")
    if entry.method not in (_STORED, _DEFLATED):
        name = _METHODS.get(entry.method, "unknown")
        what = f"the member is packed by method {entry.method} ({name}); unpack the archive, or pack it with deflate"
        return Verdict("unsupported_compression", entry.method, message=what)
    return too_large(entry.size_bytes, max_bytes, "member") if entry.size_bytes > max_bytes else Verdict()


def _content(stream: BinaryIO, entry: Entry) -> bytes:
    """What a member holds, which is what the directory says of it; raises _Damaged and zlib_ng.error."""
    stream.seek(entry.offset)
    header = stream.read(_LOCAL.size)
    if len(header) < _LOCAL.size or not header.startswith(b"PK\x03\x04"):
        raise _Damaged("no member begins where the directory says")
    name_size, extra_size = _LOCAL.unpack(header)[9:]
    begin = entry.offset + _LOCAL.size + name_size + extra_size
    if begin + entry.packed_bytes > entry.end:
        raise _Damaged("it overlaps with the next one")
    stream.seek(begin)
    content = (
        _inflated(stream, entry) if entry.method == _DEFLATED else stream.read(min(entry.packed_bytes, entry.size_bytes + 1))
    )
    if len(content) != entry.size_bytes:
        found = f"more than {entry.size_bytes}" if len(content) > entry.size_bytes else str(len(content))
        raise _Damaged(f"it has {found} bytes where the directory says {entry.size_bytes}")
    if zlib_ng.crc32(content) != entry.crc:
        raise _Damaged("its checksum is wrong")
    return content


def _inflated(stream: BinaryIO, entry: Entry) -> bytes:
    """The content of a deflated member, at most a byte more than it should have."""
    decoder = zlib_ng.decompressobj(wbits=-15)
    held, left, wanted = list[bytes](), entry.packed_bytes, entry.size_bytes + 1
    while left and wanted and not decoder.eof:
        piece = stream.read(min(left, _PIECE_BYTES))
        left -= len(piece)
        held.append(decoder.decompress(piece, wanted))
        wanted -= len(held[-1])
    return b"".join(held)


def _without_directory(file: InputFile, choice: Choice) -> Iterator[Member]:
    """Members one after another, as their own headers tell, up to where the archive is cut off."""
    labels, position = Labels(), 0
    with open_input(file) as stream:
        while found := _entry_at(stream, file, position):
            entry, is_folder = found
            if not is_folder and choice.takes(file.relative, entry.name):
                yield _member(stream, entry._replace(label=labels.of(entry.name)), choice.max_bytes)
            position = entry.end
    what = "the archive has no directory, which stands at its end: it is cut off, or no zip archive"
    raise BadShard(file.path, position, what, _COPY_AGAIN)


def _entry_at(stream: BinaryIO, file: InputFile, position: int) -> tuple[Entry, bool] | None:
    """The member whose header stands at `position`, and whether it is a folder; None where there is no whole one."""
    stream.seek(position)
    header = stream.read(_LOCAL.size)
    if len(header) < _LOCAL.size or not header.startswith(b"PK\x03\x04"):
        return None
    _, _, flags, method, _, _, crc, packed_bytes, size_bytes, name_size, extra_size = _LOCAL.unpack(header)
    raw_name = stream.read(name_size)
    begin = position + _LOCAL.size + name_size + extra_size
    end = begin + packed_bytes
    if flags & _HAS_SIZES_BEHIND:
        if method != _DEFLATED or flags & _IS_ENCRYPTED:
            return None
        stream.seek(min(begin, file.size_bytes))
        packed_bytes, size_bytes, crc = _measured(stream)
        end = begin + packed_bytes + _size_of_what_is_behind(stream, begin + packed_bytes)
    if end > file.size_bytes or 0xFFFFFFFF in (packed_bytes, size_bytes):
        return None
    name = plain_name(decoded_name(raw_name))
    return Entry(name, name, position, end, packed_bytes, size_bytes, crc, method, flags), raw_name.endswith(b"/")


def _measured(stream: BinaryIO) -> tuple[int, int, int]:
    """Packed size, size and checksum of what is deflated where the stream stands; 0xFFFFFFFF first where it is not whole."""
    decoder, packed_bytes, size_bytes, crc = zlib_ng.decompressobj(wbits=-15), 0, 0, 0
    try:
        while not decoder.eof:
            piece = stream.read(_PIECE_BYTES)
            if not piece:
                return 0xFFFFFFFF, 0, 0
            packed_bytes += len(piece)
            while piece and not decoder.eof:
                content = decoder.decompress(piece, _PIECE_BYTES)
                size_bytes, crc = size_bytes + len(content), zlib_ng.crc32(content, crc)
                piece = decoder.unconsumed_tail
    except zlib_ng.error:
        return 0xFFFFFFFF, 0, 0
    return packed_bytes - len(decoder.unused_data), size_bytes, crc


def _size_of_what_is_behind(stream: BinaryIO, position: int) -> int:
    """How many bytes checksum and sizes take behind a member: with or without a mark, of 32 or 64 bits."""
    stream.seek(position)
    behind = stream.read(28)
    sizes = (12, 16, 20, 24)
    return next((size for size in sizes if behind.startswith((b"PK\x03\x04", b"PK\x01\x02"), size)), 16)
