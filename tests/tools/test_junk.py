from collections import Counter
from pathlib import Path

import pytest
from measure.junk import KINDS, junk_documents
from measure.texts import Document

BOOKS = [Path(__file__).resolve().parents[2] / "recipes/samples" / name for name in ("textbook_en", "textbook_zh")]


@pytest.fixture(scope="module")
def junk() -> list[Document]:
    return junk_documents(BOOKS, per_kind=5, seed=7)


def test_every_kind_is_made_in_both_languages(junk: list[Document]) -> None:
    counts = Counter((document.collection, document.lang) for document in junk)
    assert counts == {(kind, lang): 5 for kind in KINDS for lang in ("en", "zh")}


def test_the_same_seed_gives_the_same_junk_and_another_seed_other_junk(junk: list[Document]) -> None:
    assert junk_documents(BOOKS, per_kind=5, seed=7) == junk
    assert not {document.text for document in junk_documents(BOOKS, per_kind=5, seed=8)} & {each.text for each in junk}


def test_no_two_documents_are_equal(junk: list[Document]) -> None:
    assert len({document.text for document in junk}) == len(junk)


@pytest.mark.parametrize("kind", ["spam", "doorway", "keywords", "boilerplate", "links", "machine"])
def test_every_slot_of_a_template_is_filled(kind: str, junk: list[Document]) -> None:
    assert not [document.name for document in junk if document.collection == kind and "{" in document.text]


def test_junk_is_long_enough_to_be_judged_by_more_than_its_length(junk: list[Document]) -> None:
    assert min(len(document.text) for document in junk) > 100
