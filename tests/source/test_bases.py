"""Records whose text has markup: the sources give bytes then, which an extract stage reads."""

from collections.abc import Callable
from pathlib import Path

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from corpusforge.core import RAW_ROWS
from corpusforge.source.bases import RecordSource
from corpusforge.source.csv import Csv
from corpusforge.source.jsonl import Jsonl
from corpusforge.source.parquet import Parquet

PAGES = ["<p>Löss</p>", "", "<p>黄土</p>"]


def _jsonl(path: Path) -> None:
    path.write_bytes(b"".join(orjson.dumps({"text": page}) + b"\n" for page in PAGES))


def _csv(path: Path) -> None:
    path.write_text("text,url\n" + "".join(f"{page},u\n" for page in PAGES), encoding="utf-8")


def _parquet(path: Path) -> None:
    pq.write_table(pa.table({"text": PAGES}), path)


@pytest.mark.parametrize(
    ("kind", "write", "name"), [(Jsonl, _jsonl, "a.jsonl"), (Csv, _csv, "a.csv"), (Parquet, _parquet, "a.parquet")]
)
def test_texts_of_a_media_type_come_as_bytes(
    kind: Callable[..., RecordSource], write: Callable[[Path], None], name: str, tmp_path: Path
) -> None:
    write(tmp_path / name)
    source = kind(path=str(tmp_path), mime="text/html")
    table = pa.Table.from_batches(source.read(source.shards(source.files())[0]))
    assert table.schema == RAW_ROWS
    assert table["raw"].to_pylist() == [page.encode() for page in PAGES]
    assert table["mime"].to_pylist() == ["text/html"] * 3
    assert table["drop"].to_pylist() == ["", "empty_text", ""]
    assert (source.given(), kind(path=str(tmp_path)).given()) == (("raw", "mime"), ("text",))
