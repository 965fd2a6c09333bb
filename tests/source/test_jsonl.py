import gzip
import json
import tempfile
import tracemalloc
from itertools import pairwise
from pathlib import Path

import orjson
import pytest
import zstandard
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from corpusforge.core import MAX_BATCH_BYTES, MAX_TASK_BYTES, TEXT_ROWS, InputFile, Range, Shard
from corpusforge.errors import BadShard, InputError
from corpusforge.source.jsonl import Jsonl


def _read(source):
    return [row for shard in source.shards(source.files()) for batch in source.read(shard) for row in batch.to_pylist()]


def _rows(tmp_path, content, **settings):
    (tmp_path / "a.jsonl").write_bytes(content)
    return _read(Jsonl(path=str(tmp_path / "a.jsonl"), **settings))


def _row(tmp_path, content, **settings):
    [row] = _rows(tmp_path, content, **settings)
    return row


def test_a_line_is_a_document_named_by_file_and_offset(tmp_path):
    rows = _rows(tmp_path, b'{"text": "one", "url": "u", "lang": "en", "license": "cc0", "date": "2020"}\n{"text": "two"}')
    assert rows[0] == {
        "key": "a.jsonl:0", "origin": "a.jsonl:0", "url": "u", "lang": "en", "license": "cc0", "date": "2020", "meta": "{}",
        "text": "one", "drop": "", "failed": False, "value": None, "threshold": None, "message": "",
    }  # fmt: skip
    assert (rows[1]["key"], rows[1]["text"], rows[1]["url"]) == ("a.jsonl:76", "two", "")


@pytest.mark.parametrize(
    ("line", "drop", "value", "message"),
    [
        (b'{"text": "a"', "invalid_json", None, "unexpected end of data"),
        (b"NaN", "invalid_json", None, "expected a JSON value"),
        (b'{"text": "a", "score": NaN}', "invalid_json", None, "expected a JSON value"),
        (b'{"text": "\\ud800", "score": NaN}', "invalid_json", None, "surrogate"),
        (b'{"text": "a", "n": 1e999}', "invalid_json", None, "number"),
        (b'{"text": "a\x01b"}', "invalid_json", None, "control character"),
        (b'{"text": "a"}\r{"text": "b"}', "invalid_json", None, "unexpected content"),
        (b'{"text": ' + b"[" * 5000 + b"]" * 5000 + b"}", "invalid_json", None, "depth limit"),
        (b'{"text": "ab\xff"}', "undecodable", 12.0, "the line is not UTF-8 at its byte 12: invalid start byte"),
        (b'{"text": "\xed\xa0\x80"}', "undecodable", 10.0, "the line is not UTF-8 at its byte 10"),
        (b'{"text": "\\ud800"}', "lone_surrogate", None, "a string holds \\ud800, half of a character"),
        (b'{"text": "a", "title": "\\udc00"}', "lone_surrogate", None, "\\udc00"),
        (b'["text"]', "not_an_object", None, "the line holds an array, not an object"),
        (b"null", "not_an_object", None, "the line holds null"),
        (b'{"body": "a", "n": 1}', "missing_text", None, "no field 'text' (columns.text); the record has body, n"),
        (b'{"text": null}', "missing_text", None, "the field 'text' (columns.text) is null"),
        (b"{}", "missing_text", None, "the record has no field at all"),
        (b'{"text": 5}', "text_not_string", None, "holds a number, not a string"),
        (b'{"text": {"a": "b"}}', "text_not_string", None, "holds an object"),
        (b'{"text": ""}', "empty_text", 0.0, "the text has 0 characters"),
        (b'{"text": " \\n\\u3000"}', "empty_text", 3.0, "all of them whitespace"),
        (b'{"text": "a\\u0000b\\u0000"}', "nul_bytes", 2.0, "2 characters U+0000"),
        (b'{"text": "a", "url": ["u"]}', "wrong_type", None, "the field 'url' (columns.url) holds an array"),
        (b'{"text": "a", "license": {"id": 1}}', "wrong_type", None, "'license' (columns.license) holds an object"),
    ],
)
def test_a_bad_line_is_rejected_and_the_next_one_read(tmp_path, line, drop, value, message):
    bad, good = _rows(tmp_path, line + b'\n{"text": "good"}\n')
    assert (bad["drop"], bad["value"]) == (drop, value)
    assert message in bad["message"]
    assert bad["key"] == bad["origin"] == "a.jsonl:0"
    assert (good["drop"], good["text"], good["origin"]) == ("", "good", f"a.jsonl:{len(line) + 1}")


