"""The formats in which fine-tuning rows come, each a function from a record to turns.

A record that is not what its format says is a BadRow: its reason is counted, its message says what was found. Nothing is
guessed beyond the format: a role that nobody named, an answer that is missing, two turns of the same side in a row are reasons.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import orjson

from corpusforge.sft.turns import Role, Turn

Record = Mapping[str, object]

_ROLE_NAMES: Mapping[str, Role] = {
    "system": "system",
    "user": "user",
    "human": "user",
    "assistant": "assistant",
    "gpt": "assistant",
    "chatgpt": "assistant",
    "bard": "assistant",
    "bing": "assistant",
    "model": "assistant",
}
_LITERARY_TURN = re.compile(r"<s>(Human|Assistant): (.*?)(?:</s>\s*(?=<s>(?:Human|Assistant): )|</s>\Z|\Z)", re.DOTALL)
_MAX_SHOWN = 60


class BadRow(ValueError):
    """A row that cannot be a conversation; `reason` is what the books count."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True)
class Reader:
    """Reads the fields of one record; `columns` gives fields other names, `roles` are names of roles beside the usual ones."""

    record: Record
    columns: Mapping[str, str] = field(default_factory=dict)
    roles: Mapping[str, Role] = field(default_factory=dict)

    def value(self, name: str) -> object:
        """What a field holds; raises BadRow where there is none."""
        column = self.columns.get(name, name)
        if column not in self.record:
            known = ", ".join(repr(each) for each in list(self.record)[:20]) or "none"
            raise BadRow("missing_column", f"there is no column {column!r} ({name}); the row has {known}")
        return self.record[column]

    def text(self, name: str) -> str:
        """A field that holds a string."""
        return self.string(self.value(name), name)

    def optional(self, name: str) -> str:
        """A field that holds a string, "" where it is absent or null."""
        value = self.record.get(self.columns.get(name, name))
        return "" if value is None else self.string(value, name)

    def pairs(self, name: str) -> list[Turn]:
        """Earlier exchanges, [[question, answer], ...]; none where the field is absent or null."""
        value = self.record.get(self.columns.get(name, name))
        turns = list[Turn]()
        for pair in [] if value is None else self.items(value, name):
            two = self.items(pair, name)
            if len(two) != 2:
                raise BadRow("wrong_type", f"{name} holds {len(two)} texts where a question and an answer are wanted")
            turns += [Turn("user", self.string(two[0], name)), Turn("assistant", self.string(two[1], name))]
        return turns

    def items(self, value: object, name: str) -> list[object]:
        """A list."""
        if not isinstance(value, list):
            raise BadRow("wrong_type", f"{name} holds {_kind(value)}, not a list")
        return value

    def spoken(self, name: str, role: str, content: str) -> list[Turn]:
        """The turns of a list of objects with a role and a content."""
        turns = list[Turn]()
        for number, each in enumerate(self.items(self.value(name), name)):
            inner = Reader(each if isinstance(each, dict) else {}, self.columns)
            said = inner.text(role)
            known = {**_ROLE_NAMES, **self.roles}
            if said not in known:
                names = ", ".join(sorted(known))
                raise BadRow("unknown_role", f"turn {number} of {name} is of {said[:_MAX_SHOWN]!r}; known are {names}")
            turns.append(Turn(known[said], inner.text(content)))
        return turns

    def string(self, value: object, name: str) -> str:
        """A string."""
        if not isinstance(value, str):
            raise BadRow("wrong_type", f"{name} holds {_kind(value)}, not a string")
        return value


def _system(reader: Reader) -> list[Turn]:
    system = reader.optional("system")
    return [Turn("system", system)] if system.strip() else []


def _alpaca(reader: Reader) -> list[Turn]:
    turns = [*_system(reader), *reader.pairs("history"), Turn("user", reader.text("instruction"))]
    return [*turns, *_context(reader.optional("input")), Turn("assistant", reader.text("output"))]


def _knowlm(reader: Reader) -> list[Turn]:
    turns = [Turn("user", _written(reader.value("instruction"))), *_context(reader.optional("input"))]
    return [*turns, Turn("assistant", _written(reader.value("output")))]


def _sharegpt(reader: Reader) -> list[Turn]:
    return [*_system(reader), *reader.spoken("conversations", "from", "value")]


def _messages(reader: Reader) -> list[Turn]:
    return reader.spoken("messages", "role", "content")


