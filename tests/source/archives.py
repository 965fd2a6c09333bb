"""Archives for tests, and a source that reads them."""

import io
import tarfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from corpusforge.errors import BadShard
from corpusforge.source.files import Files

Row = dict[str, Any]


def zipped(members: Sequence[tuple[str, bytes]], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip archive; names may occur twice."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", compression) as archive:
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name, (2024, 1, 1, 0, 0, 0)), content, compression)
    return held.getvalue()


def streamed(members: Sequence[tuple[str, bytes]]) -> bytes:
    """A zip archive as programs write it to a pipe: sizes stand behind each member."""

    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def seek(self, *_: int) -> int:
            raise io.UnsupportedOperation

        def tell(self) -> int:
            raise io.UnsupportedOperation

    held = Pipe()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return held.getvalue()


def tarred(members: Sequence[tuple[str, bytes]], format: int = tarfile.GNU_FORMAT, encoding: str = "utf-8") -> bytes:
    """A tar archive; names may occur twice."""
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w", format=format, encoding=encoding) as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return held.getvalue()


def rows(folder: Path, **settings: Any) -> list[Row]:
    """What source.files gives for a folder."""
    source = Files(path=str(folder), **settings)
    return [row for shard in source.shards(source.files()) for batch in source.read(shard) for row in batch.to_pylist()]


def documents(folder: Path, **settings: Any) -> dict[str, bytes | str]:
    """Key -> bytes of a document, or the reason why it is rejected."""
    return {row["key"]: row["drop"] or row["raw"] for row in rows(folder, **settings)}


def until_damage(folder: Path) -> tuple[dict[str, bytes], BadShard]:
    """The documents that come before the damage, and the damage."""
    source = Files(path=str(folder))
    [shard] = source.shards(source.files())
    found: dict[str, bytes] = {}
    batches = source.read(shard)
    while True:
        try:
            found |= {row["key"]: row["raw"] for row in next(batches).to_pylist()}
        except BadShard as error:
            return found, error


def write(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Files of a folder."""
    for name, content in contents.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
