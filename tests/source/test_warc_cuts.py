"""Big files in several tasks: wherever they are cut, the records are those of the whole file."""

import random
import zlib
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from warc_files import arc, gz, http, page, per_record, read_shards, record

from corpusforge.core import InputFile, Shard
from corpusforge.errors import BadShard
from corpusforge.source.warc import Warc
from corpusforge.source.warc_cuts import pieces_of


def stored(content):
    """A gzip member that holds its content as it is."""
    packer = zlib.compressobj(0, zlib.DEFLATED, 31)
    return packer.compress(content) + packer.flush()


def noise(size):
    return random.Random(size).randbytes(size)


PAGES = [page(number) for number in range(12)]
# a crawled .warc.gz: gzip stores what it cannot make smaller, so its members lie in the outer file as they are
INNER = per_record(*(record(block=http(noise(2000 + number))) for number in range(8)))
NESTED = [page(20), record(block=http(INNER, Content_Type="application/gzip")), page(21), page(22)]
PLAIN_INNER = b"".join(PAGES[:4])
PLAIN_NESTED = [page(20), record(block=http(PLAIN_INNER, Content_Type="application/warc")), page(21), page(22)]
ARCS = [arc("filedesc://a.arc", b"1 0 Crawler\n"), *(arc(f"http://a.org/{number}", http()) for number in range(9))]

FILES = {
    "pages.warc": b"".join(PAGES),
    "pages.warc.gz": per_record(*PAGES),
    "one_member.warc.gz": gz(b"".join(PAGES)),
    "pairs.warc.gz": per_record(*(a + b for a, b in zip(PAGES[::2], PAGES[1::2], strict=True))),
    "halves.warc.gz": b"".join(gz(each[:300]) + gz(each[300:]) for each in PAGES),
    "nested.warc": b"".join(NESTED),
    "nested.warc.gz": per_record(*NESTED),
    "stored.warc.gz": b"".join(map(stored, NESTED)),
    "plain_nested.warc": b"".join(PLAIN_NESTED),
    "plain_nested.warc.gz": b"".join(map(stored, PLAIN_NESTED)),
    "pages.arc": b"".join(ARCS),
    "pages.arc.gz": per_record(*ARCS),
    "junk.warc": b"".join(PAGES[:5]) + b"junk\n" + b"".join(PAGES[5:]),
    "pages.warc.zst": b"",
}
UNCUT = {"one_member.warc.gz", "pairs.warc.gz", "halves.warc.gz"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("cuts")
    for name, content in FILES.items():
        (made / name).write_bytes(content)
    return made


def listed(folder, name):
    return InputFile(str(folder / name), name, len(FILES[name]))


def shards(file, max_bytes):
    return [Shard((piece.range,)) for piece in pieces_of(file, max_bytes=max_bytes)]


@pytest.mark.parametrize("name", sorted(FILES.keys() - {"pages.warc.zst"}))
@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_a_file_gives_the_same_records_wherever_it_is_cut(folder, name, data):
    file = listed(folder, name)
    source = Warc(path=file.path)
    whole, error = read_shards(source, shards(file, file.size_bytes))
    assert error is None
    cut = shards(file, data.draw(st.integers(50, file.size_bytes)))
    assert read_shards(source, cut) == (whole, None)
    ranges = [each for shard in cut for each in shard.ranges]
    assert (ranges[0].begin, ranges[-1].end) == (0, file.size_bytes)
    assert all(one.end == other.begin for one, other in pairwise(ranges))


@pytest.mark.parametrize("name", sorted(FILES.keys() - UNCUT - {"pages.warc.zst"}))
def test_files_of_records_are_cut(folder, name):
    assert len(pieces_of(listed(folder, name), max_bytes=200)) > 2


@pytest.mark.parametrize("name", sorted(UNCUT))
def test_a_gzip_file_without_a_member_for_each_record_is_one_task(folder, name):
    assert len(pieces_of(listed(folder, name), max_bytes=200)) == 1


def test_the_crawled_archive_lies_in_the_stored_file_as_it_is(folder):
    assert INNER in FILES["stored.warc.gz"]
    assert PLAIN_INNER in FILES["plain_nested.warc.gz"]


def test_a_crawled_archive_longer_than_a_stored_block_is_never_taken_for_the_file(tmp_path):
    inner = per_record(*(record(block=http(noise(30_000 + number))) for number in range(12)))
    content = stored(page(1)) + stored(record(block=http(inner, Content_Type="application/gzip"))) + stored(page(2))
    path = tmp_path / "a.warc.gz"
    path.write_bytes(content)
    file = InputFile(str(path), path.name, len(content))
    begins = {piece.range.begin for piece in pieces_of(file, max_bytes=4000)}
    assert begins == {0, len(content) - len(stored(page(2)))}


@pytest.mark.parametrize("suffix", [".zst", ".lz4"])
def test_other_compressed_files_and_files_in_a_store_are_one_task(suffix):
    assert len(pieces_of(InputFile("/none", f"a.warc{suffix}", 10**9))) == 1
    assert len(pieces_of(InputFile("s3://bucket/a.warc", "a.warc", 10**9))) == 1


def test_damage_in_one_range_does_not_cost_the_others(tmp_path):
    members = [gz(each) for each in PAGES]
    content = bytearray(b"".join(members))
    content[len(members[0]) + 20] ^= 255
    path = tmp_path / "a.warc.gz"
    path.write_bytes(content)
    file = InputFile(str(path), path.name, len(content))
    rows, error = read_shards(Warc(path=str(path)), shards(file, len(content) // 4))
    assert f"the gzip member that begins at {len(members[0])} is damaged" in str(error)
    assert rows[0]["key"] == "a.warc.gz:0"
    assert len(rows) > 7


def test_a_range_that_ends_inside_a_record_is_an_error_not_a_loss(folder):
    file = listed(folder, "pages.warc")
    (piece,) = pieces_of(file, max_bytes=file.size_bytes)
    wrong = piece.range.__class__(file, 0, len(PAGES[0]) + 100)
    with pytest.raises(BadShard, match="lies inside the record that begins at"):
        list(Warc(path=file.path).read(Shard((wrong,))))
