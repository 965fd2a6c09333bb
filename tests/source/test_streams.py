import gzip
import os
import random
import tracemalloc

import lz4.frame
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from corpusforge.core import InputFile
from corpusforge.errors import BadShard, InputChanged
from corpusforge.source.listing import stamp_of
from corpusforge.source.streams import check_plain, compression_of, decompressed_blocks, open_input

TEXT = b"".join(b"line %d of a small file, %d\n" % (number, number * number) for number in range(200))
# small enough to be cut off at every byte
SHORT = TEXT[:300]
SKIPPABLE = b"\x50\x2a\x4d\x18\x03\x00\x00\x00abc"


def zstd(content, **options):
    return zstandard.ZstdCompressor(write_checksum=True, **options).compress(content)


def lz4_(content):
    return lz4.frame.compress(content, content_checksum=True)


def _gz(content):
    return gzip.compress(content, mtime=0)


PACK = {".gz": _gz, ".zst": zstd, ".lz4": lz4_}


def _listed(path, content):
    path.write_bytes(content)
    return InputFile(str(path), path.name, len(content))


def _read(file):
    """All content that was given, and the error that came behind it."""
    content, error = bytearray(), None
    with open_input(file) as stream:
        try:
            for block in decompressed_blocks(stream, file, compression_of(file)):
                content += block
        except BadShard as caught:
            error = caught
    return bytes(content), error


@pytest.fixture(params=[".gz", ".zst", ".lz4"])
def suffix(request):
    return request.param


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.jsonl", None),
        ("a.jsonl.gz", "gzip"),
        ("a.JSONL.GZ", "gzip"),
        ("a.zst", "zstd"),
        ("a.zstd", "zstd"),
        ("a.lz4", "lz4"),
        ("gz", None),
    ],
)
def test_the_suffix_says_how_a_file_is_compressed(name, kind):
    compression = compression_of(InputFile(f"/{name}", name, 0))
    assert (compression.name if compression else None) == kind


def test_a_compressed_file_gives_its_content(tmp_path, suffix):
    assert _read(_listed(tmp_path / f"a{suffix}", PACK[suffix](TEXT))) == (TEXT, None)


def test_several_members_are_read_one_after_another(tmp_path, suffix):
    members = [TEXT[:100], b"", TEXT[100:5000], TEXT[5000:]]
    assert _read(_listed(tmp_path / f"a{suffix}", b"".join(map(PACK[suffix], members)))) == (TEXT, None)


def test_a_member_that_is_larger_than_what_is_decoded_at_once_is_followed_by_the_next(tmp_path, suffix):
    large = TEXT * 400
    packed = PACK[suffix](large) + PACK[suffix](TEXT) + PACK[suffix](large)
    assert _read(_listed(tmp_path / f"a{suffix}", packed)) == (large + TEXT + large, None)


@pytest.mark.parametrize("kind", [".zst", ".lz4"])
def test_frames_that_are_to_be_skipped_are_skipped(tmp_path, kind):
    content = SKIPPABLE + PACK[kind](TEXT[:50]) + SKIPPABLE + PACK[kind](TEXT[50:]) + SKIPPABLE
    assert _read(_listed(tmp_path / f"a{kind}", content)) == (TEXT, None)


@pytest.mark.parametrize("pack_dictionary", [bytes, zstd])
def test_a_zstd_file_may_bring_its_dictionary_in_a_frame_of_its_own(tmp_path, pack_dictionary):
    dictionary = zstandard.train_dictionary(2000, [TEXT[at : at + 150] for at in range(0, len(TEXT) - 150, 50)])
    packed = pack_dictionary(dictionary.as_bytes())
    head = b"\x5d\x2a\x4d\x18" + len(packed).to_bytes(4, "little") + packed
    frames = zstd(TEXT[:900], dict_data=dictionary) + zstd(TEXT[900:], dict_data=dictionary)
    assert _read(_listed(tmp_path / "a.zst", head + frames)) == (TEXT, None)


