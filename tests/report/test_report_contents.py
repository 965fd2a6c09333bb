"""What the shards are made of and where it came from: the mix, licences, sources with digests, facts that are known."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from report_builds import HOSTILE, ROOT
from report_page import Page

from corpusforge.engine.store import read_json

TOKENIZER = ROOT / "recipes/samples/tokenizer"
MARKUP = "{use: extract.markup}"

RECIPE = f"""\
version: 1
name: contents
seed: 1
sources:
  - {{name: notes, use: source.jsonl, path: notes.jsonl, group: geo, columns: {{id: doc_id}}, meta: [title, author, authors]}}
  - {{name: pages, use: source.files, path: pages, group: geo, license: cc-by-4.0, lang: en, pipeline: [{MARKUP}]}}
  - {{name: books, use: source.files, path: books, group: books, license: cc0-1.0, lang: en, pipeline: [{MARKUP}]}}
stages: [{{use: vocab.encode, tokenizer: {TOKENIZER}}}, {{use: split.greedy, max_tokens: 16}}]
sink: {{use: index.megatron, layout: pieces}}
"""
NOTES = [
    {"doc_id": 1, "text": "Granite holds quartz and mica and feldspar, and cools slowly.", "lang": "en", "license": "odc-by"},
    {"doc_id": 2, "text": "花岗岩含有石英。", "lang": "zh", "url": "https://example.org/2", "title": "花岗岩", "date": "2020"},
    {"doc_id": 3, "text": "玄武岩颜色很深。", "lang": "zh", "title": '{"author": "none"}', "authors": []},
    {"doc_id": 4, "text": "Basalt is dark.", "lang": "en", "title": None, "authors": ["A. Li"]},
]


@pytest.fixture
def contents(page_of: Callable[[str], Page], tmp_path: Path) -> Page:
    (tmp_path / "notes.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in NOTES), encoding="utf-8")
    (tmp_path / "pages").mkdir()
    (tmp_path / "books").mkdir()
    (tmp_path / "pages/a.md").write_text("# Gneiss\n\nGneiss is banded.\n")
    (tmp_path / "books/b.txt").write_text("The crust of the earth is made of rocks. " * 40)
    return page_of(RECIPE)


def number(cell: str) -> int:
    return int(cell.replace(",", ""))


def test_the_mix_shows_groups_and_sources_by_their_tokens(contents: Page) -> None:
    rows = contents.tables["mix"][0][1:]
    assert [row[:4] for row in rows] == [
        ["books", "books", "1", "1.6 kB"],
        ["geo", "2 sources", "5", "149 bytes"],
        ["", "notes", "4", "124 bytes"],
        ["", "pages", "1", "25 bytes"],
    ]
    assert number(rows[1][4]) == number(rows[2][4]) + number(rows[3][4])


def test_tokens_of_the_mix_are_those_of_the_texts_in_the_shards(contents: Page, tmp_path: Path) -> None:
    shards = read_json(tmp_path / "out/manifest.json")["shards"]
    of_group = {group: sum(each["num_text_tokens"] for each in shards if each["group"] == group) for group in ("geo", "books")}
    shown = {row[0]: number(row[4]) for row in contents.tables["mix"][0][1:] if row[0]}
    assert shown == of_group
    assert sum(number(row[3]) for row in contents.cells("languages").values() if row[0] != "read") == sum(of_group.values())
    assert sum(number(row[3]) for row in contents.cells("licences").values() if row[0] != "sources") == sum(of_group.values())


def test_the_bars_of_the_mix_are_languages(contents: Page) -> None:
    titles = [attributes.get("title") or "" for name, attributes in contents.elements if name == "i"]
    assert len([title for title in titles if re.fullmatch(r"zh: \d+ tokens", title)]) == 2, "of the group, and of the source"


def test_documents_without_a_licence_stand_out(contents: Page) -> None:
    rows = contents.cells("licences")
    assert [rows["none stated"][0], rows["none stated"][1]] == ["notes", "3"]
    assert [rows["odc-by"][0], rows["cc-by-4.0"][0], rows["cc0-1.0"][0]] == ["notes", "pages", "books"]
    assert re.search(
        r"3 documents, \d+\.\d % of the tokens, without a licence: state it as license", contents.texts["licences"]
    )
    assert ("p", {"class": "alert"}) in contents.elements


def test_where_all_have_a_licence_it_says_so(page_of: Callable[[str], Page], tmp_path: Path) -> None:
    (tmp_path / "notes.jsonl").write_text(json.dumps(NOTES[0]))
    page = page_of(re.sub(r"  - \{name: (pages|books).*\n", "", RECIPE))
    assert "Every document that was kept has a licence." in page.texts["licences"]
    assert ("p", {"class": "alert"}) not in page.elements


def test_sources_are_shown_with_settings_input_and_digest(contents: Page, tmp_path: Path) -> None:
    rows = contents.cells("sources")
    inputs = {each["name"]: each["inputs"] for each in read_json(tmp_path / "out/manifest.json")["sources"]}
    assert rows["notes"][:2] == ["geo", "source.jsonl"]
    assert rows["notes"][2] == f"{tmp_path}/notes.jsonlcolumns.id: doc_idmeta: title, author, authors"
    assert rows["notes"][3:5] == ["by document", "1"]
    assert rows["pages"][1:] == [
        "source.filesextract.markup", f"{tmp_path}/pages", "cc-by-4.0", "1", "28 bytes", inputs["pages"]["sha256"][:12],
    ]  # fmt: skip
    assert list(rows) == ["source", "books", "notes", "pages"], "the largest input first"


def test_what_is_known_of_the_documents_is_counted(contents: Page) -> None:
    rows = contents.cells("sources", table=1)
    assert rows["source"] == ["address", "licence", "date", "title", "author", "language"]
    assert rows["notes"] == ["25.0 %", "25.0 %", "25.0 %", "50.0 %", "25.0 %", "100.0 %"]
    assert rows["pages"] == ["none", "100.0 %", "none", "none", "none", "100.0 %"]


def test_tokens_of_texts_that_no_stage_splits_are_counted_too(page_of: Callable[[str], Page], tmp_path: Path) -> None:
    (tmp_path / "notes.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in NOTES), encoding="utf-8")
    whole = re.sub(r"  - \{name: (pages|books).*\n", "", RECIPE).replace(", {use: split.greedy, max_tokens: 16}", "")
    page = page_of(whole.replace("layout: pieces", "layout: documents"))
    (shard,) = read_json(tmp_path / "out/manifest.json")["shards"]
    assert number(page.tables["mix"][0][1][4]) == shard["num_text_tokens"]


def test_a_source_of_which_nothing_is_kept_is_still_a_source(page_of: Callable[[str], Page], tmp_path: Path) -> None:
    (tmp_path / "notes.jsonl").write_text(json.dumps(NOTES[0]))
    (tmp_path / "books").mkdir()
    (tmp_path / "books/b.txt").write_text(str(NOTES[0]["text"]))
    only = re.sub(r"  - \{name: pages.*\n", "", RECIPE).replace("name: books,", "name: books, alarm_share: 1,")
    page = page_of(only.replace("stages: [", "stages: [{use: dedup.exact}, "))
    assert page.cells("sources")["books"][4] == "1"
    assert "books" not in page.cells("sources", table=1)


def test_hostile_languages_and_licences_are_shown_as_they_are(page_of: Callable[[str], Page], tmp_path: Path) -> None:
    row = {"doc_id": 1, "text": "Granite holds quartz.", "lang": HOSTILE, "license": HOSTILE, "title": HOSTILE}
    (tmp_path / "notes.jsonl").write_text(json.dumps(row))
    page = page_of(re.sub(r"  - \{name: (pages|books).*\n", "", RECIPE))
    assert HOSTILE in page.texts["licences"]
    assert HOSTILE in page.texts["mix"]
    assert HOSTILE not in page.source
