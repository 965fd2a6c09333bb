import pytest

from corpusforge.extract.html_dates import iso_date
from corpusforge.extract.html_elements import page_elements
from corpusforge.extract.html_facts import Facts, facts_of
from corpusforge.extract.html_linked_data import linked_facts
from corpusforge.extract.html_parse import parsed


def facts(head: str = "", body: str = "", address: str = "") -> Facts:
    return facts_in(f"<html><head>{head}</head><body>{body}<p>text</p></body></html>", address)


def facts_in(html: str, address: str = "") -> Facts:
    page = parsed(html.encode())
    assert page is not None
    return facts_of(page_elements(page), address)


def linked(data: str) -> str:
    return f"<script type='application/ld+json'>{data}</script>"


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("2019-11-18T08:15:00+01:00", "2019-11-18"),
        ("2019/1/8", "2019-01-08"),
        ("2012年1月17日 13:08", "2012-01-17"),
        ("20120117", "2012-01-17"),
        ("20120117T101500", "2012-01-17"),
        ("Nov. 18, 2019 5 pm", "2019-11-18"),
        ("18th November 2019", "2019-11-18"),
        ("2012/5", "2012-05"),
        ("2012", "2012"),
        ("2999-01-01", ""),
        ("2019-13-45", ""),
        ("2019-02-30, that is 2019-03-02", "2019-03-02"),
        ("2012/13", ""),
        ("yesterday", ""),
        ("", ""),
    ],
)
def test_dates_of_all_common_forms_become_iso(text: str, date: str) -> None:
    assert iso_date(text) == date


@pytest.mark.parametrize(
    ("head", "body", "title"),
    [
        ("<title>Loess | Soil News</title><meta property='og:site_name' content='Soil News'>", "", "Loess"),
        ("<title>Loess of China - Soil News</title>", "<h1>Loess of China</h1>", "Loess of China"),
        ("<title>Loess - Soil</title><meta property='og:title' content='Loess here'>", "<h1>Soil</h1>", "Loess here"),
        ("<title>华北地层简介_地学科普_地质之窗</title>", "", "华北地层简介"),
        ("<title>A well-known fact</title>", "", "A well-known fact"),
        ("", "<h1>Only <b>this</b></h1>", "Only this"),
        ("<title>Home</title>" + linked('{"@type": "NewsArticle", "headline": "Loess"}'), "", "Loess"),
        ("", "", ""),
    ],
)  # fmt: skip
def test_the_title_is_the_heading_or_what_the_page_says_without_the_site(head: str, body: str, title: str) -> None:
    assert facts(head, body).title == title


@pytest.mark.parametrize(
    ("head", "body", "author"),
    [
        ("<meta name='author' content='By Mary Anning'>", "", "Mary Anning"),
        ("<meta name=citation_author content='R, A'><meta name=citation_author content='B, C'>", "", "R, A; B, C"),
        ("<meta property='article:author' content='https://a.example/m'>", "<a rel=author href=/m>Mary</a>", "Mary"),
        (linked('{"@type":"Article","author":[{"name":"A"},{"name":"B"}]}'), "", "A; B"),
        (linked('{"@graph":[{"@type":"Article","author":{"@id":"https://a.example/#p"}},'
                '{"@type":"Person","@id":"https://a.example/#p","name":"Jane"}]}'), "", "Jane"),
        (linked('{"@type":"Article","author":{"@id":"https://a.example/#p"}}') + "<meta name=author content=Ann>", "", "Ann"),
        ("", "<a href=/m>Mary</a>", ""),
    ],
)  # fmt: skip
def test_authors_are_those_who_are_named_as_such(head: str, body: str, author: str) -> None:
    assert facts(head, body).author == author


@pytest.mark.parametrize(
    ("head", "body", "date"),
    [
        ("<meta property='article:published_time' content='2019-11-18'>", "<time datetime='2020-01-01'>", "2019-11-18"),
        ("<meta name=date content=soon>", "<time>2 May 2020</time>", "2020-05-02"),
        ("", "<time datetime='2020-01-01'></time><time itemprop=datePublished datetime='2019-01-01'></time>", "2019-01-01"),
        (linked('{"@type":"Article","datePublished":"2018-03-04"}'), "", "2018-03-04"),
        ("", "<p>It was 1 January 2019.</p>", ""),
    ],
)  # fmt: skip
def test_the_date_is_taken_where_it_is_stated(head: str, body: str, date: str) -> None:
    assert facts(head, body).date == date


