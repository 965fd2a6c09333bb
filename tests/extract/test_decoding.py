import pytest
from pydantic import ValidationError

from corpusforge.extract.base import Extracted
from corpusforge.extract.decoding import TextExtractor
from corpusforge.text.charsets import Decoded

ZH = "花岗岩含有石英、长石和云母。它在地下约五公里处缓慢冷却，所以晶体粗大，肉眼可见。" * 5


class Plain(TextExtractor):
    def refusal(self, mime: str) -> str:
        return "pictures have no text" if mime.startswith("image/") else ""

    def read(self, decoded: Decoded, mime: str, url: str) -> Extracted:
        return Extracted(decoded.text, meta={"title": "T"}) if decoded.text else Extracted(drop="empty_text")


def test_utf_8_needs_no_word_about_it() -> None:
    assert Plain().extract(ZH.encode(), "text/plain", "") == Extracted(ZH, meta={"title": "T"})


def test_another_charset_is_told() -> None:
    found = Plain().extract(ZH.encode("gbk"), "text/plain", "")
    assert (found.text, found.meta) == (ZH, {"title": "T", "charset": "gb18030"})


@pytest.mark.parametrize(("label", "kept"), [("big5", "gb18030"), ("gbk", "gb18030")])
def test_the_charset_of_the_media_type_is_a_declaration(label: str, kept: str) -> None:
    found = Plain().extract(ZH.encode("gbk"), f"text/plain; charset={label}", "")
    assert (found.text, found.meta["charset"]) == (ZH, kept)


def test_a_charset_that_no_one_knows_is_told() -> None:
    assert Plain().extract(b"a", "text/plain; charset=x-own", "").meta == {"title": "T", "unknown_charset": "x-own"}


def test_a_charset_that_is_set_is_not_asked_about() -> None:
    found = Plain(charset="Latin1").extract("Größe".encode("cp1252"), "text/plain; charset=koi8-r", "")
    assert (found.text, found.meta["charset"]) == ("Größe", "windows-1252")


def test_a_charset_that_is_set_has_to_exist() -> None:
    with pytest.raises(ValidationError, match="no charset is called 'utf-7'; give one such as gb18030"):
        Plain(charset="utf-7")


def test_a_bad_byte_costs_a_character_and_is_counted() -> None:
    raw = ZH.encode("gbk")
    found = Plain().extract(raw + b"\xff", "text/plain", "")
    assert (found.text, found.meta) == (f"{ZH}\ufffd", {"title": "T", "charset": "gb18030", "replaced_chars": 1})


def test_too_many_bad_bytes_cost_the_document() -> None:
    found = Plain(max_replaced_share=0.1).extract(b"abcdefgh\xff\xff", "text/plain", "")
    assert (found.drop, found.value, found.threshold, found.text) == ("undecodable", 0.2, 0.1, "")
    assert found.message == "2 of 10 characters are bad bytes in utf-8, the first at byte 8, found ff ff"
    assert Plain(max_replaced_share=0.2).extract(b"abcdefgh\xff\xff", "text/plain", "").drop == ""


def test_a_share_of_nought_allows_no_bad_byte() -> None:
    assert Plain(max_replaced_share=0).extract(ZH.encode() + b"\xff", "text/plain", "").drop == "undecodable"


def test_what_is_refused_is_not_decoded_and_what_is_dropped_keeps_its_reason() -> None:
    assert Plain().extract(b"\xff", "image/png", "") == Extracted(drop="unsupported_mime", message="pictures have no text")
    assert Plain().extract(b"", "text/plain", "") == Extracted(drop="empty_text")
