"""Text of a page to a tree of elements, by libxml2 (lxml), kept from what would stall it or make it lose text unseen."""

import re

from lxml import etree

from corpusforge.errors import UserError

# libxml2 takes quadratic time for the attributes of one tag: 4 s for 50,000 of them. Shorter pages have room for few more.
_LONG_PAGE_BYTES = 2**18
_LONG_TAG_BYTES = 2**13
_MAX_ATTRIBUTES = 2000
# A comment, or a tag; with that of a script its text, where "<" begins no tag.
_TAG = re.compile(
    rb"""(?xi) <!-- (?: [^-]++ | -(?!->) )*+
    | <(?:(script|style)(?=[\s/>])|[a-z][^\s/>=]*+) ((?: [^>=]++ | =\s*+ (?: "[^"]*+" | '[^']*+' | [^\s>]*+ ) )*+)
      (?(1) (?: [^<]++ | <(?!/(?:script|style)) )*+ )"""
)
_ATTRIBUTE = re.compile(rb"""[^\s/>=]++(?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|[^\s>]++))?+""")

if etree.LIBXML_VERSION < (2, 14):  # it reads HTML by other rules, so the same page would give another text
    raise UserError(
        f"extract.html: lxml reads with libxml2 {'.'.join(map(str, etree.LIBXML_VERSION))}, but this needs 2.14 or later: "
        "pip install --force-reinstall --only-binary lxml 'lxml>=6.1'"
    )


class TooDeep(Exception):
    """Tags nest deeper than libxml2 reads; what is behind would be lost."""


def parsed(page: bytes) -> etree._Element | None:
    """The tree of a page in UTF-8, without comments; None where it has no element. Raises TooDeep."""
    parser = etree.HTMLParser(
        encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True, no_network=True, collect_ids=False
    )
    try:
        root = etree.fromstring(
            without_floods(page).replace(b"\f", b" "), parser
        )  # XML has no form feed, HTML takes it as a blank
    except etree.XMLSyntaxError:
        return None
    if any(entry.type == etree.ErrorTypes.ERR_RESOURCE_LIMIT for entry in parser.error_log.filter_from_fatals()):
        raise TooDeep
    if root is not None:
        root.getroottree().docinfo.clear()  # a page that calls itself XHTML would be written out by other rules
        root.extend(list(root.itersiblings()))  # what stands behind </html>
    return root


def without_floods(page: bytes) -> bytes:
    """The same page without the attributes of tags that have thousands of them."""
    if len(page) < _LONG_PAGE_BYTES:
        return page
    pieces, begin = [], 0
    for tag in _TAG.finditer(page):
        attributes = tag[2]
        if attributes and len(attributes) > _LONG_TAG_BYTES and len(_ATTRIBUTE.findall(attributes)) > _MAX_ATTRIBUTES:
            pieces.append(page[begin : tag.start(2)])
            begin = tag.end(2)
    return b"".join([*pieces, page[begin:]])
