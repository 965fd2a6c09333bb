"""Records of WARC and ARC files: what is a document, what is not, and that no byte is passed over in silence."""

import hashlib
import json
import tracemalloc
from base64 import b32encode, b64encode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from warc_files import PACK, PAGE, arc, gz, http, page, per_record, read, record, told

from corpusforge.source.warc import Warc


def drops(rows):
    return [row["drop"] for row in rows]


def only(folder, content, **settings_):
    """The one row of a file."""
    rows, error = read(folder, content, **settings_)
    assert error is None
    (row,) = rows
    return row


def test_a_response_is_a_document_with_what_the_crawler_says_of_it(tmp_path):
    digest = "sha1:" + "A" * 32
    row = only(tmp_path, record(block=http(Content_Type="Text/HTML; charset=GBK"), WARC_Payload_Digest=digest))
    assert (row["raw"], row["mime"], row["drop"]) == (PAGE, "text/html; charset=GBK", "")
    assert (row["key"], row["origin"]) == ("a.warc:0", "a.warc:0")
    assert (row["url"], row["date"], row["lang"], row["license"]) == ("http://a.org/", "2024-05-18T01:58:10Z", "", "")
    assert json.loads(row["meta"]) == {"warc_record_id": "<urn:uuid:1>", "payload_digest": digest}


@pytest.mark.parametrize("kind", ["resource", "conversion"])
def test_other_content_is_a_document_of_the_type_of_its_record(tmp_path, kind):
    row = only(tmp_path, record(kind, b"Granite.", Content_Type="text/plain; charset=utf-8"))
    assert (row["raw"], row["mime"], row["drop"]) == (b"Granite.", "text/plain; charset=utf-8", "")


def test_records_without_a_document_are_told_by_kind_and_rejected_for_nothing(tmp_path):
    kinds = ["warcinfo", "request", "metadata", "robots"]
    rows, error = read(tmp_path, b"".join(record(kind, b"x: y\r\n") for kind in kinds))
    assert error is None
    assert [(row["drop"], row["message"]) for row in rows] == [("no_document", kind) for kind in kinds]


def test_kinds_that_the_recipe_leaves_out_are_no_documents(tmp_path):
    rows, _ = read(tmp_path, page() + record("conversion", b"x", Content_Type="text/plain"), records=["conversion"])
    assert [row["drop"] for row in rows] == ["no_document", ""]


@pytest.mark.parametrize("kind", ["revisit", "continuation"])
def test_what_stands_for_a_document_that_is_elsewhere_is_rejected(tmp_path, kind):
    assert only(tmp_path, record(kind, http(b"")))["drop"] == kind


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("<http://a.org/>", "http://a.org/"),
        ("file:///with blanks.png", "file:///with blanks.png"),
        ("no address", "no address"),
        ("", ""),
    ],
)
def test_an_address_is_kept_as_it_is_but_for_the_brackets_of_wget(tmp_path, url, expected):
    assert only(tmp_path, record(block=http(), WARC_Target_URI=url))["url"] == expected


@pytest.mark.parametrize("suffix", PACK)
def test_every_compression_gives_the_same_documents(tmp_path, suffix):
    rows, error = read(tmp_path, PACK[suffix](page(1) + page(2)), name=f"a.warc{suffix}")
    assert error is None
    assert [row["raw"] for row in rows] == [b"<html><p>Page %d tells of granite.</p></html>" % number for number in (1, 2)]


def test_a_record_is_named_by_the_offset_of_its_member_and_by_what_lies_before_it_there(tmp_path):
    first, second = gz(page(1)), gz(page(2) + page(3))
    rows, _ = read(tmp_path, first + second, name="a.warc.gz")
    assert [row["key"] for row in rows] == [
        "a.warc.gz:0", f"a.warc.gz:{len(first)}", f"a.warc.gz:{len(first)}+{len(page(2))}",
    ]  # fmt: skip


def test_a_record_of_a_plain_file_is_named_by_its_offset(tmp_path):
    rows, _ = read(tmp_path, page(1) + page(2))
    assert [row["key"] for row in rows] == ["a.warc:0", f"a.warc:{len(page(1))}"]


