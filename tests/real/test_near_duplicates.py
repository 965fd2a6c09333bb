"""dedup.minhash on real near-duplicates: Chinese statutes in several versions, English articles with planted copies.

The truth is every pair's exact Jaccard similarity.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa
import pytest

from corpusforge.engine.run import build
from corpusforge.engine.store import read_parquet
from corpusforge.inspect.folder import open_documents
from corpusforge.recipe import load_recipe
from corpusforge.text.minhash import jaccards
from corpusforge.text.shingles import shingle_sets, shingles
from corpusforge.text.view import TextView

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared/data"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (DATA / "dup_laws").is_dir(), reason=f"the real collections are not at {DATA}"),
]

RECIPE = f"""\
version: 1
name: near
sources: [{{name: s, use: source.jsonl, path: in.jsonl}}]
stages:
  - {{use: dedup.minhash, threshold: THRESHOLD}}
  - {{use: vocab.encode, tokenizer: {ROOT / "recipes/samples/tokenizer"}}}
sink: {{use: index.megatron, layout: documents}}
"""


def laws() -> list[str]:
    return [path.read_text("utf-8") for path in sorted((DATA / "dup_laws/docs").rglob("*.md"))]


def articles() -> list[str]:
    lines = (DATA / "dup_articles/articles_1000.train").read_text("utf-8").splitlines()
    return [line.partition(" ")[2] for line in lines]


def true_pairs(texts: list[str], threshold: float) -> dict[tuple[int, int], float]:
    """(i, j), i < j -> similarity of every pair at or above the threshold."""
    sets = shingle_sets(shingles(TextView(pa.array(texts, pa.large_string())), 5))
    found = {}
    for row in range(len(texts)):
        others = np.arange(row + 1, len(texts))
        like = jaccards(sets.first, sets.hashes, np.full(len(others), row), others)
        found |= {(row, int(other)): float(value) for other, value in zip(others, like, strict=True) if value >= threshold}
    return found


@pytest.mark.parametrize("threshold", [0.6, 0.7, 0.8, 0.9])
@pytest.mark.parametrize("texts", [laws, articles])
def test_every_removal_has_a_kept_witness_and_no_true_pair_is_kept_whole(
    texts: Callable[[], list[str]], threshold: float, tmp_path: Path
) -> None:
    documents = texts()
    (tmp_path / "in.jsonl").write_bytes(b"".join(orjson.dumps({"text": text}) + b"\n" for text in documents))
    (tmp_path / "near.yaml").write_text(RECIPE.replace("THRESHOLD", str(threshold)))
    plan = build(load_recipe(tmp_path / "near.yaml"), tmp_path / "out")
    opened = open_documents(plan.out)
    [part] = opened.parts_of("s")
    row_of = {each: row for row, each in enumerate(opened.column("s", part.name, "id").to_pylist())}
    verdicts = read_parquet(plan.joined[0].folder / f"{part.name}.verdicts.parquet").to_pylist()
    gone = {each["row"]: (row_of[each["witness"]], each["value"]) for each in verdicts}
    pairs = true_pairs(documents, threshold)
    assert all(witness not in gone for witness, _ in gone.values())
    assert all(pairs[min(row, witness), max(row, witness)] == like for row, (witness, like) in gone.items())
    kept_whole = [pair for pair in pairs if pair[0] not in gone and pair[1] not in gone]
    assert pairs
    assert len(kept_whole) <= 0.005 * len(pairs)
