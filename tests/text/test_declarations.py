import pytest

from corpusforge.text.declarations import charset_parameter, declared_in_html, declared_in_xml


@pytest.mark.parametrize(
    ("raw", "label"),
    [
        (b'<html><meta charset="gb2312">', "gb2312"),
        (b"<META CHARSET=GBK>", "GBK"),
        (b"<meta charset='big5' />", "big5"),
        (b'<meta http-equiv="Content-Type" content="text/html; charset=Shift_JIS">', "Shift_JIS"),
        (b"<meta content='text/html;charset=euc-kr' http-equiv=content-type>", "euc-kr"),
        (b'<!-- <meta charset="gbk"> --><meta charset="koi8-r">', "koi8-r"),
        (b'<meta name="a" content="b"><meta charset="koi8-r">', "koi8-r"),
        (b'<meta name="description" content="charset=gbk">', ""),
        (b'<meta charset="utf-16">', "utf-8"),
        (b"<!--" + b"x" * 4100 + b'--><meta charset="gbk">', ""),
        (b"<p>charset=gbk</p>", ""),
        (b"", ""),
    ],
)
def test_a_page_declares_its_charset_in_a_meta(raw: bytes, label: str) -> None:
    assert declared_in_html(raw) == label


@pytest.mark.parametrize(
    ("raw", "label"),
    [
        (b'<?xml version="1.0" encoding="gb2312"?>', "gb2312"),
        (b"\xef\xbb\xbf<?xml version='1.0' encoding='UTF-8' standalone='yes'?>", "UTF-8"),
        ('<?xml version="1.0" encoding="utf-16"?>'.encode("utf-16-le"), "utf-16le"),
        ('<?xml version="1.0"?>'.encode("utf-16-be"), "utf-16be"),
        (b'<?xml version="1.0"?><a encoding="gbk"/>', ""),
        (b'<a encoding="gbk"/>', ""),
        (b"", ""),
    ],
)
def test_xml_declares_its_charset_in_its_first_line(raw: bytes, label: str) -> None:
    assert declared_in_xml(raw) == label


@pytest.mark.parametrize(
    ("mime", "label"),
    [
        ("text/html; charset=gb2312", "gb2312"),
        ('text/html;Charset="GBK"; x=y', "GBK"),
        ("text/plain; x=y; charset='big5'", "big5"),
        ("text/html", ""),
        ("text/html; charset=", ""),
        ("", ""),
    ],
)
def test_a_media_type_may_have_a_charset(mime: str, label: str) -> None:
    assert charset_parameter(mime) == label
