"""The whole of extract.pdf on real files: the text comes back, and what cannot be read is said to be so."""

import re
from pathlib import Path

import pytest
from edit_distance import edit_distance
from hypothesis import given, settings
from hypothesis import strategies as st
from pdf_files import Words, column, pdf

from corpusforge.extract.base import Extracted
from corpusforge.extract.pdf import Pdf

SAMPLES = Path(__file__).resolve().parents[1] / "data/pdf"
MADE = sorted(path.stem for path in SAMPLES.glob("*.txt"))
PROSE = [
    "The lower six hundred metres consist of quartz rich sand",
    "stone with zircon populations that are attributed to an old",
    "cover.",
]


def read(raw: bytes, mime: str = "application/pdf", **settings: object) -> Extracted:
    return Pdf.model_validate(settings).extract(raw, mime, "")


def squeezed(text: str, lang: str) -> str:
    """Text to compare: without the marks of headings; white space as one space, in Chinese, where it is only glue, none."""
    text = re.sub(r"(?m)^#+ ", "", text)
    return re.sub(r"\s+", "" if lang == "zh" else " ", text).strip()


@pytest.mark.parametrize("name", MADE)
def test_the_text_of_a_document_comes_back(name: str) -> None:
    lang = name.split("-")[1]
    wanted = squeezed((SAMPLES / f"{name}.txt").read_text(encoding="utf-8"), lang)
    found = squeezed(read((SAMPLES / f"{name}.pdf").read_bytes()).text, lang)
    assert edit_distance(wanted, found) <= 0.002 * len(wanted)


@pytest.mark.parametrize("name", MADE)
def test_headings_are_those_of_the_document(name: str) -> None:
    wanted = re.findall(r"(?m)^#+ .*", (SAMPLES / f"{name}.txt").read_text(encoding="utf-8"))
    found = re.findall(r"(?m)^#+ .*", read((SAMPLES / f"{name}.pdf").read_bytes()).text)
    assert [squeezed(each, "zh") for each in found] == [squeezed(each.replace("'", "’"), "zh") for each in wanted]
    assert [each.count("#") for each in found] == [each.count("#") for each in wanted]


@pytest.mark.parametrize("name", MADE)
def test_paragraphs_are_those_of_the_document(name: str) -> None:
    wanted = (SAMPLES / f"{name}.txt").read_text(encoding="utf-8").strip().split("\n\n")
    found = read((SAMPLES / f"{name}.pdf").read_bytes()).text.split("\n\n")
    assert len(found) == len(wanted)


def test_a_scan_needs_ocr() -> None:
    found = read((SAMPLES / "scan.pdf").read_bytes())
    assert (found.drop, found.value, found.threshold) == ("needs_ocr", 1.0, 0.5)
    assert found.message == "100% of the pages are pictures without text"


def test_a_scan_passes_where_the_recipe_allows_all_shares() -> None:
    assert read((SAMPLES / "scan.pdf").read_bytes(), max_scanned_share=1).drop == "empty_text"


def test_characters_without_a_meaning_need_ocr() -> None:
    nameless = "/Encoding << /Type /Encoding /Differences [65 /g1 /g2 /g3 /g4 /g5 /g6 /g7 /g8 /g9 /g10 /g11 /g12] >>"
    raw = pdf(column(["ABCDEFGHIJKL"] * 5, 50, 700), font="Unknown", encoding=nameless)
    found = read(raw)
    assert (found.drop, found.threshold) == ("needs_ocr", 0.2)
    assert found.value is not None
    assert found.value > 0.2
    assert "of the characters have no known meaning" in found.message


def test_facts_of_the_file_are_kept() -> None:
    info = "/Title (Sands of the north) /Author (A. Smith) /CreationDate (D:20240131120000+01'00')"
    found = read(pdf([Words("See doi: 10.1000/xyz.1.", 50, 700)], [Words("Second page", 50, 700)], info=info))
    assert (found.url, found.date) == ("https://doi.org/10.1000/xyz.1", "2024-01-31")
    assert found.meta == {"title": "Sands of the north", "author": "A. Smith", "num_pages": 2}


def test_text_that_is_turned_or_outside_of_the_page_is_counted_and_left_out() -> None:
    up, aside, outside = Words("Upright words", 50, 700), Words("stamp", 20, 300, turn="0 1 -1 0"), Words("cropped", 50, 900)
    found = read(pdf([up, aside, outside]))
    assert found.text == "Upright words"
    assert (found.meta["turned_characters"], found.meta["outside_characters"]) == (5, 7)


@pytest.mark.parametrize("turn", ["0 1 -1 0", "0 -1 1 0", "-1 0 0 -1"])
def test_a_page_that_is_turned_as_a_whole_is_read(turn: str) -> None:
    a, b = (float(each) for each in turn.split()[:2])
    # the next line is one line height to the right of the baseline's direction
    pieces = [Words(f"line {i} of the page", 300 + 12 * i * b, 400 - 12 * i * a, turn=turn) for i in range(3)]
    assert read(pdf(pieces)).text == "line 0 of the page line 1 of the page line 2 of the page"


