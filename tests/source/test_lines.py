import io
import tracemalloc
from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from corpusforge.source.lines import Line, lines_of_range, split_lines

BIG = 10**9

data = st.lists(st.sampled_from([b"\n", b"\r", b"\r\n", b"a", b"bcd", "\u4e2d".encode(), b"\xff", b"\x00"]), max_size=40).map(
    b"".join
)


def _expected(content):
    """Offset and content of each line, slowly: only the newline byte ends one, nothing follows the last newline."""
    lines, offset = [], 0
    for piece in content.split(b"\n"):
        lines.append((offset, piece))
        offset += len(piece) + 1
    return lines if lines[-1][1] else lines[:-1]


def _seen(lines):
    return [(line.offset, line.content) for line in lines]


@given(content=data, cuts=st.lists(st.integers(0, 120), max_size=8))
def test_lines_do_not_depend_on_the_blocks(content, cuts):
    bounds = sorted({0, len(content), *(cut for cut in cuts if cut < len(content))})
    blocks = [content[begin:end] for begin, end in pairwise(bounds)]
    assert _seen(split_lines(blocks, max_bytes=BIG)) == _expected(content)


@given(content=data, cuts=st.lists(st.integers(0, 120), max_size=8))
@example(content=b"a\nb\n", cuts=[2])
@example(content=b"a\nb\n", cuts=[1])
@example(content=b"\n\n\n", cuts=[1, 2])
def test_any_cut_gives_every_line_once(content, cuts):
    bounds = sorted({0, len(content), *(cut for cut in cuts if cut < len(content))})
    stream = io.BytesIO(content)
    lines = [each for begin, end in pairwise(bounds) for each in lines_of_range(stream, begin, end, max_bytes=BIG)]
    assert _seen(lines) == _expected(content)


@given(content=data, begin=st.integers(0, 120), end=st.integers(0, 120))
def test_a_line_belongs_to_the_range_that_it_begins_in(content, begin, end):
    lines = lines_of_range(io.BytesIO(content), begin, end, max_bytes=BIG)
    assert _seen(lines) == [(offset, line) for offset, line in _expected(content) if begin <= offset < end]


@given(content=data, max_bytes=st.integers(0, 5), size=st.integers(1, 9))
def test_a_line_above_the_limit_is_measured_but_not_held(content, max_bytes, size):
    blocks = [content[begin : begin + size] for begin in range(0, len(content), size)]
    assert list(split_lines(blocks, max_bytes=max_bytes)) == [
        Line(offset, len(line), line if len(line) <= max_bytes else b"") for offset, line in _expected(content)
    ]


class _Counting(io.BytesIO):
    def __init__(self, content):
        super().__init__(content)
        self.num_bytes_read = 0

    def read(self, size=-1):
        block = super().read(size)
        self.num_bytes_read += len(block)
        return block


def test_a_range_inside_a_huge_line_does_not_read_that_line_to_its_end():
    stream = _Counting(b"x" * 10_000_000)
    assert list(lines_of_range(stream, 1000, 2000, max_bytes=BIG)) == []
    assert stream.num_bytes_read <= 1001


def test_a_range_before_a_huge_line_does_not_read_that_line_to_its_end():
    stream = _Counting(b"a\n" + b"x" * 50_000_000)
    assert _seen(lines_of_range(stream, 0, 2, max_bytes=BIG)) == [(0, b"a")]
    assert stream.num_bytes_read <= 2**20


def test_a_huge_line_is_never_in_memory_whole():
    blocks = (b"x" * 2**16 for _ in range(1000))
    tracemalloc.start()
    [line] = split_lines(blocks, max_bytes=2**18)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert line == Line(0, 65_536_000, b"")
    assert peak < 2**20
