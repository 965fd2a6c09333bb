import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from corpusforge.extract.base import Extracted
from corpusforge.extract.plain import names
from corpusforge.extract.tei import Tei, is_tei

TEI = '<TEI xmlns="http://www.tei-c.org/ns/1.0">'
HEADER = """<teiHeader xml:lang="en"><fileDesc><titleStmt><title level="a" type="main">On dunes</title></titleStmt>
<publicationStmt><publisher/><availability status="unknown"><licence/></availability><date type="published" when="2015-11-03"/>
</publicationStmt><sourceDesc><biblStruct><analytic><author><persName><forename type="first">An</forename><surname>Li</surname>
</persName><email>li@example.org</email></author><author><affiliation>Only a place</affiliation></author></analytic><monogr>
<title level="j">Sand</title><imprint><date type="published" when="2016"/></imprint></monogr><idno type="DOI">10.1000/x</idno>
</biblStruct></sourceDesc></fileDesc><profileDesc><textClass><keywords><term>dunes</term></keywords></textClass>
<abstract><div><p>Short.</p></div></abstract></profileDesc></teiHeader>"""


def extract(source: str | bytes, **settings: str) -> Extracted:
    raw = source if isinstance(source, bytes) else source.encode()
    return Tei(**settings).extract(raw, "application/tei+xml", "")  # type: ignore[arg-type]


def text(body: str, back: str = "", **settings: str) -> str:
    found = extract(f"{TEI}<text><body>{body}</body><back>{back}</back></text></TEI>", **settings)
    assert found.drop == "", found.message
    return found.text


def test_a_paper_of_grobid() -> None:
    body = """<div><head n="1">Sand</head><p><s>It moves.</s><s>It stops <ref type="bibr"
    target="#b0">(Li, 2001;</ref><ref type="bibr" target="#b1">Wu, 2002)</ref>.</s></p></div>
    <div><head n="1.1">Wind</head><p>Blows.</p></div>
    <figure xml:id="fig_0"><head>Figure 1 .</head><label>1</label><figDesc>Figure 1. A dune.</figDesc><graphic/></figure>"""
    back = """<div type="acknowledgement"><div><head>Acknowledgements</head><p>Thanks.</p></div></div>
    <div type="references"><listBibl><biblStruct><analytic><title>T</title></analytic></biblStruct></listBibl></div>"""
    assert extract(f"{TEI}{HEADER}<text><body>{body}</body><back>{back}</back></text></TEI>").text == (
        "# On dunes\n\n## Abstract\n\nShort.\n\n## 1 Sand\n\nIt moves. It stops (Li, 2001; Wu, 2002).\n\n"
        "### 1.1 Wind\n\nBlows.\n\n"
        "Figure 1. A dune.\n\n## Acknowledgements\n\nThanks."
    )


def test_facts() -> None:
    found = extract(f"{TEI}{HEADER}<text><body/></text></TEI>")
    assert (found.url, found.license, found.date) == ("https://doi.org/10.1000/x", "", "2015-11-03")
    assert found.meta == {
        "title": "On dunes",
        "journal": "Sand",
        "doi": "10.1000/x",
        "year": "2015",
        "authors": ["An Li"],
        "keywords": ["dunes"],
        "language": "en",
    }


@pytest.mark.parametrize(
    ("availability", "expected"),
    [
        ('<licence target="http://creativecommons.org/licenses/by/4.0"/>', "https://creativecommons.org/licenses/by/4.0/"),
        ("<licence>CC BY-NC 4.0</licence>", "https://creativecommons.org/licenses/by-nc/4.0/"),
        ("<p>Copyright, all rights reserved</p>", ""),
        ('<licence target="https://a.example/terms"/>', "https://a.example/terms"),
    ],
)
def test_licences(availability: str, expected: str) -> None:
    assert extract(TEI + HEADER.replace("<licence/>", availability) + "<text/></TEI>").license == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<p>H<hi rend='subscript'>2</hi>O <hi rend='italic'>i</hi> m<hi rend='sup'>2</hi></p>", "H₂O i m²"),
        ("<p>one<lb/>two thro-<lb break='no'/>\n ugh<pb n='2'/></p>", "one two thro-ugh"),
        ("<p>黄<lb/>\n土</p>", "黄土"),
        ("<lg><l>a</l><l>b</l></lg><lg><l>c</l></lg>", "a\nb\n\nc"),
        ("<p>x<note place='foot' n='1'>N.</note> y</p>", "x y\n\n1 N."),
        ("<p><choice><sic>teh</sic><corr>the</corr></choice> <sic>odd</sic> <del>no</del><add>yes</add></p>", "the odd yes"),
        ("<p>As <quote>he said</quote> it</p>", "As he said it"),
        ("<sp><speaker>HAM.</speaker><l>To be</l></sp>", "HAM. To be"),
        ("<fw>running head</fw><p>x</p>", "x"),
        ("<list type='ordered'><item>a</item><item>b</item></list>", "1. a\n2. b"),
        ("<list><label>a)</label><item>x</item><item n='b)'>y</item></list>", "a) x\nb) y"),
        ("<formula>E = m <label>(1)</label></formula>", "E = m (1)"),
        ("<formula notation='TeX'>$E=m$<label>(1)</label></formula>", "$$E=m \\tag{1}$$"),
        ("<p>a <formula><math xmlns='http://www.w3.org/1998/Math/MathML'><mi>x</mi></math></formula></p>", "a\n\n$$x$$"),
        ("<p>a <formula rend='inline' notation='tex'>x^2</formula> b</p>", "a $x^2$ b"),
        ("<figure><head>Map</head><figDesc>Of sand</figDesc></figure>", "Map. Of sand"),
        ("<figure><label>3</label><figDesc>Of sand</figDesc></figure>", "3. Of sand"),
        ("<eg>a\n  b</eg>", "```\na\n  b\n```"),
        ("<p>a <ref type='figure' target='#f'/> <ref>b</ref></p>", "a b"),
    ],
)
def test_elements_of_a_text(body: str, expected: str) -> None:
    assert text(body) == expected


