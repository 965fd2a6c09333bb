import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from corpusforge.extract.base import Extracted
from corpusforge.extract.jats import Jats, is_jats
from corpusforge.extract.plain import names

NAMES = 'xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:mml="http://www.w3.org/1998/Math/MathML"'


def extract(source: str | bytes, **settings: str) -> Extracted:
    raw = source if isinstance(source, bytes) else source.encode()
    return Jats(**settings).extract(raw, "application/xml", "")  # type: ignore[arg-type]


def article(body: str, front: str = "", back: str = "") -> str:
    return (
        f"<article {NAMES}><front><article-meta>{front}</article-meta></front><body>{body}</body><back>{back}</back></article>"
    )


def text(body: str, front: str = "", back: str = "", **settings: str) -> str:
    found = extract(article(body, front, back), **settings)
    assert found.drop == "", found.message
    return found.text


PAPER = """<title-group><article-title>On <italic>dunes</italic></article-title><subtitle>A study</subtitle></title-group>
<abstract><p>Short.</p></abstract><abstract abstract-type="summary"><title>Author summary</title><p>For all.</p></abstract>"""


def test_a_paper_is_title_abstracts_sections_and_back() -> None:
    body = "<sec><label>1</label><title>Sand</title><p>Grains\n move.</p><sec><title>Wind</title><p>It blows.</p></sec></sec>"
    assert text(body, PAPER, "<ack><p>Thanks.</p></ack>") == (
        "# On dunes: A study\n\n## Abstract\n\nShort.\n\n## Author summary\n\nFor all.\n\n## 1 Sand\n\nGrains move.\n\n"
        "### Wind\n\nIt blows.\n\n## Acknowledgments\n\nThanks."
    )


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<p>H<sub>2</sub>O, 10<sup>-3</sup>, <bold>bold</bold></p>", "H₂O, 10⁻³, bold"),
        (
            "<p>See <xref ref-type='fig' rid='f'>Fig. 2</xref> [<xref ref-type='bibr' rid='r'>12</xref>].</p>",
            "See Fig. 2 [12].",
        ),
        ("<p>a<xref ref-type='fn' rid='n'>b</xref> c<sup><xref ref-type='fn' rid='n'>2</xref></sup></p>", "a^b c²"),
        ("<p>one<break/>two</p>", "one two"),
        ("<p><ext-link xlink:href='http://a.example/'/></p>", "http://a.example/"),
        ("<p>x<!-- no --><?no no?>y <![CDATA[<z> &amp;]]></p>", "xy <z> &amp;"),
        ("<p>a <unknown>b <p>c</p></unknown> d</p>", "a b\n\nc\n\nd"),
        ("loose text<p>p</p>", "loose text\n\np"),
        ("<p/><sec><title/></sec><p> </p><p>x</p>", "x"),
        ("<list list-type='order'><list-item><p>a</p></list-item><list-item><p>b</p></list-item></list>", "1. a\n2. b"),
        ("<list><title>L</title><list-item><label>(i)</label><p>a</p></list-item></list>", "# L\n\n(i) a"),
        ("<p>x: <list><list-item><p>a</p><list><list-item><p>b</p></list-item></list></list-item></list> y</p>", None),
        ("<def-list><def-item><term>PGA</term><def><p>peak</p></def></def-item></def-list>", "- PGA: peak"),
        ("<verse-group><verse-line>a</verse-line><verse-line>b</verse-line></verse-group>", "a\nb"),
        ("<preformat>a\n  b</preformat>", "```\na\n  b\n```"),
        ("<p>run <code>ls</code> now</p>", "run ls now"),
        ("<disp-quote><p>q</p><attrib>A</attrib></disp-quote>", "q\n\nA"),
        ("<p>it<fn><label>1</label><p>note</p></fn> goes on</p>", "it goes on\n\n1 note"),
        ("<boxed-text><caption><title>Box</title></caption><p>b</p></boxed-text>", "Box.\n\nb"),
        ("<statement><label>Theorem 1</label><p>So.</p></statement>", "Theorem 1 So."),
    ],
)
def test_elements_of_a_body(body: str, expected: str | None) -> None:
    assert text(body).replace("## L", "# L") == (expected or "x:\n\n- a\n  - b\n\ny")


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("<inline-formula><tex-math>$x^2$</tex-math></inline-formula>", "a $x^2$ b"),
        ("<inline-formula><mml:math><mml:mi>α</mml:mi></mml:math></inline-formula>", "a $\\alpha$ b"),
        ("<inline-formula><inline-graphic xlink:href='x.gif'/></inline-formula>", "a b"),
        ("<inline-formula><inline-graphic xlink:href='x.gif'/></inline-formula>, then", "a, then b"),
        ("<mml:math><mml:mi>x</mml:mi></mml:math>", "a $x$ b"),
        ("<inline-formula><italic>x</italic> = 1</inline-formula>", "a x = 1 b"),
        ("<disp-formula><label>(1)</label><mml:math><mml:mi>x</mml:mi></mml:math></disp-formula>", "a\n\n$$x \\tag{1}$$\n\nb"),
        ("<disp-formula><tex-math>\\begin{document}$$y$$\\end{document}</tex-math></disp-formula>", "a\n\n$$y$$\n\nb"),
        ("<disp-formula><label>2</label><graphic xlink:href='x.gif'/></disp-formula>", "a b"),
        ("<disp-formula><italic>E</italic> = mc<sup>2</sup> <label>(3)</label></disp-formula>", "a\n\nE = mc² (3)\n\nb"),
        ("<alternatives><mml:math><mml:mi>no</mml:mi></mml:math><tex-math>yes</tex-math></alternatives>", "a $yes$ b"),
        ("<alternatives><graphic/><textual-form>t</textual-form></alternatives>", "a t b"),
    ],
)
def test_formulas(formula: str, expected: str) -> None:
    assert text(f"<p>a {formula} b</p>") == expected


