"""Builds from and to a store: the bytes of a build on disk, published once and whole, whatever stops it."""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from s3_server import Request, S3Server, s3_server

from corpusforge.engine.remote_output import Published, output_folder, publish_folder, working_folder
from corpusforge.engine.run import build
from corpusforge.errors import FileFailed, FolderRefused, InputError, UserError
from corpusforge.recipe import load_recipe
from corpusforge.remote import store
from corpusforge.remote.store import Store
from corpusforge.remote.urls import check_local

ROOT = Path(__file__).resolve().parents[2]
TOKENIZER = ROOT / "recipes/samples/tokenizer"

RECIPE = f"""\
version: 1
name: small
sources:
  - {{name: notes, use: source.jsonl, path: NOTES, group: geo, pipeline: [{{use: filter.length, min_words: 3}}]}}
  - {{name: books, use: source.files, path: BOOKS, group: books, pipeline: [{{use: extract.markup}}]}}
stages:
  - {{use: dedup.exact}}
  - {{use: vocab.encode, tokenizer: {TOKENIZER}}}
  - {{use: split.greedy, max_tokens: 24}}
sink: {{use: index.megatron, layout: pieces, num_shards: 2}}
"""


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with s3_server() as running:
        yield running


@pytest.fixture
def bucket(server: S3Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(store, "PAUSES", (0, 0))
    server.requests.clear()
    yield server.bucket()
    server.fault = server.on_request = None


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Input of a small build, and the build itself under out/."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "notes/deep").mkdir(parents=True)
    (folder / "books").mkdir()
    for number in range(3):
        texts = [f"Sample {number}-{n} is a basalt with olivine. 第{n}号样品是橄榄玄武岩。" for n in range(20)]
        (folder / f"notes/deep/{number}.jsonl").write_bytes(b"".join(orjson.dumps({"text": text}) + b"\n" for text in texts))
    (folder / "books/a.md").write_text("# Granite\n\nGranite holds quartz, feldspar and mica.\n")
    write_recipe(folder / "small.yaml", "notes", "books")
    build(load_recipe(folder / "small.yaml"), folder / "out")
    return folder


def write_recipe(path: Path, notes: str, books: str) -> Path:
    path.write_text(RECIPE.replace("NOTES", notes).replace("BOOKS", books))
    return path


@pytest.fixture
def finished(data: Path, tmp_path: Path) -> Path:
    """A copy of the finished build, that a test may change."""
    return Path(shutil.copytree(data / "out", tmp_path / "out"))


def build_to(url: str, recipe: Path, scratch: Path, *overrides: str) -> Published:
    told: list[Published] = []
    loaded = load_recipe(recipe, overrides)
    with output_folder(url, loaded, scratch, told.append) as folder:
        build(loaded, folder)
    return told[0]


def publish(url: str, recipe: Path, folder: Path) -> Published:
    """Publish what is in a folder, without building."""
    told: list[Published] = []
    with output_folder(url, load_recipe(recipe), folder, told.append):
        pass
    return told[0]


def handed_over(folder: Path) -> dict[str, bytes]:
    names = ("shards", "tokenizer", "mix.json", "manifest.json", "plan.json", "run.json")
    paths = [path for name in names for path in [folder / name, *(folder / name).rglob("*")] if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def objects(server: S3Server, bucket: str, prefix: str = "geo/") -> dict[str, bytes]:
    """What a reader finds: everything but what publishing itself keeps there."""
    keys = [key for key in server.keys(bucket) if key.startswith(prefix)]
    return {key[len(prefix) :]: server.get(bucket, key) for key in keys if f"/{key}".rpartition("/")[2] != ".recipe.json"}


def same_in_every_build(folder: Path) -> dict[str, bytes]:
    """Documents, verdicts, tokenizer and shards; a step's folder by its number and name, without the fingerprint."""
    kept = [
        path for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix in (".parquet", ".bin", ".idx", ".json")
    ]
    names = {path.relative_to(folder).as_posix(): path for path in kept}
    outside = ("run.json", "plan.json", "manifest.json", "report.json", ".digests.json", ".recipe.json")
    found = {}
    for name, path in names.items():
        first, _, rest = name.partition("/")
        if path.name not in outside and first != "signals":
            found[f"{first.rpartition('-')[0] or first}/{rest}"] = path.read_bytes()
    return found


# input


@pytest.mark.parametrize("workers", [1, 2])
def test_input_in_a_store_gives_the_bytes_of_input_on_disk(
    server: S3Server, bucket: str, data: Path, tmp_path: Path, workers: int
) -> None:
    server.upload(data / "notes", bucket, "corpus/notes")
    server.upload(data / "books", bucket, "corpus/books")
    recipe = write_recipe(tmp_path / "small.yaml", f"s3://{bucket}/corpus/notes", f"s3://{bucket}/corpus/books/*.md")
    plan = build(load_recipe(recipe), tmp_path / "out", workers)
    there = same_in_every_build(plan.out)
    assert there == same_in_every_build(data / "out")
    assert any(name.startswith("01-notes-read/") for name in there)


def test_a_second_build_of_the_same_objects_does_nothing_and_a_changed_object_is_read_again(
    server: S3Server, bucket: str, data: Path, tmp_path: Path
) -> None:
    server.upload(data / "notes", bucket, "notes")
    recipe = write_recipe(tmp_path / "small.yaml", f"s3://{bucket}/notes", str(data / "books"))
    first = build(load_recipe(recipe), tmp_path / "out")
    server.requests.clear()
    assert build(load_recipe(recipe), tmp_path / "out").steps == first.steps
    assert server.asked("GET") == []
    server.put(bucket, "notes/deep/0.jsonl", b'{"text": "One other note of four words."}\n')
    again = build(load_recipe(recipe), tmp_path / "out")
    assert [old.fingerprint == new.fingerprint for old, new in zip(first.steps, again.steps, strict=True)][:3] == [
        False,
        False,
        True,  # the books
    ]


def test_nothing_that_is_written_holds_credentials_or_the_endpoint(
    server: S3Server, bucket: str, data: Path, tmp_path: Path
) -> None:
    server.upload(data / "notes", bucket, "notes")
    recipe = write_recipe(tmp_path / "small.yaml", f"s3://{bucket}/notes", str(data / "books"))
    build_to(f"s3://{bucket}/geo", recipe, tmp_path / "scratch")
    written = [path.read_bytes() for path in (tmp_path / "scratch").rglob("*") if path.is_file()]
    written += [server.get(bucket, key) for key in server.keys(bucket)]
    port = server.endpoint.rpartition(":")[2].encode()
    assert [text for text in written if b"secret-of-the-test" in text or b"127.0.0.1:" + port in text] == []


# output


def test_a_build_for_an_address_is_made_in_its_scratch_folder_and_published_whole(
    server: S3Server, bucket: str, data: Path, tmp_path: Path
) -> None:
    done = build_to(f"s3://{bucket}/geo", data / "small.yaml", tmp_path / "scratch")
    there = objects(server, bucket)
    assert there == handed_over(tmp_path / "scratch")
    assert {"shards/geo-00000.bin", "shards/books-00001.docs.parquet", "manifest.json", "run.json"} < set(there)
    assert (done.num_sent, done.sent_bytes) == (len(there), sum(map(len, there.values())))


def test_the_manifest_is_written_last(server: S3Server, bucket: str, data: Path, finished: Path) -> None:
    publish(f"s3://{bucket}/geo/", data / "small.yaml", finished)
    written = [each.key for each in server.asked("PUT") if not each.key.endswith(".recipe.json")]
    assert written[-1] == "geo/manifest.json"
    assert len(written) == len(handed_over(finished))


def test_an_unchanged_build_sends_nothing(server: S3Server, bucket: str, data: Path, tmp_path: Path) -> None:
    build_to(f"s3://{bucket}/geo", data / "small.yaml", tmp_path / "scratch")
    server.requests.clear()
    done = build_to(f"s3://{bucket}/geo", data / "small.yaml", tmp_path / "scratch")
    assert (done.num_sent, done.num_removed) == (0, 0)
    assert [each for each in server.requests if each.method not in ("GET", "HEAD")] == []


def test_another_machine_sends_nothing_that_is_there(server: S3Server, bucket: str, data: Path, finished: Path) -> None:
    publish(f"s3://{bucket}/geo", data / "small.yaml", data / "out")
    server.requests.clear()
    assert publish(f"s3://{bucket}/geo", data / "small.yaml", finished).num_sent == 0
    assert server.asked("PUT") == []


def test_a_changed_build_sends_what_changed_and_removes_what_is_no_longer_part(
    server: S3Server, bucket: str, data: Path, tmp_path: Path
) -> None:
    build_to(f"s3://{bucket}/geo", data / "small.yaml", tmp_path / "scratch")
    server.put(bucket, "geo/notes-of-mine.txt", b"mine")
    server.requests.clear()
    done = build_to(f"s3://{bucket}/geo", data / "small.yaml", tmp_path / "scratch", "sink.num_shards=1")
    there = objects(server, bucket)
    assert there.pop("notes-of-mine.txt") == b"mine"
    assert there == handed_over(tmp_path / "scratch")
    assert done.num_removed == 6
    assert [each.key for each in server.asked("PUT") if "/tokenizer/" in each.key] == []
    order = [(each.method, each.key) for each in server.requests if each.key.startswith("geo/")]
    deleted = [number for number, (method, key) in enumerate(order) if method == "DELETE" and "/shards/" in key]
    assert min(deleted) > order.index(("PUT", "geo/manifest.json"))


def test_what_tells_of_the_run_alone_is_sent_only_with_what_changed(
    server: S3Server, bucket: str, data: Path, finished: Path
) -> None:
    publish(f"s3://{bucket}/geo", data / "small.yaml", finished)
    (finished / "run.json").write_bytes(b"{}\n")
    assert publish(f"s3://{bucket}/geo", data / "small.yaml", finished).num_sent == 0
    (finished / "report.html").write_bytes(b"<html></html>")
    assert publish(f"s3://{bucket}/geo", data / "small.yaml", finished).num_sent == 2
    assert server.get(bucket, "geo/run.json") == b"{}\n"


def changed_copy(folder: Path) -> Path:
    """The same build with another shard, as its manifest says."""
    shard = folder / "shards/geo-00000.bin"
    content = shard.read_bytes()[::-1]
    shard.unlink()  # hard links to it stay what they were
    shard.write_bytes(content)
    manifest = orjson.loads((folder / "manifest.json").read_bytes())
    facts = next(each for each in manifest["shards"] if each["name"] == "geo-00000")["files"][".bin"]
    facts["sha256"] = hashlib.sha256(content).hexdigest()
    (folder / "manifest.json").write_bytes(orjson.dumps(manifest))
    return folder


@pytest.mark.parametrize("at", ["geo/.incoming/shards/geo-00000.bin", "geo/manifest.json"])
def test_a_publication_that_fails_leaves_the_old_manifest(
    server: S3Server, bucket: str, data: Path, finished: Path, at: str
) -> None:
    publish(f"s3://{bucket}/geo", data / "small.yaml", finished)
    manifest = server.get(bucket, "geo/manifest.json")
    changed_copy(finished)
    server.fault = lambda request: "503" if (request.method, request.key) == ("PUT", at) else None
    with pytest.raises(FileFailed, match="then run the same command again"):
        publish(f"s3://{bucket}/geo", data / "small.yaml", finished)
    assert server.get(bucket, "geo/manifest.json") == manifest
    server.fault = None
    publish(f"s3://{bucket}/geo", data / "small.yaml", finished)
    assert objects(server, bucket) == handed_over(finished)


def test_until_all_is_sent_a_reader_finds_the_old_publication_whole(
    server: S3Server, bucket: str, data: Path, finished: Path
) -> None:
    publish(f"s3://{bucket}/geo", data / "small.yaml", finished)
    before = objects(server, bucket)
    (finished / "mix.json").write_bytes(b"{}\n")
    changed_copy(finished)
    server.fault = lambda request: "403" if request.key.endswith(".incoming/shards/geo-00000.bin") else None
    with pytest.raises(FolderRefused, match="do not allow it"):
        publish(f"s3://{bucket}/geo", data / "small.yaml", finished)
    after = objects(server, bucket)
    assert after.pop(".incoming/mix.json") == b"{}\n"
    assert after == before


def test_what_was_sent_before_a_failure_is_not_sent_again(server: S3Server, bucket: str, data: Path, finished: Path) -> None:
    server.fault = lambda request: "503" if request.method == "PUT" and request.key == "geo/shards/geo-00000.idx" else None
    with pytest.raises(FileFailed):
        publish(f"s3://{bucket}/geo", data / "small.yaml", finished)
    sent = {each.key for each in server.asked("PUT")} - {"geo/.recipe.json", "geo/shards/geo-00000.idx"}
    server.fault = None
    server.requests.clear()
    publish(f"s3://{bucket}/geo", data / "small.yaml", finished)
    assert len(sent) >= 5
    assert sent & {each.key for each in server.asked("PUT")} == set()
    assert objects(server, bucket) == handed_over(finished)


CHILD = """
import sys
from pathlib import Path
from corpusforge.engine.remote_output import output_folder
from corpusforge.recipe import load_recipe
with output_folder(sys.argv[1], load_recipe(Path(sys.argv[2])), Path(sys.argv[3])):
    pass
"""


def test_a_publication_that_is_killed_goes_on_where_it_was(server: S3Server, bucket: str, data: Path, finished: Path) -> None:
    reached, never = threading.Event(), threading.Event()

    def hold(request: Request) -> None:
        if (request.method, request.key) == ("PUT", "geo/shards/geo-00001.bin"):
            reached.set()
            never.wait(20)

    server.on_request = hold
    arguments = [sys.executable, "-c", CHILD, f"s3://{bucket}/geo", str(data / "small.yaml"), str(finished)]
    child = subprocess.Popen(arguments, env=os.environ | {"PYTHONPATH": str(ROOT)})
    assert reached.wait(60)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    server.on_request = None
    never.set()
    sent = {key.removeprefix("geo/") for key in server.keys(bucket)} - {".recipe.json"}
    assert "manifest.json" not in sent
    server.requests.clear()
    publish(f"s3://{bucket}/geo", data / "small.yaml", finished)
    again = {each.key.removeprefix("geo/") for each in server.asked("PUT")}
    assert "shards/geo-00000.bin" in sent - again
    assert objects(server, bucket) == handed_over(finished)


def test_a_publication_killed_before_it_was_recorded_is_recorded_by_the_next(
    server: S3Server, bucket: str, data: Path, finished: Path
) -> None:
    url = f"s3://{bucket}/geo"
    writes = iter(["claim", "503", "503", "503"])
    server.fault = lambda request: (
        {"503": "503"}.get(next(writes, "")) if (request.method, request.key) == ("PUT", "geo/.recipe.json") else None
    )
    with pytest.raises(FileFailed):
        publish(url, data / "small.yaml", finished)
    publish(url, data / "small.yaml", finished)
    (*_, log) = [[*finished.glob(".sent-*")]]
    assert log == []
    record = orjson.loads(server.get(bucket, "geo/.recipe.json"))
    assert set(record["objects"]) == set(handed_over(finished))


def test_an_object_that_somebody_changed_is_sent_again(server: S3Server, bucket: str, data: Path, finished: Path) -> None:
    publish(f"s3://{bucket}/geo", data / "small.yaml", finished)
    server.put(bucket, "geo/shards/geo-00000.bin", b"something else")
    done = publish(f"s3://{bucket}/geo", data / "small.yaml", finished)
    assert done.num_sent == 1
    assert objects(server, bucket) == handed_over(finished)


def test_what_arrives_changed_is_noticed(server: S3Server, bucket: str, tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"12345")
    server.on_request = lambda request: server.put(bucket, "a.bin", b"12354") if request.method == "HEAD" else None
    with pytest.raises(FileFailed, match=rf"s3://{bucket}/a.bin: what arrived there is not {tmp_path}/a.bin"):
        Store(f"s3://{bucket}").put(tmp_path / "a.bin", f"s3://{bucket}/a.bin")


@pytest.mark.slow
def test_a_large_file_is_sent_in_parts_and_appears_whole(server: S3Server, bucket: str, tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(os.urandom(2**20) * 110)
    there = Store(f"s3://{bucket}").put(path, f"s3://{bucket}/a.bin")
    assert there.size_bytes == path.stat().st_size
    assert server.get(bucket, "a.bin") == path.read_bytes()
    assert len(server.asked("PUT")) > 1


# whose address it is


def refused(url: str, data: Path, folder: Path) -> str:
    with pytest.raises(FolderRefused) as caught:
        publish(url, data / "small.yaml", folder)
    return str(caught.value)


def test_an_address_with_other_objects_is_refused(server: S3Server, bucket: str, data: Path, finished: Path) -> None:
    server.put(bucket, "geo/thesis.pdf", b"1")
    assert refused(f"s3://{bucket}/geo", data, finished) == (
        f"s3://{bucket}/geo: it holds thesis.pdf, and no build of recipe 'small'; give another --out, or move them away"
    )
    assert server.keys(bucket) == ["geo/thesis.pdf"]


def test_the_address_of_another_recipe_is_refused(server: S3Server, bucket: str, data: Path, finished: Path) -> None:
    server.put(bucket, "geo/.recipe.json", b'{"recipe": "large", "published": []}')
    assert "it holds a build of recipe 'large', not of 'small'" in refused(f"s3://{bucket}/geo", data, finished)


def test_an_object_that_no_build_wrote_is_never_replaced(server: S3Server, bucket: str, data: Path, finished: Path) -> None:
    server.put(bucket, "geo/.recipe.json", b'{"recipe": "small", "published": ["shards"]}')
    server.put(bucket, "geo/mix.json", b"mine")
    assert f"s3://{bucket}/geo/mix.json: it is there already" in refused(f"s3://{bucket}/geo", data, finished)


def test_a_build_that_was_copied_there_by_hand_is_taken_over(server: S3Server, bucket: str, data: Path, finished: Path) -> None:
    for name, content in handed_over(finished).items():
        server.put(bucket, f"geo/{name}", content)
    publish(f"s3://{bucket}/geo", data / "small.yaml", finished)
    assert objects(server, bucket) == handed_over(finished)


def test_the_neighbours_of_an_address_are_left_alone(server: S3Server, bucket: str, data: Path, finished: Path) -> None:
    server.put(bucket, "geo-old/shards/a.bin", b"1")
    server.put(bucket, "geo/", b"")
    publish(f"s3://{bucket}/geo", data / "small.yaml", finished)
    assert server.get(bucket, "geo-old/shards/a.bin") == b"1"


@pytest.mark.parametrize("url", ["s3://no-such-bucket-here/geo", "s3:///geo", "gopher://example.org/geo"])
def test_an_address_that_cannot_be_written_is_refused_before_anything_is_built(
    server: S3Server, data: Path, tmp_path: Path, url: str
) -> None:
    with pytest.raises(FolderRefused):
        build_to(url, data / "small.yaml", tmp_path / "scratch")
    assert not (tmp_path / "scratch").exists()


def test_an_unfinished_build_is_not_published(server: S3Server, bucket: str, data: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no finished build is here"):
        publish(f"s3://{bucket}/geo", data / "small.yaml", tmp_path)
    with pytest.raises(ZeroDivisionError), output_folder(f"s3://{bucket}/geo", load_recipe(data / "small.yaml"), data / "out"):
        raise ZeroDivisionError
    assert server.keys(bucket) == ["geo/.recipe.json"]


def test_an_address_that_was_never_claimed_is_refused(server: S3Server, bucket: str, finished: Path) -> None:
    with pytest.raises(FolderRefused, match=r"\.recipe\.json: is gone since the build began"):
        publish_folder(finished, f"s3://{bucket}/geo", ("shards",))


# where a build works


def test_a_command_that_reads_a_folder_names_the_one_to_give_for_an_address(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="s3://bucket/geo: this command reads a folder on this machine; give the one that the"):
        check_local(Path("s3://bucket/geo"))
    check_local(tmp_path)
    check_local(Path("no/such/folder"))


def test_a_folder_of_the_cache_is_the_same_for_the_same_address_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = working_folder("s3://bucket/geo data/")
    assert folder == working_folder("s3://bucket/geo data")
    assert folder.parent == tmp_path / "corpusforge/builds"
    assert folder.name.startswith("geo_data-")
    assert working_folder("s3://other/geo data") != folder


def test_a_local_folder_is_built_in_itself(data: Path, tmp_path: Path) -> None:
    with output_folder(tmp_path / "out", load_recipe(data / "small.yaml")) as folder:
        assert folder == tmp_path / "out"
    assert working_folder("s3://bucket/geo", tmp_path) == tmp_path


def test_a_scratch_folder_for_a_local_one_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="leave --scratch out"):
        working_folder("out/geo", tmp_path)
