"""A disk that is really full, at different moments of a build: one line that says where and what to do, and no harm."""

import os
import resource
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from fault_builds import finished, leftovers, outputs, reference, run, small_recipe

pytestmark = pytest.mark.slow


class SmallDisk:
    """A tmpfs of a given size."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def mount(self, size_bytes: int) -> None:
        self._mount("-t", "tmpfs", "-o", f"size={size_bytes}", "small-disk")

    def remount(self, options: str) -> None:
        self._mount("-o", f"remount,{options}")

    def _mount(self, *arguments: str) -> None:
        done = subprocess.run(["mount", *arguments, str(self.folder)], capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"no small disk can be mounted here: {done.stderr.strip()}")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    folder = tmp_path / "disk"
    folder.mkdir()
    yield SmallDisk(folder)
    subprocess.run(["umount", str(folder)], capture_output=True, check=False)


def size_of(out: Path) -> int:
    """Bytes that the files take on a tmpfs, which has pages of 4 kB, and links nothing twice."""
    inodes = {path.stat().st_ino: -(-path.stat().st_size // 4096) * 4096 for path in out.rglob("*") if path.is_file()}
    return sum(inodes.values())


@pytest.mark.parametrize("share", [0.02, 0.2, 0.4, 0.6, 0.8, 0.95])
def test_a_full_disk_stops_the_build_with_the_path_and_the_cure_and_room_lets_it_go_on(
    tmp_path: Path, disk: SmallDisk, share: float
) -> None:
    recipe = small_recipe(tmp_path, num_notes=200)
    whole = reference(recipe, tmp_path / "whole")
    disk.mount(int(size_of(tmp_path / "whole") * share))
    stopped = run(recipe, disk.folder)
    assert stopped.returncode == 3, stopped.stderr
    (line,) = [each for each in stopped.stderr.splitlines() if each.startswith("error: ")]
    assert line.startswith(f"error: {disk.folder}/")
    assert ".partial" not in line
    assert f"the disk is full: 0.0 of {disk_size(disk):,.1f} MB are free in {disk.folder}" in line
    assert "make room or give another --out, then run the same command again" in line
    assert "Traceback" not in stopped.stderr
    disk.remount("size=256m")
    assert finished(recipe, disk.folder) == whole
    assert leftovers(disk.folder) == []


def disk_size(disk: SmallDisk) -> float:
    facts = os.statvfs(disk.folder)
    return facts.f_blocks * facts.f_frsize / 1e6


def test_a_disk_without_room_for_names_says_so(tmp_path: Path, disk: SmallDisk) -> None:
    recipe = small_recipe(tmp_path)
    disk.mount(2**26)
    disk.remount("nr_inodes=30")
    stopped = run(recipe, disk.folder)
    assert stopped.returncode == 3, stopped.stderr
    assert "no inodes are left for new files on the disk of" in stopped.stderr
    disk.remount("nr_inodes=10000")
    assert finished(recipe, disk.folder) == reference(recipe, tmp_path / "whole")


def test_a_limit_on_the_size_of_files_is_told_with_the_path_and_costs_nothing(tmp_path: Path) -> None:
    recipe = small_recipe(tmp_path, num_notes=200)

    def limited() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (12_000, resource.RLIM_INFINITY))

    stopped = run(recipe, tmp_path / "out", preexec_fn=limited)
    assert stopped.returncode == 3, stopped.stderr
    assert f"error: {tmp_path}/out/" in stopped.stderr
    assert "File too large; raise `ulimit -f`" in stopped.stderr
    assert finished(recipe, tmp_path / "out") == reference(recipe, tmp_path / "whole")


def test_a_disk_that_became_read_only_is_told_and_nothing_is_lost(tmp_path: Path, disk: SmallDisk) -> None:
    recipe = small_recipe(tmp_path)
    disk.mount(2**26)
    whole = finished(recipe, disk.folder)
    disk.remount("ro")
    refused = run(recipe, disk.folder, "--set", "stages.2.max_tokens=30")
    assert refused.returncode == 2, refused.stderr
    assert f"{disk.folder}/.lock: Read-only file system; mount it writable, or give another --out" in refused.stderr
    assert outputs(disk.folder) == whole
