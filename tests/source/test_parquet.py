import datetime
import decimal
import tempfile
from itertools import islice
from pathlib import Path

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpusforge.core import MAX_BATCH_BYTES, MAX_TASK_BYTES, TEXT_ROWS
from corpusforge.errors import BadShard, InputChanged, InputError
from corpusforge.source.arrow_rows import bounded
from corpusforge.source.jsonl import Jsonl
from corpusforge.source.parquet import Parquet
from corpusforge.source.rows import ROW_BYTES


def _batches(source):
    return [batch for shard in source.shards(source.files()) for batch in source.read(shard)]


def _read(source):
    return [row for batch in _batches(source) for row in batch.to_pylist()]


def _rows(folder, settings=None, write=None, **columns):
    pq.write_table(pa.table(columns), folder / "a.parquet", **(write or {}))
    return _read(Parquet(path=str(folder), **(settings or {})))


def _invalid(*values):
    """Strings whose bytes nobody checked."""
    return pa.array(values, pa.binary()).view(pa.string())


def test_a_row_is_a_document_named_by_file_and_number(tmp_path):
    rows = _rows(
        tmp_path, text=["one", "two"], url=["u", None], lang=["en", "zh"], license=["cc0", ""], date=["2020", None], left=[1, 2]
    )
    assert rows[0] == {
        "key": "a.parquet:0", "origin": "a.parquet:0", "url": "u", "lang": "en", "license": "cc0", "date": "2020", "meta": "{}",
        "text": "one", "drop": "", "failed": False, "value": None, "threshold": None, "message": "",
    }  # fmt: skip
    assert (rows[1]["key"], rows[1]["text"], rows[1]["url"], rows[1]["date"]) == ("a.parquet:1", "two", "", "")


@pytest.mark.parametrize(
    "texts",
    [
        pa.array(["a", None, "中"], pa.string()),
        pa.array(["a", None, "中"], pa.large_string()),
        pa.array(["a", None, "中"], pa.string_view()),
        pa.array(["a", None, "中"]).dictionary_encode(),
    ],
    ids=lambda array: str(array.type)[:12],
)
def test_text_may_have_any_string_layout(tmp_path, texts):
    rows = _rows(tmp_path, text=texts)
    assert [(row["text"], row["drop"]) for row in rows] == [("a", ""), ("", "missing_text"), ("中", "")]


@pytest.mark.parametrize(
    ("text", "drop", "value", "threshold", "message"),
    [
        (None, "missing_text", None, None, "the field 'text' (columns.text) is null"),
        ("", "empty_text", 0.0, None, "the text has 0 characters"),
        (" \n\u3000\x1c\u2028", "empty_text", 5.0, None, "all of them whitespace"),
        ("a\0b\0", "nul_bytes", 2.0, 0.0, "2 characters U+0000"),
        ("x" * 51, "too_large", 51.0, 50.0, "the text has 51 bytes, max_document_bytes is 50"),
        ("中" * 17, "too_large", 51.0, 50.0, "the text has 51 bytes"),
    ],
)
def test_a_bad_text_is_rejected_and_the_others_read(tmp_path, text, drop, value, threshold, message):
    before, bad, after = _rows(tmp_path, {"max_document_bytes": 50}, text=pa.array(["a", text, "x" * 50], pa.string()))
    assert (bad["drop"], bad["value"], bad["threshold"]) == (drop, value, threshold)
    assert message in bad["message"]
    assert (before["drop"], before["message"], after["drop"], after["text"]) == ("", "", "", "x" * 50)


def test_a_text_above_the_limit_is_not_kept_and_one_with_nul_is(tmp_path):
    rows = _rows(tmp_path, {"max_document_bytes": 5}, text=["123456", "a\0"])
    assert [row["text"] for row in rows] == ["", "a\0"]


