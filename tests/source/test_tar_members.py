import gzip
import io
import random
import tarfile
from pathlib import Path

import pytest
import zstandard
from archives import documents, tarred, until_damage, write
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from corpusforge.errors import BadShard

TWO = [("a.md", b"alpha " * 50), ("docs/b.txt", b"beta " * 300)]
FORMATS = [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]


def _with_header(packed: bytes, at: int, value: bytes) -> bytes:
    """The archive with other bytes in its first header, the checksum set right."""
    header = bytearray(packed[:512])
    header[at : at + len(value)] = value
    header[148:156] = f"{sum(header[:148]) + 8 * 32 + sum(header[156:]):06o}\0 ".encode()
    return bytes(header) + packed[512:]


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("geo.tar", bytes),
        ("geo.tar.gz", gzip.compress),
        ("geo.tgz", gzip.compress),
        ("geo.TGZ", gzip.compress),
        ("geo.tar.zst", zstandard.compress),
        ("geo.tzst", zstandard.compress),
    ],
)
def test_members_that_match_are_documents(tmp_path: Path, name: str, pack) -> None:  # type: ignore[no-untyped-def]
    write(tmp_path, {name: pack(tarred(TWO))})
    assert documents(tmp_path / name) == {f"{name}!/a.md": TWO[0][1], f"{name}!/docs/b.txt": TWO[1][1]}


def test_archives_in_a_folder_are_found(tmp_path: Path) -> None:
    write(tmp_path, {"deep/geo.tar": tarred(TWO), "deep/geo.tgz": gzip.compress(tarred(TWO)), "x.md": b"x"})
    assert len(documents(tmp_path)) == 5
    assert set(documents(tmp_path, include=["*.md"])) == {"x.md"}


@pytest.mark.parametrize("format", FORMATS)
def test_long_names_are_read_in_every_format(tmp_path: Path, format: int) -> None:
    name = "/".join(["folder" * 5] * 4) + "/" + "n" * 90 + ".md"
    write(tmp_path, {"geo.tar": tarred([(name, b"x"), ("b.md", b"y")], format)})
    assert documents(tmp_path) == {f"geo.tar!/{name}": b"x", "geo.tar!/b.md": b"y"}


@pytest.mark.parametrize(("format", "encoding"), [(tarfile.PAX_FORMAT, "utf-8"), (tarfile.GNU_FORMAT, "gbk")])
def test_names_are_read_in_their_charset(tmp_path: Path, format: int, encoding: str) -> None:
    name = "黄土高原的第四纪地层资料.md"
    write(tmp_path, {"geo.tar": tarred([(name, b"x")], format, encoding)})
    assert documents(tmp_path) == {f"geo.tar!/{name}": b"x"}


def test_names_are_made_relative_and_told_apart(tmp_path: Path) -> None:
    write(tmp_path, {"geo.tar": tarred([("/etc/a.md", b"1"), ("../etc/a.md", b"2"), ("etc/a.md", b"3")])})
    assert documents(tmp_path) == {"geo.tar!/etc/a.md": b"1", "geo.tar!/etc/a.md#2": b"2", "geo.tar!/etc/a.md#3": b"3"}


def test_what_is_no_document_is_left_out(tmp_path: Path) -> None:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        for kind in (tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE):
            info = tarfile.TarInfo(f"kind{ord(kind)}.md")
            info.type, info.linkname = kind, "a.md"
            archive.addfile(info)
        for name in (".git/a.md", "picture.png", "a.md"):
            info = tarfile.TarInfo(name)
            info.size = 700
            archive.addfile(info, io.BytesIO(b"x" * 700))
    write(tmp_path, {"geo.tar": held.getvalue()})
    assert documents(tmp_path) == {"geo.tar!/a.md": b"x" * 700}


def test_members_that_are_too_large_empty_or_compressed(tmp_path: Path) -> None:
    members = [("a.md", b"x" * 600), ("b.md", b""), ("c.md.gz", gzip.compress(b"gamma")), ("d.md", b"y" * 500)]
    write(tmp_path, {"geo.tar": tarred(members)})
    assert [*documents(tmp_path, max_document_bytes=500).values()] == ["too_large", "empty_document", b"gamma", b"y" * 500]


def test_a_bomb_costs_no_memory(tmp_path: Path) -> None:
    write(tmp_path, {"geo.tar.zst": zstandard.compress(tarred([("a.md", bytes(200 * 2**20)), ("b.md", b"y")]))})
    assert [*documents(tmp_path).values()] == ["too_large", b"y"]


