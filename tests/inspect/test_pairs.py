"""dedup show: pairs of a document that went and the one that stays."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import orjson
import pytest
from near_builds import BASALT, GRANITE, build_near, make_near
from typer.testing import Result

from corpusforge.core import ELSEWHERE
from corpusforge.engine.run import build
from corpusforge.errors import InputError, SourceAlarm, UserError
from corpusforge.inspect.dedup import summary
from corpusforge.inspect.pairs import Pair, PairQuestion, pairs
from corpusforge.inspect.why import why
from corpusforge.recipe import load_recipe


@pytest.fixture(scope="module")
def near(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_near(tmp_path_factory.mktemp("near"))


def found(out: Path, **question: object) -> list[Pair]:
    return list(pairs(out, replace(PairQuestion(), **question)).shown)


def similarities(out: Path, **question: object) -> list[float | None]:
    return [None if each.similarity is None else round(each.similarity, 3) for each in found(out, **question)]


def test_the_least_alike_come_first_and_what_was_not_measured_last(near: Path) -> None:
    # of 96 shingles of five words, five changes replace 25, two 10, one 5: 71 / 121, 86 / 106, 91 / 101; of 39, one of 2 6
    assert similarities(near) == [0.587, 0.733, 0.811, 0.901, None]


def test_a_pair_tells_both_documents_and_why(near: Path) -> None:
    first = found(near)[0]
    assert (first.step, first.reason, first.threshold, first.group_size) == ("dedup.minhash", "near_duplicate", 0.5, 1)
    assert (first.kept.source, first.kept.origin, first.kept.url) == (
        "books",
        f"books.jsonl:{_length(near)}",
        "https://b.org/1",
    )
    assert (first.removed.source, first.removed.url) == ("web", "")
    assert (first.removed.text.split()[10], first.kept.text) == ("new10", " ".join(BASALT))


def _length(near: Path) -> int:
    """Bytes of the first line."""
    return (near.parent / "books.jsonl").read_bytes().index(b"\n") + 1


def test_a_group_counts_what_went_for_the_same_one_in_all_steps_asked_for(near: Path) -> None:
    granite = [each for each in found(near) if each.kept.text == " ".join(GRANITE)]
    assert [each.group_size for each in granite] == [3, 3, 3]
    assert [each.group_size for each in found(near, step="dedup.exact")] == [1]


def test_by_group_there_is_one_pair_of_each_the_largest_first(near: Path) -> None:
    shown = found(near, order="group")
    assert [each.group_size for each in shown] == [3, 1, 1]
    assert round(shown[0].similarity or 0, 3) == 0.811, "the least alike"
    assert pairs(near, PairQuestion(order="group", limit=1)).num_found == 3


def test_bounds_step_source_and_limit_narrow(near: Path) -> None:
    assert similarities(near, least=0.7, most=0.85) == [0.733, 0.811]
    assert similarities(near, step="dedup.exact") == [None]
    assert similarities(near, source="books") == []
    answer = pairs(near, PairQuestion(limit=2))
    assert (answer.num_found, len(list(answer.shown))) == (5, 2)
    assert len(found(near, limit=0)) == 5


def test_a_document_may_be_the_one_that_went_or_the_one_that_stayed(near: Path) -> None:
    first = found(near)[0]
    assert found(near, document=first.removed.id) == [first]
    assert found(near, document=f"books:{first.kept.origin}") == [first]
    assert similarities(near, document="books.jsonl:0") == [0.811, 0.901, None]
    with pytest.raises(InputError, match=r"no document 'books\.jsonl:1'"):
        found(near, document="books.jsonl:1")


def test_a_random_sample_is_the_same_for_a_seed(near: Path) -> None:
    samples = [similarities(near, seed=seed, limit=3) for seed in (1, 1, 2, 3)]
    assert samples[0] == samples[1]
    assert len(samples[0]) == 3
    assert len({tuple(each) for each in samples}) > 1
    assert len(found(near, seed=1, limit=99)) == 5


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ({"step": "dedup.minhas"}, "'dedup.minhas' took no copies out; did you mean 'dedup.minhash'"),
        ({"source": "wb"}, "no source 'wb'; did you mean 'web'"),
        ({"seed": 1, "order": "group"}, "--random and --order group"),
    ],
)
def test_what_is_not_there_is_refused_with_a_cure(near: Path, question: dict[str, object], message: str) -> None:
    with pytest.raises(UserError, match=message):
        found(near, **question)


def test_before_a_step_has_looked_for_copies_the_cure_is_told(tmp_path: Path) -> None:
    out = build(load_recipe(make_near(tmp_path)), tmp_path / "out", until="web-read").out
    with pytest.raises(UserError, match=r"no step has looked for copies yet; `corpusforge build RECIPE --until dedup`"):
        pairs(out, PairQuestion())


def test_what_the_alarm_stopped_can_be_looked_at(tmp_path: Path) -> None:
    with pytest.raises(SourceAlarm):
        build(load_recipe(make_near(tmp_path), ["sources.web.alarm_share=0.5"]), tmp_path / "out")
    assert similarities(tmp_path / "out", step="dedup.minhash") == [0.587, 0.733, 0.811, 0.901]


def test_other_settings_are_seen_though_an_earlier_build_has_finished(tmp_path: Path) -> None:
    recipe = make_near(tmp_path)
    build(load_recipe(recipe), tmp_path / "out")
    build(load_recipe(recipe, ["stages.1.threshold=0.85"]), tmp_path / "out", until="dedup")
    assert similarities(tmp_path / "out") == [0.901, None]


def test_a_changed_document_id_twice_in_the_data_shows_both_rows(tmp_path: Path) -> None:
    rows = [{"id": "n1", "text": "Granite holds quartz."}, {"id": "n1", "text": "Basalt holds olivine."}]
    make_near(tmp_path)
    (tmp_path / "books.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    recipe = load_recipe(tmp_path / "near.yaml", ["sources.books.columns={id: id}"])
    out = build(recipe, tmp_path / "out", until="dedup").out
    (pair,) = found(out, step="dedup.ids")
    assert (pair.removed.text, pair.kept.text) == ("Basalt holds olivine.", "Granite holds quartz.")


def test_json_is_one_object_a_line_with_the_differences(near: Path, corpusforge: Callable[..., Result]) -> None:
    lines = [json.loads(line) for line in corpusforge("dedup", "show", near, "--json").stdout.splitlines()]
    assert len(lines) == 5
    assert lines[1]["differences"] == [{"kind": "different", "removed": "致密", "kept": "坚硬"}]
    assert lines[1]["kept"]["source"] == "books"


def test_a_value_that_is_no_similarity_is_not_taken_for_one(tmp_path: Path) -> None:
    notice = "This page may be copied by anyone who names its author and changes nothing in it."
    texts = [f"{notice}\n\n{' '.join(GRANITE[:40])}", notice, f"{notice}\n\n{' '.join(BASALT[:40])}"]
    make_near(tmp_path)
    (tmp_path / "web.jsonl").write_bytes(b"".join(orjson.dumps({"text": text}) + b"\n" for text in texts))
    recipe = load_recipe(tmp_path / "near.yaml", ["stages.1={use: dedup.paragraph}"])
    (pair,) = found(build(recipe, tmp_path / "out", until="dedup").out)
    assert (pair.reason, pair.similarity, pair.threshold) == ("too_little_left", None, None)
    assert (pair.message, pair.removed.text) == ("1 of 1 paragraphs are repeated", notice)
    assert notice in pair.kept.text


def test_a_witness_of_an_earlier_build_is_named_by_its_id(tmp_path: Path) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        make_near(tmp_path / name)
    earlier = build(load_recipe(tmp_path / "first/near.yaml"), tmp_path / "first/out").out
    recipe = load_recipe(tmp_path / "second/near.yaml", [f"stages.1.against=[{earlier}]", "sources.web.alarm_share=1"])
    (tmp_path / "second/books.jsonl").write_bytes(orjson.dumps({"text": "A book that no other one is like."}) + b"\n")
    out = build(recipe, tmp_path / "second/out", until="dedup").out
    shown = found(out, step="dedup.minhash")
    assert {(each.kept.source, each.kept.text, each.message) for each in shown} == {("", "", ELSEWHERE)}
    assert all(why(earlier, each.kept.id)[0].verdict == "kept" for each in shown)
    assert {group.source for group in summary(out)[1].largest} == {""}
