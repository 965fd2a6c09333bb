"""HTTP responses as crawls keep them: status, fields and body, read as leniently as browsers read them."""

import re
from collections.abc import Mapping
from typing import NamedTuple

_STATUS = re.compile(rb"HTTP/\d(?:\.\d)?[ \t]+(\d{3})(?!\d)", re.IGNORECASE)
_CHUNK = re.compile(rb"[ \t]*([0-9a-fA-F]{1,15})[ \t]*(?:;[^\r\n]*)?\r?\n")

_BEGUN_CHUNK = re.compile(rb"[ \t]*[0-9a-fA-F]{1,15}[ \t]*(?:;[^\r\n]*)?\r?")
_FOLD = re.compile(r"\r?\n[ \t]+(?=[^\s])")


class Response(NamedTuple):
    """Status, fields by lower-case name (of several alike, the first), and where the body begins in the message."""

    status: int
    fields: Mapping[str, str]
    body: int


class Body(NamedTuple):
    """A body, as far as it could be read; where something is wrong, `flaw` tells what, and whether it `is_cut_off`."""

    content: bytes
    flaw: str = ""
    is_cut_off: bool = False


def head_end(content: bytes, begin: int, limit: int) -> int:
    """Where a head that begins at `begin` ends, behind its empty line; -1 where it does not before `limit`."""
    with_return = content.find(b"\n\r\n", begin, limit)
    plain = content.find(b"\n\n", begin, limit if with_return < 0 else with_return + 2)
    if plain >= 0:
        return plain + 2
    return with_return + 3 if with_return >= 0 else -1


def fields_of(lines: bytes) -> dict[str, str]:
    """Fields of a head, by lower-case name; the first of several alike, folded lines joined, lines without a colon left out."""
    fields: dict[str, str] = {}
    text = _text(lines)
    if "\n " in text or "\n\t" in text:
        text = _FOLD.sub(" ", text)
    for line in text.split("\n"):
        name, colon, value = line.partition(":")
        if colon and (name := name.strip().lower()) and name not in fields:
            fields[name] = value.strip()
    return fields


def _text(head: bytes) -> str:
    """UTF-8 where it is that, else Latin-1: what HTTP said before, and any bytes can be."""
    try:
        return head.decode()
    except UnicodeDecodeError:
        return head.decode("latin-1")


def response(block: bytes) -> Response | None:
    """The head of a response at the beginning of a block; None without a status, or where it does not end."""
    status = _STATUS.match(block)
    if status is None:
        return None
    end = head_end(block, 0, len(block))
    if end < 0:
        return None
    return Response(int(status[1]), fields_of(block[block.find(b"\n") + 1 : end]), end)


def without_chunks(body: bytes) -> Body:
    """The content of chunks; a body that does not begin with one was stored without them and is given as it is."""
    found = _CHUNK.match(body)
    if found is None:
        return Body(body)
    parts: list[bytes] = []
    while found is not None:
        size = int(found[1], 16)
        if size == 0:
            return Body(b"".join(parts))
        part = body[found.end() : found.end() + size]
        parts.append(part)
        if len(part) < size:
            return Body(b"".join(parts), f"chunk {len(parts)} is cut off", is_cut_off=True)
        end = found.end() + size
        end += 2 if body.startswith(b"\r\n", end) else 1 if body.startswith(b"\n", end) else 0
        if not body[end : end + 2].strip() and len(body) <= end + 2:  # the closing chunk is missing, but nothing else
            return Body(b"".join(parts))
        found = _CHUNK.match(body, end)
    is_cut_off = _BEGUN_CHUNK.fullmatch(body, end) is not None
    return Body(b"".join(parts), f"chunk {len(parts)} is not followed by a whole one", is_cut_off)
