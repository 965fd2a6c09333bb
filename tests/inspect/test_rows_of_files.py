import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from corpusforge.inspect.rows import values_of


@pytest.fixture
def file(tmp_path):
    """Rows 2, 5, 9 and 11 of a part, two in a row group."""
    table = pa.table({"row": pa.array([2, 5, 9, 11], pa.int32()), "text": ["two", "five", "nine", "eleven"]})
    pq.write_table(table, tmp_path / "part.parquet", row_group_size=2)
    return pq.ParquetFile(tmp_path / "part.parquet")


def test_each_list_of_rows_gets_its_values_in_its_order(file):
    assert values_of(file, "text", {1: [9, 2], 4: [2, 5], 6: []}) == {1: ["nine", "two"], 4: ["two", "five"], 6: []}


def test_a_list_with_a_row_that_the_file_lacks_gets_none(file):
    assert values_of(file, "text", {1: [2, 3], 2: [11]}) == {2: ["eleven"]}


def test_a_file_without_the_column_gives_nothing(file):
    assert values_of(file, "ids", {1: [2]}) == {}


def test_a_file_without_numbers_has_every_row(tmp_path):
    pq.write_table(pa.table({"text": ["zero", "one"]}), tmp_path / "part.parquet")
    assert values_of(pq.ParquetFile(tmp_path / "part.parquet"), "text", {1: [1], 2: [0]}) == {1: ["one"], 2: ["zero"]}
