"""The page of a build: its numbers are those of the books, nothing in a document can harm it, the same build gives the same."""

import json
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from report_builds import HOSTILE, HOSTILE_FILE, ROOT, build_small
from report_page import Page

from corpusforge.engine.store import read_json
from corpusforge.errors import InputError, StoreDamaged
from corpusforge.inspect.folder import BuildFolder
from corpusforge.report.histogram import Sample
from corpusforge.report.losses import Losses
from corpusforge.report.page import write_report
from corpusforge.report.rows import walk
from corpusforge.report.signals import Signals

SECTIONS = [
    "summary", "flow", "mix", "languages", "licences", "sources", "reasons", "failures", "signals", "edits", "duplicates",
    "lengths", "shards", "steps", "run",
]  # fmt: skip


def ids_of_sections(page: Page) -> list[str]:
    return [str(attributes["id"]) for _, attributes in page.elements if attributes.get("class") == "part"]


def without_run(page: Path) -> str:
    return re.sub("<!-- run begins -->.*?<!-- run ends -->", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)


def test_a_page_has_a_section_for_whatever_happened(page: Page) -> None:
    assert ids_of_sections(page) == SECTIONS


def test_every_section_is_linked(page: Page) -> None:
    links = [attributes["href"] for name, attributes in page.elements if name == "a" and "rel" not in attributes]
    assert links == [f"#{name}" for name in SECTIONS]


def test_the_summary_adds_up(page: Page) -> None:
    facts = page.facts["summary"]
    assert [facts[name] for name in ("documents read", "kept", "rejected", "failed")] == ["22", "11", "10", "1"]


def test_the_numbers_of_the_sources_are_those_of_the_books(page: Page) -> None:
    rows = page.cells("flow")
    assert [rows["notes"][index] for index in (0, 1, 3, 5, 6)] == ["geo", "20", "10", "9", "1"]
    assert [rows["books"][index] for index in (0, 1, 3, 5, 6)] == ["books", "2", "1", "1", "0"]


def test_reasons_are_counted_by_source(page: Page) -> None:
    counts = {tuple(row[:3]): row[3] for row in page.tables["reasons"][1][1:]}
    assert counts == {
        ("notes", "filter.length", "too_few_words"): "1",
        ("", "filter.scored", "score_low"): "5",
        ("", "filter.scored", "score_high"): "1",
        ("", "filter.scored", "failed"): "1",
        ("", "dedup.exact", "duplicate"): "2",
        ("books", "extract.markup", "undecodable"): "1",
    }


def test_rules_say_what_holds_and_fails_and_what_they_rejected(page: Page) -> None:
    rows = {row[0]: row[1:] for table in page.tables["signals"] for row in table if row[0].startswith("score")}
    assert rows["score ≥ 0.5"] == ["score_low", "8", "5", "5", "25.0 %"]
    assert rows["score ≤ 10, asked where lang is zh"] == ["score_high", "2", "1", "1", "5.0 %"]


def test_a_signal_says_what_it_does_not_show(page: Page) -> None:
    assert "score not measured on 7 documents, not finite on 2 documents" in page.texts["signals"]


def test_a_signal_that_is_the_same_everywhere_has_no_histogram(of_two_languages: Page) -> None:
    assert "0 on all; a document stays when it is ≤ 0.02." in of_two_languages.texts["signals"]


def test_the_table_behind_a_histogram_has_every_document_that_has_a_value(page: Page) -> None:
    (table,) = [table for table in page.tables["signals"] if table[1][0] == "0.1"]
    kept, lost = (sum(int(row[index]) for row in table[1:]) for index in (2, 3))
    assert (kept, lost) == (6, 5)


def test_a_signal_of_words_is_counted(page: Page) -> None:
    assert [["value", "documents", ""], ["scored", "13", ""], ["plain", "6", ""], ["(not measured)", "1", ""]] in (
        page.tables["signals"]
    )


def test_documents_beside_a_threshold_are_the_nearest(small: Path) -> None:
    signals = Signals()
    walk(BuildFolder(small), [signals])
    (asked,) = [each for seen in signals.filters.values() for each in seen.asked if each.rule.reason == "score_low"]
    assert [value for _, value, _ in asked.rejected.found] == [0.4, 0.3, 0.2]
    assert [value for _, value, _ in asked.kept.found] == [0.5, 0.6, 0.7]


def test_a_rule_for_one_language_has_examples_of_that_language_alone(small: Path) -> None:
    signals = Signals()
    walk(BuildFolder(small), [signals])
    (asked,) = [each for seen in signals.filters.values() for each in seen.asked if each.rule.reason == "score_high"]
    assert [value for _, value, _ in asked.kept.found] == [10, 9]


