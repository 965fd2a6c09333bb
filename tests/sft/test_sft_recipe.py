"""What recipes for fine-tuning rows may not say."""

from pathlib import Path

import pytest

from corpusforge.errors import RecipeError
from corpusforge.recipe import load_recipe

ROOT = Path(__file__).resolve().parents[2]

RENDER = f"{{use: sft.render, template: alpaca, max_tokens: 64, tokenizer: {ROOT}/recipes/samples/tokenizer}}"
ENCODE = f"{{use: vocab.encode, tokenizer: {ROOT}/recipes/samples/tokenizer}}"


def recipe(folder: Path, pipeline: str, *stages: str) -> Path:
    (folder / "rows.jsonl").write_text('{"instruction": "q", "output": "a"}\n', encoding="utf-8")
    lines = [
        "version: 1", "name: rows", "sources:",
        f"  - {{name: rows, use: source.jsonl, path: rows.jsonl, columns: {{text: '*'}}, pipeline: [{pipeline}]}}",
        "stages:", *(f"  - {stage}" for stage in stages),
        "sink: {use: index.megatron, layout: packed, seq_length: 64}",
    ]  # fmt: skip
    (folder / "rows.yaml").write_text("\n".join(lines), encoding="utf-8")
    return folder / "rows.yaml"


@pytest.mark.parametrize(
    ("pipeline", "stages", "message"),
    [
        ("", [RENDER], r"stages.0 \(sft.render\): needs turns, .*add sft.rows to the source's pipeline"),
        ("{use: sft.rows}, {use: filter.c4}", [RENDER], r"filter.c4\): writes text, but sft.rows has said whose turn"),
        ("{use: sft.rows}", ["{use: dedup.paragraph}", RENDER], r"dedup.paragraph\): writes text, but sft.rows has said"),
        ("{use: sft.rows}", [ENCODE, RENDER], r"stages.1 \(sft.render\): gives tokens, but there are tokens already"),
        ("{use: sft.rows}", [RENDER, "{use: split.greedy, max_tokens: 64}"], r"split.greedy\): needs widths, .*are whole"),
        ("{use: sft.rows}", [RENDER.replace("64", "65")], "rows of 64 tokens cannot hold pieces of up to 65"),
    ],
)
def test_stages_that_do_not_fit_are_told_with_a_cure(pipeline: str, stages: list[str], message: str, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=message):
        load_recipe(recipe(tmp_path, pipeline, *stages))


def test_filters_that_only_reject_may_follow(tmp_path: Path) -> None:
    load_recipe(recipe(tmp_path, "{use: sft.rows}, {use: filter.length, min_words: 2}", "{use: dedup.minhash}", RENDER))