def test_members_with_holes_are_rejected(tmp_path: Path) -> None:
    write(tmp_path, {"geo.tar": _with_header(tarred(TWO), 156, b"S")})
    assert documents(tmp_path) == {"geo.tar!/a.md": "sparse_member", "geo.tar!/docs/b.txt": TWO[1][1]}


def test_archives_one_behind_another_are_read_to_the_end(tmp_path: Path) -> None:
    write(tmp_path, {"geo.tar": tarred(TWO) + tarred([("c.md", b"x")])})
    assert [*documents(tmp_path).values()] == [TWO[0][1], TWO[1][1], b"x"]


@pytest.mark.parametrize(
    ("stop", "num_read", "offset", "what"),
    [
        (512 + 100, 0, 612, "cut off inside a member"),
        (1024, 1, 1024, "has no mark at its end"),
        (1024 + 30, 1, 1054, "cut off inside a header"),
        (1024 + 512 + 1000, 1, 2536, "cut off inside a member"),
        (1024 + 512 + 1536, 2, 3072, "has no mark at its end"),
    ],
)
def test_what_stands_before_the_cut_is_read(tmp_path: Path, stop: int, num_read: int, offset: int, what: str) -> None:
    write(tmp_path, {"geo.tar": tarred(TWO)[:stop]})
    found, error = until_damage(tmp_path)
    assert [*found.values()] == [content for _, content in TWO][:num_read]
    assert (error.offset, what in error.what) == (offset, True)


def test_a_compressed_archive_that_is_cut_off_names_the_place_in_the_file(tmp_path: Path) -> None:
    packed = gzip.compress(tarred([*TWO, ("c.md", random.Random(1).randbytes(50_000))]))
    write(tmp_path, {"geo.tar.gz": packed[:-20_000]})
    found, error = until_damage(tmp_path)
    assert [*found.values()] == [content for _, content in TWO]
    assert error.offset == len(packed) - 20_000


def test_damage_between_members_is_named(tmp_path: Path) -> None:
    packed = bytearray(tarred(TWO))
    packed[1024:1030] = b"\xff" * 6
    write(tmp_path, {"geo.tar": bytes(packed)})
    found, error = until_damage(tmp_path)
    assert ([*found.values()], error.offset) == ([TWO[0][1]], 1024)
    assert "no member begins here" in error.what


def test_a_negative_size_is_damage(tmp_path: Path) -> None:
    write(tmp_path, {"geo.tar": _with_header(tarred(TWO), 124, (256**12 - 1024).to_bytes(12, "big"))})
    found, error = until_damage(tmp_path)
    assert (found, error.offset) == ({}, 0)
    assert "negative size" in error.what


def test_a_header_of_many_megabytes_is_damage(tmp_path: Path) -> None:
    packed = tarred([("n" * 200 + ".md", b"x")])
    write(tmp_path, {"geo.tar": _with_header(packed, 124, b"77777777777\0")})
    assert "a header has 8589934591 bytes" in until_damage(tmp_path)[1].what


@pytest.mark.parametrize(("name", "content"), [("a.tar", b"no archive"), ("a.tar", b""), ("a.tgz", b"PK\x03\x04")])
def test_what_is_no_archive_is_damage(tmp_path: Path, name: str, content: bytes) -> None:
    write(tmp_path, {name: content})
    with pytest.raises(BadShard, match=f"{name} at"):
        documents(tmp_path)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.text("abc/é黄", min_size=1, max_size=120), st.binary(max_size=1500)), max_size=5),
    st.sampled_from([tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]),
)
def test_members_are_those_of_tarfile(tmp_path: Path, members: list[tuple[str, bytes]], format: int) -> None:
    packed = tarred([(f"{number}{name}x.md", content) for number, (name, content) in enumerate(members)], format)
    write(tmp_path, {"geo.tar": packed})
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        expected = [archive.extractfile(info).read() or "empty_document" for info in archive]  # type: ignore[union-attr]
    assert [*documents(tmp_path / "geo.tar").values()] == expected


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 3071), st.integers(0, 255), st.booleans())
def test_no_changed_byte_crashes(tmp_path: Path, at: int, value: int, is_cut: bool) -> None:
    packed = tarred(TWO)
    write(tmp_path, {"geo.tar": packed[:at] if is_cut else packed[:at] + bytes([value]) + packed[at + 1 :]})
    try:
        found = documents(tmp_path)
    except BadShard:
        return
    assert is_cut is False
    assert len(found) <= 2
