"""The presets on real text and on junk: what tools/quality checks, without its peers."""

import tomllib
from pathlib import Path

import pytest
from measure.quality import FLOORS, measured
from measure.removal import Quality, missed_floors, recall

DATA = Path(__file__).resolve().parents[3] / "shared/data"

SETTINGS = tomllib.loads(FLOORS.read_text(encoding="utf-8"))

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (DATA / "geo_en").is_dir(), reason=f"the real collections are not at {DATA}"),
]


@pytest.fixture(scope="module", params=["science", "web"])
def preset(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def quality(preset: str) -> Quality:
    return measured(preset, DATA, junk=(25, 7))


def test_every_floor_is_reached(preset: str, quality: Quality) -> None:
    assert missed_floors(quality, SETTINGS[preset]) == []


def test_every_collection_was_there_and_most_of_it_was_judged(quality: Quality) -> None:
    assert {group.name for group in quality.science} >= {"physical_geology en", "plos en", "geobench en", "gmt_docs zh"}
    judged = sum(len(group.judged) for group in quality.science)
    assert judged > 1_100
    assert sum(len(group.verdicts) for group in quality.junk) == 600


def test_junk_of_another_seed_is_found_as_well(preset: str) -> None:
    other = measured(preset, DATA / "nothing-here", junk=(25, 2024))
    assert recall(other.junk) > 0.95
