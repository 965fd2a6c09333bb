"""Text to try a tokenizer on: files or folders of plain text and JSON Lines, up to a number of bytes.

The same bytes for the same files and seed: every file gives the same share as far as it goes round, a large file some blocks
spread over it, so that neither one long file nor the beginning of each is all there is.
"""

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, takewhile
from pathlib import Path

import orjson
import pyarrow as pa
import xxhash

from corpusforge.core import InputFile
from corpusforge.errors import InputError
from corpusforge.remote.urls import check_local
from corpusforge.source.listing import list_files
from corpusforge.source.streams import compression_of, decompressed_blocks, open_input
from corpusforge.text.charsets import decode
from corpusforge.vocab.audit.measures import Texts

_TEXT = (".txt", ".md", ".markdown", ".rst")
_RECORDS = (".jsonl", ".ndjson")
_PACKED = ("", ".gz", ".zst")
_INCLUDE = tuple(f"**/*{suffix}{packed}" for suffix in (*_TEXT, *_RECORDS) for packed in _PACKED)

# The least that is read of a file, and the most blocks of one.
_MIN_BYTES, _MAX_BLOCKS = 16 * 1024, 16
# Text is packed to about a quarter.
_PACKING = 4
# Text with more characters that are bad bytes is no text.
_MAX_REPLACED = 0.01


@dataclass(frozen=True)
class TextRequest:
    """Which text to read, at most how much of it, which field of JSON Lines holds it."""

    paths: tuple[str, ...] = ()
    limit_bytes: int = 8_000_000
    field: str = "text"
    seed: int = 0


def read_texts(request: TextRequest) -> list[Texts]:
    """Documents of each path; raises InputError where there is no text, or a file cannot be read."""
    names = [Path(path).name for path in request.paths]
    shown = names if len(set(names)) == len(names) else list(request.paths)
    share = request.limit_bytes // max(len(request.paths), 1)
    return [_read(path, name, share, request) for path, name in zip(request.paths, shown, strict=True)]


def _read(path: str, name: str, limit: int, request: TextRequest) -> Texts:
    check_local(Path(path))
    files = list_files(path, include=_INCLUDE, exclude=())
    documents: list[str] = []
    num_left_out = 0
    for file, most in _shares(files, limit, request.seed):
        read = _records if _suffix(file) in _RECORDS else _plain
        for block in _blocks(file, most, random.Random(f"{request.seed} {file.relative}")):
            found = list(read(block, request.field))
            documents += [text for text in found if text]
            num_left_out += sum(text is None for text in found)
    if not documents:
        what = f"{num_left_out:,} lines or files without text (field {request.field!r})" if num_left_out else "it is empty"
        raise InputError(f"{path}: no text in it: {what}; give text files, or JSON Lines and --field")
    return Texts.of(name, pa.array(documents, pa.large_string()), num_left_out)


def _shares(files: Sequence[InputFile], limit: int, seed: int) -> Iterator[tuple[InputFile, int]]:
    """Files with the most bytes to take of each; some files only, by hash, where each would give too little."""
    sizes = [file.size_bytes * (1 if compression_of(file) is None else _PACKING) for file in files]
    most = _level(sizes, limit)
    if most >= _MIN_BYTES or most >= max(sizes):
        yield from ((file, most) for file in files)
        return
    ordered = sorted(files, key=lambda file: xxhash.xxh3_64_intdigest(f"{seed} {file.relative}".encode()))
    taken = accumulate(min(file.size_bytes, _MIN_BYTES) for file in ordered)
    num = sum(1 for _ in takewhile(lambda size: size < limit, taken)) + 1
    yield from ((file, _MIN_BYTES) for file in sorted(ordered[:num], key=lambda file: file.relative))


def _level(sizes: Sequence[int], limit: int) -> int:
    """The size to which files are cut so that together they have `limit` bytes: _level([1, 5, 9], 9) -> 4."""
    room = limit
    for place, size in enumerate(sorted(sizes)):
        left = len(sizes) - place
        if size * left > room:
            return room // left
        room -= size
    return max(sizes, default=0)


def _blocks(file: InputFile, most: int, rng: random.Random) -> Iterator[bytes]:
    """All of a file, or blocks of whole lines spread over it; of a packed file the beginning."""
    compression = compression_of(file)
    with open_input(file) as stream:
        if compression is not None:
            yield _whole_lines(b"".join(_up_to(decompressed_blocks(stream, file, compression), most)), most)
        elif file.size_bytes <= most:
            yield stream.read()
        else:
            num = max(1, min(_MAX_BLOCKS, most // _MIN_BYTES))
            size, stride = most // num, file.size_bytes // num
            for place in range(num):
                begin = place * stride + rng.randrange(max(stride - size, 1))
                stream.seek(begin)
                block = stream.read(size)
                yield _whole_lines(block if not begin else block.partition(b"\n")[2], size)


def _up_to(blocks: Iterable[bytes], most: int) -> Iterator[bytes]:
    for block in blocks:
        yield block[:most]
        most -= len(block)
        if most <= 0:
            return


def _whole_lines(block: bytes, most: int) -> bytes:
    """A block without its last line, which may go on; all of it where it has one line."""
    return block if len(block) < most // 2 or b"\n" not in block else block[: block.rindex(b"\n") + 1]


def _suffix(file: InputFile) -> str:
    path = Path(file.relative)
    return (path if compression_of(file) is None else path.with_suffix("")).suffix.lower()


def _plain(block: bytes, field: str) -> Iterator[str | None]:
    """One document; None for what is no text."""
    if block.strip():
        decoded = decode(block)
        yield decoded.text if decoded.num_replaced <= _MAX_REPLACED * len(decoded.text) else None


def _records(block: bytes, field: str) -> Iterator[str | None]:
    """The field of each line; None for a line that has none."""
    for line in block.split(b"\n"):
        if line.strip():
            try:
                record = orjson.loads(line)
            except orjson.JSONDecodeError:
                yield None
                continue
            text = record.get(field) if isinstance(record, dict) else None
            yield text if isinstance(text, str) else None
