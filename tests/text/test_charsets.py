import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpusforge.text.charset_labels import charset_named
from corpusforge.text.charsets import Decoded, decode, decode_as

ZH = "花岗岩含有石英、长石和云母。它在地下约五公里处缓慢冷却，所以晶体粗大，肉眼可见。"
ZH_TW = "花崗岩含有石英、長石和雲母。它在地下約五公里處緩慢冷卻，所以晶體粗大，肉眼可見。"
JA = "花崗岩は石英、長石、雲母からなる深成岩である。地下でゆっくり冷えたため、結晶が大きい。"
KO = "화강암은 석영과 장석과 운모로 이루어진 심성암이다. 지하에서 천천히 식었기 때문에 결정이 크다."
RU = "Гранит состоит из кварца, полевого шпата и слюды. Он медленно остывал на глубине пяти километров."
UK = "Граніт є глибинною магматичною породою, що складається з кварцу, польового шпату та слюди."
DE = "Granit enthält Quarz, Feldspat und Glimmer. Er kühlte in fünf Kilometern Tiefe ab; daher die großen Kristalle."
FR = "Le granite a refroidi lentement à cinq kilomètres de profondeur ; c’est pourquoi ses cristaux sont très grands."
PL = (
    "Skały osadowe powstają w wyniku nagromadzenia materiału przynoszonego przez wodę, wiatr i lód. Geologia bada budowę Ziemi."
)
EL = "Ο γρανίτης αποτελείται από χαλαζία, αστρίους και μαρμαρυγία. Ψύχθηκε αργά σε μεγάλο βάθος."

WRITTEN = [
    (ZH, "gb18030", "gb18030"),
    (ZH, "gbk", "gb18030"),
    (ZH_TW, "big5", "big5"),
    (JA, "cp932", "shift_jis"),
    (JA, "euc_jp", "euc-jp"),
    (JA, "iso2022_jp", "iso-2022-jp"),
    (KO, "cp949", "euc-kr"),
    (RU, "cp1251", "windows-1251"),
    (RU, "koi8_r", "koi8-r"),
    (RU, "cp866", "ibm866"),
    (UK, "koi8_u", "koi8-u"),
    (DE, "cp1252", "windows-1252"),
    (FR, "cp1252", "windows-1252"),
    (PL, "cp1250", "windows-1250"),
    (PL, "iso8859_2", "iso-8859-2"),
    (EL, "cp1253", "iso-8859-7"),
]
IDS = [f"{charset}-{text[:5]}" for text, _, charset in WRITTEN]
ASCII_HEAD = b"<script>var a = 1;</script>\n" * 8000


@pytest.mark.parametrize(("text", "codec", "charset"), WRITTEN, ids=IDS)
def test_a_charset_is_found_without_a_declaration(text: str, codec: str, charset: str) -> None:
    assert decode(text.encode(codec)) == Decoded(text.encode(), charset)


@pytest.mark.parametrize(("text", "codec", "charset"), WRITTEN, ids=IDS)
def test_a_right_declaration_holds(text: str, codec: str, charset: str) -> None:
    assert decode(text.encode(codec), declared=[codec]).text == text


@pytest.mark.parametrize(("text", "codec", "charset"), WRITTEN, ids=IDS)
@pytest.mark.parametrize("declared", ["iso-8859-1", "utf-8"])
def test_a_wrong_declaration_makes_no_mojibake(text: str, codec: str, charset: str, declared: str) -> None:
    assert decode(text.encode(codec), declared=[declared]) == Decoded(text.encode(), charset)


@pytest.mark.parametrize(
    ("text", "codec", "declared"),
    [(ZH_TW, "big5", "gb2312"), (ZH, "gbk", "big5"), (JA, "euc_jp", "gbk"), (KO, "cp949", "gbk"), (DE, "cp1252", "gb2312")],
)
def test_one_multibyte_charset_declared_as_another_is_seen(text: str, codec: str, declared: str) -> None:
    assert decode(text.encode(codec), declared=[declared]).text == text


def test_the_head_of_a_big_page_does_not_decide_alone() -> None:
    page = ASCII_HEAD + ZH.encode("gbk")
    assert decode(page) == Decoded((ASCII_HEAD.decode() + ZH).encode(), "gb18030")


def test_a_page_of_one_line_is_read_as_well() -> None:
    page = ASCII_HEAD.replace(b"\n", b" ") + KO.encode("cp949") * 3000
    assert decode(page).charset == "euc-kr"


@pytest.mark.parametrize("declared", [[], ["gb2312"], ["iso-8859-1"], ["utf-7"], ["utf-16"]])
@pytest.mark.parametrize("text", [ZH, DE, "plain ASCII", "", "+AGE-", "a\ufffdb"])
def test_valid_utf_8_is_utf_8_whatever_is_declared(text: str, declared: list[str]) -> None:
    assert decode(text.encode(), declared=declared).text == text


@pytest.mark.parametrize(
    ("mark", "codec", "charset"),
    [
        (codecs.BOM_UTF8, "utf-8", "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le", "utf-16le"),
        (codecs.BOM_UTF16_BE, "utf-16-be", "utf-16be"),
        (codecs.BOM_UTF32_LE, "utf-32-le", "utf-32le"),
        (codecs.BOM_UTF32_BE, "utf-32-be", "utf-32be"),
    ],
)
def test_a_byte_order_mark_says_more_than_a_declaration(mark: bytes, codec: str, charset: str) -> None:
    assert decode(mark + ZH.encode(codec), declared=["gbk"]) == Decoded(ZH.encode(), charset)


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark_is_found_in_latin_text_and_where_it_is_declared(codec: str) -> None:
    assert decode(DE.encode(codec)).text == DE
    assert decode(f"{ZH} 1".encode(codec), declared=[codec]).text == f"{ZH} 1"


