"""refilter decides again from stored signals: what it says is what a build then does."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from corpusforge.engine.run import build
from corpusforge.errors import InputError
from corpusforge.inspect.diff import diff
from corpusforge.inspect.refilter import Redecided, refilter
from corpusforge.recipe import load_recipe

ROOT = Path(__file__).resolve().parents[2]

RECIPE = f"""\
version: 1
name: rules
sources:
  - name: notes
    use: source.jsonl
    path: notes.jsonl
    pipeline: [{{use: filter.length, min_words: 3}}, {{use: filter.length, max_words: 9}}]
stages: [{{use: dedup.exact}}, {{use: vocab.encode, tokenizer: {ROOT / "recipes/samples/tokenizer"}}}]
sink: {{use: index.megatron, layout: documents}}
"""


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rules")
    lines = [json.dumps({"text": " ".join(["granite"] * count), "lang": "en"}) for count in range(1, 13)]
    (folder / "notes.jsonl").write_text("\n".join([*lines, "no json"]) + "\n")
    (folder / "rules.yaml").write_text(RECIPE)
    build(load_recipe(folder / "rules.yaml"), folder / "out")
    return folder


def redecide(rules: Path, *overrides: str) -> Redecided:
    return refilter(load_recipe(rules / "rules.yaml", overrides), rules / "out")


def counts(found: Redecided) -> dict[tuple[str, str], tuple[int | None, int | None]]:
    return {(each.step, each.what): (each.a, each.b) for each in found.counts}


def test_equal_rules_change_nothing_and_leave_nothing_undecided(rules: Path) -> None:
    found = redecide(rules)
    assert found.undecided == {}
    assert (found.num_newly_kept, found.num_newly_rejected) == (0, 0)
    assert counts(found)["", "kept"] == (7, 7)


def test_counts_before_and_after_stand_side_by_side(rules: Path) -> None:
    assert counts(redecide(rules, "sources.0.pipeline.0.min_words=5", "sources.0.pipeline.1.max_words=11")) == {
        ("", "in"): (13, 13),
        ("notes-read", "invalid_json"): (1, 1),
        ("notes-filter.length", "too_few_words"): (2, 4),
        ("notes-filter.length", "too_many_words"): (3, 1),
        ("", "kept"): (7, 7),
    }


def test_documents_whose_fate_changes_are_shown_with_value_and_threshold(rules: Path) -> None:
    found = redecide(rules, "sources.0.pipeline.0.min_words=5", "sources.0.pipeline.1.max_words=11")
    assert [(each.reason, each.value, each.threshold) for each in found.newly_rejected] == [
        ("too_few_words", 3.0, 5.0),
        ("too_few_words", 4.0, 5.0),
    ]
    assert [(each.reason, each.value, each.threshold) for each in found.newly_kept] == [
        ("too_many_words", 10.0, 9.0),
        ("too_many_words", 11.0, 9.0),
    ]


def test_a_deduplication_behind_a_changed_verdict_has_to_look_again(rules: Path) -> None:
    assert redecide(rules, "sources.0.pipeline.0.min_words=5").undecided == {"notes": "dedup.exact"}


def test_a_rule_for_another_language_passes_every_document(rules: Path) -> None:
    found = redecide(rules, "sources.0.pipeline.0.min_words=5", "sources.0.pipeline.0.lang=zh")
    assert found.num_newly_rejected == 0
    assert found.num_newly_kept == 2


def test_nothing_is_written_but_remembered_digests(rules: Path) -> None:
    before = sorted(path for path in (rules / "out").rglob("*"))
    redecide(rules, "sources.0.pipeline.0.min_words=5")
    assert [path for path in sorted((rules / "out").rglob("*")) if path not in before and path.name != ".digests.json"] == []


def test_a_build_does_what_was_said(rules: Path, tmp_path: Path) -> None:
    change = ("sources.0.pipeline.0.min_words=6", "sources.0.pipeline.1.max_words=10")
    said = counts(redecide(rules, *change))
    build(load_recipe(rules / "rules.yaml", change), tmp_path / "other")
    did = {(each.step, each.what): (each.a, each.b) for each in diff(rules / "out", tmp_path / "other").counts}
    assert said == {key: did[key] for key in said}


def test_a_folder_without_a_build_is_told(rules: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder"):
        refilter(load_recipe(rules / "rules.yaml"), tmp_path / "nothing")


def test_a_source_that_was_read_otherwise_has_nothing_stored(rules: Path) -> None:
    with pytest.raises(InputError, match="build first"):
        redecide(rules, "sources.0.columns={text: body}")


def test_the_command_prints_before_and_after(rules: Path, corpusforge: Callable[..., Result]) -> None:
    change = "sources.notes.pipeline.0.min_words=5"
    shown = corpusforge("refilter", rules / "rules.yaml", "--out", rules / "out", "--set", change)
    assert shown.exit_code == 0
    assert "newly rejected: 2" in shown.stdout
    assert "too_few_words 3 (threshold 5)" in shown.stdout
    assert "notes: from dedup.exact on" in shown.stdout
