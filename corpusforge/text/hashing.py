"""Hashes that name things: documents, contents, positions in the shards. All are xxh3 (Collet), seedless and endian-free."""

import numpy as np
import pyarrow as pa
import xxhash

from corpusforge.text.normalize import normalized


def document_ids(source: str, keys: pa.Array) -> pa.Array:
    """Document ids, binary(16): xxh3-128 of the source's name, a NUL and the key, both in UTF-8."""
    prefix = source.encode() + b"\0"
    digests = [xxhash.xxh3_128_digest(prefix + key.encode("utf-8", "surrogatepass")) for key in keys.to_pylist()]
    return pa.array(digests, pa.binary(16))


def content_hashes(texts: pa.Array) -> pa.Array:
    """Content hashes, binary(16): xxh3-128 of each text's normal form in UTF-8."""
    digests = [xxhash.xxh3_128_digest(text) for text in normalized(texts)]
    return pa.array(digests, pa.binary(16))


def name_hash(name: str) -> int:
    """64 bits of a name: its xxh3-64 in UTF-8."""
    return xxhash.xxh3_64_intdigest(name.encode())


def leading_bits(digests: pa.Array) -> np.ndarray:
    """The first 64 bits of binary(16) digests as big-endian numbers, uint64: ordered as the digests are."""
    flat = np.frombuffer(digests.buffers()[1], np.uint8)[16 * digests.offset : 16 * (digests.offset + len(digests))]
    return np.ascontiguousarray(flat.reshape(-1, 16)[:, :8]).view(">u8").ravel().astype(np.uint64)


def shard_keys(seed: int, ids: pa.Array) -> np.ndarray:
    """hash(seed, id) as uint64: the place of each document in the shards; xxh3-64 of the id, seeded."""
    return np.array([xxhash.xxh3_64_intdigest(digest, seed) for digest in ids.to_pylist()], np.uint64)


def range_of(keys: np.ndarray, num_ranges: int) -> np.ndarray:
    """key * num_ranges >> 64 without 128-bit numbers: which of equal ranges each key falls in, int64; num_ranges < 2**31."""
    high, low = keys >> np.uint64(32), keys & np.uint64(0xFFFFFFFF)
    ranges = np.uint64(num_ranges)
    return ((high * ranges + (low * ranges >> np.uint64(32))) >> np.uint64(32)).astype(np.int64)
