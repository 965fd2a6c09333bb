from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpusforge.engine.exchange import gather, num_partitions, partition_by_key, sorted_records, spill
from corpusforge.text.hashing import range_of


@given(st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=20), st.integers(1, 2**31 - 1))
def test_ranges_are_exact_in_128_bit_arithmetic(keys: list[int], count: int) -> None:
    assert range_of(np.array(keys, np.uint64), count).tolist() == [key * count >> 64 for key in keys]


@given(st.integers(0, 2**64 - 1), st.integers(1, 999), st.integers(1, 99))
def test_slices_of_shards_nest_in_their_shards(key: int, shards: int, slices: int) -> None:
    array = np.array([key], np.uint64)
    assert range_of(array, shards * slices)[0] // slices == range_of(array, shards)[0]


@pytest.mark.parametrize(("size", "count"), [(0, 1), (1, 1), (32 * 2**20, 1), (32 * 2**20 + 1, 2), (10**9, 32), (10**15, 4096)])
def test_partitions_follow_from_the_size(size: int, count: int) -> None:
    assert num_partitions(size) == count


@given(st.lists(st.integers(0, 2**64 - 1), max_size=30), st.sampled_from([1, 2, 8]), st.randoms())
def test_every_record_meets_its_range_whatever_file_it_came_in(
    tmp_path_factory: pytest.TempPathFactory, keys: list[int], count: int, random: "np.random.Generator"
) -> None:
    folder = tmp_path_factory.mktemp("spill")
    paths = []
    for index, own in enumerate((keys[::2], keys[1::2])):
        table = pa.table({"key": pa.array(own, pa.uint64()), "text": pa.array([str(key) for key in own], pa.string())})
        spill(folder / str(index), table, partition_by_key(table, count), count)
        paths.append(folder / str(index))
    random.shuffle(paths)
    gathered = [sorted_records(gather(paths, index))["key"].to_pylist() for index in range(count)]
    assert [key for part in gathered for key in part] == sorted(keys)


def test_a_partition_without_records_is_empty_with_the_schema(tmp_path: Path) -> None:
    table = pa.table({"key": pa.array([], pa.uint64())})
    spill(tmp_path / "a", table, np.zeros(0, np.int64), 4)
    assert gather([tmp_path / "a"], 3).schema == table.schema
