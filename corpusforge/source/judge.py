"""Verdicts on one text and its mapped fields, the same for every source of records."""

from collections.abc import Iterable

from corpusforge.source.rows import KEPT, Verdict

# The characters that str.isspace() holds for; Arrow and RE2 know other sets.
_SINGLE = (0x85, 0xA0, 0x1680, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000)
WHITESPACE = "".join(map(chr, (*range(0x9, 0xE), *range(0x1C, 0x21), *range(0x2000, 0x200B), *_SINGLE)))

_MAX_NAMES = 20


def judge_text(text: object, name: str, known: Iterable[str]) -> Verdict:
    """Why a value cannot be a document's text: missing_text, text_not_string, empty_text, nul_bytes (value: how many).

    `name` is the setting columns.text; `known` are the fields that the record has, for the message.
    """
    if text is None:
        known = tuple(known)
        is_null, is_absent = "the field {!r} (columns.text) is null", "there is no field {!r} (columns.text); the record has {}"
        return Verdict("missing_text", message=(is_null if name in known else is_absent).format(name, listed(known)))
    if not isinstance(text, str):
        return Verdict("text_not_string", message=f"the field {name!r} (columns.text) holds {json_kind(text)}, not a string")
    if not text or text.isspace():
        return Verdict("empty_text", len(text), message=f"the text has {len(text)} characters, all of them whitespace")
    if "\0" in text:
        count = text.count("\0")
        return Verdict("nul_bytes", count, 0, f"the text has {count} characters U+0000: it was no text, or badly decoded")
    return KEPT


def too_large(size_bytes: int, max_bytes: int, what: str) -> Verdict:
    """That a file, line or text of `size_bytes` is above max_document_bytes."""
    return Verdict("too_large", size_bytes, max_bytes, f"the {what} has {size_bytes} bytes, max_document_bytes is {max_bytes}")


def undecodable(error: UnicodeDecodeError, what: str) -> Verdict:
    """That bytes are no UTF-8; value is the byte offset in them."""
    return Verdict("undecodable", error.start, message=f"the {what} is not UTF-8 at its byte {error.start}: {error.reason}")


def missing_id(name: str) -> Verdict:
    """That a record has no value for the mapped id."""
    return Verdict("missing_id", message=f"the field {name!r} (columns.id) is absent, null or empty")


def wrong_type(setting: str, name: str, what: str) -> Verdict:
    """That a mapped field holds something that is no scalar."""
    return Verdict("wrong_type", message=f"the field {name!r} ({setting}) holds {what}; map another field, or none by ''")


def json_kind(value: object) -> str:
    """What a parsed JSON value is, in JSON's words."""
    kinds = {dict: "an object", list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    return kinds.get(type(value), "a number")


def listed(names: Iterable[str]) -> str:
    """The first names, for a message; long ones are cut."""
    shown = [name if len(name) <= 60 else name[:57] + "..." for name in names]
    more = f" and {len(shown) - _MAX_NAMES} more" if len(shown) > _MAX_NAMES else ""
    return ", ".join(shown[:_MAX_NAMES]) + more if shown else "no field at all"
