"""Where the elements of a serialized page lie: its tags, their attributes, and the text between them.

A tree of libxml2 that is written out again is well-formed, and each ">" that is left in it ends a tag. So its tags can be read
from the bytes, in a tenth of the time that it takes to ask lxml for one element after another.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from corpusforge.text.kernels import kernel

UNKNOWN = 0
"""The number of a name that is not listed."""
LEFT_OUT = 2**62
"""Instead of an element in `Events`: here ended one that was left out with all inside."""

_NAME_BYTES = 16
_SLOTS_A_NAME = 4
_ODD = 0x9E3779B1
_LESS, _GREATER, _SLASH, _QUOTE, _EQUALS, _BLANK = 0x3C, 0x3E, 0x2F, 0x22, 0x3D, 0x20


class Elements(NamedTuple):
    """Elements of a page, in the order of their begins.

    `tag` (uint8) is the number of the name and `place` (int64) the place among all elements; the attributes begin at
    data[inside] (int64), and event `last` (int64) ends the element, also an empty one; it is -1 for one that is left out.
    """

    tag: NDArray[np.uint8]
    place: NDArray[np.int64]
    inside: NDArray[np.int64]
    last: NDArray[np.int64]


class Events(NamedTuple):
    """Begins and ends: i where element i begins, ~i where it ends, and the text behind, data[begin[j] : end[j]]; int64."""

    element: NDArray[np.int64]
    begin: NDArray[np.int64]
    end: NDArray[np.int64]


class Values(NamedTuple):
    """Values of attributes: data[begin[k] : end[k]] is that of `attribute` (its number) in `element`; all int64."""

    element: NDArray[np.int64]
    attribute: NDArray[np.int64]
    begin: NDArray[np.int64]
    end: NDArray[np.int64]


def names_table(names: Sequence[str]) -> NDArray[np.int64]:
    """A table that knows `names` of up to 16 bytes by the numbers 1, 2, ..., as int64: three for each of its slots."""
    assert all(len(name) <= _NAME_BYTES for name in names)
    table = _table(np.frombuffer(b"".join(name.encode().ljust(_NAME_BYTES, b"\0") for name in names), np.int64))
    table.flags.writeable = False
    return table


@kernel
def elements_of(
    data: NDArray[np.uint8], tags: NDArray[np.int64], leaves_out: NDArray[np.bool_], is_told: NDArray[np.bool_]
) -> tuple[Elements, Events]:
    """The elements of a page that lxml has serialized in UTF-8.

    `tags` are the names that count. By their numbers `leaves_out` says what is left out with all inside, so that it has no
    events and is no element; `is_told`, what is an element nevertheless.
    """
    num_tags = 0
    for byte in data:
        num_tags += byte == _GREATER
    tag, place = np.empty(num_tags, np.uint8), np.empty(num_tags, np.int64)
    inside, last, opened = np.empty(num_tags, np.int64), np.full(num_tags, -1, np.int64), np.empty(num_tags, np.int64)
    event, begin, end = np.empty(2 * num_tags, np.int64), np.empty(2 * num_tags, np.int64), np.empty(2 * num_tags, np.int64)
    num_elements = num_opened = num_events = num_seen = 0
    depth = 0  # of elements that are open from one on that is left out
    position = _next(data, 0, _LESS)
    while position < len(data):
        is_end = position + 1 < len(data) and data[position + 1] == _SLASH
        name_end = _name_end(data, position + 1 + is_end)
        stop = _next(data, name_end, _GREATER)
        assert stop < len(data)  # what libxml2 writes is well-formed
        assert not is_end or num_opened + depth > 0
        is_empty = not is_end and data[stop - 1] == _SLASH
        number = 0 if is_end else _number_of(data, position + 1, name_end, tags)
        num_seen += not is_end
        if depth or leaves_out[number]:
            if is_told[number] and not is_end:
                tag[num_elements], place[num_elements], inside[num_elements] = number, num_seen - 1, name_end
                last[num_elements], num_elements = -1, num_elements + 1
            depth += 0 if is_empty else -1 if is_end else 1
            if depth == 0:
                event[num_events], begin[num_events] = LEFT_OUT, stop + 1
                num_events += 1
        else:
            if not is_end:
                tag[num_elements], place[num_elements], inside[num_elements] = number, num_seen - 1, name_end
                event[num_events], begin[num_events] = num_elements, stop + 1
                opened[num_opened] = num_elements
                num_elements, num_opened, num_events = num_elements + 1, num_opened + 1, num_events + 1
            if is_end or is_empty:
                if is_empty:
                    end[num_events - 1] = stop + 1
                num_opened -= 1
                event[num_events], begin[num_events] = ~opened[num_opened], stop + 1
                last[opened[num_opened]] = num_events
                num_events += 1
        position = _next(data, stop, _LESS)
        if depth == 0:
            end[num_events - 1] = position
    return (
        Elements(tag[:num_elements], place[:num_elements], inside[:num_elements], last[:num_elements]),
        Events(event[:num_events], begin[:num_events], end[:num_events]),
    )


@kernel
def values_of(
    data: NDArray[np.uint8],
    tag: NDArray[np.uint8],
    inside: NDArray[np.int64],
    attributes: NDArray[np.int64],
    wanted: NDArray[np.int64],
) -> tuple[NDArray[np.int64], Values]:
    """Which of the listed attributes each element has, a bit for each (int64), and the values that are wanted.

    `wanted` has, by the number of the tag, a bit for each attribute whose value is asked for.
    """
    given = np.zeros(len(tag), np.int64)
    num_values = 0
    for byte in data:
        num_values += byte == _EQUALS
    of, attribute = np.empty(num_values, np.int64), np.empty(num_values, np.int64)
    begin, end = np.empty(num_values, np.int64), np.empty(num_values, np.int64)
    used = 0
    for element in range(len(given)):
        position = inside[element]
        while position < len(data) and data[position] == _BLANK:
            name_end = _next(data, position + 2, _EQUALS)  # a name may begin with "="
            value_end = _next(data, name_end + 2, _QUOTE)
            number = _number_of(data, position + 1, name_end, attributes)
            given[element] |= 1 << number
            if wanted[tag[element]] >> number & 1:
                of[used], attribute[used], begin[used], end[used] = element, number, name_end + 2, value_end
                used += 1
            position = value_end + 1
    return given, Values(of[:used], attribute[:used], begin[:used], end[:used])


@kernel
def _next(data: NDArray[np.uint8], position: int, sought: int) -> int:
    """Where the next such byte is, the end where there is none."""
    place, end = np.uintp(position), np.uintp(len(data))
    while place < end and data[place] != sought:
        place += np.uintp(1)
    return int(place)


@kernel
def _name_end(data: NDArray[np.uint8], position: int) -> int:
    while position < len(data) and data[position] not in (_BLANK, _SLASH, _GREATER):
        position += 1
    return position


@kernel
def _number_of(data: NDArray[np.uint8], begin: int, end: int, table: NDArray[np.int64]) -> int:
    """The number of the name data[begin:end]."""
    if end - begin > _NAME_BYTES:
        return UNKNOWN
    low = high = 0
    for place in range(begin, min(end, begin + 8)):
        low |= int(data[place]) << 8 * (place - begin)
    for place in range(begin + 8, end):
        high |= int(data[place]) << 8 * (place - begin - 8)
    return number_in(table, low, high)


@kernel
def number_in(table: NDArray[np.int64], low: int, high: int) -> int:
    """The number of a name whose first eight bytes and those behind are `low` and `high`."""
    return int(table[_slot_of(low, high, table) + 2])


@kernel
def _slot_of(low: int, high: int, table: NDArray[np.int64]) -> int:
    """Where a name stands in a table, or has room."""
    mask = len(table) // 3 - 1
    slot = (low ^ low >> 32 ^ high) * _ODD >> 16 & mask
    while table[3 * slot + 2] and (table[3 * slot] != low or table[3 * slot + 1] != high):
        slot = slot + 1 & mask
    return 3 * slot


@kernel
def _table(names: NDArray[np.int64]) -> NDArray[np.int64]:
    num_slots = 1
    while num_slots < _SLOTS_A_NAME * len(names) // 2:
        num_slots *= 2
    table = np.zeros(3 * num_slots, np.int64)
    for number in range(len(names) // 2):
        low, high = names[2 * number], names[2 * number + 1]
        slot = _slot_of(low, high, table)
        table[slot], table[slot + 1], table[slot + 2] = low, high, number + 1
    return table
