"""The alarm at deduplication: it counts by source over the whole way, and shows for which documents the others went."""

from pathlib import Path

import orjson
import pytest

from corpusforge.engine.run import build
from corpusforge.errors import SourceAlarm
from corpusforge.recipe import load_recipe

ROOT = Path(__file__).resolve().parents[2]

RECIPE = f"""\
version: 1
name: alarm
sources:
  - {{name: books, use: source.jsonl, path: books.jsonl}}
  - {{name: forms, use: source.jsonl, path: forms.jsonl, alarm_share: 0.9}}
stages:
  - STAGE
  - {{use: vocab.encode, tokenizer: {ROOT / "recipes/samples/tokenizer"}}}
sink: {{use: index.megatron, layout: documents}}
"""
FORM = " ".join(f"field{number}" for number in range(60))


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    forms = [f"{FORM} answer{number}" for number in range(12)]
    books = [FORM, " ".join(f"word{number}" for number in range(30))]
    for name, texts in (("forms", forms), ("books", books)):
        (tmp_path / f"{name}.jsonl").write_bytes(b"".join(orjson.dumps({"text": text}) + b"\n" for text in texts))
    return tmp_path / "alarm.yaml"


def alarm(recipe: Path, stage: str) -> str:
    recipe.write_text(RECIPE.replace("STAGE", stage))
    with pytest.raises(SourceAlarm) as caught:
        build(load_recipe(recipe), recipe.parent / "out")
    return str(caught.value)


def test_near_duplicates_ring_it_and_name_the_document_for_which_they_went(recipe: Path) -> None:
    first, group = alarm(recipe, "{use: dedup.minhash, threshold: 0.7}").splitlines()
    assert first.startswith(
        "source forms: 100.0% of its 12 documents are gone after dedup.minhash (near_duplicate 12); alarm_share is 90.0%"
    )
    assert f"corpusforge dedup show {recipe.parent / 'out'} --source forms" in first
    assert first.endswith("or raise alarm_share of the source to go on")
    assert group.startswith("  12 went for books:books.jsonl:0: forms.jsonl:0 (0.982), forms.jsonl:")
    assert group.endswith(" (0.982), 9 more")


def test_equal_documents_ring_it_without_a_similarity(recipe: Path) -> None:
    (recipe.parent / "forms.jsonl").write_bytes((orjson.dumps({"text": FORM}) + b"\n") * 4)
    _, group = alarm(recipe, "{use: dedup.exact}").splitlines()
    assert group.startswith("  4 went for books:books.jsonl:0: forms.jsonl:0, forms.jsonl:")


def test_a_larger_share_goes_on_with_what_was_found(recipe: Path) -> None:
    alarm(recipe, "{use: dedup.minhash, threshold: 0.7}")
    verdicts = list((recipe.parent / "out").glob("*-dedup.minhash-*/*.verdicts.parquet"))
    before = {path: path.read_bytes() for path in verdicts}
    plan = build(load_recipe(recipe, ["sources.forms.alarm_share=1"]), recipe.parent / "out")
    assert (plan.out / "manifest.json").exists()
    assert {path: path.read_bytes() for path in verdicts} == before


def test_a_source_that_keeps_enough_does_not_ring_it(recipe: Path) -> None:
    recipe.write_text(RECIPE.replace("STAGE", "{use: dedup.minhash, threshold: 0.7, scope: source}"))
    plan = build(load_recipe(recipe, ["sources.forms.alarm_share=0.92"]), recipe.parent / "out")
    assert (plan.out / "manifest.json").exists()
