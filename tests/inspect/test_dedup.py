"""dedup summary: what each dedup step took out."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from near_builds import build_near, make_near
from typer.testing import Result

from corpusforge.engine.run import build
from corpusforge.errors import SourceAlarm
from corpusforge.inspect.dedup import Groups, Similarities, SourceRemovals, StepSummary, summary
from corpusforge.recipe import load_recipe


@pytest.fixture(scope="module")
def near(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_near(tmp_path_factory.mktemp("near"))


@pytest.fixture(scope="module")
def minhash(near: Path) -> StepSummary:
    return summary(near)[1]


def test_steps_come_in_their_order(near: Path) -> None:
    assert [(each.step, each.is_done) for each in summary(near)] == [("dedup.exact", True), ("dedup.minhash", True)]


def test_sources_tell_what_came_to_the_step_and_what_went(near: Path, minhash: StepSummary) -> None:
    assert summary(near)[0].sources == (SourceRemovals("books", 3, 0), SourceRemovals("web", 6, 1))
    assert minhash.sources == (SourceRemovals("books", 3, 0), SourceRemovals("web", 5, 4))


def test_similarities_are_counted_in_bins_without_gaps(minhash: StepSummary) -> None:
    bins = minhash.similarities
    assert (bins[0], bins[-1]) == (Similarities(0.58, 0.6, 1), Similarities(0.9, 0.92, 1))
    assert (len(bins), sum(each.num_documents for each in bins)) == (17, 4)


def test_groups_are_counted_by_their_size(near: Path, minhash: StepSummary) -> None:
    assert minhash.groups == (Groups(1, 1, 2, 2), Groups(2, 3, 1, 2))
    assert summary(near)[0].groups == (Groups(1, 1, 1, 1),)


def test_the_largest_groups_name_the_document_that_stays(minhash: StepSummary) -> None:
    first = minhash.largest[0]
    assert (first.source, first.origin, first.url, first.num_removed) == ("books", "books.jsonl:0", "https://b.org/0", 2)
    assert round(first.least_similarity or 0, 3) == 0.811


def test_the_threshold_is_told_of_a_step_that_measures_similarities(near: Path) -> None:
    assert [each.threshold for each in summary(near)] == [None, 0.5]


def test_a_step_at_which_the_alarm_stopped_has_its_numbers(tmp_path: Path) -> None:
    with pytest.raises(SourceAlarm):
        build(load_recipe(make_near(tmp_path), ["sources.web.alarm_share=0.5"]), tmp_path / "out")
    stopped = summary(tmp_path / "out")[1]
    assert not stopped.is_done
    assert stopped.sources == (SourceRemovals("books", 3, 0), SourceRemovals("web", 5, 4))


def test_it_is_printed(near: Path, corpusforge: Callable[..., Result]) -> None:
    lines = corpusforge("dedup", "summary", near).stdout.splitlines()
    assert lines[0].startswith("dedup.exact")
    assert "web      5        4  80.0%" in lines
    assert "0.90 to 0.92        1  ██████████████████████████████" in lines
    assert "2 to 3              2  ██████████████████████████████  1 kept" in lines


def test_json_holds_the_same(near: Path, corpusforge: Callable[..., Result]) -> None:
    assert json.loads(corpusforge("dedup", "summary", near, "--json").stdout)[1]["sources"][1] == {
        "source": "web", "came_in": 5, "removed": 4,
    }  # fmt: skip


def test_what_was_compared_is_told_and_whether_hot_buckets_kept_anything_from_it(
    minhash: StepSummary, near: Path, tmp_path: Path, corpusforge: Callable[..., Result]
) -> None:
    assert (minhash.nominated["candidate_pairs"], minhash.nominated["hot_buckets"]) == (5, 0)
    assert "5 pairs compared" in corpusforge("dedup", "summary", near).stdout.splitlines()
    build(load_recipe(make_near(tmp_path), ["stages.1.max_bucket=2"]), tmp_path / "out")
    assert summary(tmp_path / "out")[1].nominated["hot_buckets"] > 0
    assert "hot buckets: " in corpusforge("dedup", "summary", tmp_path / "out").stdout
