"""Near-duplicates on the page: how like they are, and with which chance pairs were looked at."""

import shutil
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest
from report_builds import ROOT
from report_page import Page

from corpusforge.dedup.bands import choose_bands
from corpusforge.engine.run import build
from corpusforge.engine.store import read_json, write_json
from corpusforge.inspect.folder import BuildFolder
from corpusforge.recipe import load_recipe
from corpusforge.report.duplicates import largest_clusters, likenesses
from corpusforge.report.page import write_report

RECIPE = f"""\
version: 1
name: near
sources: [{{name: notes, use: source.jsonl, path: notes.jsonl}}]
stages:
  - {{use: dedup.exact}}
  - {{use: dedup.minhash, threshold: 0.6}}
  - {{use: vocab.encode, tokenizer: {ROOT / "recipes/samples/tokenizer"}}}
sink: {{use: index.megatron, layout: documents}}
"""
WORDS = [f"granite{number}" for number in range(100)]


@pytest.fixture
def near(tmp_path: Path, page_of: Callable[[str], Page]) -> Page:
    """One document, and four that differ in 1 to 4 words far apart: 91 / 105, 86 / 110, 81 / 115, 76 / 120 like it."""
    texts = [[f"new{number}" if number in range(10, 10 + 20 * count, 20) else word for number, word in enumerate(WORDS)]
             for count in range(5)]  # fmt: skip
    texts[0] += ["and", "more", "of", "it"]  # the longest stays
    (tmp_path / "notes.jsonl").write_bytes(b"".join(orjson.dumps({"text": " ".join(words)}) + b"\n" for words in texts))
    return page_of(RECIPE)


def curve(page: Page) -> list[tuple[float, float]]:
    (points,) = [str(attributes["points"]) for name, attributes in page.elements if name == "polyline"]
    return [(float(x) / 1000, 1 - float(y) / 100) for x, y in (point.split(",") for point in points.split())]


def test_similarities_are_counted_along_the_whole_axis(near: Page, tmp_path: Path) -> None:
    (likeness,) = likenesses(BuildFolder(tmp_path / "out"))
    counted = {round(float(likeness.bins.edges[index]), 2): int(count) for index, count in enumerate(likeness.counts) if count}
    assert counted == {0.62: 1, 0.7: 1, 0.78: 1, 0.86: 1}
    assert (likeness.stage, likeness.threshold) == ("dedup.minhash", 0.6)


def test_the_curve_is_that_of_the_bands(near: Page) -> None:
    bands = choose_bands(256, 0.6, 0.995)
    points = {round(x, 2): y for x, y in curve(near)}
    assert (points[0.0], points[1.0]) == (0.0, 1.0)
    assert points[0.4] == pytest.approx(bands.found(0.4), abs=1e-4)
    assert points[0.6] == pytest.approx(bands.found(0.6), abs=1e-4)
    assert f"{bands.bands} bands of {bands.rows}" in near.texts["duplicates"]


def test_the_least_alike_of_a_group_are_shown_with_their_similarity(near: Page, tmp_path: Path) -> None:
    (cluster,) = largest_clusters(BuildFolder(tmp_path / "out"))
    assert (cluster.num_removed, [round(member.similarity or 0, 2) for member in cluster.removed]) == (4, [0.63, 0.7, 0.78])
    assert "taken out, 0.7" in near.texts["duplicates"]


def test_without_the_bands_there_is_a_histogram_without_a_curve(near: Page, tmp_path: Path) -> None:
    shutil.copytree(tmp_path / "out", tmp_path / "old")
    (report,) = (tmp_path / "old").glob("*-dedup.minhash-*/report.json")
    write_json(report, {name: value for name, value in read_json(report).items() if name != "bands"})
    page = Page.read(write_report(tmp_path / "old"))
    assert "how like the copies are" in page.texts["duplicates"]
    assert not [name for name, _ in page.elements if name == "polyline"]


def test_what_went_for_a_document_of_an_earlier_build_is_shown_without_it(near: Page, tmp_path: Path) -> None:
    later = RECIPE.replace("name: near", "name: later").replace("0.6}", f"0.6, against: [{tmp_path / 'out'}]}}")
    (tmp_path / "later.yaml").write_text(later)
    texts = [" ".join([*WORDS[:count], "and so on"]) for count in (99, 98)] + ["Another text that is like no other one at all."]
    (tmp_path / "notes.jsonl").write_bytes(b"".join(orjson.dumps({"text": text}) + b"\n" for text in texts))
    page = Page.read(write_report(build(load_recipe(tmp_path / "later.yaml"), tmp_path / "later").out))
    assert "2 copies of " in page.texts["duplicates"]
    assert "of an earlier build, dedup.minhash" in page.texts["duplicates"]
    assert page.texts["duplicates"].count("alike") == 2
