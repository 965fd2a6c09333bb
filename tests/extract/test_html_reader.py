"""The compiled reader of pages against the slow one, on pages that are put together from everything it tells apart."""

import gzip
import json
from pathlib import Path

import pytest
from html_oracle import dumped, slow_said, slow_tree
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from corpusforge.extract.html_elements import TAGS, page_elements, unescaped
from corpusforge.extract.html_names import WORDS, said_by
from corpusforge.extract.html_parse import parsed
from corpusforge.extract.html_reader import read_tree
from corpusforge.extract.html_said import said_of

GOLD = Path(__file__).resolve().parents[3] / "shared" / "data" / "html_gold"
PAGES = sorted((Path(__file__).parent / "pages").glob("*.html"))

NAMES = (
    "post-share-bar", "articleBody", "article-body", "comments", "story_text", "imgCaption", "summary", "MathJax", "katex",
    "katex-display", "mwe-math-element", "tex", "sr-only", "reference", "HTMLBody", "path", "ARTIcleBody", "x&amp;related",
    "recommendationsandmore", "noise", "menu top", "footer", "content-main", "İndex", "",
)  # fmt: skip
ATTRIBUTES = (
    *(f'class="{name}"' for name in NAMES), *(f'id="{name}"' for name in NAMES[::3]), 'role="banner"', "hidden", "href=/x",
    'style="display:none"', 'style="color: red"', 'itemprop="articleBody"', "colspan=2", 'rowspan="3"', "start=4",
    'alt="x_1"', 'type="math/tex"', 'type="math/tex; mode=display"', "data-x='\"<>='", "a\"b", "=c", "d<e",
)  # fmt: skip
OPENED = (
    *(
        "div",
        "p",
        "span",
        "a",
        "b",
        "section",
        "article",
        "h2",
        "ul",
        "ol",
        "li",
        "table",
        "thead",
        "tr",
        "td",
        "th",
        "caption",
    ),
    *(
        "blockquote",
        "pre",
        "code",
        "sub",
        "sup",
        "ruby",
        "rt",
        "script",
        "style",
        "nav",
        "math",
        "mml:math",
        "noembed",
        "mjx-container",
        "figcaption",
    ),
    *("form", "body", "title", "textarea", "svg:g", "x-y", "dl", "dt", "dd", "main", "h1", "noscript", "q\u00e9"),
)
TEXTS = (
    *(
        "red clay",
        "x",
        "2",
        "10-3",
        " ",
        "\n",
        "\t\n ",
        "It slipped.",
        "and 7 of them (all).\u201d",
        "\u4e2d\u6587",
        "\u5ca9\u77f3\n\u5f62\u6210",
    ),
    *(
        "\u3002",
        "&nbsp;",
        "&amp;",
        "&lt;p&gt;",
        "&#13;",
        "&#1;",
        "\x0c",
        "\u200b",
        "\ufdd0",
        "\ufdd3",
        "&#xfdd5;",
        "\U0001f600",
        "\u3000",
    ),
    *(
        "$$ x = 1 $$",
        "\\[ a \\]",
        "e\u0301",
        "`",
        "eight words that stand in a row here",
        "\uac00\ub098",
        "\u30c6\u30b9\u30c8",
        "&#xd800;",
    ),
)


@st.composite
def pages(draw: st.DrawFn) -> str:
    """Tags that begin and end anywhere, with text between them."""
    begin = st.builds(
        lambda tag, given: f"<{' '.join((tag, *given))}>",
        st.sampled_from(OPENED),
        st.lists(st.sampled_from(ATTRIBUTES), max_size=2),
    )
    end = st.sampled_from(OPENED).map(lambda tag: f"</{tag}>")
    single = st.sampled_from(
        ("<br>", "<br/>", "<hr>", '<img class="tex" alt="a^2">', "<img alt=x>", "<!-- c -->", "<rp>(</rp>")
    )
    pieces = draw(st.lists(st.one_of(begin, begin, st.sampled_from(TEXTS), st.sampled_from(TEXTS), end, single), max_size=60))
    doctype = draw(st.sampled_from(("", "<!DOCTYPE html>", XHTML)))
    return doctype + "".join(pieces)


XHTML = '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">'


def assert_same(raw: bytes, *, keeps_formulas: bool = True) -> None:
    page = parsed(raw)
    if page is not None:
        fast = read_tree(page, page_elements(page), keeps_formulas=keeps_formulas)
        assert dumped(fast) == dumped(slow_tree(page, keeps_formulas=keeps_formulas))


@settings(deadline=None)
@given(pages(), st.booleans())
def test_the_tree_is_that_of_the_slow_reader(page: str, keeps_formulas: bool) -> None:
    assert_same(page.encode(), keeps_formulas=keeps_formulas)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_written_pages_have_the_tree_of_the_slow_reader(path: Path) -> None:
    assert_same(path.read_bytes())


