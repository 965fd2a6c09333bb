"""The bytes of .bin and .idx, and what the writer refuses."""

from pathlib import Path

import numpy as np
import pytest

from corpusforge.index.format import Header, ShardWriter, sequence_offsets, shard_file

ROOT = Path(__file__).resolve().parents[2]


def append_twice(prefix: Path, good: np.ndarray, bad: np.ndarray) -> None:
    """One sequence of one token, then lengths that do not fit."""
    with ShardWriter(prefix, "uint16") as shard:
        shard.append(good, good, good)
        shard.append(good, bad, good)


def test_two_documents_give_these_bytes(tmp_path: Path) -> None:
    with ShardWriter(tmp_path / "s", "uint16") as shard:
        shard.append(np.array([5, 6, 0, 7, 0, 515, 0]), np.array([3, 2, 2]), np.array([2, 1]))
    assert (tmp_path / "s.bin").read_bytes() == bytes.fromhex("0500 0600 0000 0700 0000 0302 0000")
    assert (tmp_path / "s.idx").read_bytes() == (
        b"MMIDIDX\0\0"
        + bytes.fromhex("0100000000000000 08 0300000000000000 0300000000000000")
        + bytes.fromhex("03000000 02000000 02000000")
        + bytes.fromhex("0000000000000000 0600000000000000 0a00000000000000")
        + bytes.fromhex("0000000000000000 0200000000000000 0300000000000000")
    )


def test_int32_ids_take_four_bytes_little_endian(tmp_path: Path) -> None:
    with ShardWriter(tmp_path / "s", "int32") as shard:
        shard.append(np.array([70_000, -100]), np.array([2]), np.array([1]))
    assert (tmp_path / "s.bin").read_bytes() == bytes.fromhex("70110100 9cffffff")
    assert (tmp_path / "s.idx").read_bytes()[17] == 4


def test_ids_in_another_byte_order_or_stride_are_written_the_same(tmp_path: Path) -> None:
    ids = np.array([1, 9, 2, 9, 3, 9], dtype=">i8")
    with ShardWriter(tmp_path / "s", "uint16") as shard:
        shard.append(ids[::2], np.array([3]), np.array([1]))
    assert (tmp_path / "s.bin").read_bytes() == bytes.fromhex("0100 0200 0300")


def test_the_number_of_appends_does_not_matter(tmp_path: Path) -> None:
    with ShardWriter(tmp_path / "once", "uint16") as shard:
        shard.append(np.array([1, 2, 3, 4]), np.array([1, 1, 2]), np.array([2, 1]))
    with ShardWriter(tmp_path / "twice", "uint16") as shard:
        shard.append(np.array([1, 2]), np.array([1, 1]), np.array([2]))
        shard.append(np.array([], np.int64), np.array([], np.int64), np.array([], np.int64))
        shard.append(np.array([3, 4]), np.array([2]), np.array([1]))
    assert (tmp_path / "once.bin").read_bytes() == (tmp_path / "twice.bin").read_bytes()
    assert (tmp_path / "once.idx").read_bytes() == (tmp_path / "twice.idx").read_bytes()


def test_the_writer_counts(tmp_path: Path) -> None:
    with ShardWriter(tmp_path / "s", "uint16") as shard:
        shard.append(np.array([1, 2, 3, 4]), np.array([1, 1, 2]), np.array([2, 1]))
    assert (shard.num_documents, shard.num_sequences, shard.num_tokens) == (2, 3, 4)


def test_a_shard_without_tokens_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"s: no tokens were appended; .* leave it out"), ShardWriter(tmp_path / "s", "uint16"):
        pass
    assert not (tmp_path / "s.idx").exists()


def test_an_error_leaves_no_index(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="they sum to 2"):
        append_twice(tmp_path / "s", np.array([1]), np.array([2]))
    assert not (tmp_path / "s.idx").exists()


