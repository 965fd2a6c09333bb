"""How workers end with their parent: nobody may go on writing into a folder that the next build locks."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from threading import Thread

import orjson
import pytest

from corpusforge.engine.executors.local import Local
from corpusforge.engine.executors.worker import _watch_parent

ROOT = Path(__file__).resolve().parents[2]

# As at a terminal: what a script starts in the background does not hear Ctrl-C, and hands that on.
HEARD = (signal.SIGINT, signal.SIG_DFL)


def write_for_a_minute(folder: Path) -> None:
    path = folder / str(os.getpid())
    for _ in range(6000):
        with path.open("a") as file:
            file.write("x")
        time.sleep(0.01)


def write_as_where_the_kernel_does_not_watch(folder: Path) -> None:
    ctypes.CDLL(None).prctl(1, 0)  # take back PR_SET_PDEATHSIG, as if this were macOS
    Thread(target=_watch_parent, daemon=True).start()
    write_for_a_minute(folder)


def run_two(function_name: str, folder: Path) -> None:
    with Local(2) as executor:
        list(executor.map(globals()[function_name], [folder, folder]))


def until(condition: object, seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def is_running(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
@pytest.mark.parametrize("function", ["write_for_a_minute", "write_as_where_the_kernel_does_not_watch"])
def test_when_the_parent_is_killed_no_worker_goes_on_writing(tmp_path: Path, function: str) -> None:
    code = f"import test_executor_ends as t, pathlib; t.run_two({function!r}, pathlib.Path({str(tmp_path)!r}))"
    parent = subprocess.Popen([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(Path(__file__).parent)})
    until(lambda: len(list(tmp_path.iterdir())) == 2)
    workers = [int(path.name) for path in tmp_path.iterdir()]
    assert all(is_running(worker) for worker in workers)
    parent.kill()
    parent.wait()
    until(lambda: not any(is_running(worker) for worker in workers), seconds=5)
    sizes = [path.stat().st_size for path in tmp_path.iterdir()]
    time.sleep(0.1)
    assert sizes == [path.stat().st_size for path in tmp_path.iterdir()]


@pytest.mark.slow
def test_ctrl_c_stops_a_build_with_one_message_and_the_same_command_goes_on(tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    lines = [orjson.dumps({"text": f"Sample {number} is a basalt. " * 40}) for number in range(2000)]
    for part in range(8):
        (tmp_path / f"notes/{part}.jsonl").write_bytes(b"\n".join(lines))
    recipe = tmp_path / "notes.yaml"
    recipe.write_text(
        f"version: 1\nname: notes\nsources:\n  - {{name: notes, use: source.jsonl, path: notes, group: geo}}\nstages:\n"
        f"  - {{use: vocab.encode, tokenizer: {ROOT}/recipes/samples/tokenizer}}\n  - {{use: split.greedy, max_tokens: 64}}\n"
        "sink: {use: index.megatron, layout: pieces, num_shards: 2}\n"
    )
    out = tmp_path / "out"
    command = [sys.executable, "-m", "corpusforge", "build", str(recipe), "--out", str(out), "--workers", "2"]
    building = subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=partial(signal.signal, *HEARD),  # noqa: PLW1509 - one system call
    )
    until(lambda: any(out.glob("*-read-*/*.parquet")))
    os.killpg(building.pid, signal.SIGINT)
    _, said = building.communicate(timeout=30)
    assert building.returncode == 130
    assert said.splitlines()[-1] == "stopped; what was finished is kept: run the same command to go on"
    assert "Traceback" not in said
    with pytest.raises(ProcessLookupError):
        os.killpg(building.pid, 0)
    subprocess.run(command, check=True, capture_output=True)
    assert (out / "manifest.json").exists()
    assert list(out.rglob("*.partial")) == []