def test_hz_is_read_where_it_is_declared() -> None:
    assert decode(ZH.encode("hz"), declared=["hz-gb-2312"]) == Decoded(ZH.encode(), "hz-gb-2312")
    assert decode(b"a ~{ b").text == "a ~{ b"


@pytest.mark.parametrize(
    ("raw", "text", "num_replaced", "first_bad"),
    [
        (b"ab\xffcd", "ab\ufffdcd", 1, 2),
        ("a\ufffd黄".encode() + b"\xc3", "a\ufffd黄\ufffd", 1, 7),
        ("黄土".encode() * 5 + b"\xff\xfe", "黄土" * 5 + "\ufffd\ufffd", 2, 30),
        (codecs.BOM_UTF8 + b"ab\xc3", "ab\ufffd", 1, 5),
        (codecs.BOM_UTF16_LE + b"a\0b", "a\ufffd", 1, 4),
    ],
)
def test_a_bad_byte_is_replaced_and_counted(raw: bytes, text: str, num_replaced: int, first_bad: int) -> None:
    found = decode(raw)
    assert (found.text, found.num_replaced, found.first_bad) == (text, num_replaced, first_bad)


@pytest.mark.parametrize(("text", "codec"), [(ZH, "gbk"), (ZH_TW, "big5"), (KO, "cp949"), (JA, "euc_jp"), (ZH, "utf-8")])
@pytest.mark.parametrize("declared", [[], ["iso-8859-1"]])
def test_one_bad_byte_does_not_lose_a_file(text: str, codec: str, declared: list[str]) -> None:
    sentence = (text + "\n").encode(codec)
    found = decode(sentence + b"\xff\n" + sentence, declared=declared)
    assert (found.text, found.num_replaced, found.first_bad) == (f"{text}\n\ufffd\n{text}\n", 1, len(sentence))


def test_bytes_that_are_no_text_are_not_taken_for_letters() -> None:
    assert decode(b"\xff" * 1000) == Decoded(("\ufffd" * 1000).encode(), "utf-8", 1000, 0)


@pytest.mark.parametrize(
    "text", ["It melts at 900°C, i.e. 1 650°F – “hot”.", "5 m² × 3", "© 2024 Müller", "l’été, où ça", "½ kg"]
)
def test_a_few_western_letters_and_signs_are_read_as_such(text: str) -> None:
    assert decode(b"plain text. " * 50 + text.encode("cp1252")) == Decoded(
        ("plain text. " * 50 + text).encode(), "windows-1252"
    )


def test_labels_that_no_one_knows_are_reported() -> None:
    found = decode(ZH.encode("gbk"), declared=["x-unheard", "", "GB2312"])
    assert (found.text, found.unknown) == (ZH, ("x-unheard",))


def test_a_named_charset_is_taken_as_it_is() -> None:
    assert decode_as(RU.encode("koi8_r"), "windows-1251").text == RU.encode("koi8_r").decode("cp1251")
    assert decode_as(codecs.BOM_UTF8 + ZH.encode(), "gb18030") == Decoded(ZH.encode(), "utf-8")


@given(st.binary(max_size=300), st.lists(st.sampled_from(["gbk", "big5", "latin1", "utf-16", "iso-2022-jp", "hz", "?"])))
def test_no_bytes_are_refused_and_the_answer_is_the_same_twice(raw: bytes, declared: list[str]) -> None:
    found = decode(raw, declared=declared)
    assert found == decode(raw, declared=declared)
    assert (found.num_replaced > 0) == (found.first_bad >= 0)
    assert found.text.count("\ufffd") >= found.num_replaced
    found.text.encode()


@given(st.text(st.characters(codec="gb18030"), max_size=200), st.sampled_from(["utf-8", "gb18030"]))
def test_a_replacement_character_of_the_document_is_not_counted(text: str, charset: str) -> None:
    raw = (text + "\ufffd").encode(charset)
    assert decode_as(b" " + raw, charset) == Decoded((" " + text + "\ufffd").encode(), charset)


@pytest.mark.parametrize(
    ("label", "charset"),
    [
        ("UTF-8", "utf-8"),
        (" utf8 ", "utf-8"),
        ("gb2312", "gb18030"),
        ("GBK", "gb18030"),
        ("latin1", "windows-1252"),
        ("ISO-8859-1", "windows-1252"),
        ("us-ascii", "windows-1252"),
        ("big5-hkscs", "big5"),
        ("x-sjis", "shift_jis"),
        ("Shift_JIS", "shift_jis"),
        ("EUC-KR", "euc-kr"),
        ("x-euc-jp", "euc-jp"),
        ("iso8859_2", "iso-8859-2"),
        ("ISO_8859-2:1987", "iso-8859-2"),
        ("cp1251", "windows-1251"),
        ("x-cp1251", "windows-1251"),
        ("cp866", "ibm866"),
        ("'koi8-r'", "koi8-r"),
        ("utf-7", ""),
        ("x-user-defined", ""),
        ("rot13", ""),
        ("cp99999", ""),
        ("iso-8859-99", ""),
        ("", ""),
    ],
)
def test_labels_are_read_as_browsers_do(label: str, charset: str) -> None:
    assert charset_named(label) == charset


@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_arrow_takes_for_utf_8_what_python_does(raw: bytes) -> None:
    try:
        expected = Decoded(raw.decode().encode(), "utf-8")
    except UnicodeDecodeError:
        assert decode_as(b" " + raw, "utf-8").num_replaced > 0
    else:
        assert decode_as(b" " + raw, "utf-8") == Decoded(b" " + expected.utf_8, "utf-8")


def test_utf_8_is_not_copied() -> None:
    raw = ZH.encode()
    assert decode(raw).utf_8 is raw
