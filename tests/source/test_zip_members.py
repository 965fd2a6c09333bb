import io
import random
import struct
import zipfile
from pathlib import Path

import pytest
from archives import documents, rows, streamed, until_damage, write, zipped
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from corpusforge.errors import BadShard
from corpusforge.source import zip_members
from corpusforge.source.files import Files

TWO = [("a.md", b"alpha " * 50), ("docs/b.txt", b"beta " * 50)]


@pytest.mark.parametrize("packed", [zipped(TWO), zipped(TWO, zipfile.ZIP_STORED), streamed(TWO)])
def test_members_that_match_are_documents(tmp_path: Path, packed: bytes) -> None:
    write(tmp_path, {"deep/geo.zip": packed})
    assert documents(tmp_path) == {"deep/geo.zip!/a.md": TWO[0][1], "deep/geo.zip!/docs/b.txt": TWO[1][1]}


def test_a_member_has_its_media_type_and_its_origin(tmp_path: Path) -> None:
    write(tmp_path, {"geo.zip": zipped([("a.md", b"x")])})
    [row] = rows(tmp_path)
    assert (row["origin"], row["mime"]) == ("geo.zip!/a.md", "text/markdown")


def test_an_archive_is_a_path_of_its_own(tmp_path: Path) -> None:
    write(tmp_path, {"geo.zip": zipped(TWO)})
    assert set(documents(tmp_path / "geo.zip")) == {"geo.zip!/a.md", "geo.zip!/docs/b.txt"}


