"""Charsets of the documents that were kept."""

from corpusforge.report import figures
from corpusforge.report.charsets import Charsets
from corpusforge.report.markup import Markup, element, joined, table


def charsets_section(charsets: Charsets) -> Markup | None:
    """Documents by charset, with what bad bytes cost; None where all are in UTF-8 without a bad byte."""
    if not charsets.num_documents:
        return None
    order = sorted(charsets.num_documents, key=lambda charset: (-charsets.num_documents[charset], charset))
    rows = [
        [element("code", charset), *(figures.count(counts[charset]) for counts in (
            charsets.num_documents, charsets.num_damaged, charsets.num_replaced,
        ))]
        for charset in order
    ]  # fmt: skip
    intro = "Of the documents that were kept, those in another charset than UTF-8, and those in which bad bytes became U+FFFD."
    head = ["charset", "#documents", "#with bad bytes", "#characters replaced"]
    return joined([element("p", intro), table(head, rows)])
