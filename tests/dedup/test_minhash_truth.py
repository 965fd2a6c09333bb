"""dedup.minhash on generated near-duplicates of every kind, against the similarity of every pair."""

from pathlib import Path

import pytest
from measure.edits import edits_for
from measure.minhash_build import Deduplicated, deduplicated, run_stage
from measure.near_duplicates import Mixture, chance_of, made_up, near_duplicates, various, write
from measure.texts import Document
from measure.truth import judged, true_pairs, unsound
from measure.verdicts import ROOT

SAMPLES = ROOT / "recipes/samples"
THRESHOLDS = (0.6, 0.7, 0.8, 0.9)


def check(documents: list[Document], threshold: float, folder: Path, **settings: object) -> Deduplicated:
    """Sound to the last removal, complete but for one pair in two hundred, and no verified pair is kept whole."""
    write(folder / "in.jsonl", documents)
    run_stage(folder / "in.jsonl", folder / "out", threshold=threshold, **settings)
    found = deduplicated(folder / "out")
    pairs = true_pairs([document.text for document in documents], threshold)
    assert pairs
    assert unsound(pairs, found.removed) == []
    assert judged(pairs, found.removed).completeness >= 0.995
    assert found.verified <= set(pairs)
    assert found.kept_whole == []
    return found


@pytest.mark.parametrize("threshold", THRESHOLDS)
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_kind_of_copy_is_found_and_nothing_else(lang: str, threshold: float, tmp_path: Path) -> None:
    check(various(400, SAMPLES, lang, 7), threshold, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("threshold", THRESHOLDS)
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_in_a_larger_set_too(lang: str, threshold: float, tmp_path: Path) -> None:
    check(various(4000, SAMPLES, lang, 11), threshold, tmp_path)


def test_of_a_bucket_of_equal_documents_one_stays(tmp_path: Path) -> None:
    chance = chance_of(SAMPLES, "en", 7)
    documents = list(near_duplicates(500, made_up(chance), chance, edits_for("en"), Mixture(num_equal=200)))
    found = check(documents, 0.8, tmp_path, max_bucket=8)
    assert len([row for row in range(300, 500) if row not in found.removed]) == 1


def test_of_a_bucket_of_documents_alike_one_stays_for_each(tmp_path: Path) -> None:
    chance = chance_of(SAMPLES, "zh", 7)
    documents = list(near_duplicates(500, made_up(chance), chance, edits_for("zh"), Mixture(num_alike=200)))
    found = check(documents, 0.8, tmp_path, max_bucket=8)
    assert len([row for row in range(300, 500) if row not in found.removed]) < 5
