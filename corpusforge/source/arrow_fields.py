"""Columns of a table by the names that a recipe gives, and whether a file's columns can be what they are mapped to."""

from collections.abc import Callable, Iterator

import pyarrow as pa
import pyarrow.compute as pc

from corpusforge.core import InputFile
from corpusforge.errors import InputError
from corpusforge.source.arrow_types import is_scalar, is_text, json_type
from corpusforge.source.columns import Columns
from corpusforge.source.judge import listed

Check = Callable[[pa.DataType], bool]


def field_type(schema: pa.Schema, name: str) -> pa.DataType | None:
    """Type of a column, or of a field in a struct column ("metadata.url"); None where there is none."""
    if name in schema.names:
        return schema.field(schema.names.index(name)).type
    first, *rest = name.split(".")
    kind = schema.field(schema.names.index(first)).type if rest and first in schema.names else None
    for part in rest:
        if kind is None or not pa.types.is_struct(kind) or kind.get_field_index(part) < 0:
            return None
        kind = kind.field(part).type
    return kind


def field_array(batch: pa.RecordBatch, name: str) -> pa.Array | None:
    """Values of a column, or of a field in a struct column, null where the struct is; None where there is none."""
    if name in batch.schema.names:
        return batch.column(name)
    if field_type(batch.schema, name) is None:
        return None
    first, *rest = name.split(".")
    return pc.struct_field(batch.column(first), rest)


def needed_fields(schema: pa.Schema, columns: Columns, meta: tuple[str, ...]) -> list[str]:
    """Names of mapped and kept fields that a schema has, each once: the columns to read."""
    if columns.takes_whole:
        return list(schema.names)
    names = (columns.text, columns.id or "", *(name for _, name in columns.facts), *meta)
    return [name for name in dict.fromkeys(names) if field_type(schema, name) is not None]


def needed_columns(schema: pa.Schema, columns: Columns, meta: tuple[str, ...]) -> list[str]:
    """Names of the columns that the needed fields lie in, each once."""
    names = needed_fields(schema, columns, meta)
    return list(dict.fromkeys(name if name in schema.names else name.split(".")[0] for name in names))


def check_schema(
    file: InputFile, schema: pa.Schema, columns: Columns, meta: tuple[str, ...], like: tuple[InputFile, pa.Schema] | None
) -> None:
    """Raise InputError where a column is missing or of a type that its mapping cannot use.

    `like` is the first file of the source and its schema, where this is another: the message says what it has there.
    """
    for setting, name, is_fit, wanted in _wishes(schema, columns, meta):
        kind = field_type(schema, name)
        twice = schema.names.count(name.split(".")[0]) > 1
        if kind is not None and is_fit(kind) and not twice:
            continue
        is_kind = "occurs twice" if twice else "is missing" if kind is None else f"is {kind}"
        there = "" if like is None else f"; {like[0].relative} has {field_type(like[1], name) or 'no such column'}"
        have = listed(f"{field.name}: {field.type}" for field in schema)
        cure = f"set {setting} to another column or exclude the file"
        what = f"column {name!r} ({setting}) {is_kind}, it has to be {wanted}"
        raise InputError(f"{file.path}: {what}{there}; its columns: {have}; {cure}")


def _wishes(schema: pa.Schema, columns: Columns, meta: tuple[str, ...]) -> Iterator[tuple[str, str, Check, str]]:
    """(setting, name of the column, check of its type, what it has to be) for each column that is used."""
    if columns.takes_whole:
        for name in schema.names:
            yield "columns.text: '*' takes it", name, _is_json, "something that JSON can hold"
    else:
        yield "columns.text", columns.text, is_text, "a string"
    if columns.id is not None:
        yield "columns.id", columns.id, is_scalar, "a string or a number"
    for fact, name in columns.facts:
        if field_type(schema, name) is not None:
            yield f"columns.{fact}", name, is_scalar, "a string, number or date"
    for name in meta:
        if field_type(schema, name) is not None:
            yield "meta", name, _is_json, "something that JSON can hold"


def _is_json(kind: pa.DataType) -> bool:
    return json_type(kind) is not None
