"""The sources on real collections beside the repository; nothing of them is copied into it."""

import gzip
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from corpusforge.core import MAX_BATCH_BYTES
from corpusforge.source.files import Files
from corpusforge.source.jsonl import Jsonl
from corpusforge.source.parquet import Parquet

DATA = Path(__file__).resolve().parents[2] / "../shared/data"

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"the real collections are not at {DATA}")


def _rows(source):
    batches = [batch for shard in source.shards(source.files()) for batch in source.read(shard)]
    assert all(batch.num_rows == 1 or batch.nbytes <= MAX_BATCH_BYTES for batch in batches)
    return [row for batch in batches for row in batch.to_pylist()]


def _pages(name):
    with gzip.open(DATA / "html_gold" / name, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def _text_field(record):
    return max((key for key in record if isinstance(record[key], str)), key=lambda key: len(record[key]))


@pytest.mark.parametrize("folder", ["geo_zh/gmt_docs", "geo_en"])
def test_a_folder_of_real_pages_is_read_whole(folder):
    root = (DATA / folder).resolve()
    include = ("**/*.md", "**/*.rst", "**/*.txt", "**/*.Rmd")
    rows = _rows(Files(path=str(root), include=include, exclude=("SOURCE.txt",)))
    found = {each for pattern in include for each in root.glob(pattern) if each.name != "SOURCE.txt"}
    expected = {each.relative_to(root).as_posix(): each.read_bytes() for each in found}
    assert {row["key"]: row["raw"] for row in rows} == expected
    assert {row["drop"] for row in rows} <= {"", "empty_document"}
    assert [row["key"] for row in rows] == sorted(expected)


@pytest.mark.parametrize("name", ["scrapinghub.jsonl.gz", "daniel_chinese.jsonl.gz", "daniel_english.jsonl.gz"])
def test_real_compressed_json_lines_are_read_as_the_standard_library_reads_them(name):
    pages = _pages(name)
    field = _text_field(pages[0])
    rows = _rows(
        Jsonl(path=str(DATA / "html_gold" / name), columns={"text": field, "url": "", "lang": "", "license": "", "date": ""})
    )
    assert len(rows) == len(pages)
    assert [row["text"] for row in rows if not row["drop"]] == [
        page[field] for page, row in zip(pages, rows, strict=True) if not row["drop"]
    ]
    assert sum(not row["drop"] for row in rows) > 0.9 * len(rows)


def test_real_pages_as_a_table_give_the_texts_of_the_json_lines(tmp_path):
    pages = _pages("daniel_chinese.jsonl.gz")
    field = _text_field(pages[0])
    pq.write_table(pa.table({field: [page[field] for page in pages]}), tmp_path / "a.parquet", row_group_size=50)
    columns = {"text": field, "url": "", "lang": "", "license": "", "date": ""}
    table = _rows(Parquet(path=str(tmp_path), columns=columns))
    lines = _rows(Jsonl(path=str(DATA / "html_gold/daniel_chinese.jsonl.gz"), columns=columns))
    shown = ("text", "drop", "value", "message")
    assert [[row[name] for name in shown] for row in table] == [[row[name] for name in shown] for row in lines]
