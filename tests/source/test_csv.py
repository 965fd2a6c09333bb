import csv
import gzip
import io
import tempfile
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import zstandard
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from corpusforge.core import MAX_TASK_BYTES, InputFile
from corpusforge.errors import BadShard, InputError
from corpusforge.source.csv import Csv
from corpusforge.source.csv_rows import Dialect, Misquoted, numbered_records
from corpusforge.text.csv_records import BEGINS, record_ends

BOM = b"\xef\xbb\xbf"


def _read(source):
    return [row for shard in source.shards(source.files()) for batch in source.read(shard) for row in batch.to_pylist()]


def _rows(tmp_path, content, *, name="a.csv", **settings):
    (tmp_path / name).write_bytes(content)
    return _read(Csv(path=str(tmp_path / name), **settings))


def _texts(tmp_path, content, **settings):
    rows = _rows(tmp_path, content, **settings)
    assert [row["message"] for row in rows if row["drop"]] == []
    return [row["text"] for row in rows]


def test_a_row_is_a_document_named_by_file_and_offset(tmp_path):
    rows = _rows(tmp_path, b"url,text,lang,license,date,other\nu,one,en,cc0,2020,x\n,two,,,,\n")
    assert rows[0] == {
        "key": "a.csv:33", "origin": "a.csv:33", "url": "u", "lang": "en", "license": "cc0", "date": "2020", "meta": "{}",
        "text": "one", "drop": "", "failed": False, "value": None, "threshold": None, "message": "",
    }  # fmt: skip
    assert (rows[1]["key"], rows[1]["text"], rows[1]["url"]) == ("a.csv:53", "two", "")


@pytest.mark.parametrize(
    ("field", "text"),
    [
        (b"plain", "plain"),
        (b'"a, b"', "a, b"),
        (b'"two\nlines"', "two\nlines"),
        (b'"two\r\n\r\nlines"', "two\r\n\r\nlines"),
        (b'"say ""no"" twice"', 'say "no" twice'),
        (b'""""', '"'),
        (b'""","""', '","'),
        (b'a 5" pipe', 'a 5" pipe'),
        (b' "a"', ' "a"'),
        (b"a\tb", "a\tb"),
        (b" \xe7\x9f\xbf\xe7\x89\xa9 ", " 矿物 "),
        ("a\u2028b\x85c".encode(), "a\u2028b\x85c"),
    ],
)
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_a_field_is_read_as_it_was_meant(tmp_path, field, text, end):
    assert _texts(tmp_path, end.join([b"n,text", b"1," + field, b"2,next", b""])) == [text, "next"]
    assert _texts(tmp_path, end.join([b"text,n", field + b",1"])) == [text]


@pytest.mark.parametrize(
    ("row", "drop", "value", "threshold", "message"),
    [
        (b"a", "too_few_fields", 1.0, 2.0, "row 2 has 1 fields, the file's columns are 2: text, url"),
        (b" ", "too_few_fields", 1.0, 2.0, "row 2 has 1 fields"),
        (b"a,b,c", "too_many_fields", 3.0, 2.0, "row 2 has 3 fields, the file's columns are 2: text, url"),
        (b"a,b,", "too_many_fields", 3.0, 2.0, "row 2 has 3 fields"),
        (b'"a"b,c', "misquoted", None, None, "row 2: field 1 goes on behind its closing quote with 'b,c'"),
        (b'a,"b" ', "misquoted", None, None, "row 2: field 2 goes on behind its closing quote with ' '"),
        (b"a\xffb,", "undecodable", 1.0, None, "the content of row 2 is not UTF-8 at its byte 1: invalid start byte"),
        (b"a,\xd6\xd0", "undecodable", 2.0, None, "the content of row 2 is not UTF-8 at its byte 2"),
        (b",u", "empty_text", 0.0, None, "the text has 0 characters"),
        (b'"\n ",u', "empty_text", 2.0, None, "all of them whitespace"),
        (b"a\0b,", "nul_bytes", 1.0, 0.0, "1 characters U+0000"),
    ],
)
def test_a_bad_row_is_rejected_and_the_next_one_read(tmp_path, row, drop, value, threshold, message):
    bad, good = _rows(tmp_path, b"text,url\n" + row + b"\ngood,u\n")
    assert (bad["drop"], bad["value"], bad["threshold"]) == (drop, value, threshold)
    assert message in bad["message"]
    assert bad["key"] == bad["origin"] == "a.csv:9"
    assert (good["drop"], good["text"], good["origin"]) == ("", "good", f"a.csv:{10 + len(row)}")


