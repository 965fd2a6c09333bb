"""Input in object stores: the same files, bytes and ids as from a disk, by few large requests, and every failure said."""

import gzip
import io
import random
import tracemalloc
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import fsspec
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from archives import tarred, zipped
from fsspec.registry import known_implementations
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from s3_server import S3Server, s3_server

from corpusforge.core import InputFile, Source
from corpusforge.engine.fingerprint import Digests
from corpusforge.errors import BadShard, FileFailed, InputChanged, InputError, MissingExtra
from corpusforge.remote import store
from corpusforge.remote.store import BLOCK_BYTES, RemoteFile, Store
from corpusforge.remote.stream import FIRST_BYTES, RemoteStream
from corpusforge.settings import Located
from corpusforge.source.files import Files
from corpusforge.source.jsonl import Jsonl
from corpusforge.source.listing import list_files
from corpusforge.source.parquet import Parquet
from corpusforge.source.streams import open_input

ANY = ("**/*",)
MARKDOWN = ("a.md", "b/c.md", "b/d/e.md", "b/d/f.txt", ".hidden/g.md", "h.md.partial")


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with s3_server() as running:
        yield running


@pytest.fixture
def bucket(server: S3Server) -> Iterator[str]:
    server.requests.clear()
    yield server.bucket()
    server.fault = server.on_request = None


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "PAUSES", (0, 0))


def tree(folder: Path) -> Path:
    for name in MARKDOWN:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"# {name}\n\nGranite 花岗岩.\n", encoding="utf-8")
    return folder


def rows(source: Source) -> list[dict[str, Any]]:
    return [row for shard in source.shards(source.files()) for batch in source.read(shard) for row in batch.to_pylist()]


def lines(count: int, width: int = 100) -> bytes:
    noise = random.Random(7)
    return b"".join(orjson.dumps({"text": f"{n} {noise.randbytes(width // 2).hex()}"}) + b"\n" for n in range(count))


def names(path: str, include: tuple[str, ...] = ANY, exclude: tuple[str, ...] = ()) -> list[str]:
    return [file.relative for file in list_files(path, include=include, exclude=exclude)]


# listing


@pytest.mark.parametrize(
    ("below", "include", "exclude"),
    [
        ("", ("**/*.md",), ()),
        ("", ("*.md",), ()),
        ("", ANY, ("b/d/**",)),
        ("/b", ANY, ()),
        ("/b/", ("**/*.txt",), ()),
        ("/*.md", (), ()),
        ("/b/*/*.md", (), ()),
        ("/**/*.md", (), ("a.md",)),
        ("/b/d/f.txt", ("**/*.md",), ()),
    ],
)
def test_a_folder_in_a_store_is_listed_as_its_copy_on_disk(
    server: S3Server, bucket: str, tmp_path: Path, below: str, include: tuple[str, ...], exclude: tuple[str, ...]
) -> None:
    server.upload(tree(tmp_path), bucket, "data")
    assert names(f"s3://{bucket}/data{below}", include, exclude) == names(f"{tmp_path}{below}", include, exclude)


def test_a_remote_file_has_its_address_its_size_and_its_etag(server: S3Server, bucket: str) -> None:
    server.put(bucket, "data/a.md", b"12345")
    (found,) = list_files(f"s3://{bucket}/data", include=ANY, exclude=())
    assert found == InputFile(f"s3://{bucket}/data/a.md", "a.md", 5, "version 827ccb0eea8a706c4c34a16891f84e7b")


def test_the_mark_of_a_folder_made_in_a_console_is_no_file(server: S3Server, bucket: str) -> None:
    server.put(bucket, "data/", b"")
    server.put(bucket, "data/deep/", b"")
    server.put(bucket, "data/a.md", b"1")
    assert names(f"s3://{bucket}/data") == ["a.md"]


def test_a_new_object_is_seen_by_the_next_listing(server: S3Server, bucket: str) -> None:
    server.put(bucket, "data/a.md", b"1")
    names(f"s3://{bucket}/data")
    server.put(bucket, "data/b.md", b"1")
    assert names(f"s3://{bucket}/data") == ["a.md", "b.md"]


def test_a_thousand_objects_are_listed_by_a_few_requests(server: S3Server, bucket: str) -> None:
    server.put_many(bucket, [f"data/{number % 40}/{number}.md" for number in range(1100)])
    server.requests.clear()
    assert len(names(f"s3://{bucket}/data")) == 1100
    assert len(server.requests) <= 4


