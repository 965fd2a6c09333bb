"""A small build with what a page can show: hostile texts, failures, edits, copies, odd numbers, a rule for one language."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pyarrow as pa

from corpusforge.core import EDITS_FIELD, Filter, Rule
from corpusforge.engine.run import build
from corpusforge.recipe import load_recipe
from corpusforge.recipe.model import NamedStage
from corpusforge.text.view import TextView

ROOT = Path(__file__).resolve().parents[2]

HOSTILE = "<script>alert('text')</script>"
HOSTILE_FILE = "<img src=x onerror=alert(1)>.jsonl"

RECIPE = f"""\
version: 1
name: small
seed: 3
sources:
  - name: notes
    use: source.jsonl
    path: notes
    meta: [title]
    group: geo
    pipeline: [{{use: filter.length, min_words: 3}}]
  - name: books
    use: source.files
    path: books
    group: books
    lang: en
    pipeline: [{{use: extract.markup}}]
stages:
  - {{use: dedup.exact}}
  - {{use: vocab.encode, tokenizer: {ROOT / "recipes/samples/tokenizer"}}}
  - {{use: split.greedy, max_tokens: 24}}
sink: {{use: index.megatron, layout: pieces, num_shards: 2}}
"""


class Scored(Filter):
    """Reads numbers that stand in the texts; one that is not there is null."""

    adds: ClassVar[tuple[str, ...]] = ("score", "has_score", "kind")

    def annotate(self, view: TextView) -> dict[str, pa.Array]:
        texts = view.texts.to_pylist()
        if any("explode" in text for text in texts):
            raise ValueError("boom at <b>an odd word</b>")
        found = [re.search(r"score=(\S+)", text) for text in texts]
        return {
            "score": pa.array([float(each[1]) if each else None for each in found], pa.float64()),
            "has_score": pa.array([each is not None for each in found], pa.bool_()),
            "kind": pa.array(["scored" if each else "plain" for each in found], pa.string()),
        }

    def rules(self) -> tuple[Rule, ...]:
        return (Rule("score", ">=", 0.5, "score_low"), Rule("score", "<=", 10, "score_high", when=("lang", "zh")))


class Redacted(Filter):
    """Cuts what stands in [[brackets]]."""

    adds: ClassVar[tuple[str, ...]] = ("num_marks",)
    edits_text: ClassVar[bool] = True

    def annotate(self, view: TextView) -> dict[str, pa.Array]:
        return {"num_marks": pa.array([text.count("[[") for text in view.texts.to_pylist()], pa.int64())}

    def rules(self) -> tuple[Rule, ...]:
        return ()

    def edits(self, view: TextView) -> pa.Array:
        spans = [
            [{"begin": each.start(), "end": each.end(), "reason": "mark"} for each in re.finditer(rb"\[\[.*?\]\]", text)]
            for text in (each.encode() for each in view.texts.to_pylist())
        ]
        return pa.array(spans, EDITS_FIELD.type)


def make_input(folder: Path) -> Path:
    (folder / "notes").mkdir(parents=True)
    (folder / "books").mkdir()
    scores = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]
    rows = [{"text": f"A note on basalt, score={score}", "lang": "en", "url": "https://example.org/1"} for score in scores]
    rows += [{"text": f"第{score}号样品是玄武岩。 score={score}", "lang": "zh"} for score in (9, 10, 11)]
    rows += [{"text": f"A stray number of {score} score={score}", "lang": "en"} for score in ("nan", "inf")]
    rows += [{"text": f"{HOSTILE} in a note", "lang": HOSTILE, "url": f"javascript:{HOSTILE}", "title": HOSTILE}]
    rows += [{"text": "The depth is [[secret]] and so is the [[place]] of it"}, {"text": "We will explode <i>now</i>"}]
    rows += [{"text": "Granite holds quartz."}, {"text": "Granite holds quartz."}, {"text": "Granite holds quartz."}]
    rows += [{"text": "too short"}]
    (folder / "notes" / HOSTILE_FILE).write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    (folder / "books/granite.md").write_text("# Granite\n\nGranite holds feldspar and mica.\n")
    (folder / "books/bad.txt").write_bytes(b"bad \xff bytes")
    (folder / "small.yaml").write_text(RECIPE, encoding="utf-8")
    return folder / "small.yaml"


def build_small(recipe: Path, out: Path) -> Path:
    loaded = load_recipe(recipe)
    added = (NamedStage("filter.scored", Scored()), NamedStage("filter.redacted", Redacted()))
    build(replace(loaded, stages=(*added, *loaded.stages)), out)
    return out