def test_rows_are_counted_as_a_spreadsheet_does(tmp_path):
    bad = _rows(tmp_path, b'text,n\n\n"a\nb",1\nshort\n')[1]
    assert "row 4 has 1 fields" in bad["message"]


def test_empty_lines_are_no_rows(tmp_path):
    assert _texts(tmp_path, b"\r\n\ntext\n\na\n\r\n\nb\n\n") == ["a", "b"]


@pytest.mark.parametrize("content", [b"", BOM, BOM + b"\r\n", b"\n\n", b"text", b"text\n"])
def test_a_file_without_rows_has_no_document(tmp_path, content):
    assert _rows(tmp_path, content) == []


@pytest.mark.parametrize("header", [b"text,n", b'"text",n'])
def test_a_byte_order_mark_at_the_start_is_skipped(tmp_path, header):
    [row] = _rows(tmp_path, BOM + header + b"\na,1\n")
    assert (row["text"], row["origin"]) == ("a", f"a.csv:{len(header) + 4}")


def test_a_byte_order_mark_before_the_first_row_is_no_text(tmp_path):
    [row] = _rows(tmp_path, BOM + b'"a,b",1', names=("text", "n"))
    assert (row["text"], row["origin"]) == ("a,b", "a.csv:0")


def test_columns_are_mapped_by_name(tmp_path):
    columns = {"text": "body", "id": "no", "url": "m.url", "lang": "", "date": "year"}
    [row] = _rows(tmp_path, b"no,lang,m.url,body,year\n007,en,u,a,1912\n", columns=columns)
    assert [row[name] for name in ("key", "origin", "text", "url", "lang", "date")] == ["007", "a.csv:24", "a", "u", "", "1912"]


def test_further_columns_are_kept_sorted_as_json(tmp_path):
    [row] = _rows(tmp_path, "text,z,left,b\na,1,x,中\n".encode(), meta=("z", "b"))
    assert row["meta"] == '{"b":"中","z":"1"}'


def test_without_an_id_the_document_is_rejected_under_its_origin(tmp_path):
    [row] = _rows(tmp_path, b"text,id\na,\n", columns={"id": "id"})
    assert (row["key"], row["drop"]) == ("a.csv:8", "missing_id")


def test_names_stand_for_a_header_that_a_file_lacks(tmp_path):
    rows = _rows(tmp_path, b"1,a\n2,b\n", names=("id", "text"), columns={"id": "id"})
    assert [(row["key"], row["text"], row["origin"]) for row in rows] == [("1", "a", "a.csv:0"), ("2", "b", "a.csv:4")]


@pytest.mark.parametrize(
    ("name", "settings", "content"),
    [
        ("a.tsv", {}, b'text\tn\n"a\tb,c"\t1\n'),
        ("a.TSV", {}, b'text\tn\n"a\tb,c"\t1\n'),
        ("a.csv", {"delimiter": "\t"}, b'text\tn\n"a\tb,c"\t1\n'),
        ("a.tsv", {"delimiter": ";"}, b'text;n\n"a\tb,c";1\n'),
        ("a.csv", {"delimiter": "|", "quote": "'"}, b"text|n\n'a\tb,c'|1\n"),
        ("a.csv", {}, b'text,n\n"a\tb,c",1\n'),
    ],
)
def test_delimiter_and_quote_are_as_set_or_by_the_name_of_the_file(tmp_path, name, settings, content):
    assert _texts(tmp_path, content, name=name, **settings) == ["a\tb,c"]


def test_without_a_quote_quotes_are_characters_like_others(tmp_path):
    assert _texts(tmp_path, b'n\ttext\n1\t"open\n2\t""\n', name="a.tsv", quote="") == ['"open', '""']


@pytest.mark.parametrize(
    "settings",
    [
        {"delimiter": ",,"}, {"delimiter": "\n"}, {"delimiter": "、"}, {"delimiter": '"'}, {"quote": "\r"}, {"quote": "“"},
        {"names": ("a", "a")}, {"columns": {"txt": "a"}},
    ],
)  # fmt: skip
def test_a_wrong_setting_is_refused(settings):
    with pytest.raises(ValidationError):
        Csv(path="/x", **settings)


