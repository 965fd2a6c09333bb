"""How records of WARC and ARC files begin: what kind they are, how long, and what the crawler says of them.

WARC (0.17 to 1.1) has a head of named fields, ARC (versions 1 and 2) a single line. Both are given by WARC's names.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

from corpusforge.source.http_message import fields_of, head_end
from corpusforge.source.tape import Tape

MAX_WARC_HEAD_BYTES = 2**20
MAX_ARC_LINE_BYTES = 2**16

# URL (which may hold blanks), IP address, date, media type, and in version 2: status, checksum, location, offset, file name;
# last the length.
_ARC_LINE = re.compile(
    rb"(?P<url>[A-Za-z][A-Za-z0-9+.-]*:[^\r\n]*?) (?P<ip>[0-9A-Fa-f.:]+|-) (?P<date>\d{12,18}) (?P<mime>[^ \r\n]+)"
    rb"(?: [^ \r\n]+ [^ \r\n]+ [^ \r\n]+ \d+ [^ \r\n]+)? (?P<length>[^ \r\n]+)\r?\n"
)
_WARC_LINE = re.compile(rb"WARC/\d+\.\d+[ \t]*\r?\n")

BEGINNING = re.compile(rb"%b|%b" % (_WARC_LINE.pattern, _ARC_LINE.pattern))

ARC_FILE = "filedesc"


class Head(NamedTuple):
    """The head of a record: its WARC-Type ("" where it has none), bytes of its block, its fields by lower-case name."""

    kind: str
    size_bytes: int
    fields: Mapping[str, str]


class Malformed(NamedTuple):
    """Why what stands at a place is no record, and its beginning."""

    what: str
    found: bytes


def read_head(tape: Tape) -> Head | Malformed | None:
    """The head of the record that begins here, behind which the tape then stands; None where the tape ends inside it."""
    if not tape.begins_record():
        return Malformed("here begins neither a WARC nor an ARC record", b"")
    if tape.peek(5) == b"WARC/":
        content, max_bytes = tape.take_until(head_end, MAX_WARC_HEAD_BYTES), MAX_WARC_HEAD_BYTES
    else:
        content, max_bytes = tape.take_until(_line_end, MAX_ARC_LINE_BYTES), MAX_ARC_LINE_BYTES
    if content is None:
        has_ended = tape.fill(max_bytes) < max_bytes
        return None if has_ended else Malformed(f"its head does not end within {max_bytes} bytes", b"")
    return parsed_head(content)


def parsed_head(content: bytes) -> Head | Malformed:
    """A whole head, which begins as records do."""
    return _warc_head(content) if content.startswith(b"WARC/") else _arc_head(content)


def _line_end(content: bytes, begin: int, limit: int) -> int:
    return content.find(b"\n", begin, limit) + 1 or -1


def _warc_head(content: bytes) -> Head | Malformed:
    if b"\nWARC/" in content:
        return Malformed("another record begins within its head", content)
    fields = fields_of(content[content.find(b"\n") + 1 :])
    size = _length(fields.get("content-length", ""))
    if size is None:
        return Malformed(f"its Content-Length is {fields.get('content-length')!r}, not a number of bytes", content)
    return Head(fields.get("warc-type", "").lower(), size, fields)


def _arc_head(content: bytes) -> Head | Malformed:
    found = _ARC_LINE.fullmatch(content)
    assert found is not None, content  # begins_record has matched it
    text = {name: value.decode("utf-8", "replace") for name, value in found.groupdict().items()}
    size = _length(text["length"])
    if size is None:
        return Malformed(f"its length is {text['length']!r}, not a number of bytes", content)
    kind = ARC_FILE if text["url"].startswith("filedesc:") else "response"
    fields = {"warc-target-uri": text["url"], "warc-date": _arc_date(text["date"]), "content-type": text["mime"]}
    return Head(kind, size, fields)


def _length(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 15 else None


def _arc_date(digits: str) -> str:
    """20140216050221 -> 2014-02-16T05:02:21Z, as WARC writes dates; what has another length stays."""
    if len(digits) != 14:
        return digits
    year, *others = digits[:4], *(digits[at : at + 2] for at in range(4, 14, 2))
    month, day, hour, minute, second = others
    return f"{year}-{month}-{day}T{hour}:{minute}:{second}Z"
