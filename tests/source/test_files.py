import gzip

import pytest
import zstandard

from corpusforge.core import RAW_ROWS
from corpusforge.errors import BadShard, InputChanged, InputError
from corpusforge.source import files as module
from corpusforge.source.files import Files, mime_of


def _read(source):
    return [row for shard in source.shards(source.files()) for batch in source.read(shard) for row in batch.to_pylist()]


def _write(folder, **contents):
    for name, content in contents.items():
        (folder / f"{name}.md").write_bytes(content)


def test_a_file_is_a_document_named_by_its_path(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep/a.rst").write_bytes(b"Title\n=====\n\xff")
    assert _read(Files(path=str(tmp_path))) == [
        {
            "key": "deep/a.rst", "origin": "deep/a.rst", "url": "", "lang": "", "license": "", "date": "", "meta": "{}",
            "raw": b"Title\n=====\n\xff", "mime": "text/x-rst",
            "drop": "", "failed": False, "value": None, "threshold": None, "message": "",
        }
    ]  # fmt: skip


def test_small_files_share_a_task_and_a_batch(tmp_path):
    _write(tmp_path, a=b"1", b=b"2", c=b"3")
    source = Files(path=str(tmp_path))
    [shard] = source.shards(source.files())
    [batch] = source.read(shard)
    assert batch.schema == RAW_ROWS
    assert batch["raw"].to_pylist() == [b"1", b"2", b"3"]


def test_an_empty_file_is_rejected(tmp_path):
    _write(tmp_path, a=b"")
    [row] = _read(Files(path=str(tmp_path)))
    assert (row["drop"], row["value"], row["raw"]) == ("empty_document", 0.0, b"")


def test_a_file_above_the_limit_is_rejected_without_being_read(tmp_path, monkeypatch):
    _write(tmp_path, a=b"12345", b=b"123456")
    opened = []
    real = module.open_input
    monkeypatch.setattr(module, "open_input", lambda file: opened.append(file.relative) or real(file))
    rows = _read(Files(path=str(tmp_path), max_document_bytes=5))
    assert [(row["raw"], row["drop"], row["value"], row["threshold"]) for row in rows] == [
        (b"12345", "", None, None),
        (b"", "too_large", 6.0, 5.0),
    ]
    assert opened == ["a.md"]
    assert rows[1]["message"] == "the file has 6 bytes, max_document_bytes is 5"


def test_a_file_that_will_not_be_read_adds_no_work_to_a_task(tmp_path):
    with (tmp_path / "a.md").open("wb") as sparse:
        sparse.truncate(200 * 2**20)
    _write(tmp_path, b=b"x")
    source = Files(path=str(tmp_path))
    assert len(source.shards(source.files())) == 1


def test_by_default_text_formats_are_taken_and_others_left(tmp_path):
    for name in ("a.md", "b.markdown", "c.rst", "d.Rmd", "e.txt", "f.html", "g.py", "h"):
        (tmp_path / name).write_text("x")
    assert [file.relative for file in Files(path=str(tmp_path)).files()] == ["a.md", "b.markdown", "c.rst", "d.Rmd", "e.txt"]


@pytest.mark.parametrize(
    ("name", "mime"),
    [
        ("a.md", "text/markdown"),
        ("a.MARKDOWN", "text/markdown"),
        ("a.rst", "text/x-rst"),
        ("a.Rmd", "text/x-rmarkdown"),
        ("a.rmd", "text/x-rmarkdown"),
        ("a.txt", "text/plain"),
        ("a.html", "text/html"),
        ("a.htm", "text/html"),
        ("a.xml", "application/xml"),
        ("a.xhtml", "application/xhtml+xml"),
        ("a.nxml", "application/xml"),
        ("a.jats", "application/xml"),
        ("a.tei", "application/tei+xml"),
        ("a.pdf", "application/pdf"),
        ("a.html.gz", "text/html"),
        ("a.MD.ZST", "text/markdown"),
        ("a.gz", "application/octet-stream"),
        ("x.y/a.tex", "text/x-tex"),
        ("x.md/a", "application/octet-stream"),
    ],
)
def test_the_suffix_gives_the_media_type(name, mime):
    assert mime_of(name) == mime


def test_a_file_that_grew_since_it_was_listed_stops_the_reading(tmp_path):
    _write(tmp_path, a=b"1", b=b"2", c=b"3")
    source = Files(path=str(tmp_path))
    shards = source.shards(source.files())
    _write(tmp_path, b=b"22")
    with pytest.raises(InputChanged, match=r"b\.md: was written to since the build began \(has 2 bytes now, 1 when"):
        list(source.read(shards[0]))


def test_a_compressed_file_is_a_document(tmp_path):
    (tmp_path / "a.md.gz").write_bytes(gzip.compress(b"alpha") + gzip.compress(b"beta"))
    (tmp_path / "b.txt.zst").write_bytes(zstandard.compress(b"gamma"))
    (tmp_path / "c.html.gz").write_bytes(b"x")
    found = [(row["key"], row["raw"], row["mime"]) for row in _read(Files(path=str(tmp_path)))]
    assert found == [("a.md.gz", b"alphabeta", "text/markdown"), ("b.txt.zst", b"gamma", "text/plain")]


def test_a_compressed_file_is_unpacked_up_to_the_limit(tmp_path):
    (tmp_path / "a.md.gz").write_bytes(gzip.compress(bytes(100 * 2**20)))
    (tmp_path / "b.md.gz").write_bytes(gzip.compress(b""))
    rows = _read(Files(path=str(tmp_path)))
    assert [(row["drop"], row["raw"]) for row in rows] == [("too_large", b""), ("empty_document", b"")]
    assert rows[0]["value"] > rows[0]["threshold"] == 16 * 2**20


def test_a_compressed_file_that_is_cut_off_is_damage_and_the_others_are_read(tmp_path):
    (tmp_path / "a.md.gz").write_bytes(gzip.compress(b"alpha")[:-4])
    _write(tmp_path, b=b"beta")
    source = Files(path=str(tmp_path))
    batches = source.read(source.shards(source.files())[0])
    assert next(batches)["raw"].to_pylist() == [b"beta"]
    with pytest.raises(BadShard, match=r"a\.md\.gz at 21: the file is cut off"):
        next(batches)


def test_a_folder_without_files_is_an_error(tmp_path):
    with pytest.raises(InputError, match="the folder is empty"):
        Files(path=str(tmp_path)).files()
