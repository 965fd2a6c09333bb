"""Input that cannot be read to its end: a disk that fails at a byte, files that shrink, vanish or change while a build runs."""

import ctypes
import errno
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fault_builds import finished, ledger, note, reference, run, small_recipe

from corpusforge.engine.plan import Step
from corpusforge.engine.progress import Progress
from corpusforge.engine.run import build
from corpusforge.errors import InputChanged
from corpusforge.recipe import load_recipe

SERVER = Path(__file__).with_name("faulty_filesystem.py")

Fault = Mapping[str, int]
Mount = Callable[[Path, Mapping[str, Fault]], Path]


@pytest.fixture
def faulty(tmp_path: Path) -> Iterator[Mount]:
    """Show a folder on a file system that fails as told; gives the folder to read."""
    mountpoint = tmp_path / "faulty"
    servers: list[subprocess.Popen[str]] = []

    def mount(folder: Path, faults: Mapping[str, Fault]) -> Path:
        mountpoint.mkdir()
        arguments = [sys.executable, str(SERVER), str(folder), str(mountpoint), json.dumps(faults)]
        server = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        servers.append(server)
        assert server.stdout is not None
        if server.stdout.readline() != "mounted\n":
            pytest.skip(f"no FUSE file system can be mounted here: {server.communicate()[1].strip().splitlines()[-1:]}")
        return mountpoint

    yield mount
    subprocess.run(["umount", "-l", str(mountpoint)], capture_output=True, check=False)
    for server in servers:
        server.communicate(timeout=10)


def notes(folder: Path, name: str) -> Path:
    """A file of 3,000 notes, some 500 kB of text, in the format that its name says."""
    texts = [note(number) for number in range(3000)]
    folder.mkdir(exist_ok=True)
    path = folder / name
    if path.suffix == ".parquet":
        pq.write_table(pa.table({"text": texts}), path, row_group_size=500, compression="none", use_dictionary=False)
    elif path.suffix == ".jsonl":
        path.write_bytes(b"".join(orjson.dumps({"text": text}) + b"\n" for text in texts))
    else:
        path.write_text("\n\n".join(texts), encoding="utf-8")
    return path


def recipe_for(tmp_path: Path, name: str) -> Path:
    """The small recipe with a third source over the folder more/, which holds a file with that name, and where to mount it."""
    recipe = small_recipe(tmp_path)
    notes(tmp_path / "more", name)
    use = {".parquet": "source.parquet", ".jsonl": "source.jsonl"}.get(Path(name).suffix, "source.files")
    pipeline = ", pipeline: [{use: extract.markup}]" if use == "source.files" else ""
    more = f"  - {{name: more, use: {use}, path: faulty, group: geo{pipeline}}}\nstages:\n  - {{use: dedup"
    recipe.write_text(recipe.read_text("utf-8").replace("stages:\n  - {use: dedup", more), encoding="utf-8")
    return recipe


# A file is opened once for its digest, a Parquet file once more when it is cut into tasks and once to look at it.
@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "opening", "number"),
    [
        ("a.jsonl", 2, errno.EIO),
        ("a.jsonl", 2, 0),
        ("a.txt", 2, errno.ESTALE),
        ("a.txt", 2, 0),
        ("a.parquet", 4, errno.EIO),
        ("a.parquet", 4, 0),
    ],
    ids=["jsonl, disk fails", "jsonl ends", "text, stale share", "text ends", "parquet, disk fails", "parquet ends"],
)
def test_a_read_that_fails_stops_the_build_with_file_and_offset_and_the_cure_and_a_sound_disk_lets_it_go_on(
    tmp_path: Path, faulty: Mount, name: str, opening: int, number: int
) -> None:
    recipe = recipe_for(tmp_path, name)
    mountpoint = faulty(tmp_path / "more", {name: {"at": 200_000, "errno": number, "opening": opening}})
    stopped = run(recipe, tmp_path / "out")
    assert stopped.returncode == 2, stopped.stderr
    (line,) = [each for each in stopped.stderr.splitlines() if each.startswith("error: ")]
    path, _, rest = line.removeprefix("error: ").partition(" at ")
    assert path == str(mountpoint / name)
    assert int(rest.partition(":")[0]) >= 0
    assert "again" in rest
    assert "Traceback" not in stopped.stderr
    subprocess.run(["umount", "-l", str(mountpoint)], check=True)
    shutil.copytree(tmp_path / "more", mountpoint, dirs_exist_ok=True)
    assert finished(recipe, tmp_path / "out") == reference(recipe, tmp_path / "whole")


