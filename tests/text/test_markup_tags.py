"""Tags of a serialized page, by hand."""

import numpy as np
import pytest

from corpusforge.text.markup_tags import LEFT_OUT, elements_of, names_table, values_of

TAGS = ("div", "nav", "a", "mjx-container")
ATTRIBUTES = ("class", "href")
PAGE = (
    b'<html><div class="a&amp;b" x="&gt;" href=""><nav><a class="c"/>menu</nav>text<br/>'
    b"<mjx-container>f</mjx-container></div></html>"
)


def read() -> tuple[object, ...]:
    data = np.frombuffer(PAGE, np.uint8)
    leaves_out, states_facts = np.array([False, False, True, False, False]), np.array([False, False, False, True, False])
    elements, events = elements_of(data, names_table(TAGS), leaves_out, states_facts)
    wanted = np.array([0, 0b110, 0, 0b010, 0])
    given, values = values_of(data, elements.tag, elements.inside, names_table(ATTRIBUTES), wanted)
    return elements, events, given, values


def test_elements_have_tags_places_and_ends() -> None:
    elements, _, given, _ = read()
    assert elements.tag.tolist() == [0, 1, 3, 0, 4]  # html, div, a inside of what is left out, br, mjx-container
    assert elements.place.tolist() == [0, 1, 3, 4, 5]
    assert elements.last.tolist() == [8, 7, -1, 4, 6]
    assert given.tolist() == [0, 0b111, 0b010, 0, 0]  # bit 0 is any name that is not listed


def test_events_come_with_the_text_behind_them() -> None:
    _, events, _, _ = read()
    texts = [PAGE[begin:end].decode() for begin, end in zip(events.begin.tolist(), events.end.tolist(), strict=True)]
    assert list(zip(events.element.tolist(), texts, strict=True)) == [
        (0, ""), (1, ""), (LEFT_OUT, "text"), (3, ""), (~3, ""), (4, "f"), (~4, ""), (~1, ""), (~0, ""),
    ]  # fmt: skip


def test_values_are_those_that_are_wanted_of_a_tag() -> None:
    values = read()[3]
    found = [PAGE[begin:end].decode() for begin, end in zip(values.begin.tolist(), values.end.tolist(), strict=True)]
    assert list(zip(values.element.tolist(), values.attribute.tolist(), found, strict=True)) == [
        (1, 1, "a&amp;b"), (1, 2, ""), (2, 1, "c"),
    ]  # fmt: skip


@pytest.mark.parametrize("page", [b"<div", b"<div>text</div", b"<div></div></div>", b"<div><"])
def test_what_is_not_well_formed_is_refused(page: bytes) -> None:
    nothing = np.zeros(5, np.bool_)
    with pytest.raises(AssertionError):
        elements_of(np.frombuffer(page, np.uint8), names_table(TAGS), nothing, nothing)


def test_names_of_up_to_sixteen_bytes_are_told_apart() -> None:
    data = np.frombuffer(b"<mjx-container/>", np.uint8)
    assert elements_of(data, names_table(("mjx-containes", "mjx-container")), np.zeros(3, bool), np.zeros(3, bool))[
        0
    ].tag.tolist() == [2]
    long = np.frombuffer(b"<abcdefghijklmnopq/>", np.uint8)
    assert elements_of(long, names_table(("abcdefghijklmnop",)), np.zeros(2, bool), np.zeros(2, bool))[0].tag.tolist() == [0]