def test_what_is_no_document_is_left_out(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("link.md")
    link.create_system, link.external_attr = 3, 0o120777 << 16
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.mkdir("folder.md")
        archive.writestr(link, b"a.md")
        archive.writestr("picture.png", b"x")
        archive.writestr("__MACOSX/._a.md", b"x")
        archive.writestr(".git/a.md", b"x")
        archive.writestr("inner.zip", zipped(TWO))
        archive.writestr("a.md", b"x")
    write(tmp_path, {"geo.zip": held.getvalue()})
    assert documents(tmp_path) == {"geo.zip!/a.md": b"x"}


@pytest.mark.parametrize(
    ("settings", "kept"),
    [
        ({"include": ["docs/*.txt"]}, {"docs/b.txt"}),
        ({"include": ["deep/geo.zip/*.md"]}, {"a.md"}),
        ({"exclude": ["b.txt"]}, {"a.md"}),
        ({"exclude": ["docs/*"]}, {"a.md"}),
        ({"exclude": ["deep/geo.zip/a.md"]}, {"docs/b.txt"}),
    ],
)
def test_an_archive_is_a_folder_to_patterns(tmp_path: Path, settings: dict[str, list[str]], kept: set[str]) -> None:
    write(tmp_path, {"deep/geo.zip": zipped(TWO), "x.md": b"x"})
    found = documents(tmp_path, **settings)
    assert {key.partition("!/")[2] for key in found if "!" in key} == kept


def test_names_are_made_relative_and_told_apart(tmp_path: Path) -> None:
    members = [("/etc/a.md", b"1"), ("../../etc/a.md", b"2"), ("C:\\etc\\a.md", b"3"), ("./etc//a.md", b"4")]
    write(tmp_path, {"geo.zip": zipped(members)})
    assert documents(tmp_path) == {
        "geo.zip!/etc/a.md": b"1", "geo.zip!/etc/a.md#2": b"2", "geo.zip!/etc/a.md#3": b"3", "geo.zip!/etc/a.md#4": b"4",
    }  # fmt: skip


def _without_utf8_flag(packed: bytes, names: dict[str, str], codec: str) -> bytes:
    for ascii_name, name in names.items():
        raw = name.encode(codec)
        assert len(raw) == len(ascii_name)
        packed = packed.replace(ascii_name.encode(), raw)
    return packed


@pytest.mark.parametrize(
    ("names", "codec"),
    [
        ({"aaaaaaaaaaaaaa.md": "黄土地层第四纪.md", "bbbbbbbbbbbb.md": "花岗岩的石英.md"}, "gbk"),
        ({"aaaaaaaaaaaaaa.md": "日本の地質資料.md", "bbbbbbbbbbbb.md": "火山の噴火史.md"}, "cp932"),
        ({"aaaaaa.md": "Größen.md"}, "cp437"),
        ({"aaaaaa.md": "黄土.md"}, "utf-8"),
    ],
)
def test_names_without_a_charset_are_read_all_the_same(tmp_path: Path, names: dict[str, str], codec: str) -> None:
    packed = zipped([(name, b"x") for name in names])
    write(tmp_path, {"geo.zip": _without_utf8_flag(packed, names, codec)})
    assert set(documents(tmp_path)) == {f"geo.zip!/{name}" for name in names.values()}


def test_names_in_utf_8_are_read(tmp_path: Path) -> None:
    write(tmp_path, {"geo.zip": zipped([("黄土/地层.md", b"x")])})
    assert set(documents(tmp_path)) == {"geo.zip!/黄土/地层.md"}


def _changed(packed: bytes, at: int, value: bytes) -> bytes:
    return packed[:at] + value + packed[at + len(value) :]


def _directory(packed: bytes, number: int) -> int:
    at = -1
    for _ in range(number + 1):
        at = packed.index(b"PK\x01\x02", at + 1)
    return at


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda packed: _changed(packed, _directory(packed, 0) + 8, b"\x01\0"), "encrypted"),
        (lambda packed: _changed(packed, _directory(packed, 0) + 10, struct.pack("<H", 14)), "unsupported_compression"),
        (lambda packed: _changed(packed, _directory(packed, 0) + 16, b"\0\0\0\0"), "damaged_member"),
        (lambda packed: _changed(packed, 36, b"\xff\xff\xff"), "damaged_member"),
        (lambda packed: _changed(packed, 0, b"XX"), "damaged_member"),
        (lambda packed: _changed(packed, _directory(packed, 0) + 24, struct.pack("<L", 10)), "damaged_member"),
        (lambda packed: _changed(packed, _directory(packed, 0) + 24, struct.pack("<L", 1000)), "damaged_member"),
        (lambda packed: _changed(packed, _directory(packed, 0) + 20, struct.pack("<L", 90)), "damaged_member"),
        (lambda packed: _changed(packed, _directory(packed, 0) + 24, struct.pack("<L", 2**31)), "too_large"),
    ],
)
def test_a_member_that_cannot_be_read_is_rejected_alone(tmp_path: Path, change, reason: str) -> None:  # type: ignore[no-untyped-def]
    write(tmp_path, {"geo.zip": change(zipped(TWO))})
    assert documents(tmp_path) == {"geo.zip!/a.md": reason, "geo.zip!/docs/b.txt": TWO[1][1]}


def test_a_bomb_costs_no_memory(tmp_path: Path) -> None:
    packed = zipped([("a.md", bytes(200 * 2**20))])
    lying = _changed(packed, _directory(packed, 0) + 24, struct.pack("<L", 1000))
    write(tmp_path, {"honest.zip": packed, "lying.zip": lying})
    assert documents(tmp_path) == {"honest.zip!/a.md": "too_large", "lying.zip!/a.md": "damaged_member"}


def test_members_of_no_byte_and_compressed_members(tmp_path: Path) -> None:
    import gzip

    members = [
        ("a.md", b""),
        ("b.md.gz", gzip.compress(b"beta")),
        ("c.md.gz", b"no gzip"),
        ("d.md.gz", gzip.compress(bytes(9000))),
    ]
    write(tmp_path, {"geo.zip": zipped(members)})
    found = documents(tmp_path, max_document_bytes=5000)
    assert [*found.values()] == ["empty_document", b"beta", "damaged_member", "too_large"]


