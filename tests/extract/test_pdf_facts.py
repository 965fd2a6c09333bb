import pytest

from corpusforge.extract.pdf_facts import date_of, doi_address, named_facts
from corpusforge.extract.pdf_pages import PageCounts
from corpusforge.extract.pdf_quality import text_layer


@pytest.mark.parametrize(
    ("written", "date"),
    [
        ("D:20240131120000+01'00'", "2024-01-31"),
        ("20240131", "2024-01-31"),
        ("D:19700101000000Z", ""),
        ("D:20241301", ""),
        ("D:2024", ""),
        ("yesterday", ""),
        ("", ""),
    ],
)
def test_a_date_is_taken_where_it_is_sane(written: str, date: str) -> None:
    assert date_of({"CreationDate": written}) == date


@pytest.mark.parametrize(
    ("page", "address"),
    [
        ("doi: 10.1000/xyz.1.", "https://doi.org/10.1000/xyz.1"),
        ("see https://doi.org/10.5194/gmd-13-1.", "https://doi.org/10.5194/gmd-13-1"),
        ("DOI 10.1000/a(b)c;", "https://doi.org/10.1000/a(b)c"),
        ("DOI: http://dx.doi.org/10.1000/q", "https://doi.org/10.1000/q"),
        ("cited as 10.1000/xyz", ""),
    ],
)
def test_a_doi_is_one_that_is_called_so(page: str, address: str) -> None:
    assert doi_address(page) == address


@pytest.mark.parametrize("title", ["untitled", "Microsoft Word - paper.doc", "paper.tex", "x", "", "\x00\x01"])
def test_a_title_that_names_a_file_is_none(title: str) -> None:
    assert named_facts({"Title": title}) == {}


def test_title_and_author_are_kept_on_one_line() -> None:
    assert named_facts({"Title": "Sands\n of  the north", "Author": "A. Smith"}) == {
        "title": "Sands of the north",
        "author": "A. Smith",
    }


def test_shares_are_of_pages_that_are_not_blank_and_of_characters_shown() -> None:
    scan, text, blank = (
        PageCounts(3, has_picture=True),
        PageCounts(97, invisible=50, unreadable=10, has_picture=True),
        PageCounts(0),
    )
    assert text_layer([scan, text, blank], min_page_characters=40) == (0.5, 0.1, 0.5)


def test_no_pages_have_no_shares() -> None:
    assert text_layer([], min_page_characters=40) == (0, 0, 0)