@pytest.mark.parametrize(
    "texts",
    [
        _invalid(b"good", b"ab\xffc", None, "中".encode(), b""),
        _invalid(b"good", b"ab\xffc", None, "中".encode(), b"").cast(pa.large_string()),
    ],
    ids=["string", "large_string"],
)
def test_bytes_that_are_not_utf8_are_rejected_at_their_offset(tmp_path, texts):
    rows = _rows(tmp_path, text=texts)
    assert [(row["text"], row["drop"]) for row in rows] == [
        ("good", ""), ("", "undecodable"), ("", "missing_text"), ("中", ""), ("", "empty_text"),
    ]  # fmt: skip
    assert rows[1]["value"] == 2.0
    assert rows[1]["message"] == "the column 'text' is not UTF-8 at its byte 2: invalid start byte"


def test_a_dictionary_that_is_not_utf8_is_damage_since_pyarrow_refuses_to_read_it(tmp_path):
    texts = pa.DictionaryArray.from_arrays(pa.array([0, 1]), _invalid(b"good", b"\xff"))
    with pytest.raises(BadShard, match=r"a\.parquet at 0: row group 0 is damaged \(Invalid UTF8 payload\)"):
        _rows(tmp_path, text=texts)


@pytest.mark.parametrize(
    ("settings_", "where"),
    [
        ({"columns": {"id": "more"}}, "column 'more' is"),
        ({"columns": {"url": "more"}}, "column 'more' (columns.url)"),
        ({"meta": ("more",)}, "column 'more' (meta)"),
    ],
)
def test_other_columns_that_are_not_utf8_reject_the_row_too(tmp_path, settings_, where):
    rows = _rows(tmp_path, settings_, text=["a", "b"], more=_invalid(b"x", b"\xff"))
    assert [row["drop"] for row in rows] == ["", "undecodable"]
    assert where in rows[1]["message"]
    assert rows[1]["value"] == 0.0


def test_of_several_reasons_the_first_mapped_column_gives_the_verdict(tmp_path):
    [row] = _rows(tmp_path, text=["a"], url=_invalid(b"\xff"), date=_invalid(b"ab\xff"))
    assert (row["drop"], row["value"]) == ("undecodable", 0.0)
    assert "(columns.url)" in row["message"]


@pytest.mark.parametrize(
    ("ids", "keys"),
    [
        (pa.array(["x", "y"]), ["x", "y"]),
        (pa.array([7, -1]), ["7", "-1"]),
        (pa.array([2**64 - 1, 0], pa.uint64()), ["18446744073709551615", "0"]),
        (pa.array([1.5, 2.25]), ["1.5", "2.25"]),
        (pa.array(["x", "y"]).dictionary_encode(), ["x", "y"]),
        (pa.array([decimal.Decimal("1.50"), decimal.Decimal("2.00")]), ["1.50", "2.00"]),
    ],
)
def test_a_mapped_id_is_the_key(tmp_path, ids, keys):
    rows = _rows(tmp_path, {"columns": {"id": "id"}}, text=["a", "b"], id=ids)
    assert [(row["key"], row["origin"]) for row in rows] == [(keys[0], "a.parquet:0"), (keys[1], "a.parquet:1")]


