import json
from collections.abc import Callable
from pathlib import Path

import pytest
from report_builds import ROOT
from report_page import Page

RECIPE = """\
version: 1
name: tokenizers
seed: 1
sources: [{{name: notes, use: source.jsonl, path: notes.jsonl}}]
stages: [{stage}, {{use: vocab.encode}}]
sink: {{use: index.megatron, layout: documents}}
"""
EXTEND = f"{{use: vocab.extend, base: {ROOT / 'recipes/samples/tokenizer'}, num_pieces: 20, held_out_share: 0.3}}"


@pytest.fixture
def notes(tmp_path: Path) -> None:
    texts = [f"第{n}号样品：紫苏花岗岩含有石榴石。 Charnockite {n} holds orthopyroxene and garnet." for n in range(200)]
    lines = "".join(json.dumps({"text": text}) + "\n" for text in texts)
    (tmp_path / "notes.jsonl").write_text(lines, encoding="utf-8")


def test_an_extension_shows_its_effect_and_the_curve_of_savings(
    page_of: Callable[[str], Page], notes: None, tmp_path: Path
) -> None:
    page = page_of(RECIPE.format(stage=EXTEND))
    figures = json.loads((tmp_path / "out/tokenizer/extension.json").read_text())
    held_out, curve = figures["held_out"], figures["curve"]
    effect = page.cells("tokenizer")["held out"]
    assert [effect[0], effect[4]] == [str(held_out["texts"]), "0"]
    assert [float(effect[1]), float(effect[2])] == pytest.approx(
        [held_out["base_chars_per_token"], held_out["chars_per_token"]], rel=1e-3
    )
    rows = page.tables["tokenizer"][1][1:]
    assert 1 < len(rows) <= 10
    assert [int(rows[-1][0]), float(rows[-1][1].replace(",", ""))] == [20, pytest.approx(curve[-1]["saved_per_row"], rel=1e-3)]


def test_a_trained_tokenizer_shows_its_size(page_of: Callable[[str], Page], notes: None) -> None:
    page = page_of(RECIPE.format(stage="{use: vocab.train, vocab_size: 373, model_type: unigram}"))
    assert [page.tables["tokenizer"][0][1][place] for place in (0, 2)] == ["373", "200"]


def test_a_tokenizer_that_was_given_has_no_section(page: Page) -> None:
    assert "tokenizer" not in page.texts