def test_nul_bytes_keep_the_text_and_say_that_none_is_allowed(tmp_path):
    row = _row(tmp_path, b'{"text": "a\\u0000"}')
    assert (row["text"], row["threshold"]) == ("a\0", 0.0)


def test_a_line_above_the_limit_is_rejected_by_its_length(tmp_path):
    line = b'{"text": "' + b"x" * 100 + b'"}'
    rows = _rows(tmp_path, line + b'\n{"text": "b"}\n' + line, max_document_bytes=50)
    assert [(row["drop"], row["value"], row["threshold"], row["origin"]) for row in rows] == [
        ("too_large", 112.0, 50.0, "a.jsonl:0"),
        ("", None, None, "a.jsonl:113"),
        ("too_large", 112.0, 50.0, "a.jsonl:127"),
    ]


@pytest.mark.parametrize(("limit", "drop"), [(13, ""), (12, "too_large")])
def test_the_limit_is_the_longest_line_that_is_kept(tmp_path, limit, drop):
    assert _row(tmp_path, b'{"text": "a"}\n', max_document_bytes=limit)["drop"] == drop


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "a.jsonl.zst"])
def test_a_huge_line_is_rejected_without_being_held(tmp_path, name):
    content = b'{"text": "' + b"x" * 50_000_000 + b'"}\n{"text": "b"}\n'
    packed = {"jsonl": bytes, "gz": gzip.compress, "zst": zstandard.compress}[name.rpartition(".")[2]](content)
    (tmp_path / name).write_bytes(packed)
    del content, packed
    tracemalloc.start()
    rows = _read(Jsonl(path=str(tmp_path), max_document_bytes=1000))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [row["drop"] for row in rows] == ["too_large", ""]
    assert peak < 30_000_000


def test_blank_lines_are_no_documents(tmp_path):
    rows = _rows(tmp_path, b'\n  \n\r\n{"text": "a"}\n\t\n\n')
    assert [row["origin"] for row in rows] == ["a.jsonl:6"]


def test_an_empty_file_has_no_document(tmp_path):
    assert _rows(tmp_path, b"") == []


def test_lines_may_end_with_carriage_return_and_newline(tmp_path):
    rows = _rows(tmp_path, b'{"text": "a"}\r\n{"text": "b"}\r\n')
    assert [(row["text"], row["origin"]) for row in rows] == [("a", "a.jsonl:0"), ("b", "a.jsonl:15")]


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\x85"])
def test_unicode_line_separators_do_not_end_a_line(tmp_path, separator):
    assert _row(tmp_path, f'{{"text": "a{separator}b"}}\n'.encode())["text"] == f"a{separator}b"


def test_a_byte_order_mark_at_the_start_is_skipped(tmp_path):
    assert _row(tmp_path, b'\xef\xbb\xbf{"text": "a"}\n')["text"] == "a"


def test_a_file_of_a_byte_order_mark_alone_has_no_document(tmp_path):
    assert _rows(tmp_path, b"\xef\xbb\xbf\n") == []


def test_of_a_key_that_occurs_twice_the_last_value_counts(tmp_path):
    assert _row(tmp_path, b'{"text": "a", "text": "b"}')["text"] == "b"


@pytest.mark.parametrize(
    ("value", "text"), [("5", "5"), ("1.5", "1.5"), ("true", "true"), ("false", "false"), ("null", ""), ('"x"', "x")]
)
def test_a_scalar_fact_becomes_a_string(tmp_path, value, text):
    row = _row(tmp_path, f'{{"text": "a", "date": {value}}}'.encode())
    assert (row["date"], row["drop"]) == (text, "")