def test_without_an_id_the_document_is_rejected_under_its_origin(tmp_path):
    rows = _rows(tmp_path, {"columns": {"id": "id"}}, text=["a", "b", ""], id=["x", None, ""])
    assert [(row["key"], row["drop"]) for row in rows] == [
        ("x", ""), ("a.parquet:1", "missing_id"), ("a.parquet:2", "empty_text"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("values", "text"),
    [
        (pa.array([5]), "5"),
        (pa.array([True]), "true"),
        (pa.array([None], pa.null()), ""),
        (pa.array([datetime.date(2020, 1, 31)]), "2020-01-31"),
        (pa.array([datetime.datetime(2020, 1, 31, 5)]), "2020-01-31 05:00:00.000000"),
        (pa.array([0], pa.timestamp("ms", "Asia/Shanghai")), "1970-01-01 00:00:00.000Z"),
        (pa.array([None], pa.timestamp("ms", "Asia/Shanghai")), ""),
        (pa.array(["x"]).dictionary_encode(), "x"),
    ],
    ids=lambda value: str(getattr(value, "type", value))[:20],
)
def test_a_scalar_fact_becomes_a_string(tmp_path, values, text):
    [row] = _rows(tmp_path, text=["a"], date=values)
    assert (row["date"], row["drop"]) == (text, "")


def test_fields_are_mapped_by_name_into_struct_columns(tmp_path):
    doc = pa.array([{"body": "a", "n": 1}, None, {"body": None, "n": 2}])
    meta = pa.array([{"url": "u"}, {"url": None}, None])
    rows = _rows(tmp_path, {"columns": {"text": "doc.body", "url": "meta.url", "lang": "meta.lang"}}, doc=doc, meta=meta)
    assert [(row["text"], row["url"], row["drop"]) for row in rows] == [
        ("a", "u", ""), ("", "", "missing_text"), ("", "", "missing_text"),
    ]  # fmt: skip


def test_a_column_with_a_dot_in_its_name_comes_before_a_struct_field(tmp_path):
    columns = {"text": ["a"], "m.url": ["flat"], "m": pa.array([{"url": "nested"}])}
    [row] = _rows(tmp_path, {"columns": {"url": "m.url"}}, **columns)
    assert row["url"] == "flat"


def test_further_columns_are_kept_sorted_as_json(tmp_path):
    [row] = _rows(
        tmp_path, {"meta": ("z", "when", "tree", "tree.x", "price", "pairs", "none", "absent")},
        text=["a"], z=pa.array([[1, None]]), when=pa.array([1], pa.timestamp("ns")), tree=pa.array([{"x": "中", "y": 1.5}]),
        price=[decimal.Decimal("1.50")], pairs=pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int8())), none=pa.nulls(1),
    )  # fmt: skip
    assert row["meta"] == (
        '{"none":null,"pairs":[["k",1]],"price":"1.50","tree":{"x":"中","y":1.5},"tree.x":"中",'
        '"when":"1970-01-01 00:00:00.000000001","z":[1,null]}'
    )


def test_a_fact_mapped_to_nothing_is_not_read(tmp_path):
    [row] = _rows(tmp_path, {"columns": {"license": ""}}, text=["a"], license=pa.array([["MIT"]]))
    assert (row["license"], row["drop"]) == ("", "")


def test_only_the_columns_that_are_needed_are_read(tmp_path, monkeypatch):
    asked = []
    real = pq.ParquetFile.iter_batches
    monkeypatch.setattr(
        pq.ParquetFile,
        "iter_batches",
        lambda self, *args, **named: asked.append(named["columns"]) or real(self, *args, **named),
    )
    _rows(
        tmp_path,
        {"columns": {"id": "key"}, "meta": ("x.b",)},
        text=["a"],
        url=["u"],
        key=["k"],
        image=[b"\xff"],
        x=[{"a": 1, "b": 2}],
    )
    assert asked == [["text", "key", "url", "x.b"]]


def test_ids_are_mapped_only_where_a_column_is_named():
    assert not Parquet(path="/x").has_mapped_ids
    assert Parquet(path="/x", columns={"id": "id"}).has_mapped_ids


# Schemas: what two files may differ in, and what not.


def _two(folder, first, second, **settings_):
    pq.write_table(pa.table(first), folder / "a.parquet")
    pq.write_table(pa.table(second), folder / "b.parquet")
    return Parquet(path=str(folder), **settings_)