@pytest.mark.parametrize("make", [zipped, streamed])
def test_what_stands_before_the_cut_is_read(tmp_path: Path, make) -> None:  # type: ignore[no-untyped-def]
    third = random.Random(1).randbytes(3000)
    packed = make([*TWO, ("c.md", third)])
    write(tmp_path, {"geo.zip": packed[: packed.index(b"c.md") + 1500]})
    found, error = until_damage(tmp_path)
    assert found == {"geo.zip!/a.md": TWO[0][1], "geo.zip!/docs/b.txt": TWO[1][1]}
    assert error.offset == packed.index(b"c.md") - 30
    assert "has no directory" in error.what


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK"])
def test_what_is_no_archive_is_damage(tmp_path: Path, content: bytes) -> None:
    write(tmp_path, {"geo.zip": content})
    found, error = until_damage(tmp_path)
    assert (found, error.offset) == ({}, 0)


def test_one_of_several_volumes_is_named(tmp_path: Path) -> None:
    packed = zipped(TWO)
    write(tmp_path, {"geo.zip": _changed(packed, packed.rindex(b"PK\x05\x06") + 4, b"\x02\0\x02\0")})
    with pytest.raises(BadShard, match="volume 3 of an archive in several"):
        documents(tmp_path)


def test_an_archive_behind_a_program_and_with_a_comment_is_read(tmp_path: Path) -> None:
    held = io.BytesIO(b"#!/bin/sh\n")
    held.seek(10)
    with zipfile.ZipFile(held, "a") as archive:
        archive.comment = b"PK said"
        archive.writestr("a.md", b"x")
    write(tmp_path, {"geo.zip": b"MZ" * 100 + held.getvalue()})
    assert documents(tmp_path) == {"geo.zip!/a.md": b"x"}


def test_an_archive_in_zip64_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 1)
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 100)
    packed = zipped(TWO)
    assert b"PK\x06\x06" in packed
    write(tmp_path, {"geo.zip": packed})
    assert documents(tmp_path) == {"geo.zip!/a.md": TWO[0][1], "geo.zip!/docs/b.txt": TWO[1][1]}


def test_a_big_archive_makes_many_tasks_that_give_each_member_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zip_members, "MAX_TASK_BYTES", 1000)
    monkeypatch.setattr("corpusforge.source.tasks.MAX_TASK_BYTES", 1000)
    members = [(f"{number % 7}.md", bytes([65 + number]) * 300) for number in range(20)] + [("x.png", b"x")]
    with pytest.warns(UserWarning, match="Duplicate name"):
        packed = zipped(members)
    write(tmp_path, {"geo.zip": packed})
    source = Files(path=str(tmp_path))
    pieces = zip_members.zip_pieces(source.files()[0], source._choice)
    assert [(piece.range.begin, piece.range.end, piece.size_bytes) for piece in pieces][:2] == [(0, 3, 900), (3, 6, 900)]
    assert len(pieces) == 7
    found = documents(tmp_path)
    assert [*found.values()] == [content for name, content in members if name != "x.png"]
    assert [*found][7:9] == ["geo.zip!/0.md#2", "geo.zip!/1.md#2"]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.text("abc/é黄", min_size=1, max_size=8), st.binary(max_size=200)), max_size=6), st.booleans())
def test_members_are_those_of_zipfile(tmp_path: Path, members: list[tuple[str, bytes]], is_stored: bool) -> None:
    named = [(f"{number}{name}x.md", content) for number, (name, content) in enumerate(members)]
    packed = zipped(named, zipfile.ZIP_STORED if is_stored else zipfile.ZIP_DEFLATED)
    write(tmp_path, {"geo.zip": packed})
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        expected = [archive.read(name) or "empty_document" for name in archive.namelist()]
    assert [*documents(tmp_path / "geo.zip").values()] == expected


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 400), st.integers(0, 255), st.booleans())
def test_no_changed_byte_crashes_or_hides_a_loss(tmp_path: Path, at: int, value: int, is_cut: bool) -> None:
    packed = zipped(TWO)
    at %= len(packed)
    write(tmp_path, {"geo.zip": packed[:at] if is_cut else _changed(packed, at, bytes([value]))})
    try:
        found = documents(tmp_path)
    except BadShard:
        return
    texts = [value for value in found.values() if isinstance(value, bytes)]
    assert all(text in (TWO[0][1], TWO[1][1]) for text in texts)