def test_a_table_has_its_caption_and_notes() -> None:
    rows = "<row role='label'><cell>Site</cell><cell>mm</cell></row><row><cell>A</cell><cell>1</cell></row>"
    grid = f"<table>{rows}<row><cell cols='2'>all</cell></row></table><note>Wet.</note>"
    table = f"<figure type='table'><head>Table 1</head><label>1</label><figDesc>Sizes.</figDesc>{grid}</figure>"
    assert text(table) == "Table 1. Sizes.\n\n| Site | mm |\n| --- | --- |\n| A | 1 |\n| all |  |\n\nWet."


def test_a_table_with_a_heading_of_its_own() -> None:
    assert text("<table><head>Sizes</head><row><cell>1</cell></row></table>") == "Sizes\n\n| 1 |\n| --- |"


def test_nested_divisions_give_the_level_of_their_headings() -> None:
    body = "<div><head n='1'>A</head><p>a</p><div><head n='1.1'>B</head><p>b</p></div></div>"
    assert text(body) == "## 1 A\n\na\n\n### 1.1 B\n\nb"


BACK = """<listBibl><biblStruct xml:id="b0"><analytic><title>On loess</title><author><persName><forename>A</forename>
<surname>Li</surname></persName></author></analytic><monogr><title>Earth</title><imprint><date when="1999"/></imprint></monogr>
</biblStruct>
<biblStruct xml:id="b1"><monogr><title/></monogr><note type="raw_reference">Wu, lost.</note></biblStruct></listBibl>"""
CITING = (
    "<p>See <ref type='bibr' target='#b0'>(Li, 1999)</ref> <ref type='bibr' target='#b1'>[2]</ref> "
    "<ref type='bibr'>[3]</ref></p>"
)


def test_citations_can_be_titles_where_there_is_one() -> None:
    assert text(CITING, BACK) == "See (Li, 1999) [2] [3]"
    assert text(CITING, BACK, citations="title") == "See (On loess) [2] [3]"
    assert text(CITING, BACK, citations="title", tags="sciparser").startswith(
        "See ([START_REF]On loess[END_REF]) [[START_REF]2"
    )


def test_references_can_be_listed_as_printed_or_from_their_parts() -> None:
    assert text("<p>x</p>", BACK, references="list") == "x\n\n## References\n\n1. A Li. On loess. Earth. 1999.\n2. Wu, lost."


@pytest.mark.parametrize(
    ("source", "is_ours"),
    [
        (f"{TEI}</TEI>", True),
        ("<TEI.2><text/></TEI.2>", True),
        ("<teiCorpus xmlns='http://www.tei-c.org/ns/1.0'/>", True),
        ("<TEI xmlns='urn:other'/>", False),
        ("<article><body/></article>", False),
    ],
)
def test_a_root_element_says_whether_a_document_is_tei(source: str, is_ours: bool) -> None:
    assert is_tei(etree.fromstring(source)) is is_ours


def test_another_root_is_dropped_by_name() -> None:
    found = extract("<article><body/></article>")
    assert (found.drop, found.message) == ("not_tei", "root element is <article>")


def test_a_text_without_words_and_broken_xml_are_dropped() -> None:
    assert extract(f"{TEI}<text><body><pb/></body></text></TEI>").drop == "empty_text"
    assert extract(f"{TEI}<text>").drop == "invalid_xml"


def test_texts_of_a_corpus_follow_one_another() -> None:
    one = "<TEI>" + HEADER + "<text><body><p>x</p></body></text></TEI>"
    found = extract(f"<teiCorpus xmlns='http://www.tei-c.org/ns/1.0'>{one}{one.replace('>x<', '>y<')}</teiCorpus>")
    assert found.text.replace("# On dunes\n\n## Abstract\n\nShort.\n\n", "") == "x\n\ny"


TAGS = names(
    "p s div head figure figDesc label table row cell list item note ref hi lg l sp speaker quote choice sic corr lb pb "
    "formula math title listBibl biblStruct author teiHeader titleStmt abstract text body front back TEI x"
)
TREES = st.recursive(
    st.text(alphabet="ab 1\n中|$\ufdd1[*#", max_size=6),
    lambda inner: st.builds(
        lambda tag, parts: f"<{tag}>{''.join(parts)}</{tag}>", st.sampled_from(sorted(TAGS)), st.lists(inner, max_size=4)
    ),
    max_leaves=25,
)


@given(TREES, st.sampled_from(["none", "sciparser"]), st.sampled_from(["drop", "list"]), st.sampled_from(["text", "title"]))
def test_any_nesting_of_elements_gives_a_text_or_a_verdict(tree: str, tags: str, references: str, citations: str) -> None:
    source = f"{TEI}{tree}<text><body>{tree}</body></text></TEI>"
    found = extract(source, tags=tags, references=references, citations=citations)
    assert bool(found.text.strip()) == (found.drop == "")
    assert "\ufdd1" not in found.text
    assert "\n\n\n" not in found.text


@given(st.binary(max_size=100).map(lambda raw: TEI.encode() + b"<text><body><p>" + raw + b"</p></body></text></TEI>"))
def test_any_bytes_get_a_verdict_or_a_text(raw: bytes) -> None:
    assert extract(raw).drop in ("", "undecodable", "invalid_xml", "empty_text")
