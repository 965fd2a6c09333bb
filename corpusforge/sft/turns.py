"""A conversation as it flows: one text, and which bytes of it are whose turn.

The text is what filters and deduplication look at and what people are shown; the turns say where in it somebody speaks, so
nothing is stored twice and nothing can disagree.
"""

from collections.abc import Sequence
from itertools import accumulate
from typing import Literal, NamedTuple, get_args

import pyarrow as pa

Role = Literal["system", "context", "user", "assistant"]
"""context is what a question is about (evidence, input): it stands before or behind the user's turn and is part of it."""

ROLES: tuple[Role, ...] = get_args(Role)

# Spans of a document's text: UTF-8 bytes, begin <= x < end, in order.
TURN = pa.struct(
    [
        pa.field("role", pa.string(), nullable=False),
        pa.field("begin", pa.int64(), nullable=False),
        pa.field("end", pa.int64(), nullable=False),
    ]
)
TURNS_FIELD = pa.field("turns", pa.large_list(pa.field("item", TURN, nullable=False)), nullable=False)

BETWEEN = "\n\n"


class Turn(NamedTuple):
    """What somebody says."""

    role: Role
    text: str


class Span(NamedTuple):
    """Whose turn a run of bytes is."""

    role: Role
    begin: int
    end: int


def joined(turns: Sequence[Turn]) -> tuple[str, list[Span]]:
    """The text of a conversation, turns parted by an empty line, and where in it each turn lies.

    joined([Turn("user", "Why?"), Turn("assistant", "So.")]) -> "Why?\\n\\nSo.", [("user", 0, 4), ("assistant", 6, 9)]
    """
    sizes = [len(turn.text.encode()) for turn in turns]
    begins = accumulate((size + len(BETWEEN) for size in sizes), initial=0)
    spans = [Span(turn.role, begin, begin + size) for turn, begin, size in zip(turns, begins, sizes, strict=False)]
    return BETWEEN.join(turn.text for turn in turns), spans


def turns_of(text: str, spans: Sequence[Span]) -> list[Turn]:
    """The turns of a text."""
    data = text.encode()
    return [Turn(role, data[begin:end].decode()) for role, begin, end in spans]
