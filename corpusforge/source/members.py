"""What archives have in common: names of members, which of them are documents, and what becomes of one that cannot be read.

Nothing is ever written to disk, so a name is only a name; still it is made relative and plain, so that "/etc/a.md" and
"..\\etc\\a.md" are told apart by nothing but their order.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import PurePosixPath
from typing import NamedTuple

from corpusforge.core import InputFile
from corpusforge.errors import BadShard
from corpusforge.source.judge import too_large
from corpusforge.source.patterns import is_excluded, matches
from corpusforge.source.rows import KEPT, Verdict
from corpusforge.source.streams import compression_of, decompressed_blocks
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
        inside, outside = PurePosixPath(name), PurePosixPath(archive, name)
        if not inside.parts or any(part.startswith(".") for part in inside.parts):
            return False
        is_wanted = any(matches(path, pattern) for path in (inside, outside) for pattern in with_packed(self.include))
        return is_wanted and not any(is_excluded(path, pattern) for path in (inside, outside) for pattern in self.exclude)


@dataclass
class Labels:
    """Tells members of one name apart. State: how often each name came."""

    seen: Counter[str] = field(default_factory=Counter)

    def of(self, name: str) -> str:
        """The name, with "#2" from the second time on."""
        self.seen[name] += 1
        return name if self.seen[name] == 1 else f"{name}#{self.seen[name]}"


def with_packed(patterns: Sequence[str]) -> Iterator[str]:
    """Patterns of files, and of the same files compressed."""
    for pattern in patterns:
        yield from (pattern, f"{pattern}.gz", f"{pattern}.zst", f"{pattern}.zstd")


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