def test_a_record_may_lie_in_several_members(tmp_path):
    content = page(1)
    middle = content.index(b"<html>")
    rows, error = read(tmp_path, gz(content[:middle]) + gz(content[middle:]) + gz(page(2)), name="a.warc.gz")
    assert error is None
    assert drops(rows) == ["", ""]
    assert rows[0]["raw"] == b"<html><p>Page 1 tells of granite.</p></html>"


@pytest.mark.parametrize("version", ["WARC/0.17", "WARC/0.18", "WARC/1.1"])
def test_other_versions_are_read(tmp_path, version):
    assert only(tmp_path, page().replace(b"WARC/1.0", version.encode()))["drop"] == ""


def test_heads_with_bare_line_feeds_and_folded_lines_are_read(tmp_path):
    content = record(block=http().replace(b"\r\n", b"\n")).replace(b"WARC-Date: ", b"X-Long: a\r\n b\r\nwarc-date:")
    row = only(tmp_path, content)
    assert (row["raw"], row["date"]) == (PAGE, "2024-05-18T01:58:10Z")


def test_nothing_and_blank_lines_hold_no_record(tmp_path):
    assert read(tmp_path, b"") == ([], None)
    assert read(tmp_path, b"\r\n\n\r\n") == ([], None)


# what is no record


def test_bytes_between_records_are_rejected_as_one_and_what_follows_is_read(tmp_path):
    rows, error = read(tmp_path, page(1) + b"\0\0 junk\nmore junk\n" + page(2))
    assert error is None
    assert told(rows) == [("0", ""), (str(len(page(1))), "malformed_record"), (str(len(page(1)) + 18), "")]
    assert (rows[1]["value"], rows[1]["raw"][:9]) == (18, b"\0\0 junk\nm")


@pytest.mark.parametrize("length", ["", "-1", "many", "1e3", "9" * 20])
def test_a_record_without_a_length_costs_only_itself(tmp_path, length):
    bad = record(block=http(), Content_Length=length)
    rows, error = read(tmp_path, page(1) + bad + page(2))
    assert error is None
    assert told(rows) == [
        ("0", ""), (str(len(page(1))), "malformed_record"), (str(len(page(1) + bad)), ""),
    ]  # fmt: skip
    assert rows[1]["value"] == len(bad)
    assert "not a number of bytes" in rows[1]["message"]


def test_a_record_without_a_kind_is_malformed_and_passed_over_by_its_length(tmp_path):
    rows, error = read(tmp_path, record("", page(7)) + page(2))
    assert error is None
    assert drops(rows) == ["malformed_record", ""]


def test_a_length_that_reaches_into_the_next_member_does_not_cost_the_record_there(tmp_path):
    long = record(block=http(), Content_Length="5000")
    rows, error = read(tmp_path, per_record(long, page(2), page(3)), name="a.warc.gz")
    assert error is None
    assert drops(rows) == ["malformed_record", "", ""]
    assert "another record begins behind" in rows[0]["message"]


def test_a_long_length_of_a_record_that_is_passed_over_does_not_cost_the_next_member_either(tmp_path):
    long = record(block=http(), Content_Length=str(10**9))
    rows, error = read(tmp_path, per_record(long, page(2)), name="a.warc.gz", max_document_bytes=10)
    assert error is None
    assert drops(rows) == ["malformed_record", "too_large"]


def test_a_length_that_is_too_short_leaves_a_rest_that_is_rejected(tmp_path):
    rows, error = read(tmp_path, record(block=http(), Content_Length=str(len(http()) - 4)) + page(2))
    assert error is None
    assert drops(rows) == ["", "malformed_record", ""]
    assert rows[1]["raw"].startswith(b"tml>")


def test_a_member_that_ends_behind_its_head_does_not_cost_the_record_of_the_next(tmp_path):
    head = record(block=http()).removesuffix(http() + b"\r\n\r\n")
    rows, error = read(tmp_path, per_record(head, page(2)), name="a.warc.gz")
    assert error is None
    assert drops(rows) == ["malformed_record", ""]


