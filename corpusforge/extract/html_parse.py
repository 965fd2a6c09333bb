"""Text of a page to a tree of elements, by libxml2 (lxml), kept from what would stall it or make it lose text unseen."""

import re

from lxml import etree

# libxml2 takes quadratic time for the attributes of one tag: 4 s for 50,000 of them. Shorter pages cannot have many.
_LONG_PAGE = 2**16
_LONG_TAG = 2**13
_MAX_ATTRIBUTES = 2000
_TAG = re.compile(r"""<[A-Za-z](?:[^>"']++|"[^"]*+"|'[^']*+')*+""")
_NAME = re.compile(r"<[A-Za-z][^\s/>]{0,30}")
_ATTRIBUTE = re.compile(r"""[^\s/>=]++(?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|[^\s>]++))?+""")


class TooDeep(Exception):
    """Tags nest deeper than libxml2 reads; what is behind would be lost."""


def parsed(text: str) -> etree._Element | None:
    """The tree of a page, without comments; None where it has no element. Raises TooDeep."""
    parser = etree.HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True, no_network=True)
    try:
        root = etree.fromstring(without_floods(text).encode("utf-8", "replace"), parser)
    except etree.XMLSyntaxError:
        return None
    if any(entry.type == etree.ErrorTypes.ERR_RESOURCE_LIMIT for entry in parser.error_log.filter_from_fatals()):
        raise TooDeep
    return root


def without_floods(text: str) -> str:
    """The same page without the attributes of tags that have thousands of them."""
    if len(text) < _LONG_PAGE:
        return text
    pieces, begin = [], 0
    for tag in _TAG.finditer(text):
        if tag.end() - tag.start() > _LONG_TAG and len(_ATTRIBUTE.findall(tag[0])) > _MAX_ATTRIBUTES:
            name = _NAME.match(tag[0])
            pieces.append(text[begin : tag.start()] + (name[0] if name else ""))
            begin = tag.end()
    return "".join([*pieces, text[begin:]])
