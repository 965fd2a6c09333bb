"""Reading shards back, foreign ones too, and naming what is wrong with damaged ones."""

import logging
import pickle
import struct
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shard_samples import FILES, SMALL, table, write

from corpusforge.errors import BadShard, InputError
from corpusforge.index.format import DTYPES, ShardWriter
from corpusforge.index.reader import ShardReader, read_lineage
from corpusforge.tokens import TokenDtype

sequences = st.lists(st.lists(st.integers(0, 65_535), min_size=1, max_size=9), min_size=1, max_size=9)


@pytest.fixture
def prefix(tmp_path: Path) -> Path:
    """Sequences [5 6 0], [7 0] and [8 0]; documents of two and one."""
    path = tmp_path / "s"
    with ShardWriter(path, "uint16") as shard:
        shard.append(np.array([5, 6, 0, 7, 0, 8, 0]), np.array([3, 2, 2]), np.array([2, 1]))
    return path


def patch(path: Path, offset: int, data: bytes) -> None:
    """Overwrite bytes of a file."""
    content = bytearray(path.read_bytes())
    content[offset : offset + len(data)] = data
    path.write_bytes(content)


def foreign(prefix: Path, dtype: str, code: int, documents: list[int], modes: bytes = b"") -> None:
    """The shard [1 2], [3] as another program may write it."""
    size = np.dtype(dtype).itemsize
    prefix.with_name("f.bin").write_bytes(np.array([1, 2, 3], dtype).tobytes())
    prefix.with_name("f.idx").write_bytes(
        struct.pack("<9sQBQQ", b"MMIDIDX\0\0", 1, code, 2, len(documents))
        + struct.pack("<2i2q", 2, 1, 0, 2 * size)
        + struct.pack(f"<{len(documents)}q", *documents)
        + modes
    )


@FILES
@given(sequences, st.sampled_from(["uint16", "int32"]), st.data())
def test_what_was_written_is_read(ids: list[list[int]], dtype: TokenDtype, data: st.DataObject) -> None:
    cut = data.draw(st.integers(1, len(ids)))
    per_document = [cut, len(ids) - cut] if cut < len(ids) else [cut]
    with tempfile.TemporaryDirectory() as folder:
        with ShardWriter(Path(folder) / "s", dtype) as shard:
            shard.append(np.concatenate(ids), np.array([*map(len, ids)]), np.array(per_document))
        reader = ShardReader(Path(folder) / "s")
    assert [each.tolist() for each in reader[:]] == ids
    assert reader.lengths.tolist() == [*map(len, ids)]
    assert reader.document_indices.tolist() == [0, *np.cumsum(per_document).tolist()]
    assert reader.dtype == dtype


def test_a_shard_knows_its_sizes(prefix: Path) -> None:
    reader = ShardReader(prefix)
    assert (len(reader), reader.num_tokens, reader.num_documents, reader.dtype.name) == (3, 7, 2, "uint16")
    assert (reader.lengths.tolist(), reader.offsets.tolist()) == ([3, 2, 2], [0, 6, 10])


def test_sequences_are_found_from_both_ends_and_by_slices(prefix: Path) -> None:
    reader = ShardReader(prefix)
    assert reader[0].tolist() == [5, 6, 0]
    assert reader[-1].tolist() == [8, 0]
    assert [each.tolist() for each in reader[1:]] == [[7, 0], [8, 0]]
    assert [each.tolist() for each in reader] == [[5, 6, 0], [7, 0], [8, 0]]


def test_a_run_of_tokens_crosses_sequences(prefix: Path) -> None:
    assert ShardReader(prefix).tokens(1, 6).tolist() == [6, 0, 7, 0, 8]


@pytest.mark.parametrize(("begin", "end"), [(-1, 2), (3, 2), (0, 8)])
def test_a_run_outside_the_shard_is_refused(prefix: Path, begin: int, end: int) -> None:
    with pytest.raises(IndexError, match="not inside 0 to 7"):
        ShardReader(prefix).tokens(begin, end)


def test_a_sequence_outside_the_shard_is_refused(prefix: Path) -> None:
    with pytest.raises(IndexError):
        ShardReader(prefix)[3]


def test_ids_are_views_that_cannot_be_written(prefix: Path) -> None:
    reader = ShardReader(prefix)
    assert np.shares_memory(reader[0], reader.tokens(0, 3))
    with pytest.raises(ValueError, match="read-only"):
        reader[0][0] = 1


def test_arrays_outlive_their_reader_and_the_file(prefix: Path) -> None:
    lengths, ids = ShardReader(prefix).lengths, ShardReader(prefix)[1]
    prefix.with_name("s.idx").unlink()
    assert (lengths.sum(), ids.tolist()) == (7, [7, 0])


def test_a_pickled_reader_opens_the_shard_again(prefix: Path) -> None:
    data = pickle.dumps(ShardReader(prefix))
    assert len(data) < 500
    assert pickle.loads(data)[1].tolist() == [7, 0]


@pytest.mark.parametrize("size", [*range(94), 95, 96, 98, 99])
def test_an_index_of_another_size_is_refused(prefix: Path, size: int) -> None:
    index = prefix.with_name("s.idx")  # 94 bytes, or 97 with Megatron's multimodal modes
    index.write_bytes((index.read_bytes() + bytes(5))[:size])
    with pytest.raises(BadShard, match=r"s\.idx at \d+: .*copy it again"):
        ShardReader(prefix)


