"""Files of questions: JSON, JSON Lines, CSV, and C-Eval's zip, which is read as it is released.

A member val/law_val.csv of a zip holds the subject "law" of the split "val".
"""

import csv
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import orjson

from corpusforge.errors import InputError
from corpusforge.evaluate.questions import Columns, Question, Rejection, question_of

# A member of a zip that says it is larger is no list of questions.
_MAX_MEMBER_BYTES = 2**28


@dataclass(frozen=True)
class QuestionSet:
    """What a file holds, in its order."""

    questions: tuple[Question, ...]
    rejections: tuple[Rejection, ...]


def read_questions(path: Path, columns: Columns, split: str) -> QuestionSet:
    """Read all questions; `split` counts for zips only. Raises InputError where a file cannot be read."""
    if not path.is_file():
        raise InputError(f"{path}: no file there; give a .json, .jsonl or .csv file of questions, or C-Eval's zip")
    found = list(
        _zipped(path, columns, split) if path.suffix == ".zip" else _questions(path.name, path.read_bytes(), "", columns)
    )
    return QuestionSet(
        tuple(each for each in found if isinstance(each, Question)),
        tuple(each for each in found if isinstance(each, Rejection)),
    )


def _zipped(path: Path, columns: Columns, split: str) -> Iterator[Question | Rejection]:
    try:
        with zipfile.ZipFile(path) as archive:
            members = {PurePosixPath(member.filename): member for member in archive.infolist() if not member.is_dir()}
            wanted = sorted(member for member in members if member.parent.name == split)
            if not wanted:
                splits = ", ".join(sorted({member.parent.name for member in members if member.parent.name})) or "none"
                raise InputError(f"{path}: has no folder {split!r}; its folders are {splits}; name one with --split")
            for member in wanted:
                if members[member].file_size > _MAX_MEMBER_BYTES:
                    raise InputError(f"{path}: {member} is {members[member].file_size:,} bytes large; take it out of the zip")
                subject = member.stem.removesuffix(f"_{split}")
                yield from _questions(f"{path.name}/{member}", archive.read(members[member]), subject, columns)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:  # damaged, unknown method, encrypted
        raise InputError(f"{path}: not a zip that can be read ({error}); get the file again") from error


def _questions(name: str, content: bytes, subject: str, columns: Columns) -> Iterator[Question | Rejection]:
    for where, record in _records(name, content):
        yield record if isinstance(record, Rejection) else question_of(record, where, subject, columns)


def _records(name: str, content: bytes) -> Iterator[tuple[str, object]]:
    """Records with their places; a line that cannot be read is a rejection instead."""
    if name.endswith(".csv"):
        yield from _rows(name, content)
    elif name.endswith((".jsonl", ".ndjson")):
        yield from _lines(name, content)
    elif name.endswith(".json"):
        try:
            found = orjson.loads(content)
        except orjson.JSONDecodeError as error:
            raise InputError(
                f"{name}: not JSON ({error}); get the file again, or name it .jsonl if it has a record a line"
            ) from error
        if not isinstance(found, list):
            raise InputError(f"{name}: not a list of questions; give a .json file that is one, .jsonl or .csv")
        yield from ((f"{name}[{place}]", record) for place, record in enumerate(found))
    else:
        raise InputError(f"{name}: questions are read from .json, .jsonl, .csv and .zip; convert it to one of them")


def _lines(name: str, content: bytes) -> Iterator[tuple[str, object]]:
    for number, line in enumerate(content.split(b"\n"), 1):
        where = f"{name}:{number}"
        if not line.strip():
            continue
        try:
            yield where, orjson.loads(line)
        except orjson.JSONDecodeError as error:
            yield where, Rejection(where, "not_json", str(error))


def _rows(name: str, content: bytes) -> Iterator[tuple[str, object]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{name}: byte {error.start} is not UTF-8; convert the file to UTF-8") from error
    reader = csv.DictReader(io.StringIO(text), strict=True)
    try:
        for row in reader:
            where = f"{name}:{reader.line_num}"
            odd = None in row or None in row.values()
            yield where, Rejection(where, "row_width", f"not {len(reader.fieldnames or ())} fields") if odd else row
    except csv.Error as error:
        raise InputError(f"{name}:{reader.line_num}: not CSV ({error}); correct the file") from error
