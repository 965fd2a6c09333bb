"""Crawl files of all kinds beside the repository, good and bad: the fate of every record, and two other readers as oracles."""

from collections import Counter
from pathlib import Path

import pytest
from fastwarc.warc import ArchiveIterator, WarcRecordType
from warc_files import read_shards
from warcio.archiveiterator import ArchiveIterator as WarcioIterator
from warcio.exceptions import ArchiveLoadFailed

from corpusforge.source.warc import Warc

DATA = Path(__file__).resolve().parents[2] / "../shared/data/warc"

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"the real crawl files are not at {DATA}")

EXAMPLE = {"": 1, "revisit": 1, "warcinfo": 2, "request": 2}
WARCFILE = {"": 16, "warcinfo": 1, "request": 17, "metadata": 16}
WHIRLWIND = {"": 1, "warcinfo": 1, "request": 1, "metadata": 1}

# What becomes of the records: "" for a document, a reason, or the kind of what holds none.
FATES = {
    "bad.arc": {"malformed_record": 3, "empty_document": 1},
    "clipped.warc.gz": {},
    "clueweb-quirk.warc.gz": {"": 29, "warcinfo": 1},
    "example-bad-non-chunked.warc.gz": EXAMPLE,
    "example-digest.warc": {"request": 4},
    "example-iana.org-chunked.warc": {"": 1, "warcinfo": 1, "request": 1},
    "example-resource.warc.gz": {"": 1, "warcinfo": 2},
    "example-space-in-target-uri.warc.gz": {"unsupported_mime": 1, "warcinfo": 1},
    "example-space-in-url.arc": {"filedesc": 1},
    "example-trunc.warc": {"truncated": 1, "malformed_record": 1, "warcinfo": 2, "request": 1},
    "example-wget-bad-target-uri.warc.gz": {"": 3, "warcinfo": 1, "request": 1, "metadata": 1},
    "example-wrong-chunks.warc.gz": {"": 1, "request": 1},
    "example.arc": {"": 1, "filedesc": 1},
    "example.arc.gz": {"": 1, "filedesc": 1},
    "example.warc": EXAMPLE,
    "example.warc.gz": EXAMPLE,
    "post-test.warc.gz": {"unsupported_mime": 3, "request": 3},
    "sample-0000.warc.gz": {"": 24, "warcinfo": 1, "request": 22, "metadata": 1},
    "warcfile.warc": WARCFILE,
    "warcfile.warc.gz": WARCFILE,
    "warcfile.warc.lz4": WARCFILE,
    "whirlwind.warc": WHIRLWIND,
    "whirlwind.warc.gz": WHIRLWIND,
    "whirlwind.warc.wat": {"warcinfo": 1, "metadata": 1},
    "whirlwind.warc.wat.gz": {"warcinfo": 1, "metadata": 1},
    "whirlwind.warc.wet": {"": 1, "warcinfo": 1},
    "whirlwind.warc.wet.gz": {"": 1, "warcinfo": 1},
}
# Where a file is damaged, and what is said of it.
DAMAGE = {
    "clipped.warc.gz": (18184, "cut off inside the gzip member that begins at 0"),
    "example-space-in-url.arc": (151, "the file ends inside the record that begins at 151"),
}
# fastwarc takes what it found of a clipped member for all there was, and knows no ARC; warcio takes the records of a .gz only
# one to a member, and knows no lz4.
NOT_FOR_FASTWARC = {name for name in FATES if name.endswith((".arc", ".arc.gz"))} | {"clipped.warc.gz", "example-trunc.warc"}
NOT_FOR_WARCIO = {
    "bad.arc", "clipped.warc.gz", "example-space-in-url.arc", "example-bad-non-chunked.warc.gz", "example-wrong-chunks.warc.gz",
    "warcfile.warc.lz4", "example-trunc.warc",
}  # fmt: skip
KINDS = {"response", "resource", "conversion", "revisit"}


def rows_of(name, **settings):
    source = Warc(path=str(DATA / name), **settings)
    return read_shards(source, source.shards(source.files()))


def fate(row):
    return row["message"] if row["drop"] == "no_document" else row["drop"]