def test_one_level_of_a_store_is_listed_without_what_lies_deeper(server: S3Server, bucket: str) -> None:
    server.put(bucket, "a.jsonl", b"{}")
    server.put_many(bucket, [f"deep/{number}.jsonl" for number in range(1100)])
    server.requests.clear()
    assert names(f"s3://{bucket}/*.jsonl", ()) == ["a.jsonl"]
    assert len(server.requests) <= 3


def failure(path: str, include: tuple[str, ...] = ANY) -> str:
    with pytest.raises(InputError) as caught:
        list_files(path, include=include, exclude=())
    return str(caught.value)


def test_a_missing_folder_names_what_lies_beside_it(server: S3Server, bucket: str) -> None:
    server.put(bucket, "books/a.md", b"1")
    server.put(bucket, "papers/a.md", b"1")
    assert f"there is no file in 's3://{bucket}/boks/x'; 's3://{bucket}' holds books, papers; correct the path" in failure(
        f"s3://{bucket}/boks/x"
    )


def test_where_nothing_matches_the_suffixes_that_there_are_are_named(server: S3Server, bucket: str) -> None:
    server.put(bucket, "data/a.pdf", b"1")
    assert "no file matches *.md; the folder has 1 .pdf: set `include`" in failure(f"s3://{bucket}/data", ("*.md",))


@pytest.mark.parametrize(
    ("url", "what"),
    [
        ("s3://no-such-bucket-here/x", "there is no file in 's3://no-such-bucket-here/x', nor in what it lies in"),
        ("s3:///x", "names no bucket or server"),
        ("s3://geo*/x", "is named without wildcards"),
        ("s3://Not_A_Bucket!/x", "the store takes no such request"),
        ("s3://key:secret@bucket/x", "s3://key@bucket/x: the address holds a password"),
        ("https://example.org/a.jsonl?Signature=secret", "https://example.org/a.jsonl: the address has a query"),
        ("gopher://example.org/a", "gopher:// is no kind of store that fsspec knows"),
    ],
)
def test_an_address_that_cannot_be_used_is_an_error_that_says_why(server: S3Server, url: str, what: str) -> None:
    message = failure(url)
    assert what in message
    assert "secret" not in message


def test_a_store_that_forbids_is_an_error_that_says_what_to_set(server: S3Server, bucket: str) -> None:
    server.put(bucket, "data/a.md", b"1")
    server.fault = lambda request: "403"
    message = failure(f"s3://{bucket}/data")
    assert message.startswith(f"s3://{bucket}/data: the credentials of this environment do not allow it (HTTP 403)")
    assert "set them in the environment (AWS_ACCESS_KEY_ID" in message
    assert "secret-of-the-test" not in message


