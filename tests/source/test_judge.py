import sys

import pytest

from corpusforge.source.judge import WHITESPACE, json_kind, judge_text, listed
from corpusforge.source.rows import KEPT, Verdict


def test_whitespace_is_what_python_calls_so():
    assert set(WHITESPACE) == {chr(code) for code in range(sys.maxunicode + 1) if chr(code).isspace()}


@pytest.mark.parametrize("text", ["a", " a ", "\u200b", "\ufeff", "\u4e2d", "\x1b[0m"])
def test_a_text_with_a_character_is_kept(text):
    assert judge_text(text, "text", ["text"]) is KEPT


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        (None, Verdict("missing_text", message="there is no field 'body' (columns.text); the record has id, text")),
        (7, Verdict("text_not_string", message="the field 'body' (columns.text) holds a number, not a string")),
        (["a"], Verdict("text_not_string", message="the field 'body' (columns.text) holds an array, not a string")),
        ("", Verdict("empty_text", 0, None, "the text has 0 characters, all of them whitespace")),
        (" \u3000\n", Verdict("empty_text", 3, None, "the text has 3 characters, all of them whitespace")),
        ("a\0b\0", Verdict("nul_bytes", 2, 0, "the text has 2 characters U+0000: it was no text, or badly decoded")),
    ],
)
def test_what_cannot_be_a_text_is_rejected(text, verdict):
    assert judge_text(text, "body", ["id", "text"]) == verdict


def test_a_null_text_is_told_from_an_absent_one():
    assert judge_text(None, "text", ["text"]).message.startswith("the field 'text' (columns.text) is null")


@pytest.mark.parametrize(
    ("value", "kind"),
    [({}, "an object"), ([], "an array"), ("", "a string"), (True, "a boolean"), (None, "null"), (1.5, "a number")],
)
def test_json_values_are_called_by_their_kind(value, kind):
    assert json_kind(value) == kind


def test_many_and_long_names_are_shortened():
    assert listed(["x" * 100]) == "x" * 57 + "..."
    assert listed(map(str, range(23))).endswith("18, 19 and 3 more")
    assert listed([]) == "no field at all"