def _qasper(reader: Reader) -> list[Turn]:
    evidence = reader.value("evidence")
    passages = evidence if isinstance(evidence, list) else [evidence]
    context = _context("\n".join(reader.string(each, "evidence") for each in passages))
    return [*context, Turn("user", reader.text("question")), Turn("assistant", reader.text("answer"))]


def _literary(reader: Reader) -> list[Turn]:
    text = reader.text("text").strip()
    found = list(_LITERARY_TURN.finditer(text))
    if not found or found[0].start() != 0 or any(one.end() != two.start() for one, two in pairwise(found)):
        raise BadRow("wrong_type", f"text begins {text[:_MAX_SHOWN]!r}, where '<s>Human: ' is wanted")
    roles: Mapping[str, Role] = {"Human": "user", "Assistant": "assistant"}
    return [Turn(roles[each[1]], each[2].removesuffix("\n")) for each in found]


def _context(text: str) -> list[Turn]:
    return [Turn("context", text)] if text.strip() else []


def _written(value: object) -> str:
    """A string as it is; an object or a list, such as triples, as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict | list):
        return orjson.dumps(value).decode()
    raise BadRow("wrong_type", f"instruction or output holds {_kind(value)}, not a string, object or list")


@dataclass(frozen=True)
class Format:
    """A format: its fields, and which of them tell it from the others (none: it has to be named)."""

    read: Callable[[Reader], list[Turn]]
    fields: tuple[str, ...]
    signature: tuple[str, ...]


FORMATS: Mapping[str, Format] = {
    "alpaca": Format(_alpaca, ("instruction", "input", "output", "history", "system"), ("instruction", "output")),
    "sharegpt": Format(_sharegpt, ("conversations", "from", "value", "system"), ("conversations",)),
    "messages": Format(_messages, ("messages", "role", "content"), ("messages",)),
    "knowlm": Format(_knowlm, ("instruction", "input", "output"), ()),
    "qasper": Format(_qasper, ("question", "answer", "evidence"), ("question", "answer", "evidence")),
    "literary": Format(_literary, ("text",), ("text",)),
}


def detected(record: Record) -> str:
    """The one format whose columns a record has; raises BadRow where none or more than one fits."""
    fitting = [name for name, each in FORMATS.items() if each.signature and set(each.signature) <= set(record)]
    if len(fitting) == 1:
        return fitting[0]
    columns = ", ".join(repr(each) for each in list(record)[:20]) or "none"
    if fitting:
        raise BadRow("ambiguous_format", f"the columns {columns} fit {' and '.join(fitting)}; name the format in the recipe")
    raise BadRow("unknown_format", f"the columns {columns} fit no format; name the format and its columns in the recipe")


def checked(turns: Sequence[Turn]) -> Sequence[Turn]:
    """The turns, if they make a conversation: perhaps a system turn, then questions and answers in turn, none of them empty."""
    problem = next(_problems(turns), None)
    if problem is not None:
        raise problem
    return turns


def _problems(turns: Sequence[Turn]) -> Iterator[BadRow]:
    heard = [turn.role for turn in turns if turn.role != "context"]
    spoken = heard[1:] if heard[:1] == ["system"] else heard
    if not spoken:
        yield BadRow("no_turns", f"the row has {len(turns)} turns, none of a user or an assistant")
    for number, role in enumerate(spoken):
        expected: Role = "assistant" if number % 2 else "user"
        if role != expected:
            yield BadRow("wrong_turn_order", f"turn {number} is the {role}'s where the {expected}'s is wanted")
    if len(spoken) % 2:
        yield BadRow("no_answer", f"the last of {len(spoken)} turns is the user's: nothing answers it")
    for number, (speaker, text) in enumerate(turns):
        if speaker == "assistant" and not text.strip():
            yield BadRow(
                "empty_answer", f"turn {number} of {len(turns)}, an answer, has {len(text)} characters, all of them blank"
            )
        if speaker == "user" and not text.strip() and not _has_context(turns, number):
            yield BadRow(
                "empty_prompt", f"turn {number} of {len(turns)}, a question, has {len(text)} characters, all of them blank"
            )
        if "\0" in text:
            yield BadRow("nul_bytes", f"turn {number} of {len(turns)} has {text.count(chr(0))} characters U+0000")


def _has_context(turns: Sequence[Turn], number: int) -> bool:
    return any(turn.role == "context" for turn in turns[max(0, number - 1) : number + 2])


def _kind(value: object) -> str:
    kinds = {dict: "an object", list: "a list", str: "a string", bool: "a boolean", type(None): "null"}
    return kinds.get(type(value), "a number")
