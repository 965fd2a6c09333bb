"""Members of tar archives, plain or compressed, one after another.

Python's tarfile ends quietly where an archive is damaged behind its first member, and holds what an extended header says in
memory, whatever its size; so headers are read here, and every archive has to end with its mark.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from tarfile import HeaderError, TarInfo

from corpusforge.core import InputFile, Range
from corpusforge.errors import BadShard
from corpusforge.source.judge import too_large
from corpusforge.source.members import Choice, Labels, Member, decoded_name, plain_name, unpacked
from corpusforge.source.rows import Verdict
from corpusforge.source.streams import compression_of, decompressed_blocks, open_input, plain_blocks

_BLOCK_BYTES = 512
_MAX_HEADER_BYTES = 2**20
_COPY_AGAIN = "copy or download it again, or exclude it"

_FILES = (b"0", b"\0", b"7")
_LONG_NAME, _LONG_LINK, _SPARSE = b"L", b"K", b"S"
_EXTENDED, _EXTENDED_FOR_ALL = b"x", b"g"


@dataclass
class _Content:
    """The content of an archive, read forward. State: the block in hand, how much of it was taken, and the position."""

    blocks: Iterator[bytes]
    path: str
    position: int = 0
    block: bytes = b""
    taken: int = 0

    def take(self, count: int) -> bytes:
        """So many bytes; fewer where the content ends."""
        pieces = list[bytes]()
        while count and self._has_more():
            pieces.append(self.block[self.taken : self.taken + count])
            count -= self._pass(len(pieces[-1]))
        return b"".join(pieces)

    def padded(self, count: int) -> bytes:
        """Content of `count` bytes, what fills its last block passed over; raises BadShard where it is cut off."""
        content = self.take(count)
        if len(content) < count:
            raise self.damage("the archive is cut off inside a member")
        self.skip(-count % _BLOCK_BYTES)
        return content

    def skip(self, count: int) -> None:
        """Pass over so many bytes; raises BadShard where the content ends before."""
        while count and self._has_more():
            count -= self._pass(min(count, len(self.block) - self.taken))
        if count:
            raise self.damage("the archive is cut off inside a member")

    def damage(self, what: str) -> BadShard:
        """That something is wrong with the archive here."""
        return BadShard(self.path, self.position, what, _COPY_AGAIN)

    def _has_more(self) -> bool:
        if self.taken == len(self.block):
            self.block, self.taken = next(self.blocks, b""), 0
        return bool(self.block)

    def _pass(self, count: int) -> int:
        self.taken += count
        self.position += count
        return count


@dataclass(frozen=True)
class _Extra:
    """What the headers before a member say of it; "" and None where they say nothing."""

    name: str = ""
    size_bytes: int | None = None
    is_sparse: bool = False


def tar_members(each: Range, choice: Choice) -> Iterator[Member]:
    """Documents of an archive; raises BadShard, after all that can be read, where it is damaged or has no mark at its end."""
    file = each.file
    with open_input(file) as stream:
        # .tgz and .tzst stand for two suffixes
        compression = compression_of(replace(file, relative=re.sub(r"\.t(gz|zst)$", r".tar.\1", file.relative.lower())))
        if compression is None:
            blocks: Iterable[bytes] = plain_blocks(stream)
        else:
            blocks = decompressed_blocks(stream, file, compression)
        yield from _members(_Content(filter(None, blocks), file.path), file, choice)


def _members(content: _Content, file: InputFile, choice: Choice) -> Iterator[Member]:
    labels, extra, has_end = Labels(), _Extra(), False
    while header := content.take(_BLOCK_BYTES):
        if header == bytes(_BLOCK_BYTES):
            has_end = True
            continue
        info = _info(header, content)
        if info.type in (_EXTENDED, _LONG_NAME, _LONG_LINK, _EXTENDED_FOR_ALL):
            extra = _with_header(extra, info, content)
            continue
        size_bytes = info.size if extra.size_bytes is None else extra.size_bytes
        name = plain_name(extra.name or _readable(info.name))
        if info.type == _SPARSE:
            _skip_map(header, content)
        is_file = info.type in (*_FILES, _SPARSE)
        if is_file and choice.takes(file.relative, name):
            yield _member(content, name, labels.of(name), size_bytes, extra.is_sparse or info.type == _SPARSE, choice.max_bytes)
        elif is_file:
            content.skip(size_bytes + -size_bytes % _BLOCK_BYTES)
        extra, has_end = _Extra(), False
    if not has_end:
        raise content.damage("the archive is cut off: it has no mark at its end")


def _info(header: bytes, content: _Content) -> TarInfo:
    if len(header) < _BLOCK_BYTES:
        raise content.damage("the archive is cut off inside a header")
    try:
        info = TarInfo.frombuf(header, "utf-8", "surrogateescape")
        if info.size < 0:
            raise HeaderError("negative size")
    except HeaderError as error:
        content.position -= _BLOCK_BYTES
        raise content.damage(f"no member begins here ({error}): the archive is damaged, or no tar archive") from error
    return info


def _member(content: _Content, name: str, label: str, size_bytes: int, is_sparse: bool, max_bytes: int) -> Member:
    verdict = too_large(size_bytes, max_bytes, "member") if size_bytes > max_bytes else Verdict()
    if is_sparse:
        verdict = Verdict("sparse_member", message="the member has holes that the archive leaves out; unpack the archive")
    if verdict.drop:
        content.skip(size_bytes + -size_bytes % _BLOCK_BYTES)
        return Member(name, label, b"", verdict)
    return Member(name, label, *unpacked(name, content.padded(size_bytes), max_bytes))


def _with_header(extra: _Extra, info: TarInfo, content: _Content) -> _Extra:
    """What a header that only tells of the next member adds; one of more than 1 MB is damage or an attack."""
    if info.size > _MAX_HEADER_BYTES:
        raise content.damage(f"a header has {info.size} bytes")
    told = content.padded(info.size)
    if info.type == _LONG_NAME:
        return _Extra(decoded_name(told.partition(b"\0")[0]), extra.size_bytes, extra.is_sparse)
    if info.type != _EXTENDED:
        return extra
    records = dict(_records(told))
    path = records.get(b"GNU.sparse.name") or records.get(b"path")
    size = records.get(b"size", b"")
    return _Extra(
        decoded_name(path) if path else extra.name,
        int(size) if size.isdigit() else extra.size_bytes,
        extra.is_sparse or any(key.startswith(b"GNU.sparse.") for key in records),
    )


def _records(told: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The records "length key=value" of an extended header."""
    position = 0
    while position < len(told):
        length, _, _ = told[position : position + 20].partition(b" ")
        if not length.isdigit() or int(length) <= len(length) + 1:
            return
        key, _, value = told[position + len(length) + 1 : position + int(length) - 1].partition(b"=")
        yield key, value
        position += int(length)


def _skip_map(header: bytes, content: _Content) -> None:
    """Pass over the blocks that go on with the map of a sparse member."""
    has_more = header[482]
    while has_more:
        block = content.take(_BLOCK_BYTES)
        if len(block) < _BLOCK_BYTES:
            raise content.damage("the archive is cut off inside a header")
        has_more = block[504]


def _readable(name: str) -> str:
    """A name whose charset is not told, which is UTF-8 most often."""
    return decoded_name(name.encode("utf-8", "surrogateescape"))
