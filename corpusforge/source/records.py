"""From a JSON line to a row: parse, look the mapped fields up, judge them."""

import json
from codecs import BOM_UTF8
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn

import orjson

from corpusforge.source.columns import Columns
from corpusforge.source.judge import json_kind, judge_text, missing_id, too_large, undecodable, wrong_type
from corpusforge.source.lines import Line
from corpusforge.source.rows import KEPT, About, Row, Verdict

_ABSENT = object()
MAX_EXCERPT_BYTES = 2000


@dataclass(frozen=True)
class RecordReader:
    """Turns lines or records of one file into rows; `meta` are the fields that are kept as they are."""

    relative: str
    columns: Columns
    meta: tuple[str, ...]
    max_bytes: int
    unit: str = "line"
    """What a record is in its file, for messages."""

    def row(self, line: Line) -> Row | None:
        """The row of a line; None for a blank one."""
        origin = f"{self.relative}:{line.offset}"
        if line.size_bytes > self.max_bytes:
            return rejected(origin, too_large(line.size_bytes, self.max_bytes, self.unit))
        content = line.content
        if line.offset == 0:
            content = content.removeprefix(BOM_UTF8)
        if not content or content.isspace():
            return None
        try:
            record = orjson.loads(content)
        except orjson.JSONDecodeError as error:
            return rejected(origin, _why_refused(content, error, self.unit), content)
        if not isinstance(record, dict):
            verdict = Verdict("not_an_object", message=f"the {self.unit} holds {json_kind(record)}, not an object")
            return rejected(origin, verdict, content)
        return self.document(record, origin, content)

    def document(self, record: dict[str, object], origin: str, content: bytes) -> Row:
        """The row of a record; `content` is what it was parsed from."""
        key, about_key = self._key(record, origin, content)
        text = _whole(record, content) if self.columns.takes_whole else _lookup(record, self.columns.text)
        text = None if text is _ABSENT else text
        facts = [_fact(record, fact, name) for fact, name in self.columns.facts]
        meta, about_meta = self._meta(record)
        about_text = judge_text(text, self.columns.text, record)
        verdicts = (about_text, about_key, *(verdict for _, verdict in facts), about_meta)
        url, lang, license_, date = (value for value, _ in facts)
        about = About(key, origin, url, lang, license_, date, meta)
        verdict = next((each for each in verdicts if each.drop), KEPT)
        return Row(about, (text if isinstance(text, str) else excerpt(content),), verdict)

    def _key(self, record: dict[str, object], origin: str, content: bytes) -> tuple[str, Verdict]:
        name = self.columns.id
        if name is None:
            return origin, KEPT
        value = _lookup(record, name)
        if isinstance(value, float):
            value = _exact_number(content, name)
        key = _scalar(value)
        if key is None:
            return origin, wrong_type("columns.id", name, json_kind(value))
        return (key, KEPT) if key else (origin, missing_id(name))

    def _meta(self, record: dict[str, object]) -> tuple[str, Verdict]:
        if not self.meta:
            return "{}", KEPT
        kept = {name: value for name in self.meta if (value := _lookup(record, name)) is not _ABSENT}
        try:
            return orjson.dumps(kept, option=orjson.OPT_SORT_KEYS).decode(), KEPT
        except orjson.JSONEncodeError as error:
            return "{}", wrong_type("meta", ", ".join(kept), f"what cannot be written again ({error})")


def rejected(origin: str, verdict: Verdict, content: bytes = b"") -> Row:
    """The row of a record that could not be read; the text of a rejected row is for people only."""
    return Row(About(origin, origin), (excerpt(content),), verdict)


def excerpt(content: bytes) -> str:
    """The beginning of a line that gave no text."""
    return content[:MAX_EXCERPT_BYTES].decode("utf-8", "replace")


def _whole(record: Mapping[str, object], content: bytes) -> str:
    """A record as JSON on one line."""
    try:
        return orjson.dumps(record).decode()
    except orjson.JSONEncodeError:
        return content.decode()  # nested more deeply than is written, though not than is read: the line itself


def _lookup(record: Mapping[str, object], name: str) -> object:
    """The value of a field, or of one in nested objects; _ABSENT where there is none."""
    if name and name in record:
        return record[name]
    if "." not in name:  # and so for the name "", which takes no field
        return _ABSENT
    value: object = record
    for part in name.split("."):
        if not isinstance(value, dict) or part not in value:
            return _ABSENT
        value = value[part]
    return value


def _exact_number(content: bytes, name: str) -> object:
    """A number as it is written: orjson gives integers above 64 bits as floats, which would make neighbouring ids equal."""
    try:
        return _lookup(json.loads(content, parse_float=str, parse_int=str), name)
    except RecursionError:
        return []  # no scalar: the record is nested too deeply for the exact parser, and a rounded id might be another's


def _fact(record: dict[str, object], fact: str, name: str) -> tuple[str, Verdict]:
    value = _lookup(record, name)
    text = _scalar(value)
    return ("", wrong_type(f"columns.{fact}", name, json_kind(value))) if text is None else (text, KEPT)


def _scalar(value: object) -> str | None:
    """A scalar as a string, "" for null and absent, None for an object or array."""
    if isinstance(value, str):
        return value
    if value is None or value is _ABSENT:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else None


def _why_refused(content: bytes, error: orjson.JSONDecodeError, unit: str) -> Verdict:
    """orjson says the same of bad UTF-8, lone surrogates and bad JSON: tell them apart."""
    try:
        text = content.decode()
    except UnicodeDecodeError as bad:
        return undecodable(bad, unit)
    try:
        json.dumps(json.loads(text, parse_constant=_refuse), ensure_ascii=False).encode()
    except UnicodeEncodeError as bad:
        surrogate = f"\\u{ord(bad.object[bad.start]):04x}"
        return Verdict("lone_surrogate", message=f"a string holds {surrogate}, half of a character: {error}")
    except (ValueError, RecursionError):
        pass  # no JSON for the standard library either: orjson's words say why
    return Verdict("invalid_json", message=str(error))


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)
