"""extract.html: what a page becomes, by examples that can be read; the pages in full are those of test_html_pages."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpusforge.extract.base import Extracted
from corpusforge.extract.html import Html

LEAD = "The granite of the coast is younger than the slate that it cuts, as its dikes show."
END = "Its age is known from zircons that were dated in three laboratories of two countries."


def extracted(html: str, mime: str = "text/html", **settings: bool) -> Extracted:
    return Html(**{"title": False, **settings}).extract(html.encode(), mime, "")


def text(inside: str, **settings: bool) -> str:
    """What stands between two paragraphs of running text."""
    found = extracted(f"<body><p>{LEAD}</p>{inside}<p>{END}</p></body>", **settings).text
    assert found.startswith(LEAD)
    assert found.endswith(END)
    return found[len(LEAD) : -len(END)].strip("\n")


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        ("<h2>The <b>old</b> slate</h2>", "## The old slate"),
        ("<p>Red<br>clay</p>", "Red\nclay"),
        ("<p>Red\n  clay&nbsp;bed</p>", "Red clay bed"),
        ("<p>黄\n土</p>", "黄土"),
        ("one<br><br>two", "one\n\ntwo"),
        ("<p>red\fclay</p>", "red clay"),
        ("<p>矿<sup><rt>yan</rt></sup>x</p>", "矿（yan）x"),
        ("<p>x <m:math><m:mfrac><m:mi>a</m:mi><m:mi>b</m:mi></m:mfrac></m:math></p>", r"x $\frac{a}{b}$"),
        ("<p>x<noembed><a href=y><img></a></noembed></p>", "x"),
        ("<ul><li>a</li><li>b<ul><li>c</li></ul></li></ul>", "- a\n- b\n  - c"),
        ("<ol start=3><li>a<li>b</ol>", "3. a\n4. b"),
        ("<ol><li>a<ol><li>b</li></ol></li></ol>", "1. a\n   1. b"),
        ("<blockquote><p>a</p><p>b</p></blockquote>", "> a\n>\n> b"),
        ("<dl><dt>Marl<dd>Clay with lime</dl>", "Marl\n: Clay with lime"),
        ("<pre>a\n  b</pre>", "```\na\n  b\n```"),
        ("<pre class='language-python'>a = 1</pre>", "```python\na = 1\n```"),
        ("<div class='highlight-c'><pre><span class=lineno>1</span>a();<br>b();</pre></div>", "```c\na();\nb();\n```"),
        ("<pre>```</pre>", "````\n```\n````"),
        ("<p>run <code>ls  -l</code> now</p>", "run `ls -l` now"),
        ("<p>a <code>b`c</code></p>", "a `` b`c ``"),
        ("<p>SiO<sub>2</sub>, 10<sup>-3</sup>, 3<sup>rd</sup></p>", "SiO₂, 10⁻³, 3rd"),
        ("<p><ruby>黄<rt>huang</rt></ruby>土</p>", "黄（huang）土"),
        ("<p>if \\(x\\) is \\[y\\]</p>", "if $x$ is $$y$$"),
        ("<p>$$ x\n= 1 $$</p>", "$$ x = 1 $$"),
        ("<p>let <math><mi>x</mi></math> be</p>", "let $x$ be"),
        ("<p>let<math display=block><mi>x</mi></math>be so</p>", "let\n\n$$x$$\n\nbe so"),
        ("<figure><img alt=map><figcaption>Figure 2. The map</figcaption></figure>", "Figure 2. The map"),
        ("<figure><img alt=map><figcaption>A view of the bay</figcaption></figure>", ""),
        ("<p>a<!-- b -->c<script>d</script><style>e</style><span hidden>f</span><i style='display:none'>g</i></p>", "ac"),
        ("<p>fact<sup class=reference>[1]</sup> so<span class='mw-editsection'>[edit]</span></p>", "fact so"),
        ("<p>soft\u00adhyphen zero\u200bwidth \ufdd0mark</p>", "softhyphen zerowidth mark"),
    ],
)
def test_markup_becomes_markdown(html: str, markdown: str) -> None:
    assert text(html) == markdown


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        ("<tr><th>a<th>b<tr><td>1<td>2", "| a | b |\n| --- | --- |\n| 1 | 2 |"),
        ("<tr><td><b>a<td><b>b<tr><td><i>1<td>2", "| a | b |\n| --- | --- |\n| 1 | 2 |"),
        ("<tr><td>a<td>b<tr><td><img src=x><td>2", "| a | b |\n| --- | --- |\n|  | 2 |"),
        ("<tr><td>a<td>b<tr><td>1<td>x | y", "| a | b |\n| --- | --- |\n| 1 | x \\| y |"),
        ("<caption>Ages</caption><tr><th>a<th>b<tr><td>1<td>2", "Ages\n\n| a | b |\n| --- | --- |\n| 1 | 2 |"),
        ("<tr><th colspan=2>a<th>b<tr><td>1<td>2<td>3", "| a | a | b |\n| --- | --- | --- |\n| 1 | 2 | 3 |"),
        ("<tr><td rowspan=2>a<td>b<tr><td>c<tr><td>d<td>e", "| a | b |\n| --- | --- |\n| a | c |\n| d | e |"),
        ("<thead><tr><th>a<th>b<tbody><tr><td>1<tr><td>2<td>3", "| a | b |\n| --- | --- |\n| 1 |  |\n| 2 | 3 |"),
        ("<tr><td>a<td><p>b</p><p>c</p><tr><td>d<td>e<br>f", "| a | b c |\n| --- | --- |\n| d | e f |"),
        ("<tr><td>only one column<tr><td>so no data", "only one column\n\nso no data"),
    ],
)
def test_tables_of_data_stay_tables_and_others_are_unrolled(html: str, markdown: str) -> None:
    assert text(f"<table>{html}</table>") == markdown


def test_a_table_with_a_column_of_text_is_unrolled() -> None:
    column = " ".join([LEAD] * 6)
    page = f"<table><tr><td>1<td>{column}<tr><td>2<td>{END}</table>"
    assert extracted(f"{page}<p>{LEAD[:-1]}, and more.</p>").text.startswith(f"{column}\n\n2\n\n{END}")


@pytest.mark.parametrize(
    "html",
    [
        "<nav><a href=/>Home</a></nav>",
        "<div class='share-buttons'><p>Tell your friends of it, please.</p></div>",
        "<div id=relatedPosts><p>Another story that you will like to read on our site today.</p></div>",
        "<div class=sidebar><p>Another story that you will like to read on our site today.</p></div>",
        "<ul><li><a href=/1>One other page</a></li><li><a href=/2>Two other pages</a></li></ul>",
        "<p><a href=/1>See how the slate was dated</a></p>",
        "<p>Share this story!</p>",
        "<p>Photo: A. Nother</p>",
        "<p>Advertisement - continue reading below</p>",
        "<p>© 2020 The Rock Company. All rights reserved.</p>",
        "<p>（责任编辑：王小明）</p>",
        "<p>分享到：</p>",
        "<p>来源：新华网</p>",
        "<div hidden>What no one sees is no text of this page, and is left out of it.</div>",
        "<form><label>Name</label><input value=x><button>Send</button></form>",
        "<div class='wp-caption'><p class='wp-caption-text'>A view of the bay in spring.</p></div>",
        "<section class=comments><p>I like this page very much, it is a good one, thank you for it.</p></section>",
    ],
)
def test_boilerplate_goes(html: str) -> None:
    assert text(html) == ""


def test_a_sentence_full_of_links_stays_and_a_line_of_them_goes() -> None:
    links = " ".join(f"<a href=/{word}>{word} and its towns</a>" for word in ("Alba", "Berm", "Cull", "Dune"))
    assert text(f"<p>Ewe is a parish of the lower coast, near {links}.</p>").startswith("Ewe is a parish")
    assert text(f"<p>Ewe: {links}</p>") == ""


def test_a_heading_with_nothing_below_goes() -> None:
    assert text("<h3>Empty</h3><h2>Full</h2>") == "## Full"


@pytest.mark.parametrize(
    "line",
    [
        "Share prices of mining companies rose by a tenth over the whole of the year.",
        "Most of the read-outs were lost.",
        "By the end of the Permian most of them were gone.",
        "最新报道称，地震造成三人死亡。",
        "图中可见两条断层。",
    ],
)
def test_sentences_that_begin_like_notices_stay(line: str) -> None:
    assert text(f"<p>{line}</p>") == line


def test_what_follows_related_stories_or_comments_goes() -> None:
    page = f"<p>{LEAD}</p><p>{END}</p>" * 1
    assert extracted(f"{page}<h3>Related stories</h3><p>Gold was found in the river.</p>").text == f"{LEAD}\n\n{END}"
    long = "".join(f"<p>{LEAD} {number}</p>" for number in range(5))
    comments = "".join(f"<p>I agree with the {number} points that were made by the author here.</p>" for number in range(90))
    assert "I agree" not in extracted(f"{long}<h3>90 comments</h3>{comments}").text


def test_a_section_named_discussion_is_no_comment() -> None:
    assert text(f"<h2>Discussion</h2><p>{END[:-1]}, we think.</p><h2>讨论</h2><p>{LEAD}!</p>").startswith("## Discussion")


def test_comments_are_kept_on_request() -> None:
    comments = "<div id=comments><h3>1 comment</h3><p>I do not think that this is so.</p></div>"
    page = f"<article><p>{LEAD}</p><p>{END}</p></article>{comments}"
    assert extracted(page).text == f"{LEAD}\n\n{END}"
    assert extracted(page, comments=True).text.endswith("I do not think that this is so.")


def test_tables_and_formulas_are_left_out_on_request() -> None:
    html = "<table><tr><th>a<th>b<tr><td>1<td>2</table><p>let <math><mi>x</mi></math> be</p>"
    assert text(html, tables=False) == "let $x$ be"
    assert text(html, formulas=False).endswith("let be")


def test_the_title_comes_first_and_once() -> None:
    page = f"<title>Granite - Rocks</title><h1>Granite</h1><p>{LEAD}</p><p>{END}</p>"
    assert extracted(page, title=True).text == f"# Granite\n\n{LEAD}\n\n{END}"
    assert extracted(page).text == f"{LEAD}\n\n{END}"


def test_facts_of_the_page_are_told() -> None:
    head = "<html lang=en><title>Granite</title><meta name=author content=Mary><meta name=date content=2020-02-03>"
    found = extracted(f"{head}<link rel=canonical href='https://a.example/g'><p>{LEAD}</p>")
    assert (found.url, found.date, found.meta) == (
        "https://a.example/g", "2020-02-03", {"title": "Granite", "author": "Mary", "lang": "en"},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("raw", "mime"),
    [
        ("<meta charset=gb2312><p>花岗岩比板岩年轻，这可以从岩脉的切割关系看出来。".encode("gb18030"), "text/html"),
        ("<p>花岗岩比板岩年轻，这可以从岩脉的切割关系看出来。".encode("big5", "ignore"), "text/html; charset=big5"),
        ("<p>花岗岩比板岩年轻，这可以从岩脉的切割关系看出来。".encode("utf-16"), "text/html"),
        ("<meta charset=gbk><p>花岗岩比板岩年轻，这可以从岩脉的切割关系看出来。".encode(), "application/xhtml+xml"),
    ],
)
def test_the_charset_is_found(raw: bytes, mime: str) -> None:
    assert "板岩年" in Html().extract(raw, mime, "").text


@pytest.mark.parametrize(
    ("html", "mime", "drop"),
    [
        ("x", "application/pdf", "unsupported_mime"),
        ("x", "text/plain", "unsupported_mime"),
        ("", "text/html", "empty_text"),
        ("<!-- x -->", "text/html", "empty_text"),
        ("<ul><li><a href=/1>One</a></li><li><a href=/2>Two</a></li></ul>", "text/html", "no_main_text"),
        ("<p>404 Not Found</p>", "text/html; charset=utf-8", "no_main_text"),
        ("<div>" * 3000 + LEAD, "text/html", "too_deep"),
    ],
)
def test_a_page_without_main_text_is_rejected_with_a_reason(html: str, mime: str, drop: str) -> None:
    found = extracted(html, mime)
    assert (found.text, found.drop) == ("", drop)
    assert found.message


def test_no_main_text_tells_how_much_there_was() -> None:
    found = extracted("<p>Only these six words are here.</p>")
    assert (found.drop, found.value, found.threshold) == ("no_main_text", 6, 10)


def test_what_a_stage_gives_has_a_row_for_each_page_whatever_comes_before() -> None:
    pages = [f"<title>{name}</title><p>{LEAD} {name}</p>".encode() for name in ("a1", "b2", "c3")]
    columns = {"mime": "text/html", "url": "", "license": "", "date": "", "meta": "{}"}

    def texts(order: list[bytes]) -> list[str]:
        given_columns = {name: pa.array([value] * len(order)) for name, value in columns.items()}
        batch = pa.record_batch({"raw": pa.array(order, pa.large_binary()), **given_columns})
        return Html().apply(batch, {})["text"].to_pylist()

    assert texts(pages[::-1]) == texts(pages)[::-1]
    assert texts(pages)[1] == f"# b2\n\n{LEAD} b2"


_PIECES = st.sampled_from(
    [
        *(
            "<p>",
            "</p>",
            "<div class=share>",
            "</div>",
            "<table>",
            "<tr>",
            "<td colspan=9>",
            "</table>",
            "<li>",
            "<ul>",
            "</ul>",
        ),
        *(
            "<a href=x>",
            "</a>",
            "<math>",
            "<mfrac>",
            "</math>",
            "<pre>",
            "</pre>",
            "<sup>",
            "</sup>",
            "<code>",
            "<br>",
            "\\(",
            "\\]",
        ),
        *(
            "$",
            "&amp;",
            "&#xFDD0;",
            "\ufdd0",
            "\0",
            "<h1>",
            "</h1>",
            "<blockquote>",
            "<dl>",
            "<dd>",
            "<script type='math/tex'>",
        ),
        *("</script>", "<!--", "-->", "黄土。", LEAD, "|"),
    ]
)


@given(st.lists(_PIECES, max_size=40).map("".join), st.booleans())
def test_any_soup_of_tags_is_text_or_rejected(html: str, comments: bool) -> None:
    found = extracted(html + f"<p>{LEAD}", comments=comments, title=True)
    assert bool(found.text.strip()) != bool(found.drop)
    assert not {"\ufdd0", "\ufdd1", "\ufdd2", "\0"} & set(found.text)
    assert "\n\n\n" not in found.text.replace("```", "") or "<pre>" in html


@given(st.binary(max_size=300))
def test_any_bytes_are_text_or_rejected(raw: bytes) -> None:
    found = Html().extract(raw, "text/html", "")
    assert bool(found.text) != bool(found.drop)
    found.text.encode()


@pytest.mark.parametrize("between", ["</html>", "</body></html>", "</body></html><script>a()</script>", "</html><html>"])
def test_text_behind_the_end_of_a_page_is_not_lost(between: str) -> None:
    assert extracted(f"<html><body><p>{LEAD}</p>{between}<p>{END}</p>").text == f"{LEAD}\n\n{END}"


def test_text_in_a_link_that_was_never_closed_is_text_however_often_tags_part_it() -> None:
    rock = "Granite is a coarse <b>rock</b>, <i>quartz</i>, <i>feldspar</i>, <i>mica</i>,"
    line = f"<p>{rock} and it cools slowly under the <b>ground</b>, far below, over millions of years of time. "
    found = extracted(f"<body><div><a href='/x'>Home {line * 12}</body>")
    assert found.text.count("Granite is a coarse rock, quartz, feldspar, mica,") == 1  # a line that repeats is kept once


@pytest.mark.parametrize("name", ["post-content", "postContent", "POSTcontent", "ARTICLEbody", "Story_Text", "entry--body"])
def test_the_body_of_an_article_is_known_by_its_name_in_any_letters(name: str) -> None:
    other = "".join(f"<p>{LEAD.replace('granite', f'gabbro of area {number}')}</p>" for number in range(9))
    body = "".join(f"<p>{END.replace('three', str(number))}</p>" for number in range(3, 9))
    found = extracted(f"<body><div>{other}</div><div class='{name}'>{body}</div></body>")
    assert "zircons" in found.text
    assert "gabbro" not in found.text
