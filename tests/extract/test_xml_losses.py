"""Whatever the nesting, each word of a paper is in its text, and once: trees of elements with a word in each place."""

import itertools
import re

from hypothesis import given
from hypothesis import strategies as st

from corpusforge.extract.jats import Jats
from corpusforge.extract.plain import names
from corpusforge.extract.tei import Tei

IN_JATS = names(
    "p sec title label caption fig table-wrap list list-item def-list def-item term def xref sup sub fn ack boxed-text code "
    "disp-quote supplementary-material table-wrap-foot statement verse-group verse-line bold app-group app fn-group glossary x"
)
IN_TEI = names(
    "p s div head figure figDesc label list item note ref hi lg l sp speaker quote q cit floatingText lb date name opener "
    "closer trailer code eg x"
)
OF_TABLES = names("table thead tbody tr td th row cell p list list-item item label x")


def trees(tags: frozenset[str]) -> st.SearchStrategy[str]:
    """Elements in one another; @ stands for a word."""

    def inside(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        return st.builds(_element, st.sampled_from(sorted(tags)), st.lists(inner, max_size=4))

    return st.recursive(st.just("@"), inside, max_leaves=25).map(numbered)


def _element(tag: str, parts: list[str]) -> str:
    return f"<{tag}>{' '.join(parts)}</{tag}>"


def numbered(tree: str) -> str:
    numbers = itertools.count()
    return re.sub("@", lambda _: f"w{next(numbers)}w", tree)


def words(text: str) -> list[str]:
    return sorted(re.findall(r"w\d+w", text))


def in_jats(tree: str) -> str:
    return Jats().extract(f"<article><body>{tree}</body></article>".encode(), "text/xml", "").text


def in_tei(tree: str) -> str:
    return Tei().extract(f"<TEI><text><body>{tree}</body></text></TEI>".encode(), "text/xml", "").text


@given(trees(IN_JATS))
def test_each_word_of_jats_is_in_the_text_once(tree: str) -> None:
    assert words(in_jats(tree)) == words(tree)


@given(trees(IN_TEI))
def test_each_word_of_tei_is_in_the_text_once(tree: str) -> None:
    assert words(in_tei(tree)) == words(tree)


@given(trees(OF_TABLES))
def test_no_word_of_a_table_is_lost(tree: str) -> None:
    assert set(words(in_jats(tree))) == set(words(tree))
    assert set(words(in_tei(tree))) == set(words(tree))