def test_zstd_with_a_long_window_is_read(tmp_path):
    parameters = zstandard.ZstdCompressionParameters(window_log=28, enable_ldm=True)
    writer = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    assert _read(_listed(tmp_path / "a.zst", writer.compress(TEXT) + writer.flush())) == (TEXT, None)


@pytest.mark.parametrize("size", range(len(_gz(SHORT))))
def test_gzip_cut_off_at_any_byte_is_damage_behind_a_prefix(tmp_path, size):
    content, error = _read(_listed(tmp_path / "a.gz", _gz(SHORT)[:size]))
    assert error is not None
    assert SHORT.startswith(content)


@pytest.mark.parametrize("size", range(len(lz4_(SHORT))))
def test_lz4_cut_off_at_any_byte_is_damage_behind_a_prefix(tmp_path, size):
    content, error = _read(_listed(tmp_path / "a.lz4", lz4_(SHORT)[:size]))
    assert error is not None
    assert SHORT.startswith(content)


@pytest.mark.parametrize("size", range(len(zstd(SHORT))))
def test_zstd_cut_off_at_any_byte_is_damage_behind_a_prefix(tmp_path, size):
    content, error = _read(_listed(tmp_path / "a.zst", zstd(SHORT)[:size]))
    assert error is not None
    assert SHORT.startswith(content)


@given(data=st.data())
@settings(max_examples=60)
def test_a_later_member_cut_off_at_any_byte_is_damage(tmp_path_factory, data):
    suffix = data.draw(st.sampled_from([".gz", ".zst", ".lz4"]))
    first, second = PACK[suffix](TEXT[:3000]), PACK[suffix](TEXT[3000:])
    size = data.draw(st.integers(len(first) + 1, len(first + second) - 1))
    content, error = _read(_listed(tmp_path_factory.mktemp("cut") / f"a{suffix}", (first + second)[:size]))
    assert error is not None
    assert error.offset >= len(first)
    assert TEXT[:3000] == content[:3000]
    assert TEXT.startswith(content)


@given(data=st.data())
@settings(max_examples=60)
def test_a_changed_byte_is_never_read_as_other_content(tmp_path_factory, data):
    suffix = data.draw(st.sampled_from([".gz", ".zst", ".lz4"]))
    packed = bytearray(PACK[suffix](TEXT))
    # bytes 4 to 9 of gzip say when and where it was made
    packed[data.draw(st.integers(10, len(packed) - 1))] ^= data.draw(st.integers(1, 255))
    content, error = _read(_listed(tmp_path_factory.mktemp("flip") / f"a{suffix}", bytes(packed)))
    assert error is not None or content == TEXT


def test_a_bad_gzip_checksum_is_damage_behind_the_whole_content(tmp_path):
    packed = bytearray(_gz(TEXT))
    packed[-5] ^= 1
    content, error = _read(_listed(tmp_path / "a.gz", bytes(packed)))
    assert content == TEXT
    assert "the gzip member that begins at 0 is damaged" in str(error)
    assert "incorrect" in str(error)


def test_damage_in_a_later_frame_costs_nothing_before_it(tmp_path, suffix):
    first = PACK[suffix](TEXT)
    second = bytearray(PACK[suffix](TEXT))
    second[-6 if suffix == ".gz" else -1] ^= 1
    content, error = _read(_listed(tmp_path / f"a{suffix}", first + bytes(second)))
    assert content[: len(TEXT)] == TEXT
    assert f"that begins at {len(first)} is damaged" in str(error)


def test_what_a_damaged_frame_gave_before_the_damage_is_kept(tmp_path, suffix):
    noise = random.Random(1)
    lines = b"".join(noise.randbytes(500).hex().encode() + b"\n" for _ in range(2000))
    packed = bytearray(PACK[suffix](lines))
    middle = len(packed) // 2
    packed[middle : middle + 4000] = b"\xff" * 4000
    content, error = _read(_listed(tmp_path / f"a{suffix}", bytes(packed)))
    assert error is not None
    sound = len(lines) // 4
    assert content[:sound] == lines[:sound]