@pytest.mark.parametrize(("size", "offset"), [(0, 0), (13, 13), (15, 14)])
def test_ids_that_are_cut_or_too_many_are_refused(prefix: Path, size: int, offset: int) -> None:
    path = prefix.with_name("s.bin")
    path.write_bytes((path.read_bytes() + b"\0")[:size])
    with pytest.raises(BadShard, match=rf"s\.bin at {offset}: .*copy it again"):
        ShardReader(prefix)


# offset in .idx, bytes written there, what the error says
DAMAGE = {
    "magic": (0, b"TNTIDX\0\0\0", r"at 0: it starts with b'TNTIDX"),
    "version": (9, b"\2", r"at 9: version 2, not 1"),
    "float": (17, b"\6", r"at 17: dtype code 6 is a float, float32 or float64 depending on the fork"),
    "other float": (17, b"\7", r"at 17: dtype code 7 is a float"),
    "dtype": (17, b"\x09", r"at 17: dtype code 9, known are \[1, 2, 3, 4, 5, 8\]"),
    "no sequences": (18, bytes(8), r"at 18: it has no sequences"),
    "2^60 sequences": (25, b"\x10", r"at 94: the file has 94 bytes; 1152921504606846979 sequences"),
    "no documents": (26, bytes(8), r"at 26: it has no document indices"),
    "one document more": (26, b"\4", r"at 94: the file has 94 bytes; 3 sequences and 4 document indices take 102"),
    "negative length": (38, b"\xff\xff\xff\xff", r"at 38: sequence 1 has length -1"),
    "length": (34, b"\4", r"at 54: sequence 1 points to byte 6, the lengths before it sum to 8"),
    "first pointer": (46, b"\2", r"at 46: sequence 0 points to byte 2, the lengths before it sum to 0"),
    "last pointer": (62, b"\x0b", r"at 62: sequence 2 points to byte 11, the lengths before it sum to 10"),
}


@pytest.mark.parametrize(("offset", "data", "message"), DAMAGE.values(), ids=DAMAGE)
def test_damage_is_named_with_its_place(prefix: Path, offset: int, data: bytes, message: str) -> None:
    patch(prefix.with_name("s.idx"), offset, data)
    with pytest.raises(BadShard, match=rf"s\.idx {message}"):
        ShardReader(prefix)


def test_another_dtype_does_not_fit_the_ids(prefix: Path) -> None:
    patch(prefix.with_name("s.idx"), 17, b"\3")  # int16 is as wide as uint16: the pointers agree, and so does the file
    assert ShardReader(prefix).dtype == np.int16
    patch(prefix.with_name("s.idx"), 17, b"\4")
    with pytest.raises(BadShard, match="points to byte 6"):
        ShardReader(prefix)


@pytest.mark.parametrize("suffix", [".bin", ".idx"])
def test_a_missing_file_is_named(prefix: Path, suffix: str) -> None:
    prefix.with_name(f"s{suffix}").unlink()
    with pytest.raises(InputError, match=rf"s\{suffix}: no such file"):
        ShardReader(prefix)


@pytest.mark.parametrize(("code", "dtype"), [(code, dtype.str) for code, dtype in DTYPES.items()])
def test_integers_of_other_programs_are_read(tmp_path: Path, code: int, dtype: str) -> None:
    foreign(tmp_path / "f", dtype, code, [0, 1, 2])
    assert [each.tolist() for each in ShardReader(tmp_path / "f")] == [[1, 2], [3]]


def test_document_indices_lost_by_a_merge_are_tolerated_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    foreign(tmp_path / "f", "<u2", 8, [0])
    with caplog.at_level(logging.WARNING):
        reader = ShardReader(tmp_path / "f")
    assert (len(reader), reader.num_documents) == (2, 0)
    assert "f.idx: documents end at sequence 0 of 2" in caplog.text


def test_a_sound_shard_is_opened_without_a_warning(prefix: Path, caplog: pytest.LogCaptureFixture) -> None:
    ShardReader(prefix)
    assert caplog.text == ""


def test_multimodal_modes_are_passed_over(tmp_path: Path) -> None:
    foreign(tmp_path / "f", "<i4", 4, [0, 1, 2], modes=b"\0\1")
    reader = ShardReader(tmp_path / "f")
    assert (reader[1].tolist(), reader.document_indices.tolist()) == ([3], [0, 1, 2])


def test_lineage_is_read_whole_or_by_column(tmp_path: Path) -> None:
    prefix, _ = write(tmp_path, [table(SMALL)], "pieces")
    assert read_lineage(prefix).num_rows == 3
    assert read_lineage(prefix, ["sequence", "length"]).to_pydict() == {"sequence": [0, 1, 2], "length": [3, 2, 2]}


def test_lineage_is_read_from_a_folder_that_looks_like_a_partition(tmp_path: Path) -> None:
    prefix, _ = write(tmp_path / "year=2020", [table(SMALL)], "pieces")
    assert "year" not in read_lineage(prefix).column_names


def test_missing_lineage_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"s\.docs\.parquet: no such file"):
        read_lineage(tmp_path / "s")


def test_lineage_that_is_no_parquet_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "s.docs.parquet").write_bytes(b"not a table, but long enough to look at")
    with pytest.raises(InputError, match=r"s\.docs\.parquet: not a readable Parquet file"):
        read_lineage(tmp_path / "s")


def test_lineage_with_other_columns_is_named(tmp_path: Path) -> None:
    pq.write_table(pa.table({"sequence": [1]}), tmp_path / "s.docs.parquet")
    with pytest.raises(InputError, match=r"s\.docs\.parquet: columns are \['sequence'\]"):
        read_lineage(tmp_path / "s")