REFUSED = {
    "empty sequence": ([1], [1, 0], [2], r"sequence lengths: number 1 is 0"),
    "document without sequences": ([1], [1], [1, 0], r"sequences per document: number 1 is 0"),
    "lengths do not add up": ([1, 2], [1], [1], r"sequence lengths: they sum to 1, but 2 were given"),
    "sequences do not add up": ([1, 2], [1, 1], [1], r"sequences per document: they sum to 1, but 2 were given"),
    "tokens of no document": ([1], [1], [], r"sequences per document: they sum to 0, but 1 were given"),
    "id above uint16": ([65_536], [1], [1], r"ids run from 65536 to 65536; uint16 holds 0 to 65535"),
    "negative id in uint16": ([3, -1], [2], [1], r"ids run from -1 to 3; uint16 holds 0 to 65535"),
}


@pytest.mark.parametrize(("tokens", "lengths", "documents", "message"), REFUSED.values(), ids=REFUSED)
def test_what_the_format_cannot_hold_is_refused(
    tmp_path: Path, tokens: list[int], lengths: list[int], documents: list[int], message: str
) -> None:
    arrays = [np.array(each, np.int64) for each in (tokens, lengths, documents)]
    with pytest.raises(ValueError, match=message), ShardWriter(tmp_path / "s", "uint16") as shard:
        shard.append(*arrays)


def test_an_id_above_int32_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="2147483648"), ShardWriter(tmp_path / "s", "int32") as shard:
        shard.append(np.array([2**31]), np.array([1]), np.array([1]))


def test_a_sequence_longer_than_int32_is_refused(tmp_path: Path) -> None:
    many = np.broadcast_to(np.uint16(1), 2**31)  # takes no memory
    message = "number 0 is 2147483648; Megatron counts them in int32"
    with pytest.raises(ValueError, match=message), ShardWriter(tmp_path / "s", "uint16") as shard:
        shard.append(many, np.array([2**31]), np.array([1]))


def test_more_sequences_than_int32_are_refused(tmp_path: Path) -> None:
    many = np.broadcast_to(np.int64(1), 2**31)  # takes no memory
    message = "2147483648 more sequences pass 2147483647 in one shard; use more shards"
    with pytest.raises(ValueError, match=message), ShardWriter(tmp_path / "s", "uint16") as shard:
        shard.append(many, many, many)


def test_offsets_pass_two_to_the_31_bytes_without_wrapping() -> None:
    lengths = np.array([2**31 - 1, 2**31 - 1, 5], np.int32)
    offsets = sequence_offsets(lengths, 4)
    assert offsets.dtype == np.int64
    assert offsets.tolist() == [0, 8_589_934_588, 17_179_869_176]


def test_the_header_says_where_the_arrays_lie() -> None:
    header = Header(dtype_code=8, num_sequences=3, num_document_indices=2)
    assert (header.lengths_at, header.offsets_at, header.documents_at, header.size_bytes) == (34, 46, 70, 86)


def test_a_prefix_with_a_dot_keeps_it() -> None:
    assert shard_file(Path("out/geo-1.5-00000"), ".idx") == Path("out/geo-1.5-00000.idx")


def test_the_example_in_the_format_description_is_what_the_writer_writes(tmp_path: Path) -> None:
    example = (ROOT / "schemas/index.md").read_text("utf-8").rpartition("```\n.bin")[2].partition("```")[0]
    bare = "".join(line.strip().partition("     ")[0] for line in example.splitlines())  # notes stand far right
    ids, _, index = bare.partition(".idx")
    with ShardWriter(tmp_path / "s", "uint16") as shard:
        shard.append(np.array([5, 6, 0, 7, 0, 8, 0]), np.array([3, 2, 2]), np.array([2, 1]))
    assert (tmp_path / "s.bin").read_bytes() == bytes.fromhex(ids)
    assert (tmp_path / "s.idx").read_bytes() == bytes.fromhex(index)
