from collections import Counter
from pathlib import Path

import orjson
import pytest
from measure.quality import examples, report
from measure.removal import Group, Quality, false_removal, good_documents, missed_floors, recall
from measure.texts import Document, markup_documents
from measure.verdicts import ROOT, Verdict, pipeline_filters, verdicts

from corpusforge.engine.run import build
from corpusforge.engine.store import read_json
from corpusforge.recipe import load_recipe

FLOORS = {"max_science_removal": 0.1, "max_science_removal_each": 0.3, "min_junk_recall": 0.9, "min_junk_recall_each": 0.5}


def group(name: str, *reasons: str, by_datatrove: tuple[str, ...] = ()) -> Group:
    documents = [Document(name, f"{name}-{index}", "en", "Clay swells. " * 30) for index in range(len(reasons))]
    return Group(
        name, tuple(Verdict(each, reason, 0.5, 0.4) for each, reason in zip(documents, reasons, strict=True)), by_datatrove
    )


def test_a_stub_is_neither_kept_nor_a_false_removal() -> None:
    mixed = group("books en", "", "symbols", "too_few_words", "")
    assert false_removal([mixed]) == pytest.approx(1 / 3)


def test_datatrove_is_judged_on_the_same_documents() -> None:
    mixed = group("books en", "", "symbols", "too_few_words", by_datatrove=("", "top_2_gram", "gopher_short_doc"))
    assert mixed.datatrove_share == 0.5


def test_junk_that_is_too_short_counts_as_found() -> None:
    assert recall([group("spam en", "too_few_words", "symbols", "")]) == pytest.approx(2 / 3)


def test_floors_that_hold_give_no_line() -> None:
    quality = Quality(
        (group("books en", *[""] * 20, "symbols"),), (), (group("spam en", "symbols"), group("spam zh", "symbols"))
    )
    assert missed_floors(quality, FLOORS) == []


@pytest.mark.parametrize(
    ("science", "junk", "line"),
    [
        (["", "symbols"], ["symbols"], "science: 50.0% of good documents are rejected, more than 10.0%"),
        ([""], ["symbols", "", ""], "junk en: 33.3% is rejected, less than 90.0%"),
    ],
)
def test_a_missed_floor_is_named(science: list[str], junk: list[str], line: str) -> None:
    quality = Quality((group("books en", *science),), (), (group("spam en", *junk), group("spam zh", "symbols")))
    assert line in missed_floors(quality, FLOORS)


def test_a_collection_and_a_kind_have_floors_of_their_own() -> None:
    science = (group("books en", *[""] * 20), group("notes en", "", "symbols"))
    junk = (group("spam en", *["symbols"] * 30), group("links en", "", "", "symbols"), group("spam zh", "symbols"))
    missed = missed_floors(Quality(science, (), junk), FLOORS | {"min_junk_recall": 0.5})
    assert missed == [
        "notes en: 50.0% of good documents are rejected, more than 30.0%",
        "links en: 33.3% is rejected, less than 50.0%",
    ]


def test_general_text_has_a_floor_where_one_is_given() -> None:
    quality = Quality((), (group("news en", "", "symbols"),), (group("spam en", "symbols"), group("spam zh", "symbols")))
    assert missed_floors(quality, FLOORS) == []
    assert missed_floors(quality, FLOORS | {"max_general_removal": 0.2}) == [
        "general: 50.0% of good documents are rejected, more than 20.0%"
    ]


def test_the_report_adds_up_collections_and_names_reasons() -> None:
    page = report(
        "science", Quality((group("books en", "", "symbols"), group("notes en", "")), (), (group("spam en", "digits"),))
    )
    assert "| books en | 2 | 0 | 0 | 2 | 1 | 50.0% | - | symbols 1 |" in page
    assert "| all science | 3 | 0 | 0 | 3 | 1 | 33.3% | - | symbols 1 |" in page
    assert "| all junk | 1 | 100.0% | - | digits 1 |" in page


def test_what_is_listed_as_no_prose_may_be_rejected_and_is_counted_apart() -> None:
    table = Document("books", "table", "en", "Clay | 2.1", is_prose=False)
    mixed = Group("books en", (*group("books en", "", "", "too_few_words").verdicts, Verdict(table, "digits", 0.5, 0.4)))
    assert false_removal([mixed]) == 0
    assert "| books en | 4 | 1 | 1 | 2 | 0 | 0.0% | - |  |" in report("science", Quality((mixed,), (), ()))


def test_examples_show_rejected_documents_with_the_rule() -> None:
    page = examples([group("books en", "", "symbols")], count=5, seed=1)
    assert page.startswith("## books en/books en-1\nsymbols: 0.5, threshold 0.4, 390 characters\n\nClay swells.")


def test_examples_begin_with_false_removals_and_go_on_with_stubs() -> None:
    page = examples([group("books en", *["too_few_words"] * 9, "symbols")], count=3, seed=1)
    assert page.startswith("## books en/books en-9\nsymbols")
    assert page.count("\ntoo_few_words: ") == 2


def test_documents_are_listed_as_no_prose_by_name() -> None:
    readers = {"samples": lambda name, data: markup_documents(name, data / "textbook_en", "en")}
    found = good_documents(ROOT / "recipes/samples", readers, ["samples/darcy-law.rst"])
    assert [each.name for each in found if not each.is_prose] == ["darcy-law.rst"]


def test_a_collection_that_is_not_there_is_left_out_with_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert good_documents(tmp_path, {"books": lambda name, data: markup_documents(name, data / "books", "en")}, []) == []
    assert f"books is not below {tmp_path}: left out" in capsys.readouterr().err


def test_verdicts_without_a_build_are_those_of_a_build(tmp_path: Path) -> None:
    articles = ROOT / "recipes/samples/articles_en.jsonl"
    rows = [orjson.loads(line) for line in articles.read_bytes().splitlines()]
    documents = [Document("articles", row["id"], "en", row["text"]) for row in rows]
    found = Counter(each.reason for each in verdicts(pipeline_filters("science"), documents) if each.reason)
    plan = build(load_recipe(ROOT / "recipes/bench.yaml", [f"variables.input={articles}"]), tmp_path)
    books = [entry for step in read_json(plan.out / "manifest.json")["steps"] for entry in step["ledger"].get("web", [])]
    rejected = Counter[str]()
    for entry in books:
        if entry["stage"].startswith("filter."):
            rejected.update(entry["rejected"])
    assert rejected == found
    assert found