TABLE = """<table-wrap id="t1"><label>Table 1</label><caption><title>Sizes</title><p>In mm.</p></caption>
<table><thead><tr><th rowspan="2">Site</th><th colspan="2">Grain | size</th></tr><tr><th>min</th><th>max</th></tr></thead>
<tbody><tr><td rowspan="2">A</td><td>1<sup>a</sup></td><td>2</td></tr><tr><td colspan="2">none</td></tr></tbody></table>
<table-wrap-foot><fn><label>a</label><p>Wet.</p></fn></table-wrap-foot></table-wrap>"""


def test_a_table_has_caption_one_header_and_notes_and_spans_are_filled() -> None:
    assert text(TABLE) == (
        "Table 1. Sizes. In mm.\n\n"
        "| Site | Grain \\| size / min | Grain \\| size / max |\n| --- | --- | --- |\n| A | 1^a | 2 |\n"
        "| A | none |  |\n\na Wet."
    )


def test_a_table_that_is_only_a_picture_leaves_its_caption() -> None:
    assert text("<table-wrap><label>Table 2</label><caption><p>C</p></caption><graphic/></table-wrap>") == "Table 2. C"


def test_a_cals_table() -> None:
    first = "<row><entry namest='c1' nameend='c2'>A</entry></row>"
    rows = first + "<row><entry morerows='1'>b</entry><entry>c</entry></row><row><entry>d</entry></row>"
    assert text(f"<table><tgroup><tbody>{rows}</tbody></tgroup></table>") == "| A |  |\n| --- | --- |\n| b | c |\n| b | d |"


def test_spans_cannot_make_a_table_explode() -> None:
    row = "<tr>" + "<td rowspan='9999' colspan='999'>x</td>" * 20 + "</tr>"
    assert len(text(f"<table>{row * 200}</table>")) < 10_000_000


