"""recipes/geo-collections.yaml gives the same bytes however it is carried out (kills: tests/faults/test_kills.py)."""

import importlib.util
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared/data"
OF_THE_MACHINE = ("run.json", ".digests.json", "report.html")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (DATA / "geo_en").is_dir(), reason=f"the real collections are not at {DATA}"),
]


def command(out: Path, *flags: str, data: Path = DATA) -> list[str]:
    recipe = str(ROOT / "recipes/geo-collections.yaml")
    return [sys.executable, "-m", "corpusforge", "build", recipe, "--set", f"variables.data={data}", "--out", str(out), *flags]


def run_all(*commands: list[str]) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    started = [subprocess.Popen(each, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment) for each in commands]
    ended = [(process.communicate(timeout=600)[1], process.returncode) for process in started]
    assert [code for _, code in ended] == [0] * len(ended), [said.decode()[-2000:] for said, _ in ended]


def outputs(out: Path) -> dict[str, bytes]:
    files = [path for path in sorted(out.rglob("*")) if path.is_file() and path.name not in OF_THE_MACHINE]
    files = [path for path in files if not path.name.endswith(".lock")]
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in files}


@pytest.fixture(scope="module")
def one_worker(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    out = tmp_path_factory.mktemp("same") / "one"
    run_all(command(out, "--workers", "1"))
    return outputs(out)


def test_two_workers_give_the_same_bytes(one_worker: dict[str, bytes], tmp_path: Path) -> None:
    run_all(command(tmp_path / "out", "--workers", "2"))
    assert outputs(tmp_path / "out") == one_worker


def test_three_tasks_give_the_same_bytes(one_worker: dict[str, bytes], tmp_path: Path) -> None:
    run_all(*(command(tmp_path / "out", "--workers", "1", "--task", f"{number}/3") for number in (1, 2, 3)))
    assert outputs(tmp_path / "out") == one_worker


@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="needs Ray: pip install 'corpusforge[ray]'")
def test_a_ray_cluster_gives_the_same_bytes(one_worker: dict[str, bytes], tmp_path: Path) -> None:
    run_all(command(tmp_path / "out", "--ray", "local"))
    assert outputs(tmp_path / "out") == one_worker


def test_files_that_lie_elsewhere_and_came_in_another_order_give_the_same_bytes(
    one_worker: dict[str, bytes], tmp_path: Path
) -> None:
    folders = ("geo_en", "geo_zh", "en", "zh", "dup_laws", "html_gold", "warc", "kg", "sft")
    files = [path for name in folders for path in (DATA / name).rglob("*") if path.is_file()]
    random.Random(5).shuffle(files)
    for path in files:
        copied = tmp_path / "elsewhere" / path.relative_to(DATA)
        copied.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copied)
    run_all(command(tmp_path / "out", "--workers", "2", data=tmp_path / "elsewhere"))
    assert outputs(tmp_path / "out") == one_worker
