"""Records of fine-tuning data as conversations: from the JSON of a record to one text and the turns in it."""

from collections.abc import Mapping
from typing import ClassVar, Literal

import orjson
import pyarrow as pa
from pydantic import Field, model_validator

from corpusforge.core import TEXT_FIELD, VERDICT_FIELDS, Artifacts, Transform
from corpusforge.sft.formats import FORMATS, BadRow, Reader, checked, detected
from corpusforge.sft.turns import TURNS_FIELD, Role, Turn, joined

FormatName = Literal["auto", "alpaca", "sharegpt", "messages", "knowlm", "qasper", "literary"]

_OUTPUT = pa.schema([TEXT_FIELD, TURNS_FIELD, *VERDICT_FIELDS])


class Rows(Transform):
    """Reads records that a source gives whole (columns: {text: "*"}): adds turns, and makes them the text, one after another.

    A bad row is rejected as invalid_json, not_an_object, unknown_format, ambiguous_format, missing_column, wrong_type,
    unknown_role, no_turns, wrong_turn_order, no_answer, empty_answer, empty_prompt or nul_bytes.
    """

    reads: ClassVar[tuple[str, ...]] = ("text",)
    adds: ClassVar[tuple[str, ...]] = ("text", "turns")

    format: FormatName = "auto"
    """auto finds alpaca, sharegpt, messages, qasper and literary by columns, and rejects a row that fits more than one."""
    columns: Mapping[str, str] = Field(default_factory=dict)
    """Fields of the format that have other names in the records: {instruction: prompt, output: response}."""
    roles: Mapping[str, Literal["system", "user", "assistant"]] = Field(default_factory=dict)
    """Names of roles beside human, user, gpt, assistant, model and system."""

    @model_validator(mode="after")
    def _check_columns(self) -> "Rows":
        if self.columns and self.format == "auto":
            raise ValueError("columns are mapped, but format is auto; name the format that they are fields of")
        known = FORMATS[self.format].fields if self.format != "auto" else ()
        unknown = sorted(set(self.columns) - set(known))
        if unknown:
            raise ValueError(f"columns: {self.format} has no field {unknown[0]!r}; its fields are {', '.join(known)}")
        return self

    def apply(self, batch: pa.RecordBatch, artifacts: Artifacts) -> pa.RecordBatch:
        """Text and turns, or why a record is no conversation."""
        rows = [self._row(text) for text in batch["text"].to_pylist()]
        columns = zip(*rows, strict=True) if rows else ([] for _ in _OUTPUT)
        return pa.record_batch([pa.array(*pair) for pair in zip(columns, _OUTPUT.types, strict=True)], schema=_OUTPUT)

    def _row(self, content: str) -> tuple[object, ...]:
        try:
            text, spans = joined(checked(_read(content, self.format, self.columns, self.roles)))
        except BadRow as error:
            return (content, [], error.reason, False, None, None, str(error))
        return (text, [span._asdict() for span in spans], "", False, None, None, "")


def _read(content: str, name: str, columns: Mapping[str, str], roles: Mapping[str, Role]) -> list[Turn]:
    try:
        record = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise BadRow("invalid_json", f"{error}; let the source give whole records: columns: {{text: '*'}}") from error
    if not isinstance(record, dict):
        raise BadRow("not_an_object", "the record is no JSON object; let the source give whole records: columns: {text: '*'}")
    return FORMATS[detected(record) if name == "auto" else name].read(Reader(record, columns, roles))
