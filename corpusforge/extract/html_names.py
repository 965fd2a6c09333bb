"""What the author of a page calls its parts: words in class, id and role that tell boilerplate from the article.

Names are cut into whole words, so that "share" is found in "post-share-bar" and "postShareBar" but not in "shareholders".
"""

import re
from functools import lru_cache
from html import unescape

from corpusforge.extract.html_formulas import is_formula_picture, is_formula_source, may_be_formula
from corpusforge.extract.plain import names
from corpusforge.text.markup_sums import BODY, CAPTION, COMMENTS, JUNK, LEAD
from corpusforge.text.markup_words import ASK

# What an element says of itself, beside what blocks say in sums.
FORMULA = 256
"""Of a class: it may hold or draw a formula."""
BESIDE = 512
"""Of a class: it names what stands inside a sentence and is no part of it."""
PICTURE = 1024
"""Of a class: a picture that has it shows a formula."""
HIDDEN = 2048
"""Readers do not see it."""
SOURCE = 4096
"""A script that is the source of a formula."""
OF_ELEMENTS = FORMULA | BESIDE | PICTURE | HIDDEN | SOURCE
"""Those of these bits, which say nothing of a block."""

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_LOWER_WORD = re.compile("[a-z]+")

_JUNK = names(
    """ad ads advert advertisement advertising adsense advertorial adv advs sponsor sponsors sponsored promo promos promotion
    promotions promoted partner dfp outbrain taboola zergnet revcontent teads mgid
    share shares sharing sharebar sharer sharetools shared sharedaddy addthis addtoany social socials socialmedia jiathis
    bdshare bshare follow follows facebook twitter whatsapp linkedin pinterest retweet tweet
    related relateds relate recommended recommend recommendation recommendations recirc recirculation similar readnext
    alsolike popular trending trends mostread mostpopular hottest latest teaser teasers upnext headlines
    breadcrumb breadcrumbs crumb crumbs pagination paginate pager paging pagenav pagelinks
    nav navi navigation navbar navbox navbars subnav topnav menu menus submenu dropdown sidebar sidebars rail aside
    footer foot footers bottombar masthead topbar toolbar toolbox tools
    cookie cookies consent gdpr ccpa privacy banner banners popup popover modal lightbox overlay dialog tooltip
    newsletter newsletters subscribe subscription subscriptions signup optin paywall login signin register registration
    tag tags tagged tagcloud tagsinglelist keywords topics categories
    byline bylines author authors authorbox authorinfo bio biography contributor contributors
    timestamp datetime pubdate postdate dateline postmeta entrymeta metadata
    widget widgets search searchbox searchform rating ratings vote votes voting poll polls survey
    copyright legal disclaimer trademark colophon
    skip skiplink print printonly noprint email emailthis correction errata jumbotron carousel slider slideshow
    hidden hide invisible offscreen visuallyhidden placeholder loading feedback
    editsection jump catlinks hatnote ambox printfooter authority
    xiangguan pinglun fenxiang tuijian daohang guanggao dibu mianbaoxie sousuo denglu zhuce fankui jiucuo paihang remen"""
)
_COMMENTS = names(
    """comment comments commentlist commentlists commentary-list disqus livefyre respond reply replies discussion discussions
    pinglun liuyan guestbook trackback trackbacks pingback pingbacks cmt cmts"""
)
# What describes a picture.
_CAPTIONS = names("caption captions credit credits imgcaption imagecaption photocaption photocredit wpcaption copyrightholder")
_LEADS = names("summary lead lede standfirst abstract intro introduction teaserlead daoyu zhaiyao")
# Spans and links inside a sentence that are no part of it: footnote marks, links to edit or to the heading itself.
_BESIDE = names(
    """mw-editsection reference noprint sr-only visually-hidden visuallyhidden screen-reader-text headerlink anchorjs-link
    permalink header-anchor footnote-ref footnote-backref mw-cite-backlink rollover-block"""
)
# What holds the text of an article and little else; "content" or "main" alone name half of the page.
_TEXTS = ("article", "story", "post", "entry", "news", "blog")
_BODIES = ("body", "content", "text", "txt", "detail", "copy", "main")
_INNER = ("text", "content", "inner")
_OTHER_BODIES = ("storytext", "artibody", "neirong", "zhengwen", "wenzhang")
_BODY = re.compile(
    rf"""(?x) (?<![^\s_-]) (?: (?:{"|".join(_TEXTS)}) [_-]* (?:{"|".join(_BODIES)})s?(?:[_-]*(?:{"|".join(_INNER)}))?
    | {"|".join(_OTHER_BODIES)} | mw-parser-output ) (?:$|[\s_-])"""
)
# Each name in small letters that this matches has one of these words, and few others do: the pattern is slow.
_IN_BODY = {
    *(*_TEXTS, *_OTHER_BODIES, "arti", "nei", "zheng", "wen", "parser"),
    *(text + body + s + inner for text in _TEXTS for body in _BODIES for s in ("", "s") for inner in ("", *_INNER)),
}
_HIDDEN = re.compile(r"(?i)display\s*:\s*none|visibility\s*:\s*hidden")


# What a word says; the first of these sets that has it.
_MEANINGS = {
    **dict.fromkeys(_LEADS, LEAD),
    **dict.fromkeys(_CAPTIONS, CAPTION),
    **dict.fromkeys(_JUNK, JUNK),
    **dict.fromkeys(_COMMENTS, COMMENTS),
}
_MEANINGS |= {word: _MEANINGS.get(word, 0) | BODY for word in _IN_BODY}

# The meanings of words that are enough to tell what a class, id or role says, and those that leave it to said_by.
WORDS = _MEANINGS | {word: _MEANINGS[word] | ASK for word in _IN_BODY}
WORDS |= dict.fromkeys((max(reversed(name.split("-")), key=len) for name in _BESIDE), ASK)
WORDS |= dict.fromkeys(names("tex latex math mathjax mwe ql formula equation none"), ASK)
WORDS["hidden"] |= ASK  # in styles
WORDS = {word: meaning for word, meaning in WORDS.items() if len(word) <= 16}
PARTS = ("ath", "kat", "MJX")


@lru_cache(maxsize=2**14)
def said_by(attribute: str, value: bytes) -> int:
    """What the value of an attribute says, as it is serialized; pages of a site, and many others, use the same ones."""
    text = unescape(value.decode()) if b"&" in value else value.decode()
    if attribute == "class":
        return mark_of(text) | (FORMULA if may_be_formula(text) else 0) | (PICTURE if is_formula_picture(text) else 0)
    if attribute == "style":
        return HIDDEN if _HIDDEN.search(text) else 0
    if attribute == "type":
        return SOURCE if is_formula_source(text) else 0
    if attribute == "itemprop":
        return BODY if text == "articleBody" else 0
    return mark_of(text) & ~BESIDE


def mark_of(name: str) -> int:
    """What a class, id or role says: mark_of("post-share-bar") -> JUNK."""
    found, lower = 0, name.lower()
    for word in _LOWER_WORD.findall(name) if name == lower else _WORD.findall(name):
        found |= _MEANINGS.get(word.lower(), 0)
    if found & BODY or name != lower:
        found = found | BODY if _BODY.search(lower) else found & ~BODY
    return found if _BESIDE.isdisjoint(name.split()) else found | BESIDE