def test_every_file_has_a_fate():
    assert FATES.keys() == {path.name for path in DATA.iterdir()} - {"SOURCE.txt"}


@pytest.mark.parametrize("name", FATES)
def test_every_record_has_the_fate_that_is_written_here(name):
    rows, error = rows_of(name)
    assert Counter(map(fate, rows)) == FATES[name]
    assert (error and error.offset) == DAMAGE.get(name, (None,))[0]
    assert error is None or DAMAGE[name][1] in str(error)


# where one member holds all records, fastwarc names the end of the file for each but the first
@pytest.mark.parametrize("name", sorted(FATES.keys() - NOT_FOR_FASTWARC - {"example-bad-non-chunked.warc.gz"}))
def test_fastwarc_finds_the_same_records_at_the_same_places(name):
    rows, _ = rows_of(name, mime_types=["*"])
    with (DATA / name).open("rb") as stream:
        found = [(str(each.stream_pos), str(each.record_type)) for each in ArchiveIterator(stream, parse_http=False)]
    places = [
        (row["key"].rpartition(":")[2].partition("+")[0], fate(row) if row["drop"] == "no_document" else "") for row in rows
    ]
    assert places == [(place, "" if kind in KINDS else kind) for place, kind in found]


# fastwarc looks for the end of a head behind the bare line feeds of clueweb-quirk, and so loses the beginnings of its pages
@pytest.mark.parametrize("name", sorted(FATES.keys() - NOT_FOR_FASTWARC - {"clueweb-quirk.warc.gz"}))
def test_documents_have_the_bytes_that_fastwarc_finds(name):
    rows, _ = rows_of(name, mime_types=["*"])
    kinds = WarcRecordType.response | WarcRecordType.resource | WarcRecordType.conversion
    with (DATA / name).open("rb") as stream:
        theirs = [each.reader.read() for each in ArchiveIterator(stream, record_types=kinds, auto_decode="all")]
    assert [row["raw"] for row in rows if not row["drop"]] == theirs


@pytest.mark.parametrize("name", sorted(FATES.keys() - NOT_FOR_WARCIO))
def test_documents_have_the_bytes_that_warcio_finds(name):
    rows, _ = rows_of(name, mime_types=["*"])
    theirs = []
    with (DATA / name).open("rb") as stream:
        for each in WarcioIterator(stream):
            if each.rec_type in ("response", "resource", "conversion"):
                url = each.rec_headers.get_header("WARC-Target-URI") or each.rec_headers.get_header("uri")
                theirs.append((url, each.content_stream().read()))
    ours = [row for row in rows if not row["drop"]]
    assert [row["raw"] for row in ours] == [content for _, content in theirs]
    assert [row["url"].replace(" ", "%20") for row in ours] == [url for url, _ in theirs]


def test_the_other_readers_pass_over_or_refuse_what_is_told_here():
    with (DATA / "clipped.warc.gz").open("rb") as stream:
        assert len([each.reader.read() for each in ArchiveIterator(stream)]) == 1
    with (DATA / "example.arc").open("rb") as stream, pytest.raises(OSError, match="Invalid WARC header"):
        list(ArchiveIterator(stream))
    with (DATA / "example-bad-non-chunked.warc.gz").open("rb") as stream, pytest.raises(ArchiveLoadFailed):
        list(WarcioIterator(stream))


@pytest.mark.parametrize(
    "names", [("warcfile.warc", "warcfile.warc.gz", "warcfile.warc.lz4"), ("example.arc", "example.arc.gz")]
)
def test_the_same_records_in_other_wrappings_are_the_same_documents(names):
    shown = ("url", "date", "meta", "raw", "mime", "drop", "value", "message")
    first, *others = ([[row[name] for name in shown] for row in rows_of(name)[0]] for name in names)
    assert all(other == first for other in others)


@pytest.mark.parametrize(
    ("name", "mismatches"), [("example-wrong-chunks.warc.gz", 1), ("example.warc", 0), ("whirlwind.warc.wet", 0)]
)
def test_digests_of_real_files_are_checked(name, mismatches):
    rows, _ = rows_of(name, verify_digests=True)
    assert sum(row["drop"] == "digest_mismatch" for row in rows) == mismatches
