"""The archives of field notes, from readable files beside this one; the same bytes every time."""

import io
import tarfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from samples.warc import packed

_TIME = (2024, 6, 1, 8, 0, 0)


def field_notes(parts: Path) -> bytes:
    """A zip: notes in four formats, a copy, a draft without markup, an empty file, a hidden one, one that is no document."""
    names = {path.name: path.read_bytes() for path in sorted(parts.iterdir())}
    zh = {f"zh/{name}": names.pop(name) for name in ("xishui-yanse.txt", "xizang-riji.md")}
    odd = {
        "backup/day4-moor.rst": names["day4-moor.rst"],
        "drafts/day2.txt": names.pop("day2-typed.txt"),
        "day6.txt": b"",
        ".cache/day1-ridge.md": names["day1-ridge.md"],
    }
    return zipped({**names, **zh, **odd})


def logger_files() -> bytes:
    """A gzipped tar: one line without end, a file that repeats itself, one beyond any limit."""
    return tarred(
        {
            "logger/one-line.txt": " ".join(_readings(40_000)).encode(),
            "logger/stuck.txt": b"The sensor sent the same sentence until its battery was empty.\n" * 400,
            "logger/too-large.txt": "\n".join(_readings(200_000)).encode(),
        }
    )


def zipped(members: Mapping[str, bytes]) -> bytes:
    """A zip of members in their order."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            about = zipfile.ZipInfo(name, _TIME)
            about.compress_type = zipfile.ZIP_DEFLATED
            about.create_system, about.external_attr = 3, 0o644 << 16
            archive.writestr(about, content)
    return buffer.getvalue()


def tarred(members: Mapping[str, bytes]) -> bytes:
    """A gzipped tar of members in their order."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in members.items():
            about = tarfile.TarInfo(name)
            about.size = len(content)
            archive.addfile(about, io.BytesIO(content))
    return packed(buffer.getvalue())


def _readings(count: int) -> Iterator[str]:
    """Water levels in metres, as a logger writes them."""
    return (f"{2 + (number * 7919 % 1000) / 1000:.3f}" for number in range(count))
