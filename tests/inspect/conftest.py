"""A small build in which every fate occurs: kept, rejected at reading, by a rule, as a duplicate, and failed."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pyarrow as pa
import pytest
from typer.testing import CliRunner, Result

from corpusforge.core import Filter, Rule
from corpusforge.engine.run import build
from corpusforge.recipe import load_recipe
from corpusforge.recipe.model import NamedStage
from corpusforge.text.view import TextView

ROOT = Path(__file__).resolve().parents[2]

RECIPE = f"""\
version: 1
name: small
seed: 3
sources:
  - name: notes
    use: source.jsonl
    path: notes
    license: cc0-1.0
    group: geo
    pipeline: [{{use: filter.length, min_words: 3}}]
  - name: books
    use: source.files
    path: books
    group: books
    pipeline: [{{use: extract.markup}}]
stages:
  - {{use: dedup.exact}}
  - {{use: vocab.encode, tokenizer: {ROOT / "recipes/samples/tokenizer"}}}
  - {{use: split.greedy, max_tokens: 24}}
sink: {{use: index.megatron, layout: pieces, num_shards: 2}}
"""


class Fragile(Filter):
    """Keeps everything, and raises where a text asks for it."""

    adds: ClassVar[tuple[str, ...]] = ("is_sound",)

    def annotate(self, view: TextView) -> dict[str, pa.Array]:
        texts = view.texts.to_pylist()
        if any("explode" in text for text in texts):
            raise ValueError("boom at an odd word")
        return {"is_sound": pa.array([True] * len(texts), pa.bool_())}

    def rules(self) -> tuple[Rule, ...]:
        return ()


def note(number: int) -> str:
    """24 words; from number 6 on, 30."""
    text = f"Sample {number} is a basalt with olivine. 第{number}号样品是橄榄玄武岩。 It was taken at {number} m."
    return text if number < 6 else f"{text} It is fresh, dark and dense."


def make_input(folder: Path) -> Path:
    (folder / "notes").mkdir(parents=True)
    (folder / "books").mkdir()
    lines = [json.dumps({"text": note(i), "url": f"https://example.org/{i}"}, ensure_ascii=False) for i in range(12)]
    lines += [json.dumps({"text": text}) for text in (note(0), "too short", "this note will explode now")]
    lines += ['{"text": null}', "no json"]
    (folder / "notes/a.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "books/granite.md").write_text("# Granite\n\nGranite holds quartz, feldspar and mica.\n")
    (folder / "books/花岗岩.md").write_text("# 花岗岩\n\n花岗岩由石英、长石和云母组成。\n", encoding="utf-8")
    (folder / "books/bad.txt").write_bytes(b"bad \xff bytes")
    (folder / "small.yaml").write_text(RECIPE)
    return folder / "small.yaml"


@pytest.fixture(scope="session")
def build_small() -> Callable[..., Path]:
    """Builds the small recipe in a folder."""
    return _build_small


def _build_small(recipe: Path, out: Path, *overrides: str) -> Path:
    loaded = load_recipe(recipe, overrides)
    build(replace(loaded, stages=(NamedStage("filter.fragile", Fragile()), *loaded.stages)), out)
    return out


@pytest.fixture(scope="session")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_input(tmp_path_factory.mktemp("input"))


@pytest.fixture(scope="session")
def small(recipe: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _build_small(recipe, tmp_path_factory.mktemp("built") / "small")


@pytest.fixture(scope="session")
def strict(recipe: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same input with a rule that also rejects the notes below 6, and with them the duplicate."""
    return _build_small(recipe, tmp_path_factory.mktemp("built") / "strict", "sources.notes.pipeline.0.min_words=25")


@pytest.fixture
def copy(small: Path, tmp_path: Path) -> Path:
    shutil.copytree(small, tmp_path / "out")
    return tmp_path / "out"


@pytest.fixture
def half_built(copy: Path) -> Path:
    """As after a kill: no manifest, no shards, the sink not begun, one step without its report."""
    (copy / "manifest.json").unlink()
    (copy / "run.json").unlink()
    shutil.rmtree(copy / "shards")
    shutil.rmtree(next(copy.glob("*-index.megatron-*")))
    (next(copy.glob("*-split.greedy-*")) / "report.json").unlink()
    return copy


@pytest.fixture
def corpusforge() -> Callable[..., Result]:
    from corpusforge.cli import app

    return lambda *arguments: CliRunner().invoke(app, [str(each) for each in arguments])


TAIL = f"""\
stages: [{{use: vocab.encode, tokenizer: {ROOT / "recipes/samples/tokenizer"}}}]
sink: {{use: index.megatron, layout: documents}}
"""


@pytest.fixture
def ambiguous(tmp_path: Path) -> Path:
    """Two sources that hold a file of the same name."""
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "note.txt").write_text(f"A note of {name} on granite.\n")
    sources = [f"  - {{name: {name}, use: source.files, path: {name}, pipeline: [{{use: extract.markup}}]}}" for name in "ab"]
    (tmp_path / "two.yaml").write_text("\n".join(["version: 1", "name: two", "seed: 1", "sources:", *sources, TAIL]))
    build(load_recipe(tmp_path / "two.yaml"), tmp_path / "two")
    return tmp_path / "two"


@pytest.fixture
def twice(tmp_path: Path) -> Path:
    """A source whose data gives one id to two rows."""
    rows = [{"id": "n1", "text": "Granite holds quartz."}, {"id": "n1", "text": "Basalt holds olivine."}]
    (tmp_path / "notes.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    source = "  - {name: notes, use: source.jsonl, path: notes.jsonl, columns: {id: id}}"
    (tmp_path / "twice.yaml").write_text("\n".join(["version: 1", "name: twice", "seed: 1", "sources:", source, TAIL]))
    build(load_recipe(tmp_path / "twice.yaml"), tmp_path / "twice")
    return tmp_path / "twice"


@pytest.fixture
def long_text(tmp_path: Path) -> Path:
    """One document of 200 lines, the first of which looks like markup."""
    (tmp_path / "notes.jsonl").write_text(json.dumps({"text": "[red]quartz[/red]\n" + "granite\n" * 200}) + "\n")
    source = "  - {name: notes, use: source.jsonl, path: notes.jsonl}"
    (tmp_path / "long.yaml").write_text("\n".join(["version: 1", "name: long", "seed: 1", "sources:", source, TAIL]))
    build(load_recipe(tmp_path / "long.yaml"), tmp_path / "long")
    return tmp_path / "long"
