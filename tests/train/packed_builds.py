"""A small packed build to train on: three groups of generated notes, two stages, held-out slices."""

from pathlib import Path

import orjson

from corpusforge.engine.run import build
from corpusforge.recipe import load_recipe

TOKENIZER = Path(__file__).resolve().parents[2] / "recipes/samples/tokenizer"
ROW = 64

RECIPE = f"""\
version: 1
name: packed
seed: 3
sources:
  - {{name: web, use: source.jsonl, path: web.jsonl, group: general}}
  - {{name: papers, use: source.jsonl, path: papers.jsonl, group: geo}}
  - {{name: notes, use: source.jsonl, path: notes.jsonl, group: notes}}
stages:
  - {{use: vocab.encode, tokenizer: {TOKENIZER}}}
  - {{use: split.greedy, max_tokens: {ROW}}}
sink: {{use: index.megatron, layout: packed, seq_length: {ROW}, num_shards: 2, held_out: 0.2}}
mix:
  stages:
    - {{name: adapt, weights: {{general: 1}}, max_epochs: 0.5}}
    - name: specialise
      weights: {{geo: 3, notes: 1}}
      replay: {{general: 0.1}}
      max_epochs: {{geo: 3, notes: 9, general: 9}}
"""

SOURCES = {"web": 90, "papers": 40, "notes": 30}


def text(source: str, number: int) -> str:
    sentences = [f"Sample {number} of {source} is a basalt with olivine. 第{number}号样品是橄榄玄武岩。 It was taken at {n} m."
                 for n in range(number * 7 % 5 + 1)]  # fmt: skip
    return " ".join(sentences)


def write_sources(folder: Path, changed: str = "") -> None:
    """The input; `changed` is added to one document."""
    for source, count in SOURCES.items():
        lines = [
            {
                "text": text(source, number) + (changed if (source, number) == ("notes", 0) else ""),
                "url": f"https://{source}/{number}",
            }
            for number in range(count)
        ]
        (folder / f"{source}.jsonl").write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in lines))


def build_packed(folder: Path, *overrides: str, changed: str = "", recipe: str = RECIPE) -> Path:
    """Build it under folder/out; gives that folder."""
    write_sources(folder, changed)
    (folder / "packed.yaml").write_text(recipe)
    build(load_recipe(folder / "packed.yaml", overrides), folder / "out")
    return folder / "out"
