import ctypes
import os
import pkgutil
import platform
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

import corpusforge.text
from corpusforge.text import kernels
from corpusforge.text.characters import character_flags, flags_at
from corpusforge.text.kernels import foreign, kernel

ROOT = Path(__file__).parents[2]
COUNT = "import pyarrow as pa; from corpusforge.text.view import TextView; print(TextView(pa.array(['a b'])).num_words)"


class Pair(NamedTuple):
    values: NDArray[np.int64]
    factor: int


@kernel
def sum_of(function: Callable[[np.int32], np.int32], values: NDArray[np.int32]) -> int:
    result = 0
    for value in values:
        result += function(value)
    return result


@kernel
def total(values: NDArray[np.int64]) -> int:
    result = 0
    for value in values:
        result += value
    return result


@kernel
def scaled(pair: Pair, is_negative: bool) -> float:
    return total(pair.values) * pair.factor * (-1.0 if is_negative else 1.0)


@kernel
def size_of_first(data: NDArray[np.uint8], table: NDArray[np.uint16]) -> int:
    return flags_at(data, 0, table)[1]


def run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error", **environment}
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=env, cwd=ROOT)


def test_a_kernel_takes_writable_and_read_only_arrays() -> None:
    values = np.arange(5)
    assert total(values) == 10
    values.flags.writeable = False
    assert total(values) == 10


def test_kernels_call_each_other_and_take_named_tuples() -> None:
    values = np.arange(4)
    values.flags.writeable = False
    assert scaled(Pair(values, 2), True) == -12.0


def test_a_kernel_calls_a_function_of_a_c_library() -> None:
    absolute = foreign(ctypes.CDLL(None).abs, Callable[[np.int32], np.int32])  # type: ignore[arg-type]
    assert sum_of(absolute, np.array([3, -4], np.int32)) == 7


def test_the_annotations_are_the_only_signature() -> None:
    with pytest.raises(TypeError):
        total(np.arange(5, dtype=np.float64))  # type: ignore[arg-type]


def test_a_kernel_of_another_package_is_refused() -> None:
    elsewhere = kernels.Kernel(scaled.function)
    elsewhere.__module__ = "elsewhere.module"
    with pytest.raises(TypeError, match=r"calls test_kernels\.total"):
        elsewhere(Pair(np.arange(5), 1), False)


def test_a_kernel_of_the_text_package_may_be_called_from_elsewhere() -> None:
    assert size_of_first(np.frombuffer("砂".encode(), np.uint8), character_flags()) == 3


def test_every_kernel_of_the_text_package_compiles() -> None:
    modules = [import_module(info.name) for info in pkgutil.iter_modules(corpusforge.text.__path__, "corpusforge.text.")]
    found = {id(each): each for module in modules for each in vars(module).values() if isinstance(each, kernels.Kernel)}
    assert len(found) > 20
    assert all(callable(each.compiled) for each in found.values())


def test_kernels_work_without_a_writable_cache() -> None:
    result = run(COUNT, NUMBA_CACHE_DIR="/proc/nonexistent", HOME="/proc/nonexistent", XDG_CACHE_HOME="/proc/none")
    assert result.stdout.split() == ["[2]"], result.stderr


def test_a_cache_folder_that_is_a_file_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert run(COUNT, NUMBA_CACHE_DIR=str(tmp_path / "file")).stdout.split() == ["[2]"]


def test_compiled_code_is_kept_in_the_folder_that_numba_is_told(tmp_path: Path) -> None:
    assert run(COUNT, NUMBA_CACHE_DIR=str(tmp_path)).stdout.split() == ["[2]"]
    (folder,) = tmp_path.iterdir()
    assert folder.name.startswith("corpusforge-kernels-")
    assert list(folder.rglob("*.nbi"))


def test_a_read_only_package_falls_back_to_the_users_cache_folder(tmp_path: Path) -> None:
    code = (
        "import os; from pathlib import Path; from corpusforge.text import kernels; real = Path.mkdir\n"
        "def mkdir(self, *args, **kwargs):\n"
        "    if '__pycache__' in str(self): raise OSError(30, 'read-only file system')\n"
        "    real(self, *args, **kwargs)\n"
        "Path.mkdir = mkdir; print(kernels._cache_folder().parent)"
    )
    environment = {"XDG_CACHE_HOME": str(tmp_path), "NUMBA_CACHE_DIR": ""}
    assert run(code, **environment).stdout.strip() == str(tmp_path)


FAULTS = """
import resource
import numpy as np
import pyarrow as pa
from corpusforge.text.view import TextView
from corpusforge.text.spans import view_words
texts = pa.array(["granite and quartz " * 500_000])
first = TextView(texts).once(view_words)
del first
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
TextView(texts).once(view_words)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(sys.platform != "linux" or "glibc" not in platform.libc_ver()[0], reason="a setting of glibc")
def test_memory_that_a_kernel_frees_serves_the_next() -> None:
    """Of some 40 MB, which are 10,000 pages."""
    assert int(run(FAULTS).stdout) < 1_000