@pytest.mark.parametrize(
    ("content", "settings", "message"),
    [
        (b"id,TEXT\n1,a\n", {}, "'text' (columns.text) is missing; the file's columns are id, TEXT; did you mean 'TEXT'"),
        (b"text,n\na,1\n", {"columns": {"id": "id"}}, "column 'id' (columns.id) is missing; the file's columns are text, n"),
        (b"text,link\na,u\n", {"columns": {"url": "lnk"}}, "the file's columns are text, link; did you mean 'link'"),
        (b"text,title\na,u\n", {"meta": ("titel",)}, "'titel' (meta) is missing; the file's columns are text, title; did"),
        (b"text,text\na,b\n", {}, "column 'text' (columns.text) occurs twice"),
        (b"text,url,url\na,b,c\n", {}, "column 'url' (columns.url) occurs twice"),
        (b"text;n\na;1\n", {}, "set `delimiter`: with it the header is a single column"),
        (b"1,a\n", {"names": ("n", "body")}, "column 'text' (columns.text) is missing; the file's columns are n, body"),
        (b"text,\xff\na,b\n", {}, "row 1 should be the header, but is not UTF-8 at its byte 5"),
        (b'\n"text"x,n\na,b\n', {}, "row 2 should be the header, but field 1 goes on behind its closing quote"),
        (b"text," + b"n" * 200 + b"\na,b\n", {"max_document_bytes": 100}, "should be the header, but has 205 bytes"),
    ],
)  # fmt: skip
def test_a_header_that_does_not_fit_the_settings_is_an_error_before_anything_is_read(tmp_path, content, settings, message):
    (tmp_path / "a.csv").write_bytes(content)
    source = Csv(path=str(tmp_path), **settings)
    with pytest.raises(InputError) as caught:
        source.shards(source.files())
    assert str(caught.value).startswith(f"{tmp_path}/a.csv: ")
    assert message in str(caught.value)


def test_columns_that_are_mapped_to_their_own_names_may_be_missing(tmp_path):
    assert _texts(tmp_path, b"text\na\n") == ["a"]


def test_a_column_that_is_not_used_may_occur_twice(tmp_path):
    assert _texts(tmp_path, b"text,n,n,\na,1,2,3\n") == ["a"]


def test_files_may_have_their_columns_in_different_orders(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"text,url\na,u\n")
    (tmp_path / "b.tsv").write_bytes(b"lang\ttext\nzh\tb\n")
    assert [(row["key"], row["text"], row["url"], row["lang"]) for row in _read(Csv(path=str(tmp_path)))] == [
        ("a.csv:9", "a", "u", ""),
        ("b.tsv:10", "b", "", "zh"),
    ]


@pytest.mark.parametrize("content", [b'text,n\na,1\n"b\nc,2\n', b'text,n\na,1\n"b"",2', b'text,n\na,1\n"'])
def test_a_quote_that_is_never_closed_is_damage_behind_the_rows_before_it(tmp_path, content):
    (tmp_path / "a.csv").write_bytes(content)
    source = Csv(path=str(tmp_path))
    batches = source.read(source.shards(source.files())[0])
    given = next(batches).to_pylist()
    with pytest.raises(BadShard, match="a quote that opens in row 3 is never closed") as caught:
        next(batches)
    assert [(row["text"], row["drop"]) for row in given] == [("a", "")]
    assert (caught.value.path, caught.value.offset) == (str(tmp_path / "a.csv"), 11)


@pytest.mark.parametrize("content", [b'"text,n\na,1\n', gzip.compress(b"text\na\n", mtime=0), b"PK\x03\x04"])
def test_damage_in_the_header_is_met_when_the_file_is_read(tmp_path, content):
    (tmp_path / "a.csv").write_bytes(content)
    source = Csv(path=str(tmp_path))
    [shard] = source.shards(source.files())
    with pytest.raises(BadShard):
        list(source.read(shard))


@pytest.mark.parametrize(("limit", "drop"), [(5, ""), (4, "too_large")])
@pytest.mark.parametrize("row", [b"abc,1", b'"a",1', b'"\na",'])
def test_the_limit_is_the_longest_row_that_is_read(tmp_path, row, limit, drop):
    rows = _rows(tmp_path, row + b"\nb,2\n", names=("text", "n"), max_document_bytes=limit)
    assert [row["drop"] for row in rows] == [drop, ""]


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a.csv.zst"])
def test_a_huge_row_is_rejected_without_being_held(tmp_path, name):
    content = b'text,n\n"' + b'x,""\n' * 10_000_000 + b'",1\nb,2\n'
    packed = {"csv": bytes, "gz": gzip.compress, "zst": zstandard.compress}[name.rpartition(".")[2]](content)
    (tmp_path / name).write_bytes(packed)
    del content, packed
    record_ends(np.zeros(0, np.uint8), 0, 0, 0)  # compiled before memory is watched
    tracemalloc.start()
    rows = _read(Csv(path=str(tmp_path), max_document_bytes=1000))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [(row["drop"], row["value"]) for row in rows] == [("too_large", 50_000_004.0), ("", None)]
    assert rows[0]["message"] == "the content of row 2 has 50000004 bytes, max_document_bytes is 1000"
    assert peak < 30_000_000