@pytest.mark.parametrize(
    ("first", "second", "urls"),
    [
        ({"url": ["u"]}, {}, ["u", ""]),
        ({}, {"url": ["u"]}, ["", "u"]),
        ({"url": [5]}, {"url": ["u"]}, ["5", "u"]),
        ({"url": pa.nulls(1)}, {"url": [datetime.date(2020, 1, 1)]}, ["", "2020-01-01"]),
    ],
)
def test_facts_may_be_missing_or_of_other_scalar_types_in_some_files(tmp_path, first, second, urls):
    rows = _read(_two(tmp_path, {"text": ["a"], **first}, {"text": ["b"], **second}))
    assert [row["url"] for row in rows] == urls


def test_further_columns_may_differ_between_files(tmp_path):
    source = _two(tmp_path, {"text": ["a"], "x": [1]}, {"x": ["one"], "text": ["b"]}, meta=("x", "y"))
    assert [row["meta"] for row in _read(source)] == ['{"x":1}', '{"x":"one"}']


def test_text_may_be_laid_out_differently_between_files(tmp_path):
    source = _two(tmp_path, {"text": ["a"]}, {"text": pa.array(["b"], pa.large_string())})
    assert [row["text"] for row in _read(source)] == ["a", "b"]


@pytest.mark.parametrize(
    ("second", "settings_", "what"),
    [
        ({"text": [1]}, {}, "column 'text' (columns.text) is int64, it has to be a string; a.parquet has string"),
        ({"body": ["b"]}, {}, "column 'text' (columns.text) is missing, it has to be a string; a.parquet has string"),
        ({"text": [b"b"]}, {}, "column 'text' (columns.text) is binary"),
        ({"text": pa.nulls(1)}, {}, "column 'text' (columns.text) is null"),
        ({"text": [["b"]]}, {}, "column 'text' (columns.text) is list<"),
        ({"text": ["b"]}, {"columns": {"id": "id"}}, "column 'id' (columns.id) is missing, it has to be a string or a number"),
        ({"text": ["b"], "id": [[1]]}, {"columns": {"id": "id"}}, "(columns.id) is list<"),
        ({"text": ["b"], "url": [["u"]]}, {}, "column 'url' (columns.url) is list<"),
        (
            {"text": ["b"], "x": [b"b"]},
            {"meta": ("x",)},
            "(meta) is binary, it has to be something that JSON can hold; a.parquet has no",
        ),
        ({"text": ["b"], "x": [{"y": [b"b"]}]}, {"meta": ("x",)}, "column 'x' (meta) is struct<"),
    ],
)
def test_a_file_that_cannot_be_mapped_is_named_with_what_the_first_one_has(tmp_path, second, settings_, what):
    source = _two(tmp_path, {"text": ["a"], "id": ["1"]}, second, **settings_)
    with pytest.raises(InputError) as caught:
        source.shards(source.files())
    message = str(caught.value)
    assert message.startswith(f"{tmp_path}/b.parquet: column ")
    assert what in message
    assert f"; its columns: {next(iter(second))}: " in message
    assert message.endswith("to another column or exclude the file")


def test_a_mapping_that_no_file_has_says_so_of_the_first(tmp_path):
    source = _two(tmp_path, {"body": ["a"]}, {"body": ["b"]})
    with pytest.raises(InputError, match=r"a\.parquet: column 'text' .* is missing, it has to be a string; its columns: body"):
        source.shards(source.files())


def test_a_column_that_occurs_twice_is_an_error(tmp_path):
    table = pa.Table.from_arrays([pa.array(["a"]), pa.array(["b"])], names=["text", "text"])
    pq.write_table(table, tmp_path / "a.parquet")
    source = Parquet(path=str(tmp_path))
    with pytest.raises(InputError, match=r"column 'text' \(columns\.text\) occurs twice"):
        source.shards(source.files())


# Tasks and batches.