@pytest.mark.parametrize(
    "names", ["sec", "list list-item", "boxed-text", "fig", "table tr td", "p bold", "sup", "fn", "caption", "title"]
)
def test_deep_nesting_is_read(names: str) -> None:
    opened = "".join(f"<{name}>" for name in names.split())
    closed = "".join(f"</{name}>" for name in reversed(names.split()))
    depth = 240 // len(names.split())
    assert text(opened * depth + "deep" + closed * depth).strip("#- |\n^").startswith("deep")


def test_an_unclosed_section_of_characters_takes_no_quadratic_time() -> None:
    assert extract(article("<p>" + "<![CDATA[" * 300_000)).drop == "invalid_xml"


FIGURE = "<fig id='f1'><label>Fig. 1</label><caption><title>Dune</title><p>From above.</p></caption><graphic/></fig>"


def test_a_figure_inside_a_paragraph_comes_behind_it() -> None:
    assert text(f"<p>As seen {FIGURE} here.</p>") == "As seen here.\n\nFig. 1. Dune. From above."


def test_a_supplement_keeps_its_caption() -> None:
    supplement = "<supplementary-material><label>S1 Data</label><caption><p>(CSV)</p></caption></supplementary-material>"
    assert (
        text(f"<sec><title>Supporting information</title>{supplement}</sec>") == "## Supporting information\n\nS1 Data. (CSV)"
    )


REFERENCES = """<ref-list><title>References</title>
<ref id="r1"><label>1.</label><mixed-citation><name><surname>Bagnold</surname><given-names>R</given-names></name> (1941)
<source>The physics of blown sand</source>.</mixed-citation></ref>
<ref id="r2"><element-citation><person-group><name><surname>Li</surname><given-names>A</given-names></name></person-group>
<article-title>On loess.</article-title><source>Earth</source><year>1999</year><volume>3</volume><fpage>4</fpage>
<lpage>9</lpage></element-citation></ref></ref-list>"""
CITING = (
    "<p>Known [<xref ref-type='bibr' rid='r1'>1</xref>,<xref ref-type='bibr' rid='r2'>2</xref>] "
    "[<xref ref-type='bibr' rid='zz'>9</xref>].</p>"
)


def test_citations_stay_as_printed_and_references_go() -> None:
    assert text(CITING, back=REFERENCES) == "Known [1,2] [9]."


def test_citations_can_be_titles_and_one_without_a_target_stays_as_printed() -> None:
    assert text(CITING, back=REFERENCES, citations="title") == "Known [The physics of blown sand,On loess] [9]."


def test_an_empty_citation_shows_the_label_of_its_target_or_nothing() -> None:
    assert text("<p>a <xref ref-type='bibr' rid='r1'/> <xref ref-type='bibr' rid='none'/>b</p>", back=REFERENCES) == "a [1] b"


def test_references_can_be_listed() -> None:
    listed = text("<p>x</p>", back=REFERENCES, references="list")
    assert listed == (
        "x\n\n## References\n\n1. Bagnold R (1941) The physics of blown sand.\n2. Li A. 1999. On loess. Earth 3: 4–9."
    )


def test_sciparsers_tags() -> None:
    formula = "<disp-formula><tex-math>x</tex-math></disp-formula>"
    body = f"<p>As in <xref ref-type='bibr' rid='r2'>[2]</xref>.</p>{FIGURE}{TABLE}{formula}"
    tagged = text(body, back=REFERENCES, citations="title", tags="sciparser")
    assert tagged.startswith("As in [[START_REF]On loess[END_REF]].\n\n[START_FIGURE]Fig. 1. Dune. From above.[END_FIGURE]")
    assert "[START_TABLE]Table 1. Sizes." in tagged
    assert tagged.endswith("[START_NOTE]a Wet.[END_NOTE][END_TABLE]\n\n[START_FORMULA]$$x$$[END_FORMULA]")


