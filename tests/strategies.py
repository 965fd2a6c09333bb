"""Hypothesis strategies for documents: the kinds of text that break programs which count bytes, characters and tokens.

No lone surrogates: they have no UTF-8. Everything else may occur: astral planes, combining marks, zero-width characters, CJK,
mixed geoscience prose, long runs of one character.
"""

from itertools import pairwise

from hypothesis import strategies as st

ENGLISH = (
    "The Morrison Fm. crops out in Utah.",
    "See Fig. 3 and Eq. 2 for details.",
    'He asked: "Why?" Nobody knew.',
    "Smith et al. (1998) dated it at 65.5 Ma.",
    "J. R. Smith didn't re-measure the well-known U.S. type section.",
    "1. Introduction",
    "- a list item, approx. 5 wt. % SiO2",
    "well... perhaps. Or not!",
    "of the basin and its margin, which were uplifted in the Eocene,",
    "# Regional geology",
    "It slipped.[12] Then it stopped.",
)
CHINESE = (
    "侏罗系砂岩发育。",
    "他问:“真的吗?”没有人回答。",
    "鄂尔多斯盆地位于华北克拉通西部；其构造稳定，",
    "温度升高……压力也升高！",
    '他说："走吧。"然后离开了',
    "厚度为３．５米．上部为泥岩",
    "如图 2 所示（见附录。）",
    "第一章　区域地质",
    "使用 GMT 6.4.0 绘图!很方便",
)
GAPS = ("", " ", "  ", "\n", "\n\n", "\r\n", " \n ", "\t", "\u3000", "\u2028", "\u2029", "\u00a0", "\u200b")
ODD = (
    "\u0301", "e\u0301", "\u200d", "\ufe0f", "\U000e0101", "\U0001f469\u200d\U0001f680", "\U00020000",
    "\u3099", "\ufeff", "\x00",
    "\u00ad", "\u0130", "\u00df", "\uff0e", "\u2047", "ⅳ", "한국어", "ひらがな", "ｶﾞ", "\U0010ffff", "०१", "العربية",
)  # fmt: skip

characters = st.characters(codec="utf-8")
any_unicode = st.text(characters, max_size=60)
marks = st.text(st.sampled_from("。！？!?…．.,;:，；：、\"'*_`”’」）)]}[(“\n\r \u3000aAZ中9-#|>•"), max_size=30)
runs = st.builds(lambda character, times: character * times, characters, st.integers(1, 80))
phrases = st.sampled_from(ENGLISH + CHINESE + ODD)
gaps = st.sampled_from(GAPS)
prose = st.lists(st.one_of(phrases, gaps), max_size=14).map("".join)

# One document.
documents = st.one_of(
    any_unicode, marks, prose, runs, st.lists(st.one_of(any_unicode, marks, prose, runs), max_size=4).map("".join)
)

# A batch of documents, empty ones and no document at all included.
batches = st.lists(documents, max_size=6)


@st.composite
def encoded_documents(draw: st.DrawFn) -> tuple[str, list[int]]:
    """A document and the bytes that each of its tokens covers, as any tokenizer could have cut it.

    Tokens may end inside a character (byte fallback), cover several words, or have no text at all (the dummy prefix). Only
    an empty document can have no token.
    """
    text = draw(documents)
    size = len(text.encode())
    places = draw(st.sets(st.integers(1, size - 1), max_size=80)) if size > 1 else set()
    if draw(st.booleans()):  # one token a character: many legal cuts
        places |= {len(text[:index].encode()) for index in range(1, len(text))}
    edges = [0, *sorted(places), size] if size else [0]
    widths = [end - begin for begin, end in pairwise(edges)]
    for place in draw(st.lists(st.integers(0, len(widths)), max_size=2)):
        widths.insert(place, 0)
    return text, widths
