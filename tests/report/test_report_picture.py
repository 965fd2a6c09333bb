"""The page in a browser: recipes/geo.yaml, photographed by headless Chromium."""

import os
import shutil
import subprocess
import zlib
from pathlib import Path

import numpy as np
import pytest
from report_builds import ROOT

from corpusforge.engine.run import build
from corpusforge.recipe import load_recipe
from corpusforge.report.page import write_report

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")
HEADINGS = [
    "Summary", "Flow", "Mix", "Languages", "Licences", "Sources", "Drop reasons", "Signals", "Duplicates", "Lengths", "Shards",
    "Steps", "Run",
]  # fmt: skip

# What the README shows of the page: its top, above the paths of the input, which are those of a machine.
README_SIZE = (1200, 1600)

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not CHROMIUM, reason="no chromium: install Debian's, or set CHROMIUM")]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("geo")
    build(load_recipe(ROOT / "recipes/geo.yaml"), out)
    return write_report(out)


def browse(page: Path, profile: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    command = [
        str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
        "--enable-logging=stderr", "--log-level=0", f"--user-data-dir={profile}", *options, page.as_uri(),
    ]  # fmt: skip
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)


def console(done: "subprocess.CompletedProcess[str]") -> list[str]:
    """What the page itself said: errors of scripts, styles, and of its own policy."""
    return [line for line in done.stderr.splitlines() if "CONSOLE" in line]


def pixels(picture: Path) -> np.ndarray:
    """A PNG of 8 bits a channel as uint8 [height, width, channels], its filters undone."""
    data, position, body, shape = picture.read_bytes(), 8, b"", (0, 0, 0)
    while position < len(data):
        size, kind = int.from_bytes(data[position : position + 4]), data[position + 4 : position + 8]
        chunk = data[position + 8 : position + 8 + size]
        if kind == b"IHDR":
            shape = int.from_bytes(chunk[4:8]), int.from_bytes(chunk[:4]), {2: 3, 6: 4}[chunk[9]]
        body += chunk if kind == b"IDAT" else b""
        position += size + 12
    height, width, channels = shape
    rows = np.frombuffer(zlib.decompress(body), np.uint8).reshape(height, 1 + width * channels)
    image = np.zeros((height + 1, width * channels), np.int64)
    for number, row in enumerate(rows):
        image[number + 1] = unfiltered(int(row[0]), row[1:].astype(np.int64), image[number], channels)
    return image[1:].reshape(height, width, channels).astype(np.uint8)


def unfiltered(kind: int, row: np.ndarray, above: np.ndarray, step: int) -> np.ndarray:
    if kind == 0:
        return row
    if kind == 2:
        return (row + above) & 255
    if kind == 1:
        return (row.reshape(-1, step).cumsum(axis=0) & 255).reshape(-1)
    done = np.zeros(len(row) + step, np.int64)
    for index, value in enumerate(row.tolist()):
        left, up, corner = int(done[index]), int(above[index]), int(above[index - step]) if index >= step else 0
        guess = (left + up) // 2 if kind == 3 else min((left, up, corner), key=lambda each: abs(left + up - corner - each))
        done[index + step] = (value + guess) & 255
    return done[step:]


@pytest.mark.parametrize(("scheme", "is_light"), [(1, True), (0, False)])
def test_the_page_has_a_face_by_day_and_by_night(page: Path, tmp_path: Path, scheme: int, is_light: bool) -> None:
    picture = tmp_path / "page.png"
    theme = f"--blink-settings=preferredColorScheme={scheme}"
    done = browse(page, tmp_path / "profile", theme, "--window-size=900,1400", f"--screenshot={picture}")
    image = pixels(picture)
    assert console(done) == []
    assert image.shape[:2] == (1400, 900)
    assert (np.median(image[..., :3]) > 128) == is_light, "paper"
    blue, amber = ((0x2F, 0x7E, 0xA3), (0xE0, 0xA0, 0x30)) if is_light else ((0x5A, 0xA7, 0xCC), (0xE5, 0xB0, 0x4F))
    assert share(image, blue) > 0.005, "the river's first source"
    assert share(image, amber) > 0.005, "its second"


def share(image: np.ndarray, colour: tuple[int, int, int]) -> float:
    return float((np.abs(image[..., :3].astype(int) - colour).max(axis=-1) <= 2).mean())


@pytest.mark.parametrize("width", [400, 800, 1200])
def test_no_link_above_and_nothing_of_the_page_is_cut_off(page: Path, tmp_path: Path, width: int) -> None:
    # A page around it measures: the page itself allows no script.
    around = tmp_path / "around.html"
    around.write_text(
        f'<iframe src="{page.as_uri()}" style="width:{width}px;height:700px" onload="'
        "const page = this.contentDocument; document.title = [page.documentElement, page.querySelector('nav')]"
        '.map(each => each.scrollWidth - each.clientWidth).join()"></iframe>'
    )
    freely = ("--allow-file-access-from-files", "--disable-web-security", "--virtual-time-budget=5000")
    done = browse(around, tmp_path / "profile", *freely, "--dump-dom")
    assert "<title>0,0</title>" in done.stdout


def test_the_browser_finds_every_section(page: Path, tmp_path: Path) -> None:
    done = browse(page, tmp_path / "profile", "--dump-dom")
    assert [heading for heading in HEADINGS if f"<h2>{heading}</h2>" not in done.stdout] == []
    assert console(done) == []


def facts_of(picture: Path) -> tuple[int, int, int]:
    """Width, height and bytes of a PNG."""
    head = picture.read_bytes()[:24]
    assert head.startswith(b"\x89PNG")
    return int.from_bytes(head[16:20]), int.from_bytes(head[20:24]), picture.stat().st_size


def is_fit(picture: Path) -> bool:
    """Whether a picture can stand in the README: of the right size, with something on it, and not heavy."""
    width, height, size_bytes = facts_of(picture)
    return (width, height) == README_SIZE and 50_000 < size_bytes < 300_000


def test_the_picture_of_the_readme_can_be_taken_again(page: Path, tmp_path: Path) -> None:
    # tools/screenshot says where to keep it
    picture = Path(os.environ.get("README_PICTURE", tmp_path / "report.png"))
    window = f"--window-size={README_SIZE[0]},{README_SIZE[1]}"
    theme = "--blink-settings=preferredColorScheme=1"
    browse(page, tmp_path / "profile", theme, "--force-device-scale-factor=1", window, f"--screenshot={picture}")
    assert is_fit(picture)


def test_the_readme_shows_a_picture_of_the_report() -> None:
    assert "(.readme/report.png)" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert is_fit(ROOT / ".readme/report.png")
