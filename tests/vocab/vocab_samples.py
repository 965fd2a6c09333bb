"""Documents generated from a small grammar, and what the tests of this folder do with them."""

import random
from pathlib import Path

import pyarrow as pa
import xxhash

from corpusforge.vocab.extend import Extend
from corpusforge.vocab.train import Train

_ROCKS = ("granite", "basalt", "limestone", "sandstone", "gneiss", "shale", "andesite", "marble")
_PLACES = ("the Tarim Basin", "the Sichuan foreland", "Mount Etna", "the North China craton", "Iceland", "the Andes")
_VERBS = ("overlies", "intrudes", "cuts", "grades into", "rests on", "contains", "dates")
_AGES = ("Jurassic", "Permian", "Cambrian", "Miocene", "Archean", "Cretaceous")
_ZH_ROCKS = ("花岗岩", "玄武岩", "石灰岩", "砂岩", "片麻岩", "页岩", "安山岩", "大理岩")
_ZH_PLACES = ("塔里木盆地", "四川前陆", "华北克拉通", "青藏高原", "东非裂谷", "太行山")
_ZH_VERBS = ("覆盖", "侵入", "切穿", "过渡为", "含有", "叠置于")


def _sentence(rng: random.Random) -> str:
    number = f"{rng.randrange(1, 4000)}.{rng.randrange(10)}"
    if rng.random() < 0.5:
        words = f"{rng.choice(_AGES)} {rng.choice(_ROCKS)} {rng.choice(_VERBS)} {rng.choice(_ROCKS)}"
        return f"In {rng.choice(_PLACES)} the {words} at {number} Ma (Fig. {rng.randrange(1, 30)})."
    rocks = f"{rng.choice(_ZH_ROCKS)}{rng.choice(_ZH_VERBS)}{rng.choice(_ZH_ROCKS)}"
    return f"{rng.choice(_ZH_PLACES)}的{rocks}，年龄约为{number}百万年。"


def geology(count: int, seed: int = 1) -> list[str]:
    """`count` documents of a few sentences, English and Chinese, with tables, code and runs of signs between."""
    rng = random.Random(seed)
    odd = ("", "====", "--------", "| a | b |\n|---|---|", "    x = 1\n        y = 2", "......", "caf\u00e9 \u2030 \u03b4")
    return [
        "\n".join([*(_sentence(rng) for _ in range(rng.randrange(2, 6))), rng.choice(odd)]).strip("\n") for _ in range(count)
    ]


def batch_of(texts: list[str]) -> pa.RecordBatch:
    """A batch as map gets it: id and text."""
    ids = pa.array([xxhash.xxh128_digest(f"{place} {text}".encode()) for place, text in enumerate(texts)], pa.binary(16))
    return pa.RecordBatch.from_pydict({"id": ids, "text": pa.array(texts, pa.large_string())})


def texts_batch(texts: list[str]) -> pa.RecordBatch:
    """A batch as apply gets it: text."""
    return pa.RecordBatch.from_pydict({"text": pa.array(texts, pa.large_string())})


def trained(stage: Train, texts: list[str], folder: Path) -> Path:
    """The tokenizer folder that `stage` writes for these documents."""
    records = pa.Table.from_batches([stage.map(batch_of(texts))]).sort_by("key")
    stage.finish(iter([stage.reduce(records)]), folder)
    return folder / "tokenizer"


def sourced_batch(texts: list[str], sources: list[str] | None = None) -> pa.RecordBatch:
    """A batch as vocab.extend gets it: id, text and source."""
    named = pa.array(["notes"] * len(texts) if sources is None else sources, pa.string())
    return batch_of(texts).append_column("source", named)


def extended(
    stage: Extend, texts: list[str], folder: Path, *, sources: list[str] | None = None, cut: int | None = None
) -> Path:
    """The tokenizer folder that `stage` writes for these documents, mapped in batches of `cut`, the last one first."""
    batch = sourced_batch(texts, sources)
    size = cut or max(len(texts), 1)
    parts = [stage.map(batch.slice(begin, size)) for begin in range(0, max(len(texts), 1), size)]
    records = pa.Table.from_batches(parts[::-1]).sort_by("key")
    stage.finish(iter([stage.reduce(records)]), folder)
    return folder / "tokenizer"
