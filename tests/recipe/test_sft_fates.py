"""What recipes/sft.yaml makes of each shipped row, against the table in sft_fates.toml, and what training reads of them."""

import tomllib
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer

from corpusforge.engine.run import build
from corpusforge.inspect.folder import BuildFolder, Location
from corpusforge.inspect.trace import trace
from corpusforge.inspect.verify import verify
from corpusforge.inspect.why import why
from corpusforge.recipe import load_recipe
from corpusforge.train.data import Samples

ROOT = Path(__file__).resolve().parents[2]
STATED: dict[str, str] = tomllib.loads((Path(__file__).parent / "sft_fates.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> BuildFolder:
    out = tmp_path_factory.mktemp("sft")
    build(load_recipe(ROOT / "recipes/sft.yaml"), out)
    return BuildFolder(out)


def rows(built: BuildFolder) -> dict[Location, str]:
    return {
        Location(source, part.name, row): about["origin"]
        for source in built.sources
        for part in built.parts_of(source)
        for row, about in enumerate(built.about(source, part.name, range(part.rows)))
    }


def fate(built: BuildFolder, names: dict[Location, str], place: Location) -> str:
    for dropped in built.verdicts(place):
        if dropped["witness"]:
            return f"duplicate of {names[built.find([dropped['witness']])[dropped['witness']]]}"
        return f"failed: {dropped['message']}" if dropped["failed"] else f"rejected: {dropped['drop']}"
    cuts = {edit["reason"] for step in built.steps_of(place.source) for edit in built.edits_at(step, place)}
    return f"edited: {', '.join(sorted(cuts))}" if cuts else "kept"


def test_each_row_has_its_stated_fate(built: BuildFolder) -> None:
    names = rows(built)
    assert {name: fate(built, names, place) for place, name in names.items()} == STATED


def test_loss_falls_on_the_answers_of_every_row(built: BuildFolder) -> None:
    found = verify(built.out)
    assert found.problems == ()
    assert found.num_rows == sum(not each.startswith(("rejected", "duplicate")) for each in STATED.values())


def test_a_trace_shows_what_is_learned_of_a_row(built: BuildFolder) -> None:
    [found] = why(built.out, "sharegpt.jsonl:0")
    [place] = found.places
    [segment] = [each for each in trace(built.prefix(place.shard), place.sequence) if each.document == found.id]
    assert [answer.text for answer in segment.answers] == [
        "A fault is a fracture along which the rocks on both sides have moved against each other.</s>",
        "A joint is a fracture without such movement.</s>",
    ]


def test_training_reads_answers_as_labels(built: BuildFolder) -> None:
    samples = Samples.open(built.out)
    batch = samples.rows(0, samples.num_rows)
    tokenizer = Tokenizer.from_file(str(built.out / "tokenizer/tokenizer.json"))
    learned = tokenizer.decode(batch.labels[batch.labels != -100].tolist(), skip_special_tokens=False)
    assert set(np.unique(batch.labels[batch.labels != batch.tokens])) == {-100}
    assert "### Instruction" not in learned
    assert "火息成湖。</s>" in learned


def test_what_was_left_out_of_a_row_is_told(built: BuildFolder) -> None:
    [found] = why(built.out, "qasper.jsonl:0")
    [cut] = [cut for step in found.steps for cut in step.cuts]
    assert cut.reason == "prompt_shortened"
    assert cut.end - cut.begin > 2000