def test_two_heads_in_one_are_no_record(tmp_path):
    rows, _ = read(tmp_path, b"WARC/1.0\r\nWARC-Type: response\r\n" + page(2))
    assert drops(rows) == ["malformed_record"]


def test_a_file_of_something_else_is_one_rejection(tmp_path):
    rows, error = read(tmp_path, b"<html>WARC/1.0 is a format</html>\n" * 100)
    assert error is None
    assert [(row["drop"], row["value"]) for row in rows] == [("malformed_record", 3400)]


@given(junk=st.binary(max_size=200), data=st.data())
@settings(max_examples=200, deadline=None)
def test_every_byte_is_part_of_a_record_a_line_break_or_a_rejection(tmp_path_factory, junk, data):
    records = [page(number) for number in range(4)]
    content = bytearray(b"".join(records))
    at = data.draw(st.integers(1, len(content)))  # first bytes may say that the file is of another kind
    content[at:at] = junk
    rows, error = read(tmp_path_factory.mktemp("junk"), bytes(content))
    bounds = [int(row["key"].rpartition(":")[2]) for row in rows]
    ends = [*bounds[1:], error.offset if error else len(content)]
    for row, begin, end in zip(rows, bounds, ends, strict=True):
        is_record = content[begin : begin + 5] == b"WARC/"
        assert is_record or row["drop"] == "malformed_record"
        if row["drop"] == "malformed_record":
            assert not content[int(begin + row["value"]) : end].strip(b"\r\n")
    assert bounds == sorted(bounds)
    assert not content[: bounds[0] if bounds else 0].strip(b"\r\n")


# damage


def test_a_plain_file_that_ends_inside_a_record_is_damaged_there(tmp_path):
    whole = page(1) + page(2)
    rows, error = read(tmp_path, whole[:-40])
    assert drops(rows) == [""]
    assert error.offset == len(page(1))
    assert f"the file ends inside the record that begins at {len(page(1))}" in str(error)


def test_a_plain_file_that_ends_inside_a_head_is_damaged_there(tmp_path):
    rows, error = read(tmp_path, page(1) + page(2)[:60])
    assert drops(rows) == [""]
    assert error.offset == len(page(1))


def test_a_member_that_is_cut_off_is_damage_behind_all_records_before_it(tmp_path):
    whole = per_record(page(1), page(2))
    rows, error = read(tmp_path, whole[:-20], name="a.warc.gz")
    assert drops(rows) == [""]
    assert "cut off inside the gzip member" in str(error)


def test_records_before_the_damage_in_the_same_member_are_read(tmp_path):
    packed = bytearray(gz(page(1) + page(2)))
    packed[-6] ^= 1
    rows, error = read(tmp_path, bytes(packed), name="a.warc.gz")
    assert drops(rows) == ["", ""]
    assert "is damaged" in str(error)


def test_bytes_behind_the_last_member_are_damage(tmp_path):
    rows, error = read(tmp_path, gz(page(1)) + b"junk", name="a.warc.gz")
    assert drops(rows) == [""]
    assert error.offset == len(gz(page(1)))


def test_a_compressed_file_without_its_suffix_is_damage_that_names_the_cure(tmp_path):
    rows, error = read(tmp_path, gz(page(1)))
    assert rows == []
    assert "name it *.gz" in str(error)


@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_any_bytes_are_read_or_told(tmp_path_factory, data):
    content = bytearray(b"".join(page(number) for number in range(3)))
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    rows, error = read(tmp_path_factory.mktemp("any"), bytes(content))
    assert rows or error


# what the server said


@pytest.mark.parametrize("status", ["404 Not Found", "301 Moved", "500", "304 Not Modified"])
def test_an_answer_that_is_no_success_is_rejected_with_its_status(tmp_path, status):
    row = only(tmp_path, record(block=http(status=status)))
    assert (row["drop"], row["value"]) == ("http_status", int(status[:3]))