def test_row_groups_of_a_file_are_one_range_and_numbers_run_through(tmp_path):
    pq.write_table(pa.table({"text": list("abcdefg")}), tmp_path / "a.parquet", row_group_size=3)
    source = Parquet(path=str(tmp_path))
    [shard] = source.shards(source.files())
    assert [(each.begin, each.end) for each in shard.ranges] == [(0, 3)]
    assert [row["key"] for row in _read(source)] == [f"a.parquet:{number}" for number in range(7)]


def test_big_row_groups_make_tasks_of_their_own(tmp_path):
    texts = pa.array([bytes([97 + number]).decode() * (MAX_TASK_BYTES // 3) for number in range(4)], pa.large_string())
    pq.write_table(pa.table({"text": texts}), tmp_path / "a.parquet", row_group_size=1, use_dictionary=False)
    source = Parquet(path=str(tmp_path), max_document_bytes=MAX_TASK_BYTES)
    shards = source.shards(source.files())
    assert [(each.begin, each.end) for shard in shards for each in shard.ranges] == [(0, 2), (2, 4)]
    rows = [(row["key"], row["text"][0]) for batch in source.read(shards[1]) for row in batch.to_pylist()]
    assert rows == [("a.parquet:2", "c"), ("a.parquet:3", "d")]


def test_small_files_share_a_task(tmp_path):
    source = _two(tmp_path, {"text": ["a"]}, {"text": ["b", "c"]})
    [shard] = source.shards(source.files())
    assert [each.file.relative for each in shard.ranges] == ["a.parquet", "b.parquet"]


def test_a_file_without_rows_has_no_document(tmp_path):
    assert _rows(tmp_path, text=pa.array([], pa.string())) == []


def test_batches_are_of_the_schema_and_within_the_limit(tmp_path):
    texts = [str(number % 10) * 100_000 for number in range(400)]
    pq.write_table(pa.table({"text": pa.array(texts)}), tmp_path / "a.parquet")
    batches = _batches(Parquet(path=str(tmp_path)))
    assert {batch.schema for batch in batches} == {TEXT_ROWS}
    assert all(batch.nbytes <= MAX_BATCH_BYTES for batch in batches)
    assert [text.as_py() for batch in batches for text in batch["text"]] == texts


def test_rows_that_fill_a_batch_exactly_stay_together():
    row = {**dict.fromkeys(TEXT_ROWS.names, ""), "text": "x" * 28, "failed": False, "value": None, "threshold": None}
    batch = pa.RecordBatch.from_pylist([row] * 5, TEXT_ROWS)
    slices = bounded(batch, max_bytes=2 * (ROW_BYTES + 28), max_rows=100)
    assert [each.num_rows for each in slices] == [2, 2, 1]


@given(
    texts=st.lists(st.text(st.characters(codec="utf-8"), max_size=80), min_size=1, max_size=40),
    max_bytes=st.integers(1, 3000),
    max_rows=st.integers(1, 9),
)
def test_limits_do_not_change_the_rows(texts, max_bytes, max_rows):
    strings = {name: pa.array(texts, TEXT_ROWS.field(name).type) for name in ("key", "text", "message")}
    zeros = {"failed": [False] * len(texts), "value": [None] * len(texts), "threshold": [None] * len(texts)}
    others = {name: [""] * len(texts) for name in TEXT_ROWS.names}
    batch = pa.RecordBatch.from_pydict({**others, **zeros, **strings}, schema=TEXT_ROWS)
    slices = list(bounded(batch, max_bytes=max_bytes, max_rows=max_rows))
    assert pa.Table.from_batches(slices).combine_chunks() == pa.Table.from_batches([batch])
    assert all(each.num_rows == 1 or each.nbytes <= max_bytes for each in slices)
    assert all(each.num_rows <= max_rows for each in slices)


records = st.fixed_dictionaries(
    {"text": st.one_of(st.none(), st.text(st.characters(codec="utf-8"), max_size=8), st.text(" \n\u3000\0\x85", max_size=4))},
    optional={"url": st.one_of(st.none(), st.text(st.characters(codec="utf-8"), max_size=5)), "n": st.integers(-9, 9)},
)


@given(rows=st.lists(records, min_size=1, max_size=8), row_group=st.integers(1, 4))
@settings(deadline=None)
def test_a_table_gives_the_same_documents_and_verdicts_as_json_lines(rows, row_group):
    schema = pa.schema([("text", pa.string()), ("url", pa.string()), ("n", pa.int64())])
    rows = [{"url": None, "n": None, **row} for row in rows]
    with tempfile.TemporaryDirectory() as folder:
        pq.write_table(pa.Table.from_pylist(rows, schema), f"{folder}/a.parquet", row_group_size=row_group)
        Path(folder, "a.jsonl").write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
        mapping = {"columns": {"id": "n", "date": "n"}, "meta": ("n", "url"), "max_document_bytes": 10_000}
        table, lines = (_read(kind(path=folder, **mapping)) for kind in (Parquet, Jsonl))
    shown = ("url", "date", "meta", "drop", "value", "threshold", "message")
    assert [[row[name] for name in shown] for row in table] == [[row[name] for name in shown] for row in lines]
    kept = [[row["text"] for row in each if not row["drop"]] for each in (table, lines)]
    assert kept[0] == kept[1]


# Damage.


def _damaged(folder, content, **settings_):
    (folder / "a.parquet").write_bytes(content)
    source = Parquet(path=str(folder), **settings_)
    batches = source.read(source.shards(source.files())[0])
    rows = []
    with pytest.raises(BadShard) as caught:
        rows.extend(row for batch in batches for row in batch.to_pylist())
    return rows, caught.value


def _file(folder, **write):
    path = folder / "whole"
    pq.write_table(pa.table({"text": [f"document number {number}" for number in range(3000)]}), path, **write)
    return path.read_bytes()


@pytest.mark.parametrize("content", [b"", b"PAR1", b"no parquet at all", b"PAR1" + b"x" * 100 + b"PAR1"])
def test_what_is_no_parquet_file_is_damage(tmp_path, content):
    _, error = _damaged(tmp_path, content)
    assert error.path == f"{tmp_path}/a.parquet"
    assert "no readable Parquet footer (" in str(error)


@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_a_file_cut_off_anywhere_is_damage(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("cut")
    content = _file(folder)
    _, error = _damaged(folder, content[: data.draw(st.integers(0, len(content) - 1))])
    assert "no readable Parquet footer (" in str(error)


def test_a_column_name_that_is_not_utf8_is_damage(tmp_path):
    _, error = _damaged(tmp_path, _file(tmp_path).replace(b"text", b"te\xfft"))
    assert "no readable Parquet footer (" in str(error)


def test_a_footer_whose_row_counts_disagree_is_damage(tmp_path):
    pq.write_table(pa.table({"text": ["a"] * 9999}), tmp_path / "whole", row_group_size=5000)
    # 9999 and 9998 as thrift writes them: zigzag, then seven bits a byte
    head, count, tail = (tmp_path / "whole").read_bytes().partition(b"\x9e\x9c\x01")
    assert count
    _, error = _damaged(tmp_path, head + b"\x9c\x9c\x01" + tail)
    assert "the footer says 9998 rows, its row groups add up to 9999" in str(error)


def test_rows_before_a_corrupt_page_are_given_before_the_damage_is_raised(tmp_path):
    content = bytearray(_file(tmp_path, row_group_size=1000, write_page_checksum=True, use_dictionary=False))
    place = content.index(b"document number 20")
    content[place + 20 : place + 60] = b"\xff" * 40
    rows, error = _damaged(tmp_path, bytes(content))
    assert [row["text"] for row in rows] == [f"document number {number}" for number in range(len(rows))]
    assert len(rows) == error.offset
    assert error.offset in (1000, 2000)
    assert f"row group {error.offset // 1000} is damaged (" in str(error)


def test_a_changed_letter_under_a_page_checksum_is_damage(tmp_path):
    content = _file(tmp_path, write_page_checksum=True, use_dictionary=False, compression="none")
    rows, error = _damaged(tmp_path, content.replace(b"document number 7", b"monument number 7"))
    assert (rows, error.offset) == ([], 0)
    assert "row group 0 is damaged (" in str(error)


def test_a_row_group_that_ends_early_is_damage(tmp_path, monkeypatch):
    real = pq.ParquetFile.iter_batches
    monkeypatch.setattr(pq.ParquetFile, "iter_batches", lambda self, _, **named: islice(real(self, 400, **named), 2))
    rows, error = _damaged(tmp_path, _file(tmp_path))
    assert (len(rows), error.offset) == (800, 800)
    assert "row group 0 gave 800 rows, its footer says 3000" in str(error)


def test_a_file_without_footer_does_not_cost_its_neighbours(tmp_path):
    pq.write_table(pa.table({"text": ["b"]}), tmp_path / "b.parquet")
    (tmp_path / "a.parquet").write_bytes(b"PAR1 cut off")
    source = Parquet(path=str(tmp_path))
    bad, good = source.shards(source.files())
    assert [row["text"] for batch in source.read(good) for row in batch.to_pylist()] == ["b"]
    with pytest.raises(BadShard, match=r"a\.parquet"):
        list(source.read(bad))


def test_a_file_that_was_no_parquet_when_listed_is_never_read_in_part(tmp_path):
    good = _file(tmp_path)
    (tmp_path / "a.parquet").write_bytes(b"x" * len(good))
    source = Parquet(path=str(tmp_path))
    [shard] = source.shards(source.files())
    (tmp_path / "a.parquet").write_bytes(good)
    with pytest.raises(InputChanged, match="was written to since the build began"):
        list(source.read(shard))


def test_a_folder_without_parquet_is_an_error(tmp_path):
    (tmp_path / "a.csv").write_text("text")
    with pytest.raises(InputError, match=r"no file matches \*\*/\*\.parquet; the folder has 1 \.csv: set `include`"):
        Parquet(path=str(tmp_path)).files()


@pytest.fixture(scope="module")
def small_file(tmp_path_factory):
    words = pa.array(["a", "b", "c"] * 40)
    columns = {"text": [f"document {number}" for number in range(120)], "url": words.dictionary_encode()}
    path = tmp_path_factory.mktemp("small") / "a.parquet"
    pq.write_table(pa.table(columns), path, row_group_size=60, store_schema=True, use_dictionary=["url"], compression="none")
    return path


def _outcome(source):
    """Rows that were read, or the error that a user would see."""
    try:
        return len(_read(source))
    except InputError as error:
        return type(error)


@given(place=st.floats(0, 1, exclude_max=True), value=st.integers(1, 255))
@settings(max_examples=600, deadline=None, derandomize=True)
def test_a_changed_byte_never_costs_a_row_silently(small_file, place, value):
    content = bytearray(small_file.read_bytes())
    content[int(place * len(content))] ^= value
    changed = small_file.with_name("changed.parquet")
    changed.write_bytes(content)
    assert _outcome(Parquet(path=str(changed))) in (120, InputError, BadShard)


def test_a_star_takes_the_whole_row_as_json(tmp_path):
    turns = [[{"role": "user", "content": "岩?"}], None]
    rows = _rows(tmp_path, {"columns": {"text": "*"}}, messages=turns, score=[1, 2])
    assert [orjson.loads(row["text"]) for row in rows] == [{"messages": each, "score": n + 1} for n, each in enumerate(turns)]


def test_a_star_refuses_a_column_that_is_no_json(tmp_path):
    with pytest.raises(InputError, match=r"column 'image' .*is binary, it has to be something that JSON can hold"):
        _rows(tmp_path, {"columns": {"text": "*"}}, image=[b"x"])
