"""Names of charsets: the labels that documents use, as the WHATWG Encoding Standard reads them, and Python's codecs for them.

A label says less than it seems to: pages "in gb2312" hold characters of GBK, pages "in iso-8859-1" the quotes of Windows-1252.
So each label stands for the largest charset that browsers read it as. UTF-7 is none of them: no text needs it, and any ASCII
text with a plus sign could be it.
"""

from collections.abc import Mapping

_LATIN = "iso-8859-1 iso8859-1 iso88591 iso_8859-1 latin1 latin-1 l1 ascii us-ascii ansi_x3.4-1968 cp819 ibm819 cp1252 x-cp1252"
_CHINESE = "gb2312 gb_2312 gb_2312-80 gb2312-80 csgb2312 gbk x-gbk cp936 ms936 windows-936 chinese x-gb gb-2312 euc-cn x-euc-cn"
_TAIWANESE = "big5-hkscs big5hkscs cn-big5 csbig5 x-x-big5 big-5 big5-eten cp950 windows-950 ms950"
_JAPANESE = "shift-jis sjis x-sjis ms_kanji ms932 cp932 windows-31j csshiftjis shiftjis s-jis"
_KOREAN = "ks_c_5601-1987 ks_c_5601 ksc5601 ksc_5601 korean euckr cseuckr cp949 ms949 uhc windows-949 iso-ir-149"
_MACS = {"macintosh": "mac_roman", "x-mac-cyrillic": "mac_cyrillic"}

# The name of a charset -> Python's codec.
_CODECS: Mapping[str, str] = {
    "utf-8": "utf-8",
    "utf-16le": "utf-16-le",
    "utf-16be": "utf-16-be",
    "utf-32le": "utf-32-le",
    "utf-32be": "utf-32-be",
    "gb18030": "gb18030",
    "hz-gb-2312": "hz",
    "big5": "big5hkscs",
    "shift_jis": "cp932",
    "euc-jp": "euc_jp",
    "iso-2022-jp": "iso2022_jp_ext",
    "euc-kr": "cp949",
    "koi8-r": "koi8_r",
    "koi8-u": "koi8_u",
    **{f"ibm{number}": f"cp{number}" for number in (437, 850, 852, 855, 865, 866)},
    **{f"windows-{number}": f"cp{number}" for number in (874, *range(1250, 1259))},
    **{f"iso-8859-{number}": f"iso8859_{number}" for number in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)},
    **_MACS,
}

# Other labels -> the name of a charset.
_ALIASES: Mapping[str, str] = {
    **dict.fromkeys(_LATIN.split(), "windows-1252"),
    **dict.fromkeys(_CHINESE.split(), "gb18030"),
    **dict.fromkeys(_TAIWANESE.split(), "big5"),
    **dict.fromkeys(_JAPANESE.split(), "shift_jis"),
    **dict.fromkeys(_KOREAN.split(), "euc-kr"),
    **dict.fromkeys(("utf8", "utf_8", "unicode-1-1-utf-8", "x-unicode20utf8", "utf8mb4"), "utf-8"),
    **dict.fromkeys(("utf-16", "utf16", "ucs-2", "unicode", "utf-16-le", "utf16le"), "utf-16le"),
    **dict.fromkeys(("utf-16-be", "utf16be", "unicodefffe"), "utf-16be"),
    **dict.fromkeys(("x-euc-jp", "eucjp", "euc_jp", "ujis", "cseucpkdfmtjapanese"), "euc-jp"),
    **dict.fromkeys(("iso2022_jp", "csiso2022jp"), "iso-2022-jp"),
    **dict.fromkeys(("hz", "hz-gb2312", "hz_gb_2312"), "hz-gb-2312"),
    **dict.fromkeys(("koi8", "koi", "koi8_r", "cskoi8r"), "koi8-r"),
    **dict.fromkeys(("koi8-ru", "koi8_u"), "koi8-u"),
    **dict.fromkeys(("iso-8859-9", "iso8859-9", "iso_8859-9", "latin5"), "windows-1254"),
    **dict.fromkeys(("iso-8859-11", "iso8859-11", "tis-620", "dos-874"), "windows-874"),
    **dict.fromkeys(("iso-8859-8-i", "iso-8859-8-e", "logical", "visual"), "iso-8859-8"),
    **{f"latin{latin}": f"iso-8859-{part}" for latin, part in ((2, 2), (3, 3), (4, 4), (6, 10), (9, 15))},
    **dict.fromkeys(("cyrillic", "iso-ir-144"), "iso-8859-5"),
    "arabic": "iso-8859-6",
    "greek": "iso-8859-7",
    "hebrew": "iso-8859-8",
    "mac": "macintosh",
    "x-mac-roman": "macintosh",
    "mac-cyrillic": "x-mac-cyrillic",
    "x-mac-ukrainian": "x-mac-cyrillic",
}


def charset_named(label: str) -> str:
    """The charset that a label stands for, whatever its case; "" for a label that no one knows.

    charset_named(" GB2312") -> "gb18030"
    """
    name = label.strip(" \t\r\n\f\"'").lower()
    for form in (name, _dashed(name)):
        found = _ALIASES.get(form, form if form in _CODECS else "")
        if found:
            return found
    return ""


def _dashed(name: str) -> str:
    """Other spellings of ISO, Windows and IBM numbers: iso8859_2, iso88592, cp1251, x-cp1251, win1251, cp866."""
    name = name.removeprefix("cs").removeprefix("x-").replace("_", "-")
    if name.startswith("iso") and name.replace("-", "").startswith("iso8859"):
        return "iso-8859-" + name.replace("-", "")[7:].partition(":")[0]
    for prefix in ("windows", "cp", "win", "ms", "ibm"):
        number = name.removeprefix(prefix).removeprefix("-")
        if name.startswith(prefix) and number.isdigit():
            return f"windows-{number}" if f"windows-{number}" in _CODECS else f"ibm{number}"
    return name


def codec_of(charset: str) -> str:
    """Python's codec for the name of a charset."""
    return _CODECS[charset]


def is_multibyte(charset: str) -> bool:
    """Whether it is a charset of Chinese, Japanese or Korean, in which a character takes two bytes or more."""
    return charset in ("gb18030", "big5", "shift_jis", "euc-jp", "euc-kr")
