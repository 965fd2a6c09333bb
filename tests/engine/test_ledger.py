import pytest

from corpusforge.engine.ledger import Entry, check_flow, checked, total
from corpusforge.errors import LedgerError


def test_books_that_add_up_pass() -> None:
    books = Entry("filter.length", 5, 2, {"a": 1, "b": 1}, 1)
    assert checked(books, "here") is books


@pytest.mark.parametrize("books", [Entry("x", 5, 4), Entry("x", 5, 5, {"a": 1}), Entry("x", 5, 3, {"a": 1}, 2)])
def test_a_document_lost_or_repeated_stops_the_build(books: Entry) -> None:
    with pytest.raises(LedgerError, match="here: x: 5 documents in"):
        checked(books, "here")


def test_totals_add_reason_by_reason() -> None:
    assert total([Entry("x", 3, 1, {"a": 2}), Entry("x", 4, 2, {"a": 1}, 1)]) == Entry("x", 7, 3, {"a": 3}, 1)


def test_a_stage_takes_in_what_the_one_before_it_kept() -> None:
    check_flow("s", [Entry("x", 3, 2, {"a": 1}), Entry("y", 2, 2)])
    with pytest.raises(LedgerError, match="x kept 2 documents but y took in 1"):
        check_flow("s", [Entry("x", 3, 2, {"a": 1}), Entry("y", 1, 1)])


def test_an_entry_survives_json() -> None:
    books = Entry("x", 3, 1, {"a": 1}, 1)
    assert Entry.from_json(books.to_json()) == books