def test_edits_are_counted_and_shown_in_their_place(page: Page) -> None:
    by_source, by_reason = page.tables["edits"]
    assert by_source[1][:3] == ["filter.redacted", "notes", "19 bytes"]
    assert by_reason[1][:5] == ["filter.redacted", "mark", "1", "2", "19 bytes"]
    assert "The depth is [[secret]] and so is" in page.texts["edits"]


def test_copies_are_shown_with_the_document_that_stays(page: Page) -> None:
    assert page.cells("duplicates")["notes"][:3] == ["dedup.exact", "12", "2"]
    assert "2 copies of" in page.texts["duplicates"]
    assert page.texts["duplicates"].count("Granite holds quartz.") == 3


def test_languages_are_those_of_kept_documents(page: Page, small: Path) -> None:
    rows = page.cells("languages")
    assert [rows["zh"][0], rows["zh"][1]] == ["3", "2"]
    assert rows["en"][1] == "6"
    kept = sum(int(row[1]) for name, row in rows.items() if name != "language")
    assert kept == read_json(small / "mix.json")["groups"]["geo"]["num_documents"] + 1


def test_tokens_of_groups_are_those_of_the_mix(page: Page, small: Path) -> None:
    rows, groups = page.cells("shards"), read_json(small / "mix.json")["groups"]
    assert {name: int(rows[name][3].replace(",", "")) for name in groups} == {
        name: each["num_tokens"] for name, each in groups.items()
    }


def test_lengths_are_of_every_document_that_was_kept(page: Page) -> None:
    assert {table[0][2] for table in page.tables["lengths"]} == {"documents", "pieces"}
    counts = [sum(int(row[2]) for row in table[1:]) for table in page.tables["lengths"]]
    assert counts[:5] == [11, 10, 10, 11, 11], "books have no filter that counts words and characters"


def test_pieces_are_those_of_the_shards(page: Page, small: Path) -> None:
    num_pieces = sum(shard["num_sequences"] for shard in read_json(small / "manifest.json")["shards"])
    assert sum(int(row[2]) for row in page.tables["lengths"][5][1:]) == num_pieces


def test_what_failed_is_shown_with_its_message(page: Page) -> None:
    assert page.tables["failures"][0][1] == ["filter.scored", "ValueError: boom at <b>an odd word</b>", "1"]


def test_no_document_can_put_an_element_into_the_page(page: Page) -> None:
    assert page.names() <= {
        "html", "head", "meta", "title", "style", "body", "header", "nav", "main", "section", "article", "h1", "h2", "h3", "h4",
        "p", "br", "a", "b", "i", "bdi", "code", "wbr", "del", "small", "strong", "span", "div", "dl", "dt", "dd", "details",
        "summary", "figure", "figcaption", "table", "thead", "tbody", "tr", "th", "td", "svg", "rect", "path",
    }  # fmt: skip
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]


def test_hostile_texts_are_shown_as_they_are(page: Page) -> None:
    assert HOSTILE in page.texts["languages"]
    assert HOSTILE_FILE in page.texts["reasons"]
    assert HOSTILE not in page.source


def test_nothing_is_loaded_and_no_script_would_run(page: Page) -> None:
    assert not [name for _, attributes in page.elements for name in attributes if name in ("src", "srcset", "data", "action")]
    targets = {str(attributes["href"]) for _, attributes in page.elements if "href" in attributes}
    assert all(target.startswith(("#", "https://example.org/")) for target in targets)
    assert "url(" not in page.source
    assert "@import" not in page.source
    (policy,) = [each["content"] for _, each in page.elements if each.get("http-equiv") == "Content-Security-Policy"]
    assert policy is not None
    assert policy.startswith("default-src 'none'")


def test_every_chart_says_what_it_is_or_is_not_read_aloud(page: Page) -> None:
    charts = [attributes for name, attributes in page.elements if name == "svg"]
    assert charts
    assert all(each.get("aria-label") or each.get("aria-hidden") == "true" for each in charts)


def test_the_same_build_gives_the_same_page_but_for_the_run(recipe: Path, small: Path, tmp_path: Path) -> None:
    other = build_small(recipe, tmp_path / "elsewhere")
    assert without_run(write_report(small)) == without_run(write_report(other))


