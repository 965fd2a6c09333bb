"""What archives have in common: names of members, which of them are documents, and what becomes of one that cannot be read.

Nothing is ever written to disk, so a name is only a name; still it is made relative and plain, so that "/etc/a.md" and
"..\\etc\\a.md" are told apart by nothing but their order.
"""

import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import NamedTuple

from corpusforge.core import InputFile
from corpusforge.errors import BadShard
from corpusforge.source.judge import too_large
from corpusforge.source.patterns import parts_match, segments
from corpusforge.source.rows import KEPT, Verdict
from corpusforge.source.streams import PACKED_SUFFIXES, compression_of, decompressed_blocks
from corpusforge.text.charsets import decode


class Member(NamedTuple):
    """A document of an archive: its path in it, the same with "#2" if it was there before, its bytes or why there are none."""

    name: str
    label: str
    content: bytes
    verdict: Verdict = KEPT


@dataclass(frozen=True)
class Choice:
    """Which members are documents: an archive is a folder, so patterns hold for the path in it and for the whole path."""

    include: Sequence[str]
    exclude: Sequence[str]
    max_bytes: int

    def takes(self, archive: str, name: str) -> bool:
        """Whether a member is a document; hidden ones are none, as hidden files are none."""
        inside = tuple(name.split("/"))
        if not name or any(part.startswith(".") for part in inside):
            return False
        outside = (*archive.split("/"), *inside)
        return self._is_included(inside, outside) and not self._is_excluded(inside, outside)

    def _is_included(self, *paths: tuple[str, ...]) -> bool:
        bare = [(*parts[:-1], unpacked_name(parts[-1])) for parts in paths]
        return any(parts_match(parts, segments(pattern)) for parts in (*paths, *bare) for pattern in self.include)

    def _is_excluded(self, *paths: tuple[str, ...]) -> bool:
        own = [parts[-1:] for parts in paths[:1]]
        return any(parts_match(parts, segments(pattern)) for parts in (*paths, *own) for pattern in self.exclude)


@dataclass
class Labels:
    """Tells members of one name apart. State: how often each name came."""

    seen: dict[str, int] = field(default_factory=dict)

    def of(self, name: str) -> str:
        """The name, with "#2" from the second time on."""
        count = self.seen[name] = self.seen.get(name, 0) + 1
        return name if count == 1 else f"{name}#{count}"


def with_packed(patterns: Sequence[str]) -> Iterator[str]:
    """Patterns of files, and of the same files compressed."""
    for pattern in patterns:
        yield from (pattern, *(pattern + suffix for suffix in PACKED_SUFFIXES))


def unpacked_name(name: str) -> str:
    """The name of a compressed file without the suffix that says so; another name as it is."""
    return posixpath.splitext(name)[0] if name.lower().endswith(PACKED_SUFFIXES) else name


def plain_name(name: str) -> str:
    """A member's path without root, drive and steps upwards; "" for what has no name."""
    parts = name.replace("\\", "/").split("/")
    return "/".join(part for part in parts if part not in ("", ".", "..") and not (len(part) == 2 and part[1] == ":"))


def decoded_name(raw: bytes) -> str:
    """A name whose charset is not told."""
    return decode(raw).text


def unpacked(name: str, content: bytes, max_bytes: int) -> tuple[bytes, Verdict]:
    """The content of a member that is compressed once more by itself, as its suffix says."""
    file = InputFile(name, name, len(content))
    compression = compression_of(file)
    if compression is None:
        return content, KEPT
    held = bytearray()
    try:
        for block in decompressed_blocks(BytesIO(content), file, compression):
            held += block
            if len(held) > max_bytes:
                return b"", too_large(len(held), max_bytes, "beginning of the content")
    except BadShard as error:
        return b"", Verdict("damaged_member", error.offset, message=f"at its byte {error.offset}: {error.what}")
    return bytes(held), KEPT
