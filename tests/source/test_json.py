import gzip
import json
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpusforge.errors import BadShard
from corpusforge.source import streams
from corpusforge.source.json import Json
from corpusforge.text.json_elements import element_ends


def _read(source):
    return [row for shard in source.shards(source.files()) for batch in source.read(shard) for row in batch.to_pylist()]


def _rows(tmp_path, content, name="a.json", **settings):
    (tmp_path / name).write_bytes(content)
    return _read(Json(path=str(tmp_path), **settings))


def test_an_element_is_a_document_named_by_file_and_offset(tmp_path):
    rows = _rows(tmp_path, b'\xef\xbb\xbf[\n  {"text": "one, [two] \\"}\\""},\n  {"text": "three"}\n]\n')
    assert [(row["key"], row["text"], row["drop"]) for row in rows] == [
        ("a.json:4", 'one, [two] "}"', ""),
        ("a.json:36", "three", ""),
    ]


def test_an_array_without_elements_gives_none(tmp_path):
    (tmp_path / "b.json").write_bytes(b"[ ]")
    assert [row["text"] for row in _rows(tmp_path, b'[{"text": "a"}]')] == ["a"]


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**53), 2**53), st.text(st.characters(exclude_categories=["Cs"]))),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)),
    max_leaves=12,
)


@given(st.lists(st.dictionaries(st.text(max_size=4), VALUES, max_size=3)), st.sampled_from([None, 2]), st.booleans(), st.data())
def test_elements_are_those_of_a_parser_however_the_file_is_cut(records, indent, ascii_only, data):
    content = json.dumps(records, indent=indent, ensure_ascii=ascii_only).encode()
    size = data.draw(st.integers(1, len(content)))
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(streams, "BLOCK_BYTES", size)
        rows = _rows(Path(folder), content, columns={"text": "*"})
    assert [json.loads(row["text"]) for row in rows] == records


@given(st.binary(max_size=60), st.integers(0, 60))
def test_a_state_that_is_carried_gives_the_same_ends(content, cut):
    whole, state = element_ends(np.frombuffer(content, np.uint8), 0)
    first, middle = element_ends(np.frombuffer(content[:cut], np.uint8), 0)
    second, last = element_ends(np.frombuffer(content[cut:], np.uint8), middle)
    assert whole.tolist() == [*first.tolist(), *(second + len(content[:cut])).tolist()]
    assert state == last


def test_compressed_files_are_read(tmp_path):
    assert [row["text"] for row in _rows(tmp_path, gzip.compress(b'[{"text": "a"}, {"text": "b"}]'), "a.json.gz")] == ["a", "b"]


@pytest.mark.parametrize(
    ("content", "drops"),
    [
        (b'[{"text": "a"}, 7]', ["", "not_an_object"]),
        (b'[{"text": "a" "b"}, {"text": "b"}]', ["invalid_json", ""]),
        (b'[{"text": "\xff"}]', ["undecodable"]),
        (b'[{"text": "' + b"x" * 100 + b'"}, {"text": "b"}]', ["too_large", ""]),
    ],
)
def test_a_bad_element_is_rejected_alone(tmp_path, content, drops):
    rows = _rows(tmp_path, content, max_document_bytes=50)
    assert [row["drop"] for row in rows] == drops


def test_messages_speak_of_elements(tmp_path):
    (row,) = _rows(tmp_path, b"[[1]]")
    assert row["message"] == "the element holds an array, not an object"


@pytest.mark.parametrize(
    ("content", "offset", "what"),
    [
        (b'{"text": "a"}\n{"text": "b"}\n', 0, "stands outside of it"),
        (b'[{"text": "a"}, {"text": "b', 27, "is not closed"),
        (b'[{"text": "a"}] x', 15, "b'x' stands outside"),
        (b'[{"text": "a"}]\n[{"text": "b"}]', 17, "stands outside"),
    ],
)
def test_what_is_not_one_array_is_damage(tmp_path, content, offset, what):
    with pytest.raises(BadShard, match=what) as caught:
        _rows(tmp_path, content)
    assert caught.value.offset == offset