FACTS = """<article-id pub-id-type="pmid">1</article-id><article-id pub-id-type="doi">10.1371/j.1</article-id>
<title-group><article-title>T</article-title></title-group><contrib-group>
<contrib contrib-type="author"><name><surname>Li</surname> <given-names>An</given-names></name></contrib>
<contrib contrib-type="author"><name name-style="eastern"><surname>李</surname>
<given-names>白</given-names></name></contrib>
<contrib contrib-type="author"><collab>The <italic>Rock</italic> Team
<contrib-group><contrib>Li</contrib></contrib-group></collab></contrib>
<contrib contrib-type="editor"><name><surname>No</surname></name></contrib></contrib-group>
<pub-date pub-type="collection"><year>2014</year></pub-date>
<pub-date pub-type="epub"><day>3</day><month>11</month><year>2015</year></pub-date>
<kwd-group><kwd>dunes</kwd></kwd-group>"""


def test_facts() -> None:
    journal = "<front><journal-meta><journal-title>J</journal-title></journal-meta>"
    found = extract(article("<p>x</p>", FACTS).replace("<front>", journal).replace("<article ", '<article xml:lang="EN" '))
    assert (found.url, found.date) == ("https://doi.org/10.1371/j.1", "2015-11-03")
    assert found.meta == {
        "title": "T", "journal": "J", "doi": "10.1371/j.1", "year": "2015", "authors": ["An Li", "李白", "The Rock Team"],
        "keywords": ["dunes"], "language": "en",
    }  # fmt: skip


def test_formulas_that_are_only_pictures_are_counted() -> None:
    pictures = "<inline-formula><inline-graphic/></inline-formula><disp-formula><label>1</label><graphic/></disp-formula>"
    found = extract(article(f"<p>x {pictures}<inline-formula><tex-math>y</tex-math></inline-formula></p>", FACTS))
    assert found.meta["formula_pictures"] == 2


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        ("<pub-date><year>2014</year></pub-date><pub-date><month>Mar</month><year>2013</year></pub-date>", "2013-03"),
        (
            "<pub-date publication-format='electronic'><day>1</day><month>2</month><year>2020</year></pub-date>",
            "2020-02-01",
        ),
        ("<pub-date><day>32</day><month>13</month><year>2020</year></pub-date>", "2020"),
        ("<pub-date><year>n.d.</year></pub-date>", ""),
    ],
)
def test_dates(dates: str, expected: str) -> None:
    assert extract(article("<p>x</p>", dates)).date == expected


BY = "https://creativecommons.org/licenses/by/"


@pytest.mark.parametrize(
    ("license", "expected"),
    [
        ("<license xlink:href='http://creativecommons.org/licenses/by/4.0/'/>", BY + "4.0/"),
        ("<license><license-p>Under <ext-link xlink:href='https://creativecommons.org/licenses/by-nc-nd/3.0/us/'>it</ext-link></license-p></license>",
         "https://creativecommons.org/licenses/by-nc-nd/3.0/us/"),
        ("<license><ali:license_ref xmlns:ali='http://www.niso.org/schemas/ali/1.0/'>http://creativecommons.org/licenses/by/4.0/legalcode</ali:license_ref></license>",
         BY + "4.0/"),
        ("<license><p>the Creative Commons Attribution License, which permits non-commercial use</p></license>", BY),
        ("<license><license-p>Creative Commons Attribution-NonCommercial 4.0 International</license-p></license>",
         "https://creativecommons.org/licenses/by-nc/4.0/"),
        ("<license><license-p>CC BY-SA 4.0</license-p></license>", "https://creativecommons.org/licenses/by-sa/4.0/"),
        ("<license><license-p>Creative Commons CC0 public domain dedication</license-p></license>",
         "https://creativecommons.org/publicdomain/zero/1.0/"),
        ("<license><license-p>知识共享署名 4.0 国际许可协议</license-p></license>", BY + "4.0/"),
        ("<license xlink:href='http://www.publisher.example/terms'/>", "http://www.publisher.example/terms"),
        ("<license><license-p>All rights reserved.</license-p></license>", ""),
        ("<license><license-p>Not a Creative Commons licence.</license-p></license>", ""),
    ],
)  # fmt: skip
def test_licences(license: str, expected: str) -> None:
    assert extract(article("<p>x</p>", f"<permissions>{license}</permissions>")).license == expected


