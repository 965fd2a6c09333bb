"""Builds on archives: the books add up, damage follows on_bad_shard, the bytes are the same for any number of workers."""

import gzip
from pathlib import Path

import pytest
from archives import tarred, write, zipped

from corpusforge.engine.plan import Plan
from corpusforge.engine.run import build
from corpusforge.engine.store import read_json
from corpusforge.errors import BadShard
from corpusforge.recipe import load_recipe

ROOT = Path(__file__).resolve().parents[2]

RECIPE = f"""\
version: 1
name: packed
seed: 3
on_bad_shard: keep_going
sources:
  - {{name: files, use: source.files, path: files, pipeline: [{{use: extract.markup}}]}}
stages:
  - {{use: vocab.encode, tokenizer: {ROOT}/recipes/samples/tokenizer}}
  - {{use: split.greedy, max_tokens: 24}}
sink: {{use: index.megatron, layout: pieces}}
"""


def page(number: int) -> bytes:
    return f"# 第{number}号\n\nSample {number} is a basalt with olivine. 样品是橄榄玄武岩，取自{number}米深处的钻孔。".encode()


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    members = [(f"{number}.md", page(number)) for number in range(40)]
    gbk = [(f"{number}.txt", page(number).decode().encode("gbk")) for number in range(40, 50)]
    bad = [("empty.md", b""), ("noise.txt", b"\xff\xfa\xf5" * 50), ("picture.png", b"x")]
    write(
        tmp_path / "files",
        {
            "geo.zip": zipped([*members[:20], *bad]),
            "deep/geo.tgz": gzip.compress(tarred([*members[20:40], *bad])),
            "cut.tar": tarred(gbk)[: 1024 * 5 + 700],
            "plain.md": page(99),
            "plain.md.gz": gzip.compress(page(100)),
        },
    )
    (tmp_path / "packed.yaml").write_text(RECIPE)
    return tmp_path / "packed.yaml"


def run(recipe: Path, out: str, workers: int = 1, *overrides: str) -> Plan:
    return build(load_recipe(recipe, overrides), recipe.parent / out, workers)


def outputs(out: Path) -> dict[str, bytes]:
    machine = ("run.json", ".lock", ".digests.json", "report.html")
    files = [path for path in out.rglob("*") if path.is_file() and path.name not in machine]
    return {str(path.relative_to(out)): path.read_bytes() for path in files}


def test_the_books_add_up_and_the_damage_is_named(recipe: Path) -> None:
    report = read_json(run(recipe, "out").steps[0].report)
    source, extraction = report["ledger"]["files"]
    assert source == {"stage": "source.files", "in": 51, "kept": 49, "failed": 0, "rejected": {"empty_document": 2}}
    assert extraction == {"stage": "extract.markup", "in": 49, "kept": 47, "failed": 0, "rejected": {"undecodable": 2}}
    assert [(bad["path"], bad["offset"]) for bad in report["bad_shards"]] == [("cut.tar", 1024 * 5 + 700)]


def test_damage_stops_a_build_that_does_not_allow_it(recipe: Path) -> None:
    with pytest.raises(BadShard, match=r"cut\.tar at 5820: the archive is cut off inside a member"):
        run(recipe, "out", 1, "on_bad_shard=stop")


def test_two_workers_write_the_same_bytes_as_one(recipe: Path) -> None:
    run(recipe, "one")
    run(recipe, "two", workers=2)
    assert outputs(recipe.parent / "one") == outputs(recipe.parent / "two")
