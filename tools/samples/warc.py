"""Records of a WARC 1.1 file from a table of what a crawler met, gzipped one by one; the same bytes every time.

Written by hand and not with a WARC library, because half of the records are what a library would refuse to write.
"""

import base64
import gzip
import hashlib
import struct
import tomllib
import uuid
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

DATE = "2024-06-01T08:00:00Z"
CHUNK_BYTES = 1000
_REASONS = {200: "OK", 301: "Moved Permanently", 404: "Not Found"}
_TYPES = {
    "warcinfo": "application/warc-fields",
    "metadata": "application/warc-fields",
    "request": "application/http; msgtype=request",
}
_NAMESPACE = uuid.UUID("6f0d2b3e-0c0a-5d0f-9a51-6f7263686764")

Record = Mapping[str, Any]


def warc(table: Path, bodies: Path) -> bytes:
    """The file that a table such as crawl.toml describes."""
    records = tomllib.loads(table.read_text(encoding="utf-8"))["record"]
    return b"".join(packed(record_bytes(record, number, bodies)) for number, record in enumerate(records))


def packed(data: bytes) -> bytes:
    """One gzip member, without a time in it."""
    return gzip.compress(data, 9, mtime=0)


def record_bytes(record: Record, number: int, bodies: Path) -> bytes:
    """A record as it lies in an uncompressed file."""
    kind = record.get("type", "response")
    block = _block(kind, record, bodies)
    fields = [
        ("WARC-Type", kind),
        ("WARC-Record-ID", f"<urn:uuid:{uuid.uuid5(_NAMESPACE, str(number))}>"),
        ("WARC-Date", DATE),
        *_about(kind, record),
    ]
    if "truncated_at" in record:
        block = block[: record["truncated_at"]]
        fields.append(("WARC-Truncated", "length"))
    fields += [("WARC-Block-Digest", _digest(block)), ("Content-Length", str(len(block)))]
    head = "".join(f"{name}: {value}\r\n" for name, value in fields)
    return b"WARC/1.1\r\n" + head.encode() + b"\r\n" + block + b"\r\n\r\n"


def _about(kind: str, record: Record) -> Iterator[tuple[str, str]]:
    if "url" in record:
        yield "WARC-Target-URI", record["url"]
    if kind == "revisit":
        yield "WARC-Profile", "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
    yield "Content-Type", record["mime"] if kind == "resource" else _TYPES.get(kind, "application/http; msgtype=response")


def _block(kind: str, record: Record, bodies: Path) -> bytes:
    if kind == "request":
        host, _, path = record["url"].partition("//")[2].partition("/")
        return f"GET /{path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: samples\r\n\r\n".encode()
    body = _body(record, bodies)
    if kind in ("warcinfo", "metadata", "resource"):
        return body
    if kind == "revisit":
        return _message(record, b"")
    return _message(record, _transferred(record, body))


def _body(record: Record, bodies: Path) -> bytes:
    if record.get("image"):
        return _png()
    if "file" in record:
        return (bodies / record["file"]).read_bytes()
    return str(record.get("text", "")).encode()


def _transferred(record: Record, body: bytes) -> bytes:
    """A body with its content coding and cut into chunks, as it went over the wire."""
    if record.get("coding") == "gzip":
        body = packed(body)
    if record.get("coding") == "deflate":
        body = zlib.compress(body, 9)
    if not record.get("chunked"):
        return body
    pieces = [body[first : first + CHUNK_BYTES] for first in range(0, len(body), CHUNK_BYTES)]
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def _message(record: Record, body: bytes) -> bytes:
    status = record.get("status", 200)
    first = "HTTQ?? \x01 200" if record.get("is_garbled") else f"HTTP/1.1 {status} {_REASONS[status]}"
    fields = {"Content-Type": record["mime"], "Server": "nginx", "Location": record.get("location")}
    fields["Content-Encoding"] = record.get("coding")
    fields["Transfer-Encoding"] = "chunked" if record.get("chunked") else None
    fields["Content-Length"] = None if record.get("chunked") else str(len(body))
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value is not None)
    return f"{first}\r\n{head}\r\n".encode() + body


def _digest(data: bytes) -> str:
    return "sha1:" + base64.b32encode(hashlib.sha1(data, usedforsecurity=False).digest()).decode()


def _png() -> bytes:
    """A picture of one blue point."""
    parts = (b"IHDR" + struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0), b"IDAT" + zlib.compress(b"\0\x20\x60\xa0", 9), b"IEND")
    chunks = (struct.pack(">I", len(part) - 4) + part + struct.pack(">I", zlib.crc32(part)) for part in parts)
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)