DOCTYPE = '<!DOCTYPE article PUBLIC "-//NLM//DTD JATS v1.2//EN" "JATS-journalpublishing1.dtd">'


@pytest.mark.parametrize("doctype", ["", DOCTYPE])
@pytest.mark.parametrize(
    ("entity", "expected"),
    [("&alpha;", "α"), ("&nbsp;", "\xa0"), ("&agr;", "α"), ("&OHgr;", "Ω"), ("&b.beta;", "β"), ("&#x3b3;", "γ")],
)
def test_named_characters_are_known_without_the_dtd(doctype: str, entity: str, expected: str) -> None:
    assert extract(doctype + article(f"<p>a{entity}b</p>")).text == f"a{expected}b"


@pytest.mark.parametrize("doctype", ["", DOCTYPE])
def test_an_unknown_entity_makes_a_document_invalid(doctype: str) -> None:
    found = extract(doctype + article("<p>a&foo;b</p>"))
    assert (found.drop, found.message[:36]) == ("invalid_xml", "line 1: Entity 'foo' not defined, li")


def test_an_entity_that_the_document_declares_is_its_text() -> None:
    assert extract('<!DOCTYPE article [<!ENTITY us "we">]>' + article("<p>&us; did</p>")).text == "we did"


LAUGHS = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10 if n else "lol"}">' for n in range(10))


@pytest.mark.parametrize(
    "source",
    [
        f"<!DOCTYPE article [{LAUGHS}]>" + article("<p>&a9;</p>"),
        article("<sec>" * 300 + "<p>x</p>" + "</sec>" * 300),
        article("<p>x"),
        article("<p>x</italic></p>"),
        article("<p>a & b</p>"),
        article("<p>\x0b</p>"),
        "",
        "plain text",
    ],
)
def test_broken_xml_is_dropped_with_the_line(source: str) -> None:
    found = extract(source)
    assert (found.drop, found.value, found.text) == ("invalid_xml", 1, "")
    assert found.message.startswith("line 1: ")


def test_a_bad_byte_costs_a_character_and_too_many_the_paper() -> None:
    source = article("<p>" + "The wind sorts silt. " * 20 + "na\xefve</p>")
    found = extract(source.encode().replace(b"silt. The", b"silt.\xffThe", 1))
    assert found.text.startswith("The wind sorts silt.\ufffdThe wind")
    assert found.meta["replaced_chars"] == 1
    found = extract(b"<article><body><p>" + b"a\xff" * 20 + b"</p></body></article>")
    assert (found.drop, found.threshold) == ("undecodable", 0.01)


def test_an_external_entity_is_not_read(tmp_path_factory: pytest.TempPathFactory) -> None:
    secret = tmp_path_factory.mktemp("secret") / "secret.txt"
    secret.write_text("SECRET")
    found = extract(f'<!DOCTYPE article [<!ENTITY x SYSTEM "{secret.as_uri()}">]>' + article("<p>a&x;b</p>"))
    assert (found.drop, found.message[:33]) == ("invalid_xml", "line 1: Entity 'x' not defined, l")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-16-be", "gb18030", "shift_jis", "big5", "utf-32"])
def test_encodings_that_are_declared_or_marked(encoding: str) -> None:
    source = f"<?xml version='1.0' encoding='{encoding}'?>\n" + article("<p>中文 &alpha;</p>")
    assert extract(source.encode(encoding)).text == "中文 α"


def test_windows_1252() -> None:
    assert extract(("<?xml version='1.0' encoding='windows-1252'?>" + article("<p>“é”</p>")).encode("cp1252")).text == "“é”"


