"""A wheel carries the pipelines, recipes, samples and schemas, and works from an empty folder."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_an_installed_wheel_builds_the_sample_recipe(tmp_path: Path) -> None:
    make = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", tmp_path, ROOT]
    subprocess.run(make, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    installed = tmp_path / "installed"
    zipfile.ZipFile(wheel).extractall(installed)
    shared = installed / "corpusforge/_shared"
    assert (shared / "schemas/index.md").is_file()
    code = (
        f"import sys; sys.path.insert(0, {str(installed)!r})\n"
        "import corpusforge; assert corpusforge.__file__.startswith(sys.path[0])\n"
        "from corpusforge.cli import app; app(sys.argv[1:])"
    )
    command = [sys.executable, "-c", code, "build", str(shared / "recipes/tiny.yaml"), "--out", "out", "--workers", "1"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out/manifest.json").is_file()