def test_missing_credentials_are_an_error_that_says_what_to_set(
    server: S3Server, bucket: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    fsspec.get_filesystem_class("s3").clear_instance_cache()
    assert "(NoCredentialsError); set them in the environment (AWS_ACCESS_KEY_ID" in failure(f"s3://{bucket}/data")
    fsspec.get_filesystem_class("s3").clear_instance_cache()


def test_a_store_without_its_package_names_the_line_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(known_implementations, "s3a", {"class": "no_such_package.S3", "err": "install it"})
    with pytest.raises(MissingExtra, match=r"s3a:// needs s3fs: pip install 'corpusforge\[s3\]'"):
        Store("s3a://bucket/x")


def test_a_recipe_may_give_a_resource_only_by_a_local_path() -> None:
    from corpusforge.vocab.encode import Encode

    with pytest.raises(ValidationError, match="only input is read from a store; download it"):
        Encode(tokenizer="s3://bucket/tokenizer")


@pytest.mark.parametrize("url", ["s3://bucket/a b/*.jsonl", "https://example.org/a.jsonl", "memory://a"])
def test_an_address_in_a_recipe_is_relative_to_nothing(url: str, tmp_path: Path) -> None:
    assert Jsonl(path=Located(url, tmp_path)).path == url


def test_a_file_address_is_a_local_path(tmp_path: Path) -> None:
    assert Jsonl(path=f"file://{tmp_path}/a").path == f"{tmp_path}/a"
    assert Jsonl(path=Located("file://a", tmp_path)).path == f"{tmp_path}/a"


# the same documents as from a disk


@pytest.mark.parametrize("source", [Files, Jsonl, Parquet])
def test_a_copy_in_a_store_gives_the_rows_of_the_files_on_disk(
    server: S3Server, bucket: str, tmp_path: Path, source: type[Source]
) -> None:
    tree(tmp_path)
    (tmp_path / "empty.jsonl").write_bytes(b"")
    (tmp_path / "plain.jsonl").write_bytes(lines(50) + b"no json\n")
    (tmp_path / "b/packed.jsonl.gz").write_bytes(gzip.compress(lines(300), mtime=0))
    pq.write_table(pa.table({"text": [f"row {n}" for n in range(900)]}), tmp_path / "b/rows.parquet", row_group_size=100)
    server.upload(tmp_path, bucket, "data")
    there = rows(source(path=f"s3://{bucket}/data"))
    assert there == rows(source(path=str(tmp_path)))
    assert len(there) >= 3


def test_a_big_file_is_cut_into_ranges_and_each_range_fetched_once(server: S3Server, bucket: str, tmp_path: Path) -> None:
    (tmp_path / "big.jsonl").write_bytes(lines(40_000, 1000))
    server.upload(tmp_path, bucket, "data")
    source = Jsonl(path=f"s3://{bucket}/data")
    (file,) = source.files()
    shards = source.shards([file])
    server.requests.clear()
    first = [row for batch in source.read(shards[0]) for row in batch.to_pylist()]
    begin, end = shards[0].ranges[0].begin, shards[0].ranges[0].end
    fetched = sum(each.num_bytes for each in server.asked("GET"))
    assert (len(shards), end < file.size_bytes) == (2, True)
    assert fetched < end - begin + 5 * FIRST_BYTES
    assert len(server.asked("GET")) < 10
    last = [row for batch in source.read(shards[1]) for row in batch.to_pylist()]
    assert first + last == rows(Jsonl(path=str(tmp_path)))


def test_a_small_file_is_one_request_and_a_look_that_it_is_still_the_same(server: S3Server, bucket: str) -> None:
    server.put(bucket, "data/a.md", b"x" * 5000)
    source = Files(path=f"s3://{bucket}/data")
    shards = source.shards(source.files())
    server.requests.clear()
    list(source.read(shards[0]))
    assert [each.method for each in server.requests] == ["GET", "HEAD"]


def test_parquet_fetches_the_columns_that_are_needed_of_its_row_groups_only(server: S3Server, bucket: str) -> None:
    noise = random.Random(7)
    texts, other = ([noise.randbytes(size).hex() for _ in range(4000)] for size in (100, 2000))
    packed = io.BytesIO()
    pq.write_table(pa.table({"text": texts, "other": other}), packed, row_group_size=1000)
    server.put(bucket, "data/a.parquet", packed.getvalue())
    source = Parquet(path=f"s3://{bucket}/data")
    shards = source.shards(source.files())
    server.requests.clear()
    assert sum(batch.num_rows for shard in shards for batch in source.read(shard)) == 4000
    assert sum(each.num_bytes for each in server.asked("GET")) < 0.25 * len(packed.getvalue())


def test_a_long_file_is_held_by_blocks(server: S3Server, bucket: str) -> None:
    content = lines(30_000, 1000)
    server.put(bucket, "data/a.jsonl.gz", gzip.compress(content, 1, mtime=0))
    source = Jsonl(path=f"s3://{bucket}/data")
    (shard,) = source.shards(source.files())
    tracemalloc.start()
    assert sum(batch.num_rows for batch in source.read(shard)) == 30_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3 * BLOCK_BYTES + 2 * 8 * 2**20


@given(data=st.data())
@settings(max_examples=60)
def test_a_stream_gives_the_bytes_of_the_file_wherever_it_is_read(data: st.DataObject) -> None:
    content = random.Random(3).randbytes(3 * FIRST_BYTES + 17)
    fsspec.filesystem("memory").pipe_file("/streams/a", content)
    stop = data.draw(st.none() | st.integers(0, len(content)))
    stream = io.BufferedReader(RemoteStream(RemoteFile("memory://streams/a", len(content), ""), stop), 2**12)
    for _ in range(data.draw(st.integers(1, 6))):
        offset, count = data.draw(st.integers(0, len(content) + 5)), data.draw(st.integers(-1, 2 * FIRST_BYTES))
        assert stream.seek(offset) == offset
        assert stream.read(count) == (content[offset:] if count < 0 else content[offset : offset + count])


# failures


@pytest.mark.parametrize("how", ["503", "reset", "short"])
def test_trouble_that_passes_costs_a_pause(server: S3Server, bucket: str, impatient: None, how: str) -> None:
    server.put(bucket, "data/a.jsonl", lines(20))
    source = Jsonl(path=f"s3://{bucket}/data")
    shards = source.shards(source.files())
    server.failing(how, "GET", 2)
    assert sum(batch.num_rows for batch in source.read(shards[0])) == 20
    assert len(server.asked("GET")) == 3


@pytest.mark.parametrize(
    ("how", "said", "num_requests"),
    # aiohttp itself asks twice where a connection that was kept is closed
    [("503", "SlowDown, HTTP 503", 3), ("reset", "ConnectionClosed", 6), ("short", "Content", 3)],
)
def test_trouble_that_does_not_pass_stops_the_build_and_says_where(
    server: S3Server, bucket: str, impatient: None, how: str, said: str, num_requests: int
) -> None:
    server.put(bucket, "data/a.jsonl", lines(20))
    source = Jsonl(path=f"s3://{bucket}/data")
    shards = source.shards(source.files())
    server.failing(how, "GET", 99)
    with pytest.raises(FileFailed) as caught:
        list(source.read(shards[0]))
    message = str(caught.value)
    assert message.startswith(f"s3://{bucket}/data/a.jsonl at 0: the store did not do it in 3 attempts ({said}")
    assert "then run the same command again" in message
    assert server.endpoint not in message
    assert len(server.asked("GET")) == num_requests


def test_trouble_inside_parquet_keeps_its_name(server: S3Server, bucket: str, impatient: None) -> None:
    packed = io.BytesIO()
    pq.write_table(pa.table({"text": ["a", "b"]}), packed)
    server.put(bucket, "data/a.parquet", packed.getvalue())
    source = Parquet(path=f"s3://{bucket}/data")
    shards = source.shards(source.files())
    server.failing("503", "GET", 99)
    with pytest.raises(FileFailed, match=r"a\.parquet at 0: the store did not do it"):
        list(source.read(shards[0]))


def test_what_is_forbidden_is_not_asked_for_again(server: S3Server, bucket: str) -> None:
    server.put(bucket, "data/a.jsonl", lines(20))
    source = Jsonl(path=f"s3://{bucket}/data")
    shards = source.shards(source.files())
    server.failing("403", "GET", 99)
    with pytest.raises(InputError, match="do not allow it"):
        list(source.read(shards[0]))
    assert len(server.asked("GET")) == 1


@pytest.mark.parametrize("now", [b"x", b"y" * 5000, b"z" * 9000])
def test_an_object_that_is_written_after_the_listing_has_changed(server: S3Server, bucket: str, now: bytes) -> None:
    server.put(bucket, "data/a.md", b"x" * 5000)
    source = Files(path=f"s3://{bucket}/data")
    shards = source.shards(source.files())
    server.put(bucket, "data/a.md", now)
    with pytest.raises(InputChanged, match=f"has {len(now)} bytes now, 5000 when the build began"):
        list(source.read(shards[0]))


def test_an_object_that_is_gone_after_the_listing_has_changed(server: S3Server, bucket: str) -> None:
    server.put(bucket, "data/a.md", b"x" * 5000)
    source = Files(path=f"s3://{bucket}/data")
    shards = source.shards(source.files())
    server.client.delete_object(Bucket=bucket, Key="data/a.md")
    with pytest.raises(InputChanged, match="is gone since the build began"):
        list(source.read(shards[0]))


def test_a_large_object_that_changed_is_not_read_at_all(server: S3Server, bucket: str) -> None:
    server.put(bucket, "data/a.jsonl", lines(20_000, 1000))
    source = Jsonl(path=f"s3://{bucket}/data")
    shards = source.shards(source.files())
    server.put(bucket, "data/a.jsonl", lines(20_000, 1000)[::-1])
    server.requests.clear()
    with pytest.raises(InputChanged):
        list(source.read(shards[0]))
    assert server.asked("GET") == []


def test_a_file_that_ends_before_its_size_is_damaged_there() -> None:
    files = fsspec.filesystem("memory")
    files.pipe_file("/short/a.jsonl", b"0123456789")
    stream = RemoteStream(RemoteFile("memory://short/a.jsonl", 15, ""))
    with pytest.raises(BadShard, match=r"memory://short/a\.jsonl at 10: the file ends before its 15 bytes"):
        stream.readall()


def test_a_file_without_any_stamp_is_checked_by_its_size() -> None:
    files = fsspec.filesystem("memory")
    files.pipe_file("/plain/a.md", b"12345")
    file = InputFile("memory://plain/a.md", "a.md", 5)
    with open_input(file) as stream:
        assert stream.read() == b"12345"
    files.pipe_file("/plain/a.md", b"123456")
    with pytest.raises(InputChanged), open_input(file) as stream:
        stream.read()


def test_a_file_known_by_its_time_alone_is_the_same_when_it_is_read_and_another_when_it_is_written() -> None:
    files = fsspec.filesystem("memory")
    files.pipe_file("/timed/a.jsonl", lines(9000, 1000))
    source = Jsonl(path="memory://timed")
    shards = source.shards(source.files())
    assert sum(batch.num_rows for batch in source.read(shards[0])) == 9000
    files.pipe_file("/timed/a.jsonl", lines(9000, 1000)[::-1])
    with pytest.raises(InputChanged):
        list(source.read(shards[0]))


# web servers


@pytest.fixture
def web(tmp_path: Path) -> Iterator[str]:
    """A web server that lists folders, and knows no ranges and no ETags."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietPages, directory=str(tmp_path)))
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


class QuietPages(SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        pass


def test_files_of_a_web_server_are_read_by_their_address(web: str, tmp_path: Path) -> None:
    tree(tmp_path)
    assert rows(Files(path=f"{web}/b/d/e.md")) == rows(Files(path=str(tmp_path / "b/d/e.md")))


def test_a_folder_that_a_web_server_lists_is_read_as_its_copy_on_disk(web: str, tmp_path: Path) -> None:
    tree(tmp_path)
    assert rows(Files(path=f"{web}/")) == rows(Files(path=str(tmp_path)))


def test_a_web_server_without_ranges_is_an_error_that_says_so(web: str, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(lines(9000, 1000))
    source = Jsonl(path=f"{web}/a.jsonl")
    with pytest.raises(InputError, match="sends the whole file where a part was asked for; download the file"):
        rows(source)


# archives


@pytest.mark.parametrize("name", ["geo.zip", "geo.tar", "geo.tar.gz", "a.md.gz"])
def test_archives_in_a_store_are_read_as_their_copies_on_disk(server: S3Server, bucket: str, tmp_path: Path, name: str) -> None:
    members = [(f"{number}.md", random.Random(number).randbytes(3000)) for number in range(50)]
    plain = {"geo.zip": zipped(members), "geo.tar": tarred(members), "a.md.gz": gzip.compress(b"alpha")}
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / name).write_bytes(plain[name] if name in plain else gzip.compress(tarred(members)))
    server.upload(tmp_path, bucket, "data")
    found = rows(Files(path=f"s3://{bucket}/data"))
    assert len(found) == (1 if name == "a.md.gz" else 50)
    assert found == rows(Files(path=str(tmp_path)))


def test_a_big_archive_in_a_store_is_read_by_few_requests(server: S3Server, bucket: str) -> None:
    server.put(bucket, "geo.zip", zipped([(f"{number}.md", random.Random(number).randbytes(50_000)) for number in range(200)]))
    server.requests.clear()
    assert len(rows(Files(path=f"s3://{bucket}/geo.zip"))) == 200
    assert len(server.asked("GET")) < 12


# fingerprints


def digest(url: str, cache: Path) -> list[list[str | int]]:
    digests = Digests(cache)
    found = digests.of_inputs(list_files(url, include=ANY, exclude=()))
    digests.save()
    return found


def test_an_object_counts_by_its_etag_and_is_not_read_for_a_plan(server: S3Server, bucket: str, tmp_path: Path) -> None:
    server.put(bucket, "data/a.md", b"12345")
    server.requests.clear()
    assert digest(f"s3://{bucket}/data", tmp_path / "cache") == [["a.md", 5, "version 827ccb0eea8a706c4c34a16891f84e7b"]]
    assert server.asked("GET") == []


def test_an_object_of_the_same_size_and_other_bytes_counts_as_another(server: S3Server, bucket: str, tmp_path: Path) -> None:
    server.put(bucket, "data/a.md", b"12345")
    before = digest(f"s3://{bucket}/data", tmp_path / "cache")
    server.put(bucket, "data/a.md", b"54321")
    assert digest(f"s3://{bucket}/data", tmp_path / "cache") != before


def test_a_file_whose_store_says_nothing_of_its_bytes_counts_by_its_sha256_read_once(tmp_path: Path) -> None:
    files = fsspec.filesystem("memory")
    files.pipe_file("/hashed/a.md", b"12345")
    sha256 = "5994471abb01112afcc18159f6cc74b4f511b99806da59b3caf5a9c173cacfc5"
    assert digest("memory://hashed", tmp_path / "cache") == [["a.md", 5, sha256]]
    with files.store["/hashed/a.md"] as stored:  # other bytes behind the store's back: only a reader would notice
        stored.seek(0)
        stored.write(b"54321")
        assert digest("memory://hashed", tmp_path / "cache") == [["a.md", 5, sha256]]
    files.pipe_file("/hashed/a.md", b"54321")
    assert digest("memory://hashed", tmp_path / "cache") != [["a.md", 5, sha256]]