@pytest.mark.parametrize("block", [b"", b"GET / HTTP/1.1\r\n\r\n", b"HTTP/1.1 OK\r\n\r\nx", b"HTTP/1.1 200 OK\r\nA: b"])
def test_a_response_that_is_none_is_malformed(tmp_path, block):
    assert only(tmp_path, record(block=block))["drop"] == "malformed_http"


def test_a_response_of_another_protocol_has_the_type_of_its_record(tmp_path):
    row = only(tmp_path, record(block=b"2014 a.org 1.2.3.4", Content_Type="text/dns"))
    assert (row["drop"], row["mime"]) == ("unsupported_mime", "text/dns")


@pytest.mark.parametrize("mime", ["image/png", "application/json", "text/css; charset=utf-8"])
def test_media_types_that_the_recipe_does_not_name_are_rejected(tmp_path, mime):
    row = only(tmp_path, record(block=http(Content_Type=mime)))
    assert (row["drop"], row["mime"]) == ("unsupported_mime", mime)


def test_media_types_may_be_patterns(tmp_path):
    assert only(tmp_path, record(block=http(Content_Type="text/css")), mime_types=["text/*"])["drop"] == ""


@pytest.mark.parametrize(
    ("body", "mime"),
    [
        (b"%PDF-1.7 ...", "application/pdf"),
        (b" \n<!DOCTYPE html><p>a", "text/html"),
        (b"<?xml version='1.0'?>\n<!doctype html><html/>", "application/xhtml+xml"),
        (b"<?xml version='1.0'?><article/>", "application/xml"),
        ("岩石".encode("gb18030"), "text/plain"),
    ],
)
@pytest.mark.parametrize("said", ["", "application/octet-stream", "nonsense"])
def test_where_the_server_says_no_type_the_first_bytes_do(tmp_path, body, mime, said):
    row = only(tmp_path, record(block=http(body, Content_Type=said)))
    assert (row["drop"], row["mime"], row["raw"]) == ("", mime, body)


def test_bytes_of_no_known_type_are_no_document(tmp_path):
    row = only(tmp_path, record(block=http(b"\x89PNG\r\n\x1a\n\0\0", Content_Type="")))
    assert (row["drop"], row["mime"]) == ("unsupported_mime", "application/octet-stream")


def test_what_the_crawler_found_goes_before_the_first_bytes(tmp_path):
    content = record(block=http(b"# Granite", Content_Type=""), WARC_Identified_Payload_Type="text/markdown")
    assert only(tmp_path, content)["mime"] == "text/markdown"


def test_a_document_without_a_byte_is_rejected(tmp_path):
    assert only(tmp_path, record(block=http(b" \r\n")))["drop"] == "empty_document"


# too much of it, too little of it


def test_a_body_above_the_limit_is_rejected_with_its_size(tmp_path):
    content = record(block=http(b"x" * 3001)) + record(block=http(b"x" * 3000))
    rows, _ = read(tmp_path, content, max_document_bytes=3000)
    assert [(row["drop"], row["value"], row["threshold"]) for row in rows] == [("too_large", 3001, 3000), ("", None, None)]
    assert [len(row["raw"]) for row in rows] == [2000, 3000]


def test_a_picture_above_the_limit_is_a_picture(tmp_path):
    content = record(block=http(b"x" * 300_000, Content_Type="image/png"))
    assert only(tmp_path, content, max_document_bytes=1000)["drop"] == "unsupported_mime"


@pytest.mark.parametrize("name", ["a.warc", "a.warc.gz"])
def test_a_huge_record_is_passed_over_in_bounded_memory(tmp_path, name):
    size = 100 * 2**20
    content = record(block=http(bytes(size))) + page(2)
    packed = gz(content) if name.endswith("gz") else content
    del content
    tracemalloc.start()
    rows, error = read(tmp_path, packed, name=name, max_document_bytes=2**20)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert error is None
    assert [(row["drop"], row["value"]) for row in rows] == [("too_large", size), ("", None)]
    assert peak < 25 * 2**20