def test_files_are_not_cut_and_small_ones_are_read_together():
    sizes = {"a.csv": 10, "b.tsv": 20, "c.csv": 2 * MAX_TASK_BYTES, "d.csv.gz": 5, "e.csv": 7}
    files = [InputFile(f"/d/{name}", name, size) for name, size in sizes.items()]
    shards = _Unopened(path="/d").shards(files)
    assert [[(each.file.relative, each.begin, each.end) for each in shard.ranges] for shard in shards] == [
        [("a.csv", 0, 10), ("b.tsv", 0, 20)],
        [("c.csv", 0, 2 * MAX_TASK_BYTES)],
        [("d.csv.gz", 0, 5)],
        [("e.csv", 0, 7)],
    ]


class _Unopened(Csv):
    """Files that are only listed."""

    def _check(self, file):
        pass


@pytest.mark.parametrize("suffix", ["gz", "zst"])
def test_a_compressed_file_gives_the_rows_of_the_plain_one(tmp_path, suffix):
    content = b"".join(b'"document\n%d ""x""",%d\n' % (number, number) for number in range(300))
    content = b"text\tn\n" + content.replace(b",", b"\t")
    packed = {"gz": gzip.compress, "zst": zstandard.compress}[suffix](content)
    plain = _rows(tmp_path, content, name="a.tsv")
    compressed = _rows(tmp_path, packed, name=f"a.tsv.{suffix}")
    assert len(plain) == 300
    assert [(row["text"], row["drop"], row["origin"].split(":")[1]) for row in compressed] == [
        (row["text"], row["drop"], row["origin"].split(":")[1]) for row in plain
    ]


def test_rows_before_a_cut_are_given_before_the_damage_is_raised(tmp_path):
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"text,n\na,1\nb,2")[:-9])
    source = Csv(path=str(tmp_path))
    batches = source.read(source.shards(source.files())[0])
    assert [row["text"] for row in next(batches).to_pylist()] == ["a"]
    with pytest.raises(BadShard, match="the file is cut off inside the gzip member"):
        next(batches)


cells = st.text(st.sampled_from([*"ab ,;\t\"'\n\r中\u2028\ufeff"]), max_size=8)
dialects = st.tuples(st.sampled_from(",;\t|"), st.sampled_from("\"'"), st.sampled_from(["\n", "\r\n"]), st.booleans())


@settings(deadline=None)  # the first call compiles
@given(table=st.lists(st.tuples(cells, cells), max_size=8), dialect=dialects)
@example(table=[("", ""), ("\n", '"')], dialect=(",", '"', "\r\n", True))
@example(table=[("\r", "\r"), ("", "")], dialect=("\t", "'", "\r\n", False))
def test_what_the_standard_library_writes_comes_back(table, dialect):
    delimiter, quote, end, is_all = dialect
    written = io.StringIO(newline="")
    # a writer that ends rows with \n alone leaves \r unquoted: behind the last field it would be part of the line end
    quoting = csv.QUOTE_ALL if is_all or end == "\n" else csv.QUOTE_MINIMAL
    writer = csv.writer(written, delimiter=delimiter, quotechar=quote, lineterminator=end, quoting=quoting)
    writer.writerow(("text", "m"))
    writer.writerows((f"x{text}", note) for text, note in table)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "a.csv").write_bytes(written.getvalue().encode())
        source = Csv(path=folder, delimiter=delimiter, quote=quote, columns={"date": "m"})
        rows = _read(source)
    assert [(row["text"], row["date"], row["drop"]) for row in rows] == [(f"x{text}", note, "") for text, note in table]


pieces = st.lists(st.sampled_from(['"', '""', ",", "\n", "\r\n", "a", "bc ", "中"]), max_size=30).map("".join)


def _fields(record):
    """The fields of one record as the standard library finds them, None where it refuses."""
    try:
        return next(csv.reader([record], strict=True))
    except csv.Error:
        return None


