import gzip
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpusforge.core import MAX_BATCH_BYTES, MAX_TASK_BYTES
from corpusforge.errors import BadShard, InputChanged, InputError
from corpusforge.source.arrow import Arrow
from corpusforge.source.parquet import Parquet


def _write(path, table, kind=pa.ipc.new_stream, rows=None):
    with kind(path, table.schema) as writer:
        writer.write_table(table, max_chunksize=rows)


def _batches(source):
    return [batch for shard in source.shards(source.files()) for batch in source.read(shard)]


def _read(source):
    return [row for batch in _batches(source) for row in batch.to_pylist()]


def _ranges(source):
    return [[(each.begin, each.end) for each in shard.ranges] for shard in source.shards(source.files())]


def _until_damage(folder):
    """Rows that are given before damage is raised, and the error, None for none."""
    rows: list[dict[str, Any]] = []
    source = Arrow(path=str(folder), meta=("held", "kind"))
    try:
        for shard in source.shards(source.files()):
            for batch in source.read(shard):
                rows += batch.to_pylist()
    except InputError as error:
        return rows, error
    return rows, None


def _damaged(folder, content):
    """Rows that are given before the damage, and the damage."""
    (folder / "a.arrow").write_bytes(content)
    rows, error = _until_damage(folder)
    assert isinstance(error, BadShard)
    return rows, error


def _stream(folder, table, rows=None):
    _write(folder / "a.arrow", table, rows=rows)
    return (folder / "a.arrow").read_bytes()


@pytest.mark.parametrize("kind", [pa.ipc.new_stream, pa.ipc.new_file], ids=["stream", "file"])
def test_a_row_is_a_document_named_by_file_and_number(tmp_path, kind):
    _write(tmp_path / "a.arrow", pa.table({"text": ["one", "二"], "lang": ["en", "zh"], "left": [1, 2]}), kind)
    rows = _read(Arrow(path=str(tmp_path), meta=("left",)))
    assert rows[1] == {
        "key": "a.arrow:1", "origin": "a.arrow:1", "url": "", "lang": "zh", "license": "", "date": "", "meta": '{"left":2}',
        "text": "二", "drop": "", "failed": False, "value": None, "threshold": None, "message": "",
    }  # fmt: skip
    assert rows[0]["text"] == "one"


def test_rows_are_judged_as_those_of_parquet(tmp_path):
    bad = pa.array([b"good", b"\xff\xfe", None, b" \n", b"n\0l"], pa.binary()).view(pa.string())
    about = pa.StructArray.from_arrays([bad, pa.array([1, 2, 3, 4, 5])], ["url", "n"])
    table = pa.table({"text": bad, "about": about, "id": ["a", "b", "c", "d", None]})
    _write(tmp_path / "a.arrow", table)
    (tmp_path / "p").mkdir()
    pa.parquet.write_table(table, tmp_path / "p/a.arrow")
    mapped: dict[str, Any] = {"columns": {"id": "id", "url": "about.url"}, "meta": ("about.n", "about")}
    rows = _read(Arrow(path=str(tmp_path / "a.arrow"), **mapped))
    assert [row["drop"] for row in rows] == ["", "undecodable", "missing_text", "empty_text", "nul_bytes"]
    assert rows == _read(Parquet(path=str(tmp_path / "p/a.arrow"), **mapped))


@given(
    texts=st.lists(st.none() | st.text(max_size=5), max_size=20),
    chunk=st.integers(1, 7),
    is_stream=st.booleans(),
)
@settings(max_examples=40, deadline=None)
def test_rows_do_not_depend_on_how_they_lie_in_the_file(tmp_path_factory, texts, chunk, is_stream):
    folder = tmp_path_factory.mktemp("arrow")
    table = pa.table({"text": pa.array(texts, pa.string())})
    _write(folder / "a.arrow", table, pa.ipc.new_stream if is_stream else pa.ipc.new_file, chunk)
    rows = _read(Arrow(path=str(folder)))
    assert [row["key"] for row in rows] == [f"a.arrow:{number}" for number in range(len(texts))]
    assert [row["text"] for row in rows] == [text or "" for text in texts]


def test_a_big_batch_is_cut_into_ranges_of_rows_that_are_read_once(tmp_path):
    texts = [f"{number:04d} " + "x" * 60_000 for number in range(1400)]
    _write(tmp_path / "a.arrow", pa.table({"text": texts, "image": [b"y" * 1000] * 1400}))
    source = Arrow(path=str(tmp_path))
    assert _ranges(source) == [[(0, 466)], [(466, 933)], [(933, 1400)]]
    batches = _batches(source)
    assert [row["text"] for batch in batches for row in batch.to_pylist()] == texts
    assert max(batch.nbytes for batch in batches) <= MAX_BATCH_BYTES


