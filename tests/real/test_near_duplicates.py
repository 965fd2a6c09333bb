"""dedup.minhash on real near-duplicates: Chinese statutes in several versions, English articles with planted copies.

The truth is every pair's exact Jaccard similarity.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from measure.minhash_build import deduplicated, run_stage
from measure.near_duplicates import planted, write
from measure.texts import GENERAL, Document
from measure.truth import judged, true_pairs, unsound
from measure.verdicts import SHARED

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (SHARED / "dup_laws").is_dir(), reason=f"the real collections are not at {SHARED}"),
]


def laws(data: Path) -> list[Document]:
    return list(GENERAL["laws"]("laws", data))


@pytest.mark.parametrize("threshold", [0.6, 0.7, 0.8, 0.9])
@pytest.mark.parametrize("collection", [laws, planted])
def test_every_removal_has_a_kept_witness_and_no_true_pair_is_kept_whole(
    collection: Callable[[Path], list[Document]], threshold: float, tmp_path: Path
) -> None:
    documents = collection(SHARED)
    write(tmp_path / "in.jsonl", documents)
    run_stage(tmp_path / "in.jsonl", tmp_path / "out", threshold=threshold)
    found = deduplicated(tmp_path / "out")
    pairs = true_pairs([document.text for document in documents], threshold)
    assert pairs
    assert unsound(pairs, found.removed) == []
    assert judged(pairs, found.removed).completeness >= 0.995
    assert found.kept_whole == []
