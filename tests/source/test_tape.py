"""A tape of pieces: how the content is cut into pieces never matters, and a place is that of a frame."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from warc_files import arc, http, page, record

from corpusforge.core import InputFile
from corpusforge.errors import BadShard
from corpusforge.source.compression import Content
from corpusforge.source.tape import Place, Tape
from corpusforge.source.warc_payload import PayloadReader
from corpusforge.source.warc_records import BEGINNING, MAX_ARC_LINE_BYTES
from corpusforge.source.warc_rows import WarcReader

LETTER = re.compile(rb"[A-Z]")

RECORDS = b"\r\n".join(
    [
        page(1), record("request", b"GET /"), b"junk\nof two lines\n", page(2), record(block=http(), Content_Length="x"),
        record(block=http(b"x" * 3000)), arc(block=http()), arc(block=b"", length="-1"), page(3), b"\0\0\0",
    ]
)  # fmt: skip


def tape(*contents, is_packed=True):
    """Each content a frame of its own, at 100, 200 ...; or pieces of a plain file that begin at 100."""
    pieces = (Content(100 * number if is_packed else 100, content) for number, content in enumerate(contents, start=1))
    return Tape(pieces, LETTER, max_beginning=2, is_packed=is_packed)


def rows(pieces):
    made = Tape(iter(pieces), BEGINNING, max_beginning=MAX_ARC_LINE_BYTES, is_packed=False)
    reader = WarcReader(InputFile("/a.warc", "a.warc", len(RECORDS)), ("response",), PayloadReader(("*",), True, False, 2000))
    return list(reader.rows(made, len(RECORDS)))


@given(data=st.data())
def test_how_a_file_is_cut_into_pieces_never_matters(data):
    cuts = sorted(data.draw(st.lists(st.integers(0, len(RECORDS)), max_size=30)))
    bounds = zip([0, *cuts], [*cuts, len(RECORDS)], strict=True)
    assert rows(Content(0, RECORDS[begin:end]) for begin, end in bounds) == rows([Content(0, RECORDS)])


def test_pieces_of_one_byte_give_the_same_rows_as_one_piece():
    assert rows(Content(0, bytes([byte])) for byte in RECORDS) == rows([Content(0, RECORDS)])


def test_the_records_of_the_example_have_these_fates():
    assert [row.verdict.drop for row in rows([Content(0, RECORDS)])] == [
        "", "no_document", "malformed_record", "", "malformed_record", "too_large", "", "malformed_record", "",
        "malformed_record",
    ]  # fmt: skip


def test_a_place_is_that_of_the_frame_and_what_lies_before_it_there():
    made = tape(b"abc", b"", b"defg")
    places = []
    while made.fill(1):
        places.append(str(made.place))
        made.skip(1)
    assert places == ["100", "100+1", "100+2", "300", "300+1", "300+2", "300+3"]


def test_a_place_in_a_plain_file_is_an_offset():
    made = tape(b"abc", b"def", is_packed=False)
    made.skip(4)
    made.fill(1)
    assert made.place == Place(104)


def test_what_a_record_takes_ends_where_a_frame_begins_with_another():
    made = tape(b"Ab", b"cd", b"Ef", b"gh")
    assert made.skip_line_breaks()
    assert bytes(made.take(7)) == b"Abcd"
    assert bytes(made.take(7)) == b""
    assert made.skip(7) == 0
    assert made.skip_line_breaks()
    assert bytes(made.take(7)) == b"Efgh"


@pytest.mark.parametrize("held", [1, 2, 4, 6])
def test_skipping_ends_there_too_whatever_is_held(held):
    made = tape(b"Ab", b"cd", b"Ef", b"gh")
    assert made.skip_line_breaks()
    made.fill(held)
    assert made.skip(7) == 4
    assert made.peek(1) == b""
    assert made.skip_line_breaks()
    assert made.skip(7) == 4
    assert made.fill(1) == 0


def test_damage_ends_the_tape_behind_all_that_was_given():
    def pieces():
        yield Content(0, b"abc")
        raise BadShard("/a", 3, "damaged", "copy it again")

    made = Tape(pieces(), LETTER, max_beginning=2, is_packed=True)
    assert bytes(made.take(10)) == b"abc"
    assert made.damage is not None
    assert made.fill(1) == 0


def test_the_next_record_is_found_at_a_line_or_at_a_frame():
    made = tape(b"a B\nc\nD e", b"F")
    assert made.skip_line_breaks()
    assert made.skip_to_record() == 6
    assert made.skip_to_record() == 3
    assert made.place == Place(200)
    assert made.skip_to_record() == 1