def test_a_page_is_written_over_an_older_one(copy: Path) -> None:
    (copy / "report.html").write_text("old")
    assert write_report(copy) == copy / "report.html"
    assert (copy / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert not list(copy.glob("*.partial"))


def test_the_speed_is_that_of_a_run_that_did_everything(recipe: Path, copy: Path) -> None:
    assert "documents/s" in write_report(copy).read_text(encoding="utf-8")
    again = build_small(recipe, copy)
    assert "documents/s" not in Page.read(write_report(again)).texts["run"]


def test_a_build_that_has_not_finished_has_no_page(copy: Path) -> None:
    (copy / "manifest.json").unlink()
    with pytest.raises(InputError, match=r"manifest\.json: no such file"):
        write_report(copy)


def test_verdicts_that_are_not_what_the_books_say_are_no_page(copy: Path) -> None:
    (verdicts,) = copy.glob("*-dedup.exact-*/notes-*.verdicts.parquet")
    pq.write_table(pq.read_table(verdicts).slice(1), verdicts)
    with pytest.raises(
        StoreDamaged, match=r"source notes: the report of dedup\.exact counts 2 documents as duplicate, its verdicts 1"
    ):
        write_report(copy)


@pytest.mark.parametrize("pattern", ["*-dedup.exact-*/notes-*.verdicts.parquet", "signals/filter.scored-*/notes-*.parquet"])
def test_a_file_that_is_gone_is_named(copy: Path, pattern: str) -> None:
    (path,) = copy.glob(pattern)
    path.unlink()
    with pytest.raises(StoreDamaged, match="it is gone"):
        write_report(copy)


def test_a_recipe_without_filters_has_a_page(page_of: Callable[[str], Page], tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("Granite holds quartz.\n")
    page = page_of(f"""\
version: 1
name: plain
seed: 1
sources: [{{name: notes, use: source.files, path: note.txt, pipeline: [{{use: extract.markup}}]}}]
stages: [{{use: vocab.encode, tokenizer: {ROOT / "recipes/samples/tokenizer"}}}]
sink: {{use: index.megatron, layout: documents}}
""")
    assert ids_of_sections(page) == [
        "summary", "flow", "mix", "languages", "licences", "sources", "reasons", "lengths", "shards", "steps", "run",
    ]  # fmt: skip
    assert "Nothing was taken out" in page.texts["reasons"]


def test_steps_of_an_engine_that_kept_no_rules_are_shown_without_thresholds(copy: Path) -> None:
    for report in copy.glob("*-filter.scored-*/report.json"):
        report.write_text(re.sub(r'"rules": \[.*?\n  \]', '"no_rules": []', report.read_text(), flags=re.DOTALL))
    assert "The rules of this step are not in its report" in Page.read(write_report(copy)).texts["signals"]


def test_a_large_corpus_is_sampled_and_says_so(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("corpusforge.report.signals.Sample", partial(Sample, limit=8))
    text = Page.read(write_report(copy)).texts["signals"]
    assert re.search(r"Histograms and quantiles are of a sample of [1-8] of 20 documents; all other numbers are of all", text)


def test_parts_are_counted_as_the_steps_did(small: Path) -> None:
    losses = Losses()
    walk(BuildFolder(small), [losses])
    assert sum(losses.counts.values()) == 11
    assert losses.messages["filter.scored"] == {"ValueError: boom at <b>an odd word</b>": 1}


TWO_LANGUAGES = f"""\
version: 1
name: languages
seed: 1
sources:
  - name: notes
    use: source.jsonl
    path: notes.jsonl
    pipeline: [{{use: filter.length}}, {{use: filter.length, lang: zh, min_words: 8}}, {{use: filter.symbols}}]
stages: [{{use: vocab.encode, tokenizer: {ROOT / "recipes/samples/tokenizer"}}}]
sink: {{use: index.megatron, layout: documents}}
"""
NOTES = [
    {"text": "Granite holds quartz.", "lang": "en"},
    {"text": "花岗岩", "lang": "zh"},
    {"text": "花岗岩含有石英和云母以及长石", "lang": "zh"},
    {"text": "花岗岩含有石英和云母以及长石。它", "lang": "zh"},
]


@pytest.fixture
def of_two_languages(page_of: Callable[[str], Page], tmp_path: Path) -> Page:
    (tmp_path / "notes.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in NOTES), encoding="utf-8")
    return page_of(TWO_LANGUAGES)


def test_a_filter_for_one_language_shows_the_documents_that_it_judges(of_two_languages: Page) -> None:
    assert "4 documents in, 3 kept, 1 rejected; 3 of them judged, those where lang is zh." in of_two_languages.texts["signals"]
    words = [table for table in of_two_languages.tables["signals"] if table[0] == ["from", "below", "kept", "taken out"]][2]
    assert [sum(int(row[column]) for row in words[1:]) for column in (2, 3)] == [2, 1]
