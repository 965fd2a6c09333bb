import pytest

from corpusforge.extract.directives import Kind, code_text, csv_rows, is_prose, kind_of, role_text, take_options
from corpusforge.extract.plain import DROPPED


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("note", Kind.PROSE),
        ("Note", Kind.PROSE),
        ("py:function", Kind.OBJECT),
        ("prf:theorem", Kind.TITLED),
        ("automodule", Kind.NOTHING),
        ("datatemplate:yaml", Kind.NOTHING),
        ("our-own-directive", Kind.UNKNOWN),
    ],
)
def test_a_directive_is_known_by_its_name(name: str, kind: Kind) -> None:
    assert kind_of(name) is kind


@pytest.mark.parametrize(
    ("role", "text", "expected"),
    [
        ("ref", "the table <tab-1>", "the table"),
        ("ref", "rocks", "Rocks of the World"),
        ("ref", "elsewhere", "elsewhere"),
        ("doc", "/module/grdimage", "grdimage"),
        ("doc", "/dataset/dcw/index", "dcw"),
        ("doc", "gmt:coast", "coast"),
        ("math", r"\alpha < 1", r"$\alpha < 1$"),
        ("kbd", "Ctrl <C>", "Ctrl <C>"),
        ("py:class", "~obspy.core.Event", "Event"),
        ("sub", "2", "₂"),
        ("eq", "laplace", "(laplace)"),
        ("rfc", "2822", "RFC 2822"),
        ("cite:p", "Love1892", DROPPED),
        ("unheard-of", "stays", "stays"),
    ],
)
def test_a_role_leaves_what_the_reader_sees(role: str, text: str, expected: str) -> None:
    assert role_text(role, text, {"rocks": "Rocks of the World"}) == expected


def test_options_end_where_the_text_begins() -> None:
    lines = [":width: 80%", ":alt: a long", "   description", "The caption"]
    assert take_options(lines) == ({"width": "80%", "alt": "a long\ndescription"}, 3)


def test_a_role_at_the_beginning_of_a_line_is_no_option() -> None:
    assert take_options([":ref:`a` is text"]) == ({}, 0)


def test_csv_keeps_quoted_commas_and_the_header() -> None:
    options = {"header": "Rock, Age", "widths": "1 2"}
    assert csv_rows(['Gneiss, "4,000 Ma"'], options) == [["Rock", "Age"], ["Gneiss", "4,000 Ma"]]


def test_csv_may_be_split_at_tabs() -> None:
    assert csv_rows(["a\tb, c"], {"delim": "tab"}) == [["a", "b, c"]]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("Client.get() <obspy.Client.get()>", "Client.get()"),
        ("~obspy.core.Event", "Event"),
        ("vector <int>", "vector <int>"),
        ("~/.bashrc", "~/.bashrc"),
    ],
)
def test_links_to_objects_are_taken_out_of_inline_code(code: str, expected: str) -> None:
    assert code_text(code) == expected


@pytest.mark.parametrize(
    ("argument", "expected"), [("A fold belt", True), ("断层", True), ("1 2 2 2", False), ("img/a.png", False), ("", False)]
)
def test_prose_is_told_from_settings(argument: str, expected: bool) -> None:
    assert is_prose(argument) is expected