def _ours(record):
    try:
        return Dialect(",", '"').fields(record)
    except Misquoted:
        return None


@settings(deadline=None)  # the first call compiles
@given(content=pieces, size=st.integers(1, 9))
@example(content='"a"b"\n",c\nd', size=1)
@example(content='"a""', size=2)
def test_records_are_those_of_the_standard_library_however_blocks_are_cut(content, size):
    data = content.encode()
    blocks = [data[begin : begin + size] for begin in range(0, len(data), size)]
    file = InputFile("/a.csv", "a.csv", len(data))
    found, is_open = [], False
    try:
        found.extend(line for _, line in numbered_records(blocks, file, Dialect(",", '"'), max_bytes=1000))
    except BadShard:
        is_open = True
    expected = [row for row in csv.reader(io.StringIO(content, newline="")) if row]
    assert len(found) + is_open == len(expected)
    assert [data[line.offset :][: len(line.content)] for line in found] == [line.content for line in found]
    records = [line.content.decode() for line in found]
    assert [next(csv.reader(io.StringIO(record, newline=""))) for record in records] == expected[: len(found)]
    assert [_ours(record) for record in records] == [_fields(record) for record in records]


@settings(deadline=None)  # the first call compiles
@given(content=pieces, cut=st.integers(0, 60))
def test_the_state_carries_over_from_block_to_block(content, cut):
    data = np.frombuffer(content.encode(), np.uint8)
    whole, state = record_ends(data, BEGINS, ord(","), ord('"'))
    first, between = record_ends(data[:cut], BEGINS, ord(","), ord('"'))
    second, after = record_ends(data[cut:], between, ord(","), ord('"'))
    assert [*first, *(second + min(cut, len(data)))] == list(whole)
    assert after == state


ZH = ["花岗岩含有石英、长石和云母", '"它在地下,缓慢""冷却\n所以晶体粗大"', "第四纪黄土高原的地层"]
ZH_TEXTS = ["花岗岩含有石英、长石和云母", '它在地下,缓慢"冷却\n所以晶体粗大', "第四纪黄土高原的地层"]


@pytest.mark.parametrize("codec", ["gbk", "utf-16", "utf-8-sig", "utf-8"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_file_in_another_charset_is_read(tmp_path, codec, pack):
    content = pack("\n".join(["text", *ZH, ""]).encode(codec))
    (tmp_path / ("a.csv" if pack is bytes else "a.csv.gz")).write_bytes(content)
    assert [row["text"] for row in _read(Csv(path=str(tmp_path)))] == ZH_TEXTS


def test_delimiters_inside_a_character_part_no_fields(tmp_path):
    text = "ポンプの能力と地質の説明"
    assert b"|" in text.encode("cp932")
    assert _texts(tmp_path, f"text|n\n{text}|1\n".encode("cp932"), charset="shift_jis", delimiter="|") == [text]


def test_a_charset_is_found_behind_much_ascii(tmp_path):
    ascii_rows = ["plain ascii row"] * 200_000
    content = "\n".join(["text", *ascii_rows, ZH[0], ""]).encode("gbk")
    assert _texts(tmp_path, content) == [*ascii_rows, ZH[0]]


def test_a_bad_byte_costs_its_row_in_every_charset(tmp_path):
    rows = _rows(tmp_path, "\n".join(["text", *ZH, ""]).encode("gbk") + b"a\xff\n" + ZH[0].encode("gbk") + b"\n")
    assert [(row["drop"], row["value"]) for row in rows[3:]] == [("undecodable", 1.0), ("", None)]
    assert [row["text"] for row in rows if not row["drop"]] == [*ZH_TEXTS, ZH[0]]


def test_a_charset_that_is_set_is_taken(tmp_path):
    assert _texts(tmp_path, "text\né\n".encode("cp1252"), charset="Latin1") == ["é"]
    with pytest.raises(ValidationError, match="no charset is called 'klingon'"):
        Csv(path="unused", charset="klingon")


def test_a_star_takes_the_whole_row_as_json(tmp_path):
    (tmp_path / "a.csv").write_text('q,a\n"why, so?",because\n', encoding="utf-8")
    source = Csv(path=str(tmp_path), columns={"text": "*"})
    [batch] = [batch for shard in source.shards(source.files()) for batch in source.read(shard)]
    assert batch["text"].to_pylist() == ['{"q":"why, so?","a":"because"}']