@pytest.mark.parametrize(
    "page",
    [
        "<div>" * 300 + "deep" + "</div>" * 200 + "less deep" + "</div>" * 50 + "<table><tr><td>1<td>2</table>",
        "<a href=/x>" + "<p>eight words that stand in a row here</p>" * 40 + "<p>" + "word " * 30,
        "<h2>" + "a heading that nobody closed " * 20 + "<p>text",
        '<div class="related"><blockquote>' + "a quotation with most of the words " * 5 + "</blockquote>x</div>",
        "<table><caption>t</caption><tr><th><th>a<tr><td><table><tr><td>1<td>2<tr><td>3<td>4</table><td></table>",
        "<table><thead><tr><td>a<td>b</thead><tbody><tr><td><tr><td>1<td>2<td><td>3</table>",
        "<p =c class=related>a line of words that is here and goes on until it is long enough to be read",
        "<p>it is all here.\u201d\u2019)</p><p>it is all here.\u201d\u2019))</p>",
        *(f"<h2>{'word ' * count}</h2><p>text" for count in (60, 61)),
        *("<a href=/x>" + "<p>eight words that stand in a row here</p>" * 40 + f"<p>{'word ' * count}" for count in (25, 26)),
        "<div hidden style='color: red'>seen</div><div hidden>not seen</div><p class=path>x</p>",
        '<table><tr><td itemprop="articleBody" colspan=2>x<td>y</table>',
        "x<br> <br>y<br><sup>2<br></sup><div></div>z<sub>10</sub><ruby>\u5ca9<rt>yan</rt></ruby><code> a `b` </code>",
    ],
)
def test_rare_shapes_have_the_tree_of_the_slow_reader(page: str) -> None:
    assert_same(page.encode())


def test_pages_of_newspapers_have_the_tree_of_the_slow_reader() -> None:
    if not GOLD.is_dir():
        pytest.skip("html_gold is not at hand")
    for path in sorted(GOLD.glob("*.gz")):
        for line in gzip.decompress(path.read_bytes()).splitlines():
            assert_same(json.loads(line)["html"].encode("utf-8", "replace"))


@st.composite
def heads(draw: st.DrawFn) -> str:
    """Elements that say something of a page, in and beside others."""
    words = st.sampled_from(
        ("Marl", "x &amp; y", "", " ", "\u5ca9", "&lt;b&gt;", "https://a.example/x", "author", "2020-05-02")
    )
    values = st.sampled_from(
        ("license", "canonical", "author Author", "application/ld+json", "og:title", "datePublished", COMMONS, "/x")
    )
    names = st.sampled_from(
        ("rel", "href", "name", "property", "itemprop", "content", "type", "datetime", "pubdate", "lang", "class")
    )
    given_values = st.lists(st.builds(lambda name, value: f'{name}="{value}"', names, values | words), max_size=3)
    tags = st.sampled_from(
        ("a", "meta", "link", "h1", "title", "time", "script", "html", "svg", "footer", "b", "select", "p", "a")
    )
    begin = st.builds(lambda tag, given: f"<{' '.join((tag, *given))}>", tags, given_values)
    end = tags.map(lambda tag: f"</{tag}>")
    return "".join(draw(st.lists(st.one_of(begin, begin, words, end), max_size=40)))


COMMONS = "https://creativecommons.org/licenses/by/4.0/"


@settings(deadline=None)
@given(heads())
def test_a_page_says_what_the_slow_reader_hears(head: str) -> None:
    page = parsed(head.encode())
    if page is not None:
        assert said_of(page_elements(page)) == slow_said(page)


@settings(deadline=None)
@given(pages())
def test_elements_are_those_of_the_parser(page: str) -> None:
    tree = parsed(page.encode())
    if tree is None:
        return
    read = page_elements(tree)
    every = list(tree.iter())
    for tag, place in zip(read.elements.tag.tolist(), read.elements.place.tolist(), strict=True):
        assert TAGS[tag] == (every[place].tag if every[place].tag in TAGS else "")
    for element, given_values in read.attributes.items():
        theirs = every[read.elements.place[element]]
        assert given_values == {name: theirs.get(name) for name in given_values}


def test_every_character_is_read_as_the_parser_has_it() -> None:
    everything = "".join(map(chr, (*range(0x20, 0xD800), *range(0xE000, 0x30000)))).translate(
        dict.fromkeys(map(ord, "<&"), ".")
    )
    page = parsed(f"<p>{everything}&lt;&amp;&gt;&quot;&#13;&#9;</p>".encode())
    assert page is not None
    (paragraph,) = page.iter("p")
    written = etree.tostring(paragraph, encoding="utf-8")
    assert unescaped(written[len("<p>") : -len("</p>")]) == paragraph.text


@settings(deadline=None)
@given(
    st.lists(st.sampled_from((*sorted(WORDS)[::7], *NAMES, "q", "Zz", "ABC")), max_size=4),
    st.sampled_from(("", "-", "_", " ", "9", "\u00e9")),
    st.sampled_from((str, str.title, str.upper, str.capitalize)),
)
def test_names_mean_what_their_words_do_or_are_asked(words: list[str], gap: str, written: type[str]) -> None:
    name = gap.join(written(word) for word in words).replace('"', "")
    page = parsed(f'<div class="{name}">x</div>'.encode())
    assert page is not None
    read = page_elements(page)
    (division,) = page.iter("div")
    mine = read.marks[[TAGS[tag] for tag in read.elements.tag].index("div")]
    assert mine == said_by("class", division.get("class", "").replace("&", "&amp;").encode())