_BY = "https://creativecommons.org/licenses/by/4.0/"


@pytest.mark.parametrize(
    ("head", "body", "license"),
    [
        ("<link rel=license href='http://www.creativecommons.org/licenses/by/4.0/deed.zh'>", "", _BY),
        ("", "<a rel='license noopener' href='//creativecommons.org/licenses/BY/4.0'>CC</a>", _BY),
        ("", "<footer><a href='https://creativecommons.org/licenses/by-nc/3.0/de/'>x</a></footer>",
         "https://creativecommons.org/licenses/by-nc/3.0/de/"),
        ("", "<a href='https://creativecommons.org/publicdomain/zero/1.0/'>x</a>", "https://creativecommons.org/publicdomain/zero/1.0/"),
        ("", f"<a href='{_BY}'>a</a><a href='{_BY}deed.en'>b</a>", _BY),
        ("", f"<a href='{_BY}'>photo</a><a href='https://creativecommons.org/licenses/by-sa/4.0/'>photo</a>", ""),
        (linked('{"@type":"Article","license":"https://a.example/terms"}'), "",
         "https://a.example/terms"),
        ("<link rel=license href='javascript:alert(1)'>", "", ""),
        ("<link rel=license href='/terms'>", "", ""),
    ],
)  # fmt: skip
def test_the_licence_is_the_marked_link_or_the_only_one_of_creative_commons(head: str, body: str, license: str) -> None:
    assert facts(head, body).license == license


@pytest.mark.parametrize(
    ("head", "url"),
    [
        ("<link rel=canonical href='https://a.example/x'>", "https://a.example/x"),
        ("<link rel=canonical href='/x'>", "https://b.example/x"),
        ("<meta property='og:url' content='http://a.example/'>", "http://a.example/"),
        ("<link rel=canonical href='ftp://a.example/x'>", ""),
        ("<link rel=canonical href='https://[bad/'>", ""),
        ("<link rel=canonical href='https://a.example/a b'>", ""),
        ("", ""),
    ],
)
def test_the_address_is_the_canonical_one_of_the_web(head: str, url: str) -> None:
    assert facts(head, address="https://b.example/page").url == url


def test_the_language_is_that_of_the_page_in_lower_case() -> None:
    assert facts_in("<html lang='zh_Hans-CN'><p>x").language == "zh-hans-cn"
    assert facts("<meta http-equiv='content-language' content='en-GB'>").language == "en-gb"
    assert facts("<meta http-equiv='content-language' content='en, de'>").language == ""


def test_site_and_empty_facts() -> None:
    assert facts("<meta property='og:site_name' content=' Soil  News '>").meta() == {"site": "Soil News"}
    assert facts().meta() == {}


@pytest.mark.parametrize(
    "script",
    [
        "{",
        "[" * 5000,
        "null",
        '"text"',
        '{"@type": 5}',
        '{"@graph": 3}',
        '[[{"@type": "Person", "name": "A"}]]',
        '{"@type": "Article"}',
    ],
)
def test_broken_or_other_linked_data_says_nothing(script: str) -> None:
    assert linked_facts([script]) == {}


def test_an_article_in_a_graph_goes_before_the_web_page_around_it() -> None:
    graph = '{"@graph": [{"@type": "WebPage", "headline": "Site"}, {"@type": ["Thing", "BlogPosting"], "headline": "Post"}]}'
    assert linked_facts([graph]) == {"headline": "Post"}


def test_marks_that_plain_text_reserves_are_in_no_fact() -> None:
    assert facts("<title>So&#xFDD0;il</title>").title == "Soil"


def test_the_title_of_an_icon_is_not_that_of_the_page() -> None:
    assert facts(body="<svg><title>Close icon</title></svg>").title == ""
    assert facts("<title>Marl</title>", "<svg><title>Close icon</title></svg>").title == "Marl"
