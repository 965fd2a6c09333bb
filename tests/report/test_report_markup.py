"""HTML that cannot forget to escape."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_page import Page

from corpusforge.report.markup import Markup, dotted, element, joined, link, table, text


def test_children_are_escaped_unless_they_are_markup() -> None:
    assert element("p", "a < b", element("b", "&")) == "<p>a &lt; b<b>&amp;</b></p>"


def test_attributes_are_escaped_and_those_without_value_left_out() -> None:
    assert element("a", "x", title='"><script>', class_=None, aria_label="y") == (
        '<a title="&quot;&gt;&lt;script&gt;" aria-label="y">x</a>'
    )


def test_joining_escapes_parts_and_what_stands_between() -> None:
    assert joined(["<", Markup("<br>")], "&") == "&lt;&amp;<br>"


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", " https://x.org", "//x.org", "x.html", "ftp://x.org"]
)
def test_only_addresses_of_the_web_become_links(url: str) -> None:
    assert link(url) == text(url)


def test_an_address_of_the_web_becomes_a_link_that_cannot_break_out() -> None:
    assert link('HTTPS://x.org/"><b>') == (
        '<a href="HTTPS://x.org/&quot;&gt;&lt;b&gt;" rel="noopener noreferrer nofollow">HTTPS://x.org/&quot;&gt;&lt;b&gt;</a>'
    )


def test_what_no_page_can_hold_becomes_a_replacement_character() -> None:
    assert text("a\x00b\x1bc\x7fd\ufffee\ud800f") == "a\ufffdb\ufffdc\ufffdd\ufffde\ufffdf"


NOT_TEXT = [code for code in range(160) if chr(code) not in "\t\n" and not 32 <= code < 127]
REPLACED = dict.fromkeys([*NOT_TEXT, *range(0xFDD0, 0xFDF0), 0xFFFE, 0xFFFF], "\ufffd")


@given(st.text())
def test_any_text_comes_back_from_a_page_as_text(value: str) -> None:
    page = Page(element("p", value))
    assert page.names() == {"p"}
    assert page.texts[""] == value.translate(REPLACED)


def test_columns_that_begin_with_a_hash_hold_numbers() -> None:
    made = table(["name", "#count"], [["a", "1"]])
    assert '<th scope="col">name</th><th class="number" scope="col">count</th>' in made
    assert '<td>a</td><td class="number">1</td>' in made


def test_a_stage_s_name_may_be_broken_behind_its_dots() -> None:
    assert dotted("filter.a<b") == "<code>filter.<wbr>a&lt;b</code>"
