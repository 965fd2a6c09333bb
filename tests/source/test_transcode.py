from hypothesis import given
from hypothesis import strategies as st

from corpusforge.source.transcode import utf8_blocks

ZH = "花岗岩含有石英、长石和云母。它在地下约五公里处缓慢冷却，所以晶体粗大。"


def cut(content: bytes, size: int) -> list[bytes]:
    return [content[begin : begin + size] for begin in range(0, len(content), size)]


@given(st.integers(1, 50), st.sampled_from(["utf-8", "gbk", "utf-16-le", "shift_jis"]))
def test_it_does_not_matter_how_content_is_cut_into_blocks(size: int, codec: str) -> None:
    content = (ZH.replace("岗", "").replace("长", "").replace("处", "").replace("缓", "")).encode(codec, "ignore")
    name = {"gbk": "gb18030", "utf-16-le": "utf-16le"}.get(codec, codec)
    assert b"".join(utf8_blocks(cut(content, size), name)).decode() == content.decode(codec)


@given(st.lists(st.binary(max_size=30), max_size=8))
def test_ascii_and_utf_8_go_through_untouched(blocks: list[bytes]) -> None:
    content = [block.decode("utf-8", "ignore").encode() for block in blocks]
    assert b"".join(utf8_blocks(content, "")) == b"".join(content)
    assert b"".join(utf8_blocks(blocks, "utf-8")) == b"".join(blocks)


def test_the_charset_is_decided_by_what_is_not_ascii() -> None:
    blocks = [b"ascii " * 10] * 100 + [ZH.encode("gbk")]
    assert b"".join(utf8_blocks(blocks, "")).decode() == "ascii " * 1000 + ZH


def test_a_character_cut_in_two_does_not_make_utf_8_another_charset() -> None:
    content = ZH.encode()
    assert b"".join(utf8_blocks([content[:40], content[40:]], "")) == content


def test_a_bad_byte_stays_one() -> None:
    bad = b"".join(utf8_blocks([ZH.encode("gbk") + b"\xff\n"], "gb18030"))
    assert bad == ZH.encode() + b"\xff\n"


def test_a_file_that_ends_inside_a_character_has_a_bad_byte_there() -> None:
    assert b"".join(utf8_blocks([ZH.encode("gbk")[:-1]], "gb18030")).startswith(ZH[:-1].encode() + b"\xff")
