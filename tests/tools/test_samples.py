"""The packed samples are what tools/pack-samples writes; compared unpacked, as libraries pack in ways of their own."""

import gzip
import io
import zipfile
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from samples.archives import zipped
from samples.make import MADE


def unpacked(name: str, content: bytes) -> object:
    if name.endswith(".zip"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return [(about.filename, about.date_time, archive.read(about)) for about in archive.infolist()]
    if name.endswith(".parquet"):
        return pq.read_table(io.BytesIO(content))
    return gzip.decompress(content)


@pytest.mark.parametrize("path", MADE, ids=lambda path: path.name)
def test_a_packed_sample_is_what_its_parts_give(path: Path) -> None:
    made = MADE[path]()
    assert made == MADE[path]()
    assert unpacked(path.name, path.read_bytes()) == unpacked(path.name, made), "run tools/pack-samples"


def test_a_zip_holds_its_members_in_the_order_given() -> None:
    assert [name for name, _, _ in unpacked("a.zip", zipped({"b": b"2", "a": b"1"}))] == ["b", "a"]
