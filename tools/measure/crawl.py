"""How fast crawl files are read, beside fastwarc and warcio: a .warc.gz such as Common Crawl's, made of the corpus."""

import gzip
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import orjson
from fastwarc.warc import ArchiveIterator
from measure.steps import Lab
from measure.timing import PeerRun, Speed, speed
from warcio.archiveiterator import ArchiveIterator as WarcioIterator

from corpusforge.core import Shard
from corpusforge.source.warc import Warc

_CRAWL_BYTES = 256 * 10**6

# What a page of a crawl has, on average 60 to 140 kB.
_PAGE_BYTES = 100_000

# About as much markup as text, so that pages are packed into a fifth, as those of crawls are.
_PARAGRAPH = (
    b'<div class="entry-content wp-block-group is-layout-constrained" id="block-%d"><div class="row"><div class="col-md-8">\n'
    b'    <p class="has-text-align-left" data-number="%d"><a class="anchor" href="/archive/05/page-%d.html#p%d"></a>%b</p>\n'
    b'</div><aside class="col-md-4 share"><ul class="list-inline"><li><a rel="nofollow" href="https://share.example.org/?u=%d">'
    b"Share</a></li></ul></aside></div></div>\n"
)
_REQUEST = (
    b"GET / HTTP/1.1\r\nUser-Agent: crawler/2.0\r\nAccept: text/html\r\nHost: example.org\r\nAccept-Encoding: br,gzip\r\n\r\n"
)
_METADATA = b'fetchTimeMs: 200\r\ncharset-detected: UTF-8\r\nlanguages: {"reliable":true,"text-bytes":3000}\r\n\r\n'
_RESPONSE = (
    b"HTTP/1.1 200 OK\r\nDate: Sat, 18 May 2024 01:58:10 GMT\r\nServer: nginx\r\nContent-Type: text/html; charset=UTF-8\r\n"
    b"X-Crawl-Content-Encoding: gzip\r\nVary: Accept-Encoding\r\nSet-Cookie: a=b; path=/; secure\r\nContent-Length: %d\r\n\r\n"
)


def crawl_step(lab: Lab) -> Iterator[Speed]:
    """Crawl files to pages, undecoded: megabytes are those of the records."""
    path, num_bytes = _crawl(lab)
    source = Warc(path=str(path))
    inputs = [(source.shards(source.files()), num_bytes)]

    def read(shards: list[Shard]) -> int:
        return sum(batch.num_rows for shard in shards for batch in source.read(shard))

    packed = f"{num_bytes / 1e6:.0f} MB of records in {path.stat().st_size / 1e6:.0f} MB of gzip"
    for name, peer in (("fastwarc", _fastwarc), ("warcio", _warcio)):
        run = PeerRun(name, partial(_timed, peer, path, num_bytes))
        yield replace(speed("source.warc", lab.lang, read, inputs, lab.rounds, run), note=packed)


def _crawl(lab: Lab) -> tuple[Path, int]:
    """A .warc.gz with a member for each record, and the bytes of its records."""
    path, num_bytes = lab.scratch / f"crawl-{lab.lang}.warc.gz", 0
    with path.open("wb") as packed:
        for number, page in enumerate(_pages(lab.path)):
            blocks = (("request", _REQUEST), ("response", _RESPONSE % len(page) + page), ("metadata", _METADATA))
            for kind, block in blocks:
                record = _record(kind, number, block)
                packed.write(gzip.compress(record, 6, mtime=0))
                num_bytes += len(record)
            if num_bytes >= _CRAWL_BYTES:
                break
    return path, num_bytes


def _pages(path: Path) -> Iterator[bytes]:
    held: list[bytes] = []
    with path.open("rb") as lines:
        for line in lines:
            paragraphs = orjson.loads(line)["text"].split("\n")
            held += [_paragraph(len(held), each.encode()) for each in paragraphs if each]
            if sum(map(len, held)) >= _PAGE_BYTES:
                yield b"<!doctype html><html><body>" + b"".join(held) + b"</body></html>"
                held = []


def _paragraph(number: int, text: bytes) -> bytes:
    return _PARAGRAPH % (number, number, number, number, text, number)


def _record(kind: str, number: int, block: bytes) -> bytes:
    head = (
        f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Date: 2024-05-18T01:58:10Z\r\nWARC-Record-ID: <urn:uuid:{number:032x}>\r\n"
        f"Content-Length: {len(block)}\r\nContent-Type: application/http; msgtype={kind}\r\nWARC-IP-Address: 10.1.1.1\r\n"
        f"WARC-Target-URI: https://example.org/page/{number}.html\r\nWARC-Identified-Payload-Type: text/html\r\n\r\n"
    )
    return head.encode() + block + b"\r\n\r\n"


def _timed(read: Callable[[Path], None], path: Path, num_bytes: int) -> tuple[int, float]:
    began = time.process_time()
    read(path)
    return num_bytes, time.process_time() - began


def _fastwarc(path: Path) -> None:
    with path.open("rb") as stream:
        for record in ArchiveIterator(stream):
            record.reader.read()


def _warcio(path: Path) -> None:
    with path.open("rb") as stream:
        for record in WarcioIterator(stream):
            record.content_stream().read()