def test_the_offset_is_that_of_the_byte_that_cannot_be_read(tmp_path: Path, faulty: Mount) -> None:
    recipe = recipe_for(tmp_path, "a.txt")
    mountpoint = faulty(tmp_path / "more", {"a.txt": {"at": 123_456, "errno": errno.EIO, "opening": 2}})
    stopped = run(recipe, tmp_path / "out", workers=1)
    assert f"{mountpoint}/a.txt at 123456: cannot be read (Input/output error)" in stopped.stderr


def test_with_keep_going_what_was_read_before_the_failure_is_kept_and_the_failure_is_counted(
    tmp_path: Path, faulty: Mount
) -> None:
    recipe = recipe_for(tmp_path, "a.jsonl")
    faulty(tmp_path / "more", {"a.jsonl": {"at": 200_000, "errno": errno.EIO, "opening": 2}})
    done = run(recipe, tmp_path / "out", "--set", "on_bad_shard=keep_going")
    assert done.returncode == 0, done.stderr
    before = (tmp_path / "more/a.jsonl").read_bytes()[:200_000].count(b"\n")
    assert ledger(tmp_path / "out", "more-read")["more"][0]["in"] == before
    (report,) = (tmp_path / "out").glob("*-more-read-*/report.json")
    (bad,) = orjson.loads(report.read_bytes())["bad_shards"]
    assert (bad["path"], bad["offset"]) == ("a.jsonl", 200_000)


def test_a_file_that_cannot_be_read_for_its_digest_stops_the_build_before_it_starts(tmp_path: Path, faulty: Mount) -> None:
    recipe = recipe_for(tmp_path, "a.jsonl")
    mountpoint = faulty(tmp_path / "more", {"a.jsonl": {"at": 50_000, "errno": errno.EIO, "opening": 1}})
    stopped = run(recipe, tmp_path / "out")
    assert stopped.returncode == 3, stopped.stderr
    assert f"error: {mountpoint}/a.jsonl at 50000: Input/output error; check the disk" in stopped.stderr
    assert list((tmp_path / "out").glob("0*")) == []


class Disturbing(Progress):
    """Does something to the input after the plan was made, just before it is read."""

    def __init__(self, disturb: Callable[[], None]) -> None:
        self.disturb: Callable[[], None] | None = disturb

    def running(self, steps: Sequence[Step], num_tasks: int) -> AbstractContextManager[Callable[[], None]]:
        if self.disturb is not None:
            self.disturb()
            self.disturb = None
        return super().running(steps, num_tasks)


def removed(path: Path) -> None:
    path.unlink()


def a_folder_now(path: Path) -> None:
    path.unlink()
    path.mkdir()


def shorter(path: Path) -> None:
    os.truncate(path, 40)


def longer(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


@pytest.mark.parametrize("name", ["notes/1.jsonl.gz", "files/a.md"])
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (removed, "is gone since the build began (No such file or directory)"),
        (a_folder_now, "was written to since the build began"),
        (shorter, "was written to since the build began (has 40 bytes now, "),
        (longer, "was written to since the build began"),
    ],
    ids=["removed", "a folder now", "shorter", "longer"],
)
@pytest.mark.parametrize("on_bad_shard", ["stop", "keep_going"])
def test_a_file_that_changes_between_plan_and_read_stops_the_build_and_put_back_lets_it_go_on(
    tmp_path: Path, name: str, change: Callable[[Path], None], said: str, on_bad_shard: str
) -> None:
    recipe = small_recipe(tmp_path)
    overrides = [f"on_bad_shard={on_bad_shard}"]
    path = tmp_path / name
    content = path.read_bytes()
    with pytest.raises(InputChanged) as caught:
        build(load_recipe(recipe, overrides), tmp_path / "out", 1, Disturbing(lambda: change(path)))
    assert str(caught.value).startswith(f"{path}: {said}")
    assert str(caught.value).endswith("let nothing write to the input, and run the same command again")
    path.rmdir() if path.is_dir() else path.unlink(missing_ok=True)
    path.write_bytes(content)
    assert reference(recipe, tmp_path / "out", *overrides) == reference(recipe, tmp_path / "whole", *overrides)


def test_a_file_that_may_not_be_read_is_told_before_anything_runs(tmp_path: Path) -> None:
    recipe = small_recipe(tmp_path)
    (tmp_path / "notes/1.jsonl.gz").chmod(0)
    refused = run(recipe, tmp_path / "out", preexec_fn=as_no_superuser)
    assert refused.returncode == 2, refused.stderr
    assert "notes/1.jsonl.gz: may not be read by this user; change its permissions, or exclude it" in refused.stderr
    assert list((tmp_path / "out").glob("0*")) == []


def as_no_superuser() -> None:
    """Give up what lets root pass every permission: CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH, from the next exec on."""
    for capability in (1, 2):
        ctypes.CDLL(None).prctl(24, capability)  # 24 = PR_CAPBSET_DROP