def test_fields_are_mapped_by_name_into_nested_objects(tmp_path):
    columns = {"text": "doc.body", "url": "metadata.url", "lang": "doc.lang.code"}
    row = _row(tmp_path, b'{"doc": {"body": "a", "lang": {"code": "zh"}}, "metadata": {"url": "u"}}', columns=columns)
    assert (row["text"], row["url"], row["lang"]) == ("a", "u", "zh")


def test_a_field_with_a_dot_in_its_name_comes_before_a_nested_one(tmp_path):
    row = _row(tmp_path, b'{"text": "a", "m.url": "flat", "m": {"url": "nested"}}', columns={"url": "m.url"})
    assert row["url"] == "flat"


@pytest.mark.parametrize("metadata", ["5", "null", "[]", "{}", '{"other": 1}'])
def test_a_nested_fact_that_is_not_there_is_empty(tmp_path, metadata):
    row = _row(tmp_path, f'{{"text": "a", "m": {metadata}}}'.encode(), columns={"url": "m.url"})
    assert (row["url"], row["drop"]) == ("", "")


def test_a_fact_mapped_to_nothing_is_not_read(tmp_path):
    row = _row(tmp_path, b'{"text": "a", "license": ["MIT"], "": "x"}', columns={"license": ""})
    assert (row["license"], row["drop"]) == ("", "")


def test_further_fields_are_kept_sorted_as_json(tmp_path):
    line = '{"text": "a", "z": [1, null], "b": {"y": 1, "x": "中"}, "left": 1, "n": null}'.encode()
    assert _row(tmp_path, line, meta=("z", "b", "b.x", "n", "absent"))["meta"] == (
        '{"b":{"x":"中","y":1},"b.x":"中","n":null,"z":[1,null]}'
    )


def test_a_further_field_that_is_nested_too_deeply_is_rejected(tmp_path):
    deep = b"[" * 300 + b"]" * 300
    row = _row(tmp_path, b'{"text": "a", "deep": ' + deep + b"}", meta=("deep",))
    assert (row["drop"], row["meta"]) == ("wrong_type", "{}")
    assert "'deep' (meta)" in row["message"]


@pytest.mark.parametrize(
    ("value", "key"),
    [
        ('"x-1"', "x-1"),
        ("7", "7"),
        ("-3", "-3"),
        ("18446744073709551615", "18446744073709551615"),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
        ("9" * 300, "9" * 300),
        ("1.50", "1.50"),
    ],
)
def test_a_mapped_id_is_the_key_as_it_is_written(tmp_path, value, key):
    row = _row(tmp_path, f'{{"text": "a", "id": {value}}}'.encode(), columns={"id": "id"})
    assert (row["key"], row["origin"], row["drop"]) == (key, "a.jsonl:0", "")


@pytest.mark.parametrize(
    ("rest", "drop"),
    [("", "missing_id"), (', "id": null', "missing_id"), (', "id": ""', "missing_id"), (', "id": [1]', "wrong_type")],
)
def test_without_a_usable_id_the_document_is_rejected_under_its_origin(tmp_path, rest, drop):
    row = _row(tmp_path, f'{{"text": "a"{rest}}}'.encode(), columns={"id": "id"})
    assert (row["key"], row["drop"]) == ("a.jsonl:0", drop)


def test_a_rounded_id_is_never_taken_for_another(tmp_path):
    line = b'{"text": "a", "deep": ' + b"[" * 1010 + b"]" * 1010 + b', "id": 123456789012345678901234567890}'
    assert _row(tmp_path, line, columns={"id": "id"})["drop"] == "wrong_type"


def test_a_rejected_document_keeps_its_mapped_id(tmp_path):
    assert _row(tmp_path, b'{"text": "", "id": 9}', columns={"id": "id"})["key"] == "9"


def test_ids_are_mapped_only_where_a_column_is_named():
    assert not Jsonl(path="/x").has_mapped_ids
    assert Jsonl(path="/x", columns={"id": "id"}).has_mapped_ids


