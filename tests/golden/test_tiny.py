import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

HERE = Path(__file__).resolve().parent


def load_golden() -> ModuleType:
    spec = importlib.util.spec_from_file_location("golden", HERE / "golden.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("workers", [1, 2])
def test_the_golden_build_gives_the_golden_bytes(workers: int, tmp_path: Path) -> None:
    module = load_golden()
    found = module.as_text(module.golden(tmp_path, workers))
    expected = (HERE / "tiny.json").read_text(encoding="utf-8")
    assert found == expected, "if the change is meant: bump a revision, run tools/golden"
