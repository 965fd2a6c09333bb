from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpusforge.core import InputFile, Range, Shard
from corpusforge.errors import BadShard
from corpusforge.source.tasks import Piece, cut, group, read_ranges, whole


def _file(name, size_bytes):
    return InputFile(f"/data/{name}", name, size_bytes)


@given(size_bytes=st.integers(0, 10_000), max_bytes=st.integers(1, 3000))
def test_a_cut_covers_the_file_once_in_pieces_within_the_limit(size_bytes, max_bytes):
    ranges = [piece.range for piece in cut(_file("a", size_bytes), max_bytes=max_bytes)]
    assert (ranges[0].begin, ranges[-1].end) == (0, size_bytes)
    assert all(one.end == other.begin for one, other in pairwise(ranges))
    assert all(each.end - each.begin <= max_bytes for each in ranges)


def test_a_file_within_the_limit_is_not_cut():
    assert cut(_file("a", 10), max_bytes=10) == [Piece(Range(_file("a", 10), 0, 10), 10)]


def test_neighbours_are_grouped_as_long_as_they_fit():
    pieces = [whole(_file(name, size), size) for name, size in (("a", 4), ("b", 5), ("c", 2), ("d", 30), ("e", 1))]
    shards = group(pieces, max_bytes=10)
    assert [[each.file.relative for each in shard.ranges] for shard in shards] == [["a", "b"], ["c"], ["d"], ["e"]]


def test_no_piece_gives_no_shard():
    assert group([]) == []


@given(sizes=st.lists(st.integers(0, 50), max_size=30), max_bytes=st.integers(1, 100))
def test_groups_hold_every_piece_once_in_order(sizes, max_bytes):
    pieces = [whole(_file(str(number), size), size) for number, size in enumerate(sizes)]
    shards = group(pieces, max_bytes=max_bytes)
    assert [each for shard in shards for each in shard.ranges] == [piece.range for piece in pieces]


def _reader(each):
    yield f"{each.file.relative} begins"
    if each.file.relative.startswith("bad"):
        raise BadShard(each.file.path, 5, "cut off", "copy it again")
    yield f"{each.file.relative} ends"


def _drained(items):
    found = []
    with pytest.raises(BadShard) as caught:
        found.extend(items)  # extend keeps what came before the error
    return found, caught.value


def test_a_damaged_file_does_not_cost_the_files_behind_it():
    shard = Shard(tuple(Range(_file(name, 9), 0, 9) for name in ("a", "bad", "c")))
    found, error = _drained(read_ranges(shard, _reader))
    assert found == ["a begins", "a ends", "bad begins", "c begins", "c ends"]
    assert (error.path, error.offset) == ("/data/bad", 5)


def test_all_damaged_files_of_a_task_are_named():
    shard = Shard(tuple(Range(_file(name, 9), 0, 9) for name in ("bad1", "bad2")))
    _, error = _drained(read_ranges(shard, _reader))
    assert str(error) == "/data/bad1 at 5: cut off; copy it again; also damaged: /data/bad2"