@pytest.mark.parametrize("columns", [{"txt": "a"}, {"text": ""}, {"id": ""}])
def test_a_wrong_column_setting_is_refused(columns):
    with pytest.raises(ValidationError):
        Jsonl(path="/x", columns=columns)


LINES = b"".join(orjson.dumps({"text": f"document {number} " * (number % 7)}) + b"\n" for number in range(300))


def _pack(name, content):
    half = len(content) // 2
    if name.endswith(".gz"):
        return gzip.compress(content[:half]) + gzip.compress(content[half:])
    if name.endswith(".zst"):
        return zstandard.compress(content[:half]) + zstandard.compress(content[half:])
    return content


@pytest.mark.parametrize("name", ["a.jsonl.gz", "a.jsonl.zst", "a.ndjson.gz"])
def test_compressed_files_of_several_members_give_the_rows_of_the_plain_one(tmp_path, name):
    (tmp_path / name).write_bytes(_pack(name, LINES))
    plain = _rows(tmp_path, LINES)
    packed = _read(Jsonl(path=str(tmp_path / name)))
    assert [(row["text"], row["drop"], row["origin"].partition(":")[2]) for row in packed] == [
        (row["text"], row["drop"], row["origin"].partition(":")[2]) for row in plain
    ]


@pytest.mark.parametrize("name", ["a.jsonl.gz", "a.jsonl.zst"])
def test_rows_before_a_cut_are_given_before_the_damage_is_raised(tmp_path, name):
    first = _pack(name, LINES)
    (tmp_path / name).write_bytes(first + _pack(name, LINES)[:40])
    source = Jsonl(path=str(tmp_path / name))
    batches = source.read(source.shards(source.files())[0])
    assert next(batches).num_rows >= 300
    with pytest.raises(BadShard, match="the file is cut off inside the") as caught:
        next(batches)
    assert caught.value.path == str(tmp_path / name)
    assert caught.value.offset == len(first) + 40


def test_the_line_that_a_cut_runs_through_is_no_row(tmp_path):
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(b'{"text": "a"}\n{"text": "b"}')[:-9])
    source = Jsonl(path=str(tmp_path))
    batches = source.read(source.shards(source.files())[0])
    assert [row["drop"] for row in next(batches).to_pylist()] == [""]
    with pytest.raises(BadShard):
        next(batches)


def test_a_plain_file_that_is_gzip_is_damage_in_every_range(tmp_path):
    content = gzip.compress(LINES)
    (tmp_path / "a.jsonl").write_bytes(content)
    file = InputFile(str(tmp_path / "a.jsonl"), "a.jsonl", len(content))
    with pytest.raises(BadShard, match=r"first bytes say gzip; name it \*\.gz"):
        list(Jsonl(path=file.path).read(Shard((Range(file, 100, 200),))))


documents = st.one_of(
    st.dictionaries(st.sampled_from(["text", "url", "id"]), st.text(st.characters(codec="utf-8"), max_size=12)).map(
        orjson.dumps
    ),
    st.sampled_from([b"", b" ", b"\r", b"{", b"[1]", b"\xff", b'{"text": "a"}\r', b'{"text": "\\ud800"}']),
)


@given(lines=st.lists(documents, max_size=12), cuts=st.lists(st.integers(0, 300), max_size=6), ends=st.booleans())
@example(lines=[b'{"text": "a"}', b'{"text": "b"}'], cuts=[14], ends=True)
@example(lines=[b'\xef\xbb\xbf{"text": "a"}', b'{"text": "b"}'], cuts=[1, 2], ends=False)
def test_any_cut_points_give_exactly_the_rows_of_the_whole(lines, cuts, ends):
    content = b"\n".join(lines) + (b"\n" if ends else b"")
    bounds = sorted({0, len(content), *(cut for cut in cuts if cut < len(content))})
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.jsonl"
        path.write_bytes(content)
        file = InputFile(str(path), "a.jsonl", len(content))
        source = Jsonl(path=str(path))
        whole = _read(source)
        ranges = [Shard((Range(file, begin, end),)) for begin, end in pairwise(bounds)]
        pieces = [row for shard in ranges for batch in source.read(shard) for row in batch.to_pylist()]
    assert pieces == whole