@pytest.mark.parametrize("fields", [{"WARC_Truncated": "length"}, {"WARC_Segment_Number": "1"}])
def test_a_document_of_which_the_crawler_kept_the_beginning_is_rejected_unless_the_recipe_keeps_it(tmp_path, fields):
    content = record(block=http(), **fields)
    assert only(tmp_path, content)["drop"] == "truncated"
    row = only(tmp_path, content, keep_truncated=True)
    assert (row["drop"], row["raw"]) == ("", PAGE)


# digests


def _digests(content):
    return [
        f"sha1:{b32encode(hashlib.sha1(content).digest()).decode()}",
        f"sha1:{hashlib.sha1(content).hexdigest()}",
        f"sha-1:{b64encode(hashlib.sha1(content).digest()).decode()}",
        f"sha256:{b32encode(hashlib.sha256(content).digest()).decode()}",
        f"SHA256:{hashlib.sha256(content).hexdigest().upper()}",
        f"md5:{hashlib.md5(content).hexdigest()}",
    ]


@pytest.mark.parametrize("number", range(6))
def test_a_digest_is_checked_where_the_recipe_asks_for_it(tmp_path, number):
    right, wrong = _digests(PAGE)[number], _digests(b"other")[number]
    assert only(tmp_path, record(block=http(), WARC_Payload_Digest=right), verify_digests=True)["drop"] == ""
    assert only(tmp_path, record(block=http(), WARC_Payload_Digest=wrong))["drop"] == ""
    row = only(tmp_path, record(block=http(), WARC_Payload_Digest=wrong), verify_digests=True)
    assert (row["drop"], wrong in row["message"]) == ("digest_mismatch", True)


def test_the_digest_of_the_block_is_checked_too(tmp_path):
    right, wrong = _digests(http())[0], _digests(PAGE)[0]
    assert only(tmp_path, record(block=http(), WARC_Block_Digest=right), verify_digests=True)["drop"] == ""
    assert only(tmp_path, record(block=http(), WARC_Block_Digest=wrong), verify_digests=True)["drop"] == "digest_mismatch"


@pytest.mark.parametrize(
    ("digest", "drop"), [("crc:123", ""), ("sha1:not base32", "digest_mismatch"), ("sha1:", "digest_mismatch")]
)
def test_a_digest_of_an_unknown_algorithm_says_nothing_and_one_that_is_none_equals_nothing(tmp_path, digest, drop):
    assert only(tmp_path, record(block=http(), WARC_Payload_Digest=digest), verify_digests=True)["drop"] == drop


# ARC


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("suffix", PACK)
def test_arc_files_are_read(tmp_path, version, suffix):
    content = arc("filedesc://a.arc", b"1 0 Crawler\nURL IP-address ...\n", version) + arc("http://a.org/b c", http(), version)
    rows, error = read(tmp_path, PACK[suffix](content), name=f"a.arc{suffix}")
    assert error is None
    assert [row["message"] or row["drop"] for row in rows] == ["filedesc", ""]
    row = rows[1]
    assert (row["url"], row["date"], row["mime"], row["raw"]) == ("http://a.org/b c", "2014-02-16T05:02:21Z", "text/html", PAGE)


def test_an_arc_record_without_http_has_the_type_of_its_line(tmp_path):
    row = only(tmp_path, arc(block=b"<p>Granite"), name="a.arc")
    assert (row["mime"], row["raw"]) == ("text/html", b"<p>Granite")


@pytest.mark.parametrize("length", ["-1", "abc"])
def test_an_arc_record_without_a_length_costs_only_itself(tmp_path, length):
    bad = arc(block=b"\nsomething\n", length=length)
    rows, error = read(tmp_path, arc(block=http()) + bad + arc(block=http()), name="a.arc")
    assert error is None
    assert drops(rows) == ["", "malformed_record", ""]
    assert rows[1]["value"] == len(bad)


# settings


def test_unknown_settings_are_refused():
    with pytest.raises(ValueError, match="Extra inputs are not permitted"):
        Warc(path="a", kinds=["response"])


def test_only_kinds_that_hold_documents_can_be_asked_for():
    with pytest.raises(ValueError, match="records"):
        Warc(path="a", records=["request"])