def test_small_batches_and_files_go_together(tmp_path):
    _write(tmp_path / "a.arrow", pa.table({"text": ["a"] * 10}), rows=3)
    _write(tmp_path / "b.arrow", pa.table({"text": ["b"] * 2}))
    assert _ranges(Arrow(path=str(tmp_path))) == [[(0, 10), (0, 2)]]


def test_a_file_without_rows_is_no_damage(tmp_path):
    _write(tmp_path / "a.arrow", pa.table({"text": pa.array([], pa.string())}))
    assert _read(Arrow(path=str(tmp_path))) == []


def test_columns_that_are_not_needed_make_no_tasks(tmp_path):
    _write(tmp_path / "a.arrow", pa.table({"text": ["a"] * 4, "image": [b"y" * (MAX_TASK_BYTES // 2)] * 4}), rows=1)
    assert _ranges(Arrow(path=str(tmp_path))) == [[(0, 4)]]


def test_a_missing_column_is_an_error_before_anything_is_read(tmp_path):
    _write(tmp_path / "a.arrow", pa.table({"body": ["a"]}))
    source = Arrow(path=str(tmp_path))
    with pytest.raises(InputError, match=r"column 'text' \(columns.text\) is missing.*its columns: body: string"):
        source.shards(source.files())


def test_a_file_written_to_since_it_was_listed_is_no_damage(tmp_path):
    content = _stream(tmp_path, pa.table({"text": ["a"]}))
    source = Arrow(path=str(tmp_path))
    shards = source.shards(source.files())
    (tmp_path / "a.arrow").write_bytes(content[:-40])
    with pytest.raises(InputChanged):
        list(source.read(shards[0]))


@pytest.mark.parametrize(
    "content", [b"", b"ARROW1", b'{"text": "a"}\n', gzip.compress(b"x")], ids=["empty", "magic", "json", "gzip"]
)
def test_what_is_no_arrow_file_is_damage(tmp_path, content):
    _, error = _damaged(tmp_path, content)
    assert (error.offset, error.path) == (0, str(tmp_path / "a.arrow"))
    assert "no Arrow file" in str(error)


def test_rows_before_a_cut_are_given_before_the_damage_is_raised(tmp_path):
    content = _stream(tmp_path, pa.table({"text": ["a", "b", "c", "d"]}), rows=2)
    rows, error = _damaged(tmp_path, content[:-20])
    assert [row["text"] for row in rows] == ["a", "b"]
    assert error.offset == 2


def test_a_stream_cut_off_between_two_batches_is_damage_though_pyarrow_takes_it_for_whole(tmp_path):
    content = _stream(tmp_path, pa.table({"text": ["a", "b"]}))
    rows, error = _damaged(tmp_path, content[:-8])
    assert [row["text"] for row in rows] == ["a", "b"]
    assert "the stream has no end mark" in str(error)


def test_bytes_behind_the_end_of_a_stream_are_damage(tmp_path):
    content = _stream(tmp_path, pa.table({"text": ["a", "b"]}))
    rows, error = _damaged(tmp_path, content + content)
    assert [row["text"] for row in rows] == ["a", "b"]
    assert f"{len(content)} bytes follow the end of the stream" in str(error)


def test_offsets_that_lead_out_of_the_file_are_damage_and_no_crash(tmp_path):
    texts = ["ab" * 100, "cd" * 100, "ef" * 100]
    content = bytearray(_stream(tmp_path, pa.table({"text": texts})))
    offset = content.index((200).to_bytes(4, "little") + (400).to_bytes(4, "little"))
    content[offset : offset + 4] = (2**31 - 1).to_bytes(4, "little")
    rows, error = _damaged(tmp_path, bytes(content))
    assert (rows, error.offset, error.what) == ([], 0, "a batch of rows is damaged")


@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_a_changed_byte_is_read_or_named_and_never_crashes(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("arrow")
    held = pa.array([{"a": "x"}, None, {"a": "yy"}])
    table = pa.table({"text": ["one", "two", "three"], "held": held, "kind": pa.array(["p", "q", "p"]).dictionary_encode()})
    content = bytearray(_stream(folder, table, rows=2))
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    (folder / "a.arrow").write_bytes(content)
    rows, error = _until_damage(folder)
    assert len(rows) <= 3  # no checksum guards an Arrow file: a changed letter or number of rows is not seen
    assert error is None or str(folder / "a.arrow") in str(error)