def test_text_behind_a_scan_is_kept_and_noted() -> None:
    found = read(pdf([Words("recognised words", 50, 700, mode=3)]))
    assert (found.text, found.meta["text_layer"]) == ("recognised words", "recognised")


@pytest.mark.parametrize(
    ("raw", "mime", "drop", "message"),
    [
        (b"", "application/pdf", "invalid_pdf", "no %PDF- in the first 1024 bytes"),
        (b"hello", "text/plain; charset=utf-8", "unsupported_mime", "media type 'text/plain; charset=utf-8' is not PDF"),
        (b"%PDF-1.4\nnothing", "application/pdf", "invalid_pdf", "Failed to load document (PDFium: Data format error)."),
        (pdf(), "", "invalid_pdf", "Failed to load document (PDFium: Data format error)."),
        (pdf([]), "", "empty_text", "no text on its pages"),
        (pdf([Words("a", 9, 9)], [Words("b", 9, 9)]), "", "too_many_pages", "raise max_pages, or split the file"),
        (pdf([Words("abcdef", 9, 9)]), "", "page_too_large", "page 1 has too many characters; raise max_page_characters"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_rejected(raw: bytes, mime: str, drop: str, message: str) -> None:
    found = read(raw, mime, max_pages=1, max_page_characters=5)
    assert (found.drop, found.message, found.text) == (drop, message, "")


def test_a_file_of_too_many_characters_is_rejected() -> None:
    raw = pdf([Words("four", 50, 700)], [Words("five!", 50, 700)], [Words("six", 50, 700)])
    found = read(raw, max_characters=8)
    assert (found.drop, found.value, found.threshold) == ("too_many_characters", 9, 8)


def test_what_is_cropped_is_outside() -> None:
    found = read(pdf([Words("inside", 50, 100), Words("cropped", 50, 500)], more="/CropBox [0 0 600 400]"))
    assert (found.text, found.meta["outside_characters"]) == ("inside", 7)


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_page_that_the_viewer_turns_is_read_as_it_stands(turn: int) -> None:
    assert read(pdf(column(PROSE, 50, 700), more=f"/Rotate {turn}")).text == " ".join(PROSE)


def test_a_file_with_a_password_is_rejected_as_encrypted() -> None:
    lock = f"/Encrypt << /Filter /Standard /V 1 /R 2 /O ({'x' * 32}) /U ({'y' * 32}) /P -4 >> /ID [(a) (a)]"
    raw = pdf([Words("secret", 50, 700)]).replace(b"trailer <<", b"trailer << " + lock.encode())
    found = read(raw)
    assert found.drop == "encrypted"
    assert found.message.startswith("a password is needed: ")


def test_the_magic_counts_whatever_the_media_type_says() -> None:
    assert read(pdf([Words("words", 50, 700)]), "text/html").text == "words"


def test_a_damaged_page_is_counted_and_the_others_are_read() -> None:
    raw = pdf([Words("first", 50, 700)], [Words("second", 50, 700)]).replace(
        b"/Count 2 /Kids [5 0 R 7 0 R]", b"/Count 2 /Kids [5 0 R 99 0 R]"
    )
    found = read(raw)
    assert (found.text, found.meta["damaged_pages"]) == ("first", 1)


def test_paragraphs_come_on_one_line_and_pages_do_not_cut_them() -> None:
    words = column(PROSE[:2], 50, 60)
    more = column([PROSE[2], *PROSE], 50, 760)
    assert read(pdf(words, more)).text == " ".join(PROSE) + "\n\n" + " ".join(PROSE)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=8)), min_size=1, max_size=12))
def test_no_damage_makes_it_raise(damage: list[tuple[float, bytes]]) -> None:
    raw = bytearray((SAMPLES / "office-en-one.pdf").read_bytes())
    for where, what in damage:
        place = int(where * len(raw))
        raw[place : place + len(what)] = what
    found = read(bytes(raw))
    assert bool(found.text) != bool(found.drop)


PIECES = st.builds(
    Words,
    st.text(st.characters(codec="latin-1", exclude_characters="\r\n"), max_size=20),
    st.floats(-100, 700),
    st.floats(-100, 900),
    st.floats(-5, 60),
    st.sampled_from(["1 0 0 1", "0 1 -1 0", "0.7 0.7 -0.7 0.7", "0 0 0 0", "-1 0 0 1"]),
    st.sampled_from([0, 3]),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(PIECES, max_size=20))
def test_no_layout_makes_it_raise(page: list[Words]) -> None:
    found = read(pdf(page))
    assert bool(found.text) != bool(found.drop)
