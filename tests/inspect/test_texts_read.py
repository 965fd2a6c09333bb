import gzip
from pathlib import Path

import orjson
import pytest

from corpusforge.errors import InputError, UserError
from corpusforge.inspect.texts import TextRequest, _level, read_texts


def _lines(count: int) -> str:
    return "".join(f"line {number} of a long text about rocks\n" for number in range(count))


def test_plain_files_are_documents_and_records_give_their_field(tmp_path):
    (tmp_path / "a.txt").write_text("Granite is a rock.")
    (tmp_path / "b.jsonl").write_bytes(b'{"text": "one"}\nnot json\n{"body": "x"}\n\n{"text": "two"}\n')
    (tmp_path / "c.md.gz").write_bytes(gzip.compress("岩石与矿物".encode()))
    (tmp_path / "d.png").write_bytes(b"\x89PNG")
    found = read_texts(TextRequest((str(tmp_path),)))
    assert found[0].documents.to_pylist() == ["Granite is a rock.", "one", "two", "岩石与矿物"]
    assert found[0].num_left_out == 2
    assert (found[0].name, found[0].languages[-1]) == (tmp_path.name, "zh")


def test_no_more_is_read_than_asked_for_and_the_seed_chooses(tmp_path):
    (tmp_path / "long.txt").write_text(_lines(50_000))
    (tmp_path / "short.txt").write_text(_lines(10))
    first, again, other = (
        read_texts(TextRequest((str(tmp_path),), 200_000, seed=seed))[0].documents.to_pylist() for seed in (1, 1, 2)
    )
    assert first == again != other
    assert 150_000 < sum(map(len, first)) <= 200_000
    assert all(line.startswith("line ") for text in first for line in text.splitlines())
    assert _lines(10) in first


def test_of_very_many_files_some_are_read(tmp_path):
    for number in range(300):
        (tmp_path / f"{number}.txt").write_text(_lines(500))
    found = read_texts(TextRequest((str(tmp_path),), 100_000))[0].documents
    assert 5 <= len(found) <= 8


def test_the_level_is_where_files_together_have_the_limit():
    assert _level([1, 5, 9], 9) == 4
    assert _level([1, 2], 9) == 2


@pytest.mark.parametrize(
    ("name", "content"), [("a.txt", b""), ("a.jsonl", b'{"body": 1}\n'), ("a.txt", bytes(range(128, 256)) * 9)]
)
def test_a_text_without_text_is_an_error(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match="no text in it"):
        read_texts(TextRequest((str(tmp_path / name),)))


def test_texts_of_one_name_are_called_by_their_paths_and_addresses_are_refused(tmp_path):
    paths = []
    for folder in ("zh", "en"):
        (tmp_path / folder).mkdir()
        path = tmp_path / folder / "a.jsonl"
        path.write_bytes(orjson.dumps({"text": "x y"}))
        paths.append(str(path))
    assert [each.name for each in read_texts(TextRequest(tuple(paths)))] == paths
    with pytest.raises(UserError):
        read_texts(TextRequest((str(Path("s3://bucket/a")),)))
