"""Every document of ../shared/data as a text: whole files of markup and plain text; of others rows, items, articles, pages."""

import csv
import gzip
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

from fastwarc.warc import ArchiveIterator, WarcRecordType
from measure.texts import article_text

DATA = Path(__file__).resolve().parents[3] / "shared/data"

_WHOLE = (".md", ".rst", ".Rmd", ".txt", ".php")


def shared_texts() -> list[str]:
    """In an order that is always the same; none twice."""
    found = [*_files(), *_articles(), *_lines(), *_rows(), *_questions(), *_instructions(), *_relations(), *_pages()]
    return list(dict.fromkeys(found))


def _files() -> Iterator[str]:
    for path in sorted(path for path in DATA.rglob("*") if path.suffix in _WHOLE and path.is_file()):
        yield path.read_text(encoding="utf-8", errors="ignore")


def _articles() -> Iterator[str]:
    for path in sorted(DATA.rglob("*.xml")):
        yield article_text(path.read_bytes())


def _lines() -> Iterator[str]:
    """Sentences of languages, and articles of one line each behind their number."""
    for path in sorted((DATA / "lid/lingua_sentences").glob("*.txt")):
        yield from path.read_text(encoding="utf-8").splitlines()
    for path in sorted((DATA / "dup_articles").glob("*.train")):
        yield from (line.partition(" ")[2] for line in path.read_text(encoding="utf-8").splitlines())


def _rows() -> Iterator[str]:
    for path in sorted((DATA / "tox").glob("*.csv")):
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield from (row.get("text") or row["TEXT"] for row in csv.DictReader(file))


def _questions() -> Iterator[str]:
    for item in json.loads((DATA / "eval/geobench_apstudy.json").read_text(encoding="utf-8")):
        question = item["question"]
        yield "\n".join([question["stem"], *(choice["text"] for choice in question["choices"])])
    with zipfile.ZipFile(DATA / "eval/ceval.zip") as archive:
        for name in sorted(name for name in archive.namelist() if name.endswith(".csv")):
            for row in csv.DictReader(io.StringIO(archive.read(name).decode())):
                yield "\n".join(row[column] for column in ("question", "A", "B", "C", "D"))


def _instructions() -> Iterator[str]:
    for path in sorted((DATA / "sft").glob("*.json")):
        for row in json.loads(path.read_text(encoding="utf-8")):
            yield row["text"] if "text" in row else "\n".join(row[column] for column in ("instruction", "input", "output"))


def _relations() -> Iterator[str]:
    for name in ("duie_1500.jsonl", "rebel_sample_300.jsonl", "strakg_zh.jsonl"):
        for line in (DATA / "kg" / name).read_text(encoding="utf-8").splitlines():
            yield json.loads(line)["text"]
    for document in json.loads((DATA / "kg/redocred_dev.json").read_text(encoding="utf-8")):
        yield "\n".join(" ".join(words) for words in document["sents"])


def _pages() -> Iterator[str]:
    """What people took out of web pages, and what Common Crawl did."""
    for path in sorted((DATA / "html_gold").glob("*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            yield from (json.loads(line)["gold"] for line in lines)
    for path in sorted((DATA / "warc").glob("*.wet.gz")):
        with path.open("rb") as stream:
            for record in ArchiveIterator(stream, record_types=WarcRecordType.conversion):
                yield record.reader.read().decode("utf-8", errors="ignore")
