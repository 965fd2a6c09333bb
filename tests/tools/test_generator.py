from collections import Counter
from itertools import islice
from pathlib import Path

import orjson
import pytest
from measure.edits import edits_for
from measure.near_duplicates import Mixture, chance_of, made_up, near_duplicates, various, write
from measure.texts import Document
from measure.truth import true_pairs
from measure.verdicts import ROOT

BOOKS = {lang: ROOT / f"recipes/samples/textbook_{lang}" for lang in ("en", "zh")}


@pytest.fixture(scope="module")
def documents() -> list[Document]:
    return various(600, BOOKS["en"], "en", 7)


def test_the_same_seed_gives_the_same_documents_and_another_seed_others(documents: list[Document]) -> None:
    assert various(600, BOOKS["en"], "en", 7) == documents
    shared = {document.text for document in various(600, BOOKS["en"], "en", 8)} & {document.text for document in documents}
    assert not shared


def test_every_kind_is_made(documents: list[Document]) -> None:
    counts = Counter(document.collection for document in documents)
    assert set(counts) == {"original", "chain", "letter", *edits_for("en")}
    assert min(counts.values()) > 5


def test_similarities_cover_all_there_are_between_a_third_and_one(documents: list[Document]) -> None:
    found = true_pairs([document.text for document in documents], 0.3).values()
    assert set(Counter(int(10 * each) for each in found)) == {3, 4, 5, 6, 7, 8, 9, 10}


def test_letters_are_alike_and_most_below_every_threshold(documents: list[Document]) -> None:
    letters = [document.text for document in documents if document.collection == "letter"]
    num_pairs = len(letters) * (len(letters) - 1) // 2
    assert len(true_pairs(letters, 0.3)) > 0.5 * num_pairs
    assert len(true_pairs(letters, 0.6)) < 0.3 * num_pairs


def test_some_chain_joins_documents_that_are_not_alike(documents: list[Document]) -> None:
    links = [document.text for document in documents if document.collection == "chain"]
    pairs = set(true_pairs(links, 0.8))
    neighbours = {(a, c) for a, b in pairs for other, c in pairs if other == b}
    assert neighbours - pairs


def test_hot_buckets_have_the_size_that_is_asked_for() -> None:
    chance = chance_of(BOOKS["zh"], "zh", 7)
    made = list(near_duplicates(400, made_up(chance), chance, edits_for("zh"), Mixture(num_equal=50, num_alike=40)))
    assert Counter(document.collection for document in made[-90:]) == {"equal": 50, "alike": 40}
    assert len({document.text for document in made if document.collection == "equal"}) == 1
    alike = [document.text for document in made if document.collection == "alike"]
    assert len(set(alike)) == 40
    assert len(true_pairs(alike, 0.8)) == 40 * 39 // 2
    assert len({document.name for document in made}) == len(made) == 400


def test_made_up_documents_are_not_alike() -> None:
    texts = list(islice(made_up(chance_of(BOOKS["en"], "en", 7)), 300))
    assert true_pairs(texts, 0.05) == {}


def test_documents_are_written_as_json_lines(tmp_path: Path) -> None:
    size = write(tmp_path / "made.jsonl", [Document("letter", "0", "zh", "一块石头")])
    assert (size, orjson.loads((tmp_path / "made.jsonl").read_bytes())) == (12, {"text": "一块石头", "lang": "zh"})
