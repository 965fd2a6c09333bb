"""Slices that are held out: decided by the text as it was read, and never moved by anything else."""

from pathlib import Path

import orjson
import pytest

from corpusforge.engine.run import build
from corpusforge.engine.store import read_json
from corpusforge.errors import RecipeError
from corpusforge.index.reader import read_lineage
from corpusforge.recipe import load_recipe

TOKENIZER = Path(__file__).resolve().parents[2] / "recipes/samples/tokenizer"

NOTES = "  - {name: notes, use: source.jsonl, path: notes.jsonl, group: geo}\n"
COPIES = "  - {name: copies, use: source.jsonl, path: copies.jsonl, group: geo}\n"

RECIPE = f"""\
version: 1
name: held
sources:
{{sources}}
stages:
  - {{{{use: vocab.encode, tokenizer: {TOKENIZER}}}}}
  - {{{{use: split.greedy, max_tokens: 64}}}}
sink: {{{{use: index.megatron, layout: packed, seq_length: 64, num_shards: 3, held_out: {{share}}}}}}
"""


def write_notes(folder: Path) -> None:
    """80 notes, and other documents with the texts of half of them and 40 of their own."""
    for name, first in (("notes", 0), ("copies", 40)):
        texts = [f"Sample {number} is a basalt with olivine." for number in range(first, first + 80)]
        lines = [orjson.dumps({"text": text, "url": text}) + b"\n" for text in texts]
        (folder / f"{name}.jsonl").write_bytes(b"".join(lines))


def built(folder: Path, sources: str, share: str, *overrides: str) -> Path:
    write_notes(folder)
    (folder / "held.yaml").write_text(RECIPE.format(sources=sources, share=share))
    build(load_recipe(folder / "held.yaml", overrides), folder / "out")
    return folder / "out"


def texts(out: Path, *, held_out: bool) -> set[str]:
    """Texts of the documents that were held out, or were not."""
    shards = [shard for shard in read_json(out / "manifest.json")["shards"] if shard["held_out"] == held_out]
    assert all(("-held-out-" in shard["name"]) == held_out for shard in shards)
    return {url for shard in shards for url in read_lineage(out / "shards" / shard["name"])["url"].to_pylist()}


def test_a_share_is_held_out_in_shards_of_its_own(tmp_path: Path) -> None:
    out = built(tmp_path, NOTES, "0.25")
    held, trained = texts(out, held_out=True), texts(out, held_out=False)
    assert 8 < len(held) < 36
    assert len(held) + len(trained) == 80
    assert not held & trained


def test_copies_of_a_text_are_held_out_together_and_new_sources_move_none(tmp_path: Path) -> None:
    alone = texts(built(tmp_path, NOTES, "0.25"), held_out=True)
    out = built(tmp_path, NOTES + COPIES, "0.25", "seed=99", "sink.num_shards=1")
    held, trained = texts(out, held_out=True), texts(out, held_out=False)
    assert not held & trained
    assert held > alone
    assert not trained & alone


def test_a_larger_share_holds_the_smaller_one(tmp_path: Path) -> None:
    assert texts(built(tmp_path, NOTES, "0.1"), held_out=True) < texts(built(tmp_path, NOTES, "0.5"), held_out=True)


def test_shares_may_differ_by_group(tmp_path: Path) -> None:
    out = built(tmp_path, NOTES + COPIES.replace("geo", "web"), "{web: 0.3}")
    assert {shard["group"] for shard in read_json(out / "manifest.json")["shards"] if shard["held_out"]} == {"web"}
    assert set(read_json(out / "mix.json")["held_out"]) == {"web"}


WRONG = {
    "pieces longer than rows": (
        NOTES,
        ("stages.1.max_tokens=65",),
        r"sink\.seq_length: rows of 64 tokens cannot hold pieces of up",
    ),
    "no seq_length": (NOTES, ("sink.seq_length=0",), "layout packed needs seq_length"),
    "unknown group": (NOTES, ("sink.held_out={web: 0.1}",), r"sink\.held_out: no source has group 'web'; groups are: geo"),
    "everything": (NOTES, ("sink.held_out=1",), "less than 1"),
    "kept name": (NOTES.replace("geo", "a-held-out"), (), "group 'a-held-out': -held-out at the end is kept for slices"),
    "mix": (NOTES, ("mix={stages: [{name: a, weights: {goe: 1}}]}",), r"mix\.stages\.0: no source has group 'goe'"),
    "mix setting": (NOTES, ("mix={stages: [{name: a, weight: {geo: 1}}]}",), r"mix\.stages\.0\.weight: unknown setting"),
}


@pytest.mark.parametrize(("sources", "overrides", "message"), WRONG.values(), ids=WRONG)
def test_a_recipe_that_cannot_be_packed_or_mixed_is_refused(
    tmp_path: Path, sources: str, overrides: tuple[str, ...], message: str
) -> None:
    write_notes(tmp_path)
    (tmp_path / "held.yaml").write_text(RECIPE.format(sources=sources, share="0.25"))
    with pytest.raises(RecipeError, match=message):
        load_recipe(tmp_path / "held.yaml", overrides)
