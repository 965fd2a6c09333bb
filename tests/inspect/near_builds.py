"""A small build with near-duplicates of every kind: in a group, across sources, equal, in Chinese, at the border."""

from pathlib import Path

import orjson

from corpusforge.engine.run import build
from corpusforge.recipe import load_recipe

ROOT = Path(__file__).resolve().parents[2]

RECIPE = f"""\
version: 1
name: near
sources:
  - {{name: books, use: source.jsonl, path: books.jsonl}}
  - {{name: web, use: source.jsonl, path: web.jsonl}}
stages:
  - {{use: dedup.exact}}
  - {{use: dedup.minhash, threshold: 0.5}}
  - {{use: vocab.encode, tokenizer: {ROOT / "recipes/samples/tokenizer"}}}
sink: {{use: index.megatron, layout: documents}}
"""

GRANITE = [f"granite{number}" for number in range(100)]
BASALT = [f"basalt{number}" for number in range(100)]
CHINESE = "花岗岩由石英、长石和云母组成，是一种深成的酸性火成岩，颜色多为肉红、灰白，质地坚硬，常用作建筑材料。"


def changed(words: list[str], *places: int) -> str:
    return " ".join(f"new{number}" if number in places else word for number, word in enumerate(words))


def make_near(folder: Path) -> Path:
    """Of web, three go for granite (0.90 and 0.82 like it, and equal), one for basalt (0.60), one for the Chinese one."""
    books = [
        {"text": text, "url": f"https://b.org/{number}"} for number, text in enumerate((" ".join(GRANITE), " ".join(BASALT)))
    ]
    web = [changed(GRANITE, 50), changed(GRANITE, 30, 70), " ".join(GRANITE), changed(BASALT, 10, 30, 50, 70, 90)]
    web += [CHINESE.replace("坚硬", "致密"), "Quite another text on the mines of the north, and on those of the south."]
    rows = {"books": [*books, {"text": CHINESE}], "web": [{"text": text} for text in web]}
    for name, some in rows.items():
        (folder / f"{name}.jsonl").write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in some))
    (folder / "near.yaml").write_text(RECIPE)
    return folder / "near.yaml"


def build_near(folder: Path) -> Path:
    """Built as far as deduplication."""
    return build(load_recipe(make_near(folder)), folder / "out", until="dedup").out
