from pathlib import Path

import pytest
from measure.dedup_scale import cases, extrapolated, row, scale
from measure.minhash_build import Cost
from measure.verdicts import ROOT

COST = Cost(10.0, 12.0, {"signatures.npy": 4000, "nodes.npy": 500, "sign": 1500, "pair": 300}, 900_000_000)


def test_a_row_has_bytes_of_a_document_and_what_every_one_leaves() -> None:
    assert row("copies", 10, 250_000_000, COST) == "| copies | 250 | 10.0 | 12.0 | 25.0 | 900 | 630 | 600 |"


def test_larger_corpora_are_told_from_what_every_document_leaves() -> None:
    assert list(extrapolated(COST, 10)) == [
        "Bytes of every document: signatures.npy 400, nodes.npy 50, sign 150.",
        "10,000,000 documents: 6 GB.",
        "100,000,000 documents: 60 GB.",
        "1,000,000,000 documents: 600 GB.",
    ]


@pytest.mark.slow
def test_every_case_is_measured_in_a_process_of_its_own(tmp_path: Path) -> None:
    table = scale(2000, ROOT / "recipes/samples", 7, tmp_path)
    assert [line.split(" | ")[0] for line in table.splitlines()[5:10]] == [f"| {case.name}" for case in cases(2000)]
