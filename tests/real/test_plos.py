"""PLOS articles lose no paragraph: what stands in <p>, in captions and in cells is in the text, once.

The rule. From title, abstracts, body and back of each article, without the list of references, all text is taken that stands in
<p>, <title> and <label> outside formulas, cut wherever another <p>, <title>, <label>, table, list, formula or float begins or
ends: the fragments. Fragments and text are compared by letters and digits only, after NFKC, without case. Left out on purpose,
since they are facts about the paper and not its text: authors, affiliations, author notes (contributions, competing interests),
funding, permissions, counts and custom-meta.

- each fragment is in the text, behind the one before it;
- one of 40 characters or more is there as often as in the article, so nothing is repeated;
- each cell of a table that has letters or digits is a cell of a pipe table.
"""

import re
import unicodedata
from pathlib import Path

import pytest
from lxml import etree

from corpusforge.extract.jats import Jats

FOLDER = Path(__file__).resolve().parents[3] / "shared/data/en/plos_xml"
ARTICLES = sorted(FOLDER.glob("*.xml"))
pytestmark = pytest.mark.skipif(not ARTICLES, reason=f"no articles in {FOLDER}")

SHOWN = ("p", "title", "label", "article-title")
CUTS = {
    *SHOWN,
    *("table", "table-wrap", "list", "def-list", "disp-formula", "inline-formula", "fig", "boxed-text", "fn", "caption"),
    *("supplementary-material", "disp-quote"),
}
PLACES = ("front/article-meta/title-group", "front/article-meta/abstract", "body", "back")


def letters(text: str) -> str:
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).lower()))


def walk(element: etree._Element, is_shown: bool, found: list[str]) -> None:
    """Append text to the last fragment, and begin a new one at each cut."""
    is_cut = element.tag in CUTS
    is_text = element.tag in SHOWN or (is_shown and element.tag not in ("table", "inline-formula", "disp-formula"))
    if is_cut:
        found.append("")
    found[-1] += (element.text or "") * is_text
    for child in element:
        if isinstance(child.tag, str) and child.tag not in ("ref-list", "inline-formula", "disp-formula", "object-id"):
            walk(child, is_text, found)
        elif child.tag in ("inline-formula", "disp-formula"):
            found.append("")
        found[-1] += (child.tail or "") * is_text
    if is_cut:
        found.append("")


def fragments(path: Path) -> list[str]:
    root = etree.parse(path).getroot()
    found = [""]
    for place in PLACES:
        for element in root.iterfind(place):
            walk(element, False, found)
    return [each for each in map(letters, found) if each]


def text_of(path: Path) -> str:
    found = Jats().extract(path.read_bytes(), "application/xml", "")
    assert found.drop == ""
    return found.text


@pytest.mark.parametrize("path", ARTICLES, ids=lambda path: path.stem)
def test_every_fragment_of_an_article_is_in_its_text(path: Path) -> None:
    text, end, lost = letters(text_of(path)), 0, []
    for fragment in fragments(path):
        begin = text.find(fragment, end)
        lost += [fragment] if begin < 0 else []
        end = begin + len(fragment) if begin >= 0 else end
    assert lost == []


@pytest.mark.parametrize("path", ARTICLES, ids=lambda path: path.stem)
def test_no_fragment_of_an_article_is_repeated(path: Path) -> None:
    text, found = letters(text_of(path)), fragments(path)
    whole = "\n".join(found)
    long = {fragment for fragment in found if len(fragment) >= 40}
    assert [each for each in long if text.count(each) != whole.count(each)] == []


@pytest.mark.parametrize("path", ARTICLES, ids=lambda path: path.stem)
def test_every_cell_of_an_article_is_a_cell_of_its_text(path: Path) -> None:
    root = etree.parse(path).getroot()
    rows = [line for line in text_of(path).splitlines() if line.startswith("|")]
    shown = {letters(cell) for line in rows for part in re.split(r"(?<!\\)\|", line) for cell in (part, *part.split(" / "))}
    cells = {letters("".join(each.itertext())) for each in root.iterfind("body//table//*") if each.tag in ("td", "th")}
    assert cells - shown - {""} == set()


def test_all_articles_are_read_with_their_facts() -> None:
    found = [Jats().extract(path.read_bytes(), "application/xml", "") for path in ARTICLES]
    assert len(found) == 25
    assert [each.url for each in found if not each.url.startswith("https://doi.org/10.1371/journal.")] == []
    assert {each.license for each in found} == {
        "https://creativecommons.org/publicdomain/zero/1.0/",
        "https://creativecommons.org/licenses/by/",
        "https://creativecommons.org/licenses/by/4.0/",
    }
    assert [each.date for each in found if not re.fullmatch(r"20\d\d-\d\d-\d\d", each.date)] == []
    assert [each.meta["title"] for each in found if not each.meta["authors"]] == []
