"""WARC and ARC files by hand: records with right lengths, and what wraps them."""

import gzip

import lz4.frame
import zstandard

from corpusforge.errors import BadShard
from corpusforge.source.warc import Warc

PAGE = b"<html><p>Granite cools slowly.</p></html>"


def record(kind="response", block=b"", **fields):
    """A WARC record; `fields` by their names with _ for -, "" leaves one out."""
    given = {
        "WARC-Type": kind,
        "WARC-Record-ID": "<urn:uuid:1>",
        "WARC-Target-URI": "http://a.org/",
        "WARC-Date": "2024-05-18T01:58:10Z",
        "Content-Type": f"application/http; msgtype={kind}",
        "Content-Length": str(len(block)),
        **{name.replace("_", "-"): value for name, value in fields.items()},
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in given.items() if value)
    return b"WARC/1.0\r\n" + head.encode() + b"\r\n" + block + b"\r\n\r\n"


def http(body=PAGE, status="200 OK", **fields):
    """A response of HTTP; `fields` by their names with _ for -, "" leaves one out."""
    given = {"Content-Type": "text/html", **{name.replace("_", "-"): value for name, value in fields.items()}}
    head = "".join(f"{name}: {value}\r\n" for name, value in given.items() if value)
    return f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + body


def page(number=0):
    """A record with a page of its own."""
    return record(block=http(b"<html><p>Page %d tells of granite.</p></html>" % number), WARC_Record_ID=f"<urn:uuid:{number}>")


def arc(url="http://a.org/", block=b"", version=1, length=None):
    """An ARC record."""
    facts = "text/html" if version == 1 else "text/html 200 checksum - 1234 file.arc"
    return f"{url} 10.1.2.3 20140216050221 {facts} {len(block) if length is None else length}\n".encode() + block + b"\n"


def gz(content):
    return gzip.compress(content, mtime=0)


def per_record(*records):
    """A gzip member for each record, as the standard asks for."""
    return b"".join(map(gz, records))


PACK = {"": bytes, ".gz": gz, ".zst": zstandard.ZstdCompressor().compress, ".lz4": lz4.frame.compress}


def read(folder, content, name="a.warc", **settings):
    """Rows of a file, as dicts, and the damage that came behind them."""
    path = folder / name
    path.write_bytes(content)
    source = Warc(path=str(path), **settings)
    return read_shards(source, source.shards(source.files()))


def read_shards(source, shards):
    """Rows of shards, as dicts, and the damage that came behind them."""
    rows, error = [], None
    for shard in shards:
        try:
            for batch in source.read(shard):
                rows += batch.to_pylist()
        except BadShard as caught:
            error = caught
    return rows, error


def told(rows):
    """(place, why not) of each row: "" for a document, the kind of record for what holds none."""
    return [(row["key"].partition(":")[2], row["message"] if row["drop"] == "no_document" else row["drop"]) for row in rows]
