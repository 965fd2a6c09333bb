"""What gzip members give, damaged or not, held against zlib itself: content, frames, the error and where it is."""

import io
import random
import zlib
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from zlib_ng import zlib_ng

from corpusforge.core import InputFile
from corpusforge.errors import BadShard
from corpusforge.source.compression import GZIP, contents

ZLIB = replace(GZIP, new_decoder=lambda: zlib.decompressobj(wbits=31), error=zlib.error)

EXTRA, NAME, COMMENT, HEAD_CHECKSUM = 4, 8, 16, 2

NOISE = random.Random(4).randbytes(70_000)
WORDS = b" ".join(b"%x" % (number * number) for number in range(10_000))
CONTENTS = [b"", b"a", WORDS[:300], WORDS, NOISE[:500], NOISE + NOISE[:40_000], bytes(3 * 2**20)]

STRATEGIES = [zlib.Z_DEFAULT_STRATEGY, zlib.Z_HUFFMAN_ONLY, zlib.Z_RLE, zlib.Z_FIXED]


@cache
def _packed(content, level=6, strategy=zlib.Z_DEFAULT_STRATEGY, wbits=-15):
    packer = zlib.compressobj(level, zlib.DEFLATED, wbits, 8, strategy)
    half = packer.compress(content[: len(content) // 2]) + packer.flush(zlib.Z_FULL_FLUSH)
    return half + packer.compress(content[len(content) // 2 :]) + packer.flush()


def _member(content, flags, **options):
    """A member whose head has the fields that `flags` ask for."""
    fields = {EXTRA: b"\x03\x00abc", NAME: b"name\0", COMMENT: b"a comment\0"}
    head = b"\x1f\x8b\x08" + bytes([flags]) + b"\0\0\0\0\0\xff"
    head += b"".join(field for flag, field in fields.items() if flags & flag)
    checksum = zlib.crc32(head).to_bytes(4, "little")[:2] if flags & HEAD_CHECKSUM else b""
    trailer = zlib.crc32(content).to_bytes(4, "little") + len(content).to_bytes(4, "little")
    return head + checksum + _packed(content, **options) + trailer


@st.composite
def damaged(draw, packed):
    """`packed` with a few bytes changed, most of them near its beginning or end, some cut out, or something behind it."""
    content = bytearray(packed)
    size = len(content)
    places = st.one_of(st.integers(0, min(size, 80) - 1), st.integers(max(size - 12, 0), size - 1), st.integers(0, size - 1))
    for place, change in draw(st.lists(st.tuples(places, st.sampled_from([1, 2, 4, 8, 16, 32, 64, 128, 255])), max_size=2)):
        content[place] ^= change
    cut = slice(*sorted(draw(st.tuples(places, places)))) if draw(st.booleans()) else slice(0, 0)
    del content[cut]
    return bytes(content) + draw(st.sampled_from([b"", b"", b"", b"\0" * 9, b"\x1f\x8b", b"garbage"]))


@st.composite
def files(draw):
    """Up to three members, damaged or not."""
    kinds = st.tuples(st.sampled_from(CONTENTS), st.integers(0, 31), st.sampled_from([0, 1, 6, 9]), st.sampled_from(STRATEGIES))
    members = draw(st.lists(kinds, min_size=1, max_size=3))
    packed = b"".join(_member(content, flags, level=level, strategy=strategy) for content, flags, level, strategy in members)
    return draw(damaged(packed))


def _read(packed, compression):
    """What each frame gave, the error behind it, and the most bytes that were given at once."""
    frames, error, most = dict[int, bytes](), "", 0
    pieces = contents(io.BytesIO(packed), InputFile("a.gz", "a.gz", len(packed)), compression)
    try:
        for frame, content in pieces:
            frames[frame] = frames.get(frame, b"") + content
            most = max(most, len(content))
    except BadShard as caught:
        error = str(caught)
    return frames, error, most


@given(data=st.data())
@settings(max_examples=120, deadline=None)
def test_damaged_members_give_what_zlib_gives(data):
    packed = data.draw(files())
    found = _read(packed, GZIP)
    assert found == _read(packed, ZLIB)
    assert found[2] <= 2**20


def _decoded(module, packed, wbits, max_bytes):
    """What a decoder gives in one call, as bodies of crawls are decoded, and how it stands then."""
    decoder = module.decompressobj(wbits=wbits)
    try:
        content = decoder.decompress(packed, max_bytes)
    except module.error as error:
        return str(error)
    return content, decoder.eof, decoder.unused_data


@pytest.mark.parametrize("wbits", [15, -15])
@given(data=st.data())
@settings(max_examples=80, deadline=None)
def test_damaged_streams_of_deflate_give_what_zlib_gives(wbits, data):
    content, level = data.draw(st.sampled_from(CONTENTS)), data.draw(st.sampled_from([0, 1, 9]))
    packed = data.draw(damaged(_packed(content, level, wbits=wbits)))
    max_bytes = data.draw(st.sampled_from([1, len(content) // 2 + 1, len(content) + 1]))
    assert _decoded(zlib_ng, packed, wbits, max_bytes) == _decoded(zlib, packed, wbits, max_bytes)


def test_a_head_with_flags_that_nobody_knows_is_damage():
    packed = bytearray(_member(WORDS, 0))
    packed[3] = 0x80
    assert "unknown header flags" in _read(bytes(packed), GZIP)[1]


def _bits(*values_and_sizes):
    """Values in so many bits each, the lowest first, as deflate packs numbers."""
    return "".join(f"{value:0{size}b}"[::-1] for value, size in values_and_sizes)


def test_a_code_with_bits_left_over_is_damage_though_the_checksum_is_right():
    # of codes for lengths, 0, 1, 2 and 18 (zeros) have two bits: 00, 01, 10, 11
    sizes = _bits(
        *((2 if symbol in (18, 0, 2, 1) else 0, 3) for symbol in (16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1))
    )
    # a zero byte has one bit, 255 others have none, the end of the block has two, so that 11 means nothing; no distances
    lengths = "01" + "11" + _bits((127, 7)) + "11" + _bits((106, 7)) + "10" + "00"
    block = _bits((1, 1), (2, 2), (0, 5), (0, 5), (14, 4)) + sizes + lengths + "0" + "10"
    packed = int(block[::-1], 2).to_bytes(-(-len(block) // 8), "little")
    member = b"\x1f\x8b\x08" + bytes(7) + packed + zlib.crc32(b"\0").to_bytes(4, "little") + b"\1\0\0\0"
    assert "invalid literal/lengths set" in _read(member, GZIP)[1]