@given(texts=st.lists(st.text(st.characters(codec="utf-8"), min_size=1, max_size=30), max_size=20), escaped=st.booleans())
def test_texts_come_back_as_they_were_written(texts, escaped):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.jsonl"
        path.write_text("".join(json.dumps({"text": text}, ensure_ascii=escaped) + "\n" for text in texts), encoding="utf-8")
        rows = _read(Jsonl(path=str(path)))
    assert [row["text"] for row in rows] == texts


def test_big_plain_files_are_cut_and_compressed_ones_are_not():
    files = [
        InputFile("/d/a.jsonl", "a.jsonl", 10),
        InputFile("/d/b.jsonl", "b.jsonl", 20),
        InputFile("/d/c.jsonl", "c.jsonl", 2 * MAX_TASK_BYTES),
        InputFile("/d/d.jsonl.gz", "d.jsonl.gz", 5),
        InputFile("/d/e.jsonl.zst", "e.jsonl.zst", 3 * MAX_TASK_BYTES),
    ]
    shards = Jsonl(path="/d").shards(files)
    assert [[(each.file.relative, each.begin, each.end) for each in shard.ranges] for shard in shards] == [
        [("a.jsonl", 0, 10), ("b.jsonl", 0, 20)],
        [("c.jsonl", 0, MAX_TASK_BYTES)],
        [("c.jsonl", MAX_TASK_BYTES, 2 * MAX_TASK_BYTES)],
        [("d.jsonl.gz", 0, 5)],
        [("e.jsonl.zst", 0, 3 * MAX_TASK_BYTES)],
    ]


def test_small_files_share_a_batch(tmp_path):
    (tmp_path / "a.jsonl").write_bytes(b'{"text": "a"}')
    (tmp_path / "b.jsonl").write_bytes(b'{"text": "b"}')
    source = Jsonl(path=str(tmp_path))
    [batch] = source.read(source.shards(source.files())[0])
    assert batch.schema == TEXT_ROWS
    assert batch["key"].to_pylist() == ["a.jsonl:0", "b.jsonl:0"]


def test_batches_are_within_the_limit_and_a_huge_document_is_alone(tmp_path):
    texts = ["a" * 3_000_000] * 5 + ["b" * (MAX_BATCH_BYTES + 1)] + ["c"]
    (tmp_path / "a.jsonl").write_bytes(b"".join(orjson.dumps({"text": text}) + b"\n" for text in texts))
    source = Jsonl(path=str(tmp_path))
    batches = list(source.read(source.shards(source.files())[0]))
    assert [batch.num_rows for batch in batches] == [2, 2, 1, 1, 1]
    assert all(batch.nbytes <= MAX_BATCH_BYTES for batch in batches if batch["text"][0].as_py()[0] != "b")


def test_a_folder_is_searched_for_json_lines_of_all_kinds(tmp_path):
    for name in ("a.jsonl", "b.jsonl.gz", "c.jsonl.zst", "d/e.ndjson", "f.ndjson.gz", "g.json", "h.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    names = [file.relative for file in Jsonl(path=str(tmp_path)).files()]
    assert names == ["a.jsonl", "b.jsonl.gz", "c.jsonl.zst", "d/e.ndjson", "f.ndjson.gz"]


def test_a_folder_without_json_lines_is_an_error(tmp_path):
    (tmp_path / "a.json").write_text("[]")
    with pytest.raises(InputError, match=r"the folder has 1 \.json: set `include`"):
        Jsonl(path=str(tmp_path)).files()


@pytest.mark.parametrize("line", ['{"text": 7, "turns": [{"a": "\u5ca9"}]}', '{"deep": ' + "[" * 400 + "]" * 400 + "}"])
def test_a_star_takes_the_whole_record(tmp_path, line):
    row = _row(tmp_path, line.encode(), columns={"text": "*"})
    assert (orjson.loads(row["text"]), row["drop"]) == (orjson.loads(line), "")