@pytest.mark.parametrize(
    ("source", "is_ours"),
    [
        ("<article><front/></article>", True),
        ("<a:article xmlns:a='urn:jats'><a:body/></a:article>", True),
        ("<pmc-articleset><article><body/></article></pmc-articleset>", True),
        ("<OAI-PMH><GetRecord><record><metadata><article><front/></article></metadata></record></GetRecord></OAI-PMH>", True),
        ("<OAI-PMH><error/></OAI-PMH>", False),
        ("<book-part><body/></book-part>", True),
        ("<article xmlns='http://docbook.org/ns/docbook'><info/><para/></article>", False),
        ("<html><body/></html>", False),
        ("<TEI><text/></TEI>", False),
    ],
)
def test_a_root_element_says_whether_a_document_is_jats(source: str, is_ours: bool) -> None:
    assert is_jats(etree.fromstring(source)) is is_ours


def test_another_root_is_dropped_by_name() -> None:
    found = extract("<gauges xmlns='urn:g'/>")
    assert (found.drop, found.message) == ("not_jats", "root element is <gauges>")


def test_a_paper_in_a_namespace_of_its_own() -> None:
    found = extract("<n:article xmlns:n='https://jats.nlm.nih.gov/ns/archiving/1.3/'><n:body><n:p>x</n:p></n:body></n:article>")
    assert found.text == "x"


def test_articles_of_a_set_follow_one_another_and_keep_their_own_references() -> None:
    paper = "<article><body>" + CITING + "</body><back>" + REFERENCES + "</back></article>"
    both = f"<pmc-articleset><Reply/>{paper}{paper.replace('On loess', 'On clay')}</pmc-articleset>"
    found = extract(both, citations="title").text
    assert found == ("Known [The physics of blown sand,On loess] [9].\n\nKnown [The physics of blown sand,On clay] [9].")


def test_sub_articles_follow_below() -> None:
    stub = "<front-stub><title-group><article-title>Reply</article-title></title-group></front-stub>"
    reply = f"<sub-article>{stub}<body><p>y</p></body></sub-article>"
    assert extract(f"<article><body><p>x</p></body>{reply}</article>").text == "x\n\n## Reply\n\ny"


@pytest.mark.parametrize("mime", ["application/xml", "text/xml; charset=utf-8", "application/jats+xml", "APPLICATION/XML"])
def test_media_types_of_xml(mime: str) -> None:
    assert Jats().extract(article("<p>x</p>").encode(), mime, "").text == "x"


def test_another_media_type_is_dropped() -> None:
    assert Jats().extract(b"<article/>", "text/html", "").drop == "unsupported_mime"


def test_a_paper_with_an_abstract_alone_is_kept_and_one_without_text_is_not() -> None:
    assert text("", "<abstract><p>a</p></abstract>") == "## Abstract\n\na"
    assert extract(article("<fig><graphic/></fig>")).drop == "empty_text"


TAGS = names(
    "p sec title label caption fig table-wrap table thead tr td th list list-item def-list def-item term def xref sup sub fn "
    "ack abstract boxed-text disp-formula inline-formula alternatives math tex-math ref-list ref body back front article-meta "
    "break x"
)
TREES = st.recursive(
    st.text(alphabet="ab 1\n中|$\ufdd0[*#", max_size=6),
    lambda inner: st.builds(
        lambda tag, parts: f"<{tag}>{''.join(parts)}</{tag}>", st.sampled_from(sorted(TAGS)), st.lists(inner, max_size=4)
    ),
    max_leaves=25,
)


@given(TREES, st.sampled_from(["none", "sciparser"]), st.sampled_from(["drop", "list"]))
def test_any_nesting_of_elements_gives_a_text_or_a_verdict(tree: str, tags: str, references: str) -> None:
    found = extract(article(tree, tree, tree), tags=tags, references=references)
    assert bool(found.text.strip()) == (found.drop == "")
    assert "\ufdd0" not in found.text
    assert "\n\n\n" not in found.text


@given(
    st.one_of(
        st.binary(max_size=200), st.binary(max_size=60).map(lambda raw: b"<article><body><p>" + raw + b"</p></body></article>")
    )
)
def test_any_bytes_get_a_verdict_or_a_text(raw: bytes) -> None:
    found = extract(raw)
    assert found.drop in ("", "undecodable", "invalid_xml", "not_jats", "empty_text")
