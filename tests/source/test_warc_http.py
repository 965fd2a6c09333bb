"""Bodies of HTTP responses without chunks and codings, and with headers that say what is not so."""

import gzip
import tracemalloc
import zlib

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from warc_files import PAGE, http, read, record

from corpusforge.source.content_coding import Oversized, decoded
from corpusforge.source.http_message import fields_of, head_end, without_chunks


def bare_deflate(content):
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(content) + packer.flush()


CODE = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstandard.ZstdCompressor().compress,
}
TEXT = b"<html>" + b"".join(b"<p>Granite number %d of %d.</p>" % (n, n * n) for n in range(500)) + b"</html>"


def body(folder, content, **fields):
    """(reason, bytes) of a page with this body."""
    rows, error = read(folder, record(block=http(content, **fields)))
    assert error is None
    return rows[0]["drop"], rows[0]["raw"]


def chunked(content, size=100, end=b"0\r\n\r\n"):
    chunks = [content[at : at + size] for at in range(0, len(content), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + end


# codings


@pytest.mark.parametrize("coding", CODE)
def test_a_coding_is_taken_off(tmp_path, coding):
    assert body(tmp_path, CODE[coding](TEXT), Content_Encoding=coding.upper()) == ("", TEXT)


def test_a_bare_deflate_stream_is_read_as_browsers_do(tmp_path):
    assert body(tmp_path, bare_deflate(TEXT), Content_Encoding="deflate") == ("", TEXT)


@pytest.mark.parametrize("coding", CODE)
def test_a_body_that_was_stored_without_its_coding_stays(tmp_path, coding):
    assert body(tmp_path, TEXT, Content_Encoding=coding) == ("", TEXT)


@pytest.mark.parametrize("header", ["identity", "sdch", "utf-8", ","])
def test_codings_that_are_none_or_unknown_leave_the_body(tmp_path, header):
    assert body(tmp_path, TEXT, Content_Encoding=header) == ("", TEXT)


def test_codings_come_off_in_reverse(tmp_path):
    assert body(tmp_path, gzip.compress(brotli.compress(TEXT)), Content_Encoding="br, gzip") == ("", TEXT)


def test_chunks_come_off_before_codings(tmp_path):
    content = chunked(gzip.compress(TEXT))
    assert body(tmp_path, content, Content_Encoding="gzip", Transfer_Encoding="chunked") == ("", TEXT)


def test_members_behind_the_first_count_and_junk_behind_the_last_does_not(tmp_path):
    content = gzip.compress(TEXT[:100]) + gzip.compress(TEXT[100:]) + b"\0\0junk"
    assert body(tmp_path, content, Content_Encoding="gzip") == ("", TEXT)


@pytest.mark.parametrize("coding", CODE)
def test_a_coding_that_is_cut_off_is_truncated_and_can_be_kept(tmp_path, coding):
    large = TEXT * 20  # zstd gives whole blocks only, of 128 KiB
    content = record(block=http(CODE[coding](large)[:-3], Content_Encoding=coding))
    rows, _ = read(tmp_path, content)
    assert rows[0]["drop"] == "truncated"
    rows, _ = read(tmp_path, content, keep_truncated=True)
    assert rows[0]["drop"] == ""
    assert large.startswith(rows[0]["raw"])


def test_a_coding_that_is_damaged_is_told(tmp_path):
    packed = bytearray(gzip.compress(TEXT))
    packed[len(packed) // 2] ^= 255
    assert body(tmp_path, bytes(packed), Content_Encoding="gzip")[0] == "damaged_body"


@pytest.mark.parametrize("coding", CODE)
def test_a_body_that_grows_above_the_limit_is_too_large(tmp_path, coding):
    rows, _ = read(tmp_path, record(block=http(CODE[coding](TEXT), Content_Encoding=coding)), max_document_bytes=len(TEXT) - 1)
    assert (rows[0]["drop"], rows[0]["value"]) == ("too_large", len(TEXT))
    rows, _ = read(tmp_path, record(block=http(CODE[coding](TEXT), Content_Encoding=coding)), max_document_bytes=len(TEXT))
    assert rows[0]["drop"] == ""


@pytest.mark.parametrize("coding", CODE)
def test_a_bomb_is_unpacked_in_bounded_memory(coding):
    bomb = CODE[coding](bytes(200 * 2**20))
    tracemalloc.start()
    with pytest.raises(Oversized):
        decoded(bomb, coding, 2**20)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 30 * 2**20


@given(content=st.binary(max_size=300), header=st.sampled_from([*CODE, "gzip, br", "deflate, zstd"]))
def test_any_body_with_any_coding_is_read_or_told(content, header):
    found = decoded(content, header, 10_000)
    assert found.flaw or len(found.content) <= 10_000


@given(content=st.binary(max_size=2000), coding=st.sampled_from(sorted(CODE)))
def test_every_body_comes_back(content, coding):
    assert decoded(CODE[coding](content), coding, 2000).content == content


# chunks


@given(content=st.binary(max_size=500), size=st.integers(1, 200))
def test_chunks_come_back_as_one(content, size):
    assert without_chunks(chunked(content, size)) == (content, "", False)


@pytest.mark.parametrize(
    "content",
    [
        b"5;name=value\r\nGrani\r\n2\r\nte\r\n0\r\nTrailer: x\r\n\r\n",
        b"005 \r\nGrani\r\n2\r\nte\r\n0\r\n\r\n",
        b"5\nGrani\n2\nte\n0\n\n",
        b"5\r\nGrani\r\n2\r\nte\r\n",
        b"5\r\nGrani2\r\nte0\r\n",
    ],
)
def test_chunks_that_are_a_little_wrong_are_read(content):
    assert without_chunks(content) == (b"Granite", "", False)


@pytest.mark.parametrize("content", [PAGE, b"", b"\r\n", b"xyz\r\nabc"])
def test_a_body_that_was_stored_without_chunks_stays(tmp_path, content):
    assert without_chunks(content) == (content, "", False)


@given(content=st.binary(min_size=1, max_size=100), size=st.integers(1, 40), data=st.data())
def test_chunks_that_are_cut_off_anywhere_give_what_came_before_and_say_so_where_content_is_missing(content, size, data):
    whole = chunked(content, size)
    found = without_chunks(whole[: data.draw(st.integers(whole.index(b"\n") + 1, len(whole)))])
    assert content.startswith(found.content)
    assert found.content == content or (found.is_cut_off and found.flaw) or len(found.content) % size == 0


def test_a_chunk_that_is_cut_off_is_truncated_and_can_be_kept(tmp_path):
    content = chunked(PAGE, 10)[:-14]
    assert body(tmp_path, content, Transfer_Encoding="chunked")[0] == "truncated"
    rows, _ = read(tmp_path, record(block=http(content, Transfer_Encoding="chunked")), keep_truncated=True)
    assert rows[0]["drop"] == ""
    assert PAGE.startswith(rows[0]["raw"])


def test_what_is_no_chunk_behind_chunks_is_damage(tmp_path):
    content = chunked(PAGE, 10, end=b"no chunk")
    assert body(tmp_path, content, Transfer_Encoding="chunked") == ("damaged_body", PAGE)


# heads


@pytest.mark.parametrize(
    ("content", "end"),
    [
        (b"A: b\r\n\r\nbody\n\n", 8),
        (b"A: b\n\nbody", 6),
        (b"A: b\n\r\nbody", 7),
        (b"A: b\n\nbody\n\r\n", 6),
        (b"A: b\r\n", -1),
        (b"", -1),
    ],
)
def test_a_head_ends_behind_its_first_empty_line(content, end):
    assert head_end(content, 0, len(content)) == end


def test_fields_are_read_leniently():
    head = b"Content-Type : text/html\r\nX: first\r\nx: second\r\nno colon\r\n: no name\r\nF: a\r\n\t b\r\nU: \xe5\xb2\xa9\r\n"
    assert fields_of(head) == {"content-type": "text/html", "x": "first", "f": "a b", "u": "岩"}
    assert fields_of(b"Latin: caf\xe9\n") == {"latin": "café"}
