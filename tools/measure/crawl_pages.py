"""How many pages a second a build takes from a crawl file to shards, beside fastwarc and trafilatura, which stop at the text.

The pages are those of html_gold, in a .warc.gz with a member for each record. A build of them and one of four times as many,
each copy of a page with words of its own, tell the cost of a page from that of a build: start-up, report, tables. Figures are
medians of rounds: the best one of a difference is chance.
"""

import gzip
import re
import shutil
import sys
import time
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from statistics import median

from measure.html_gold import SETS, gold_pages
from measure.timing import child_seconds
from measure.verdicts import ROOT

_NUM_COPIES = 4
_RECIPE = """\
version: 1
name: crawl-pages
sources:
  - {{name: crawl, use: source.warc, path: {path}, group: web, pipeline: [{{use: extract.auto}}, {{pipeline: web}}]}}
stages:
  - use: dedup.exact
  - use: dedup.minhash
  - {{use: vocab.encode, tokenizer: {tokenizer}}}
  - {{use: split.greedy, max_tokens: 2048}}
sink: {{use: index.megatron, layout: pieces, num_shards: 1}}
"""


def crawl_pages_table(data: Path, tokenizer: Path, rounds: int, scratch: Path, *, has_peer: bool) -> str:
    """Pages per second of CPU time, by the cost of a further page and with that of the build; "" where no pages are."""
    if not (data / "html_gold").is_dir():
        return ""
    pages = [page.raw for name in SETS for page in gold_pages(data, name)]
    few, many = (_crawl(scratch / f"pages-{copies}.warc.gz", pages, copies) for copies in (1, _NUM_COPIES))
    _seconds(few, tokenizer)  # compiles the kernels
    short, long, theirs = [], [], []
    for _ in range(rounds):
        short.append(_seconds(few, tokenizer))
        long.append(_seconds(many, tokenizer))
        if has_peer:
            theirs.append(_by_trafilatura(few))
        print(f"crawl-pages: {short[-1]:.2f} s and {long[-1]:.2f} s", file=sys.stderr)
    num_pages = _NUM_COPIES * len(pages)
    further = (num_pages - len(pages)) / median(end - start for start, end in zip(short, long, strict=True))
    peer = f"{len(pages) / median(theirs):.0f}" if theirs else "-"
    ratio = f"{further * median(theirs) / len(pages):.1f}x" if theirs else "-"
    return (
        f"\n| crawl to shards, {sum(map(len, pages)) / len(pages) / 1000:.0f} kB a page | pages/CPU-s "
        "| fastwarc and trafilatura, to text | ratio |\n|---|--:|--:|--:|\n"
        f"| a further page | {further:.0f} | {peer} | {ratio} |\n"
        f"| a build of {num_pages:,} from its start on | {num_pages / median(long):.0f} | | |\n"
    )


def _crawl(path: Path, pages: Sequence[bytes], num_copies: int) -> Path:
    with path.open("wb") as packed:
        for copy in range(num_copies):
            for number, page in enumerate(pages):
                packed.write(gzip.compress(_record(f"{copy}/{number}", _own(page, copy * len(pages) + number)), 6, mtime=0))
    return path


def _own(page: bytes, number: int) -> bytes:
    """The page with a word of its own in each paragraph, so that no copy is a duplicate as a whole."""
    return re.sub(rb"<p>", b"<p>w%d " % number, page)


def _record(name: str, page: bytes) -> bytes:
    body = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + page
    head = (
        *("WARC/1.0", "WARC-Type: response", "WARC-Date: 2024-05-18T01:58:10Z", f"WARC-Record-ID: <urn:page:{name}>"),
        *(f"WARC-Target-URI: https://example.org/{name}", "Content-Type: application/http; msgtype=response"),
        f"Content-Length: {len(body)}",
    )
    return "\r\n".join((*head, "", "")).encode() + body + b"\r\n\r\n"


def _seconds(path: Path, tokenizer: Path) -> float:
    """CPU time of a build by one worker."""
    recipe, out = path.with_suffix(".yaml"), path.with_suffix(".out")
    recipe.write_text(_RECIPE.format(path=path, tokenizer=tokenizer), encoding="utf-8")
    command = [sys.executable, "-m", "corpusforge", "build", str(recipe), "--out", str(out), "--workers", "1"]
    seconds, _ = child_seconds(command, {"PYTHONPATH": str(ROOT)})
    shutil.rmtree(out)
    return seconds


def _by_trafilatura(path: Path) -> float:
    """CPU time of reading and extracting alone."""
    import trafilatura
    from fastwarc.warc import ArchiveIterator, WarcRecordType

    began, stream = time.process_time(), BytesIO(path.read_bytes())
    for record in ArchiveIterator(stream, record_types=WarcRecordType.response, parse_http=True):
        trafilatura.extract(record.reader.read())
    return time.process_time() - began
