"""Pages made to stall a worker: the work, counted in calls, grows with the page and not with its square."""

import sys
from runpy import run_path
from types import FrameType

import pytest
from lxml import etree

from corpusforge.errors import UserError
from corpusforge.extract import html_parse
from corpusforge.extract.html import Html
from corpusforge.extract.html_parse import parsed, without_floods

LEAD = "<p>The granite of the coast is younger than the slate that it cuts, as its dikes show.</p>"

# One piece of each is repeated behind a paragraph.
SIDE_BY_SIDE = {
    "paragraphs": "<p>red clay and more of it",
    "breaks": "<br> <i> </i>",
    "classes": "<div class='post-share related'>x y",
    "rows": "<table><tr><th>a<th>b<tr><td>1<td>2</table>",
    "unclosed cells": "<table><tr><td><b>x<td><i>y<tr><td>z</table>",
    "cells": "<td colspan=1000 rowspan=1000>x",
    "items": "<ul><li>a<li>b</ul>",
    "links": "<a href='https://creativecommons.org/licenses/by/4.0/' rel=license>x</a>",
    "raised": "x<sup>2</sup>",
    "code": "<code>`</code>",
    "pre": "<pre>a\n```</pre>",
    "formulas": "<math><mfrac><mi>a</mi><mi>b</mi></mfrac></math>",
    "empty katex": "<span class=katex>x</span>",
    "delimiters": "\\( x \\] ",
    "headings": "<h1>a b</h1>",
    "notices": "<p>Share !!!!!!!!!!!!!!!!!!",
    "figures": "<figure><figcaption>Figure 1. a</figcaption></figure>",
    "comments": "<div class=comments><p>x</p></div>",
    "bodies": f"<div class=article-body>{LEAD}</div>",
    "scripts": "<script type='application/ld+json'>[{}]</script>",
    "authors": "<a rel=author href=/x><div>x</div>",
    "titles": "<svg><title>x</title></svg>",
    "metas": "<meta name=author content='A'>",
    "entities": "&amp;&#xfdd0;",
    "angles": "<<<",
}
NESTED = {
    "blocks": ("<div>x", "</div>"),
    "lists": ("<ul><li>x", "</li></ul>"),
    "quotations": ("<blockquote>x", "</blockquote>"),
    "tables": ("<table><tr><td>x", "</td></tr></table>"),
    "spans": ("<span>x", "</span>"),
    "raised": ("<sup>x", "</sup>"),
    "katex": ("<span class=katex>", "</span>"),
    "mathjax": ("<mjx-container>", "</mjx-container>"),
    "headings": ("<h2><span>x", "</span></h2>"),
    "formula": ("<math><msup>", "</msup></math>"),
    "junk": ("<div class=share>x", "</div>"),
}


def num_calls(html: str) -> int:
    """How many functions are called, ours and those of libraries, for one page."""
    count = 0

    def heard(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    stage, raw = Html(comments=True), html.encode()
    sys.setprofile(heard)
    try:
        stage.extract(raw, "text/html", "")
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("name", SIDE_BY_SIDE)
def test_four_times_as_much_is_four_times_the_work(name: str) -> None:
    few, many = (num_calls(LEAD + SIDE_BY_SIDE[name] * count) for count in (400, 1600))
    assert many < 4.4 * few + 100


@pytest.mark.parametrize("name", NESTED)
def test_four_times_as_deep_is_four_times_the_work(name: str) -> None:
    begin, end = NESTED[name]
    few, many = (num_calls(LEAD + begin * depth + end * depth + LEAD) for depth in (200, 800))
    assert many < 4.4 * few + 100


@pytest.mark.parametrize("name", NESTED)
def test_a_deep_page_does_not_grow(name: str) -> None:
    begin, end = NESTED[name]
    page = LEAD + begin * 600 + "line<br>" * 2000 + end * 600
    found = Html().extract(page.encode(), "text/html", "")
    assert len(found.text) < 4 * len(page)


def test_text_behind_many_unclosed_tags_is_not_lost() -> None:
    found = Html().extract(("<font><b>" * 900 + LEAD).encode(), "text/html", "")
    assert found.text.startswith("The granite of the coast")


def test_wide_spans_make_no_table_larger_than_its_limit() -> None:
    page = LEAD + "<table><tr><th>a" + "<tr><td colspan=1000 rowspan=1000>b<td>c" * 20_000 + "</table>"
    assert len(Html().extract(page.encode(), "text/html", "").text) < 3 * len(page)


def test_attributes_by_the_thousand_are_left_out_and_the_text_is_kept() -> None:
    flood = " ".join(f"a{number}" for number in range(60_000))
    page = f"{LEAD}<div {flood} b='>' c=\"<p>\">inside</div><p data-x='{'y z ' * 30_000}'>{LEAD}"
    clean = without_floods(page.encode())
    assert clean.startswith(f"{LEAD}<div>inside</div><p data-x='y z ".encode())
    root = parsed(page.encode())
    assert root is not None
    assert "inside" in "".join(root.itertext())


@pytest.mark.parametrize("around", ["<!-- {} -->", "<script>if (a <b {}) x()</script>"])
def test_what_only_looks_like_a_flood_stays(around: str) -> None:
    page = (LEAD + around.format(" ".join(f"<a{number}" for number in range(60_000))) + LEAD).encode()
    assert without_floods(page) == page


def test_an_old_libxml2_is_refused_with_the_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(etree, "LIBXML_VERSION", (2, 9, 14))
    with pytest.raises(UserError, match=r"libxml2 2\.9\.14, .*pip install"):
        run_path(html_parse.__file__)
