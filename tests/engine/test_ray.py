"""Tasks on a Ray cluster, one that is started for the test: run where Ray is installed (the extra `ray`)."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from corpusforge.engine.executors.ray import Ray
from corpusforge.engine.run import build
from corpusforge.errors import MissingExtra
from corpusforge.recipe import load_recipe

ROOT = Path(__file__).resolve().parents[2]
TINY = ROOT / "recipes/tiny.yaml"
OF_THE_MACHINE = ("run.json", ".lock", ".digests.json")
HAS_RAY = importlib.util.find_spec("ray") is not None

# A process of its own: Ray warns, starts threads and leaves signal handlers.
CODE = f"""
import os, signal, sys
from pathlib import Path
import orjson
from corpusforge.engine.executors.ray import Ray
from corpusforge.engine.run import build
from corpusforge.errors import BadShard, WorkerLost
from corpusforge.recipe import load_recipe

def square(number):
    return number * number

def damaged(number):
    raise BadShard("a.gz", 17, "it is truncated", "fetch it again")

def killed(number):
    os.kill(os.getpid(), signal.SIGKILL)

def asked(counted):
    for number in range(100):
        counted.append(number)
        yield number

build(load_recipe(Path({str(TINY)!r})), Path(sys.argv[1]), Ray("local"))
with Ray("local") as executor:
    counted, said = [], []
    ahead = [len(counted) - turn for turn, _ in enumerate(executor.map(square, asked(counted)))]
    said.append(("window", len(ahead), max(ahead) <= 4 * executor.workers))
    said.append(("order", list(executor.map(square, range(20))) == [number * number for number in range(20)]))
    try:
        list(executor.map(damaged, range(3)))
    except BadShard as error:
        said.append(("error", error.path, error.offset))
    try:
        list(executor.map(killed, range(3)))
    except WorkerLost as error:
        said.append(("lost", str(error).startswith("0 (killed): its Ray worker died")))
Path(sys.argv[2]).write_bytes(orjson.dumps(said))
"""


def outputs(out: Path) -> dict[str, bytes]:
    files = [path for path in sorted(out.rglob("*")) if path.is_file() and path.name not in OF_THE_MACHINE]
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in files}


@pytest.mark.slow
@pytest.mark.skipif(not HAS_RAY, reason="needs Ray: pip install 'corpusforge[ray]'")
def test_on_a_ray_cluster_tasks_keep_order_errors_and_bytes(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", CODE, str(tmp_path / "ray"), str(tmp_path / "said.json")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=300)
    assert done.returncode == 0, done.stderr
    said = orjson.loads((tmp_path / "said.json").read_bytes())  # Ray prints what it likes on stdout
    assert said == [["window", 100, True], ["order", True], ["error", "a.gz", 17], ["lost", True]]
    build(load_recipe(TINY), tmp_path / "local")
    assert outputs(tmp_path / "ray") == outputs(tmp_path / "local")


@pytest.mark.skipif(HAS_RAY, reason="Ray is installed")
def test_without_ray_the_install_line_is_named() -> None:
    with pytest.raises(MissingExtra, match=r"pip install 'corpusforge\[ray\]'"):
        Ray("auto")
