"""The first row of a CSV file, and whether it has the columns that the settings map."""

from collections.abc import Iterator
from difflib import get_close_matches

from corpusforge.core import InputFile
from corpusforge.errors import InputError
from corpusforge.source.columns import FACTS, Columns
from corpusforge.source.csv_rows import Dialect, Misquoted, NumberedLine
from corpusforge.source.judge import listed


def header_names(file: InputFile, records: Iterator[NumberedLine], dialect: Dialect, *, max_bytes: int) -> tuple[str, ...]:
    """The names in the first record, which is taken; none where there is no record. Raises InputError if it is no header."""
    for number, line in records:
        if line.size_bytes > max_bytes:
            raise _no_header(file, number, f"has {line.size_bytes} bytes, max_document_bytes is {max_bytes}")
        try:
            return tuple(dialect.fields(line.content.decode()))
        except UnicodeDecodeError as error:
            raise _no_header(file, number, f"is not UTF-8 at its byte {error.start}") from error
        except Misquoted as error:
            raise _no_header(file, number, str(error)) from error
    return ()


def _no_header(file: InputFile, number: int, what: str) -> InputError:
    cure = "convert the file, set `names` if it has no header, or exclude it"
    return InputError(f"{file.path}: row {number} should be the header, but {what}; {cure}")


def check_names(file: InputFile, names: tuple[str, ...], columns: Columns, meta: tuple[str, ...]) -> None:
    """Raise InputError where a mapped column is missing from `names` or there twice.

    Columns for url, lang, license and date may be missing where they are mapped to nothing else than these words.
    """
    for setting, name in _mapped(columns, meta):
        count = names.count(name)
        is_optional = name in FACTS and setting == f"columns.{name}"
        if count == 1 or (count == 0 and is_optional):
            continue
        is_kind = "occurs twice" if count else "is missing"
        what = f"column {name!r} ({setting}) {is_kind}; the file's columns are {listed(names)}"
        raise InputError(f"{file.path}: {what}; {_cure(setting, name, names)}")


def _mapped(columns: Columns, meta: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """(setting, name of the column) for each column that is used."""
    if not columns.takes_whole:
        yield "columns.text", columns.text
    if columns.id is not None:
        yield "columns.id", columns.id
    yield from ((f"columns.{fact}", name) for fact, name in columns.facts if name)
    yield from (("meta", name) for name in meta)


def _cure(setting: str, name: str, names: tuple[str, ...]) -> str:
    # unlike names of settings, headers often differ by case alone
    by_lower = {each.lower(): each for each in names}
    close = get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6) if name not in names else []
    hint = f"did you mean {by_lower[close[0]]!r}? " if close else ""
    if len(names) == 1:
        return f"{hint}set `delimiter`: with it the header is a single column"
    return f"{hint}set {setting} to another column, `names` if the file has no header, or exclude the file"