@pytest.mark.parametrize("garbage", [b"\0", b"\0" * 512, b"{}\n", b"garbage", b"\x1f", b"\x28\xb5"])
def test_bytes_behind_the_last_member_are_damage(tmp_path, suffix, garbage):
    packed = PACK[suffix](TEXT)
    content, error = _read(_listed(tmp_path / f"a{suffix}", packed + garbage))
    assert content == TEXT
    assert error.offset == len(packed)
    assert f"come {len(garbage)} bytes that are none" in str(error)


@pytest.mark.parametrize("content", [b'{"text": "plain"}\n', b"\x00", b"\x1f", zstd(b"x"), b"PK\x03\x04"])
def test_a_gz_that_is_no_gzip_is_damage(tmp_path, content):
    _, error = _read(_listed(tmp_path / "a.gz", content))
    assert str(error).startswith(f"{tmp_path}/a.gz at 0: its name says gzip, but it starts with b'")


def test_a_zst_that_is_no_zstd_is_damage(tmp_path):
    _, error = _read(_listed(tmp_path / "a.zst", _gz(TEXT)))
    assert "its name says zstd, but it starts with b'\\x1f\\x8b" in str(error)


def test_an_empty_compressed_file_is_damage(tmp_path, suffix):
    _, error = _read(_listed(tmp_path / f"a{suffix}", b""))
    assert "the file is empty" in str(error)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (_gz(b"x"), "gzip"),
        (zstd(b"x"), "zstd"),
        (lz4_(b"x"), "lz4"),
        (b"BZh9", "bzip2"),
        (b"\xfd7zXZ\x00", "xz"),
        (b"PK\x03\x04", "a zip archive"),
        (b"PAR1", "Parquet"),
        ("\ufeff{}".encode("utf-16-le"), "UTF-16"),
        ("\ufeff{}".encode("utf-16-be"), "UTF-16"),
    ],
)
def test_a_plain_file_that_is_something_else_is_damage(tmp_path, content, kind):
    file = _listed(tmp_path / "a.jsonl", content)
    with open_input(file) as stream, pytest.raises(BadShard, match=f"its first bytes say {kind}"):
        check_plain(stream, file)


def test_a_plain_file_is_left_at_its_start(tmp_path):
    file = _listed(tmp_path / "a.jsonl", b"\xef\xbb\xbf{}")
    with open_input(file) as stream:
        check_plain(stream, file)
        assert stream.read() == b"\xef\xbb\xbf{}"


@pytest.mark.parametrize("size", [0, 4, 6, 100])
def test_a_file_that_changed_since_it_was_listed_is_refused(tmp_path, size):
    file = _listed(tmp_path / "a.md", b"12345")
    (tmp_path / "a.md").write_bytes(b"x" * size)
    with pytest.raises(InputChanged, match=f"has {size} bytes now, 5 when the build began"), open_input(file):
        pass


def test_a_file_that_is_rewritten_at_its_old_size_is_noticed_at_the_end_of_reading(tmp_path):
    path = tmp_path / "a.md"
    path.write_bytes(b"12345")
    facts = os.stat(path)
    file = InputFile(str(path), "a.md", 5, stamp_of(facts))

    def read_while_it_changes():
        with open_input(file) as stream:
            stream.read()
            path.write_bytes(b"54321")
            os.utime(path, ns=(0, facts.st_mtime_ns + 1))

    with pytest.raises(InputChanged, match="was written to since the build began"):
        read_while_it_changes()


def test_a_file_that_is_gone_has_changed_since_the_build_began(tmp_path):
    with pytest.raises(InputChanged, match=r"a\.md: is gone since the build began"):
        open_input(InputFile(str(tmp_path / "a.md"), "a.md", 5)).__enter__()


@pytest.mark.parametrize("suffix_", [".gz", ".zst", ".lz4"])
def test_a_bomb_is_unpacked_in_bounded_memory(tmp_path, suffix_):
    size = 200 * 2**20
    file = _listed(tmp_path / f"a{suffix_}", PACK[suffix_](bytes(size)))
    total = 0
    tracemalloc.start()
    with open_input(file) as stream:
        for block in decompressed_blocks(stream, file, compression_of(file)):
            total += len(block)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert total == size
    assert peak < 30 * 2**20
