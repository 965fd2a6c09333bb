"""Digests as WARC writes them, "sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ": base32, hexadecimal or base64."""

import base64
import binascii
import hashlib

_ALGORITHMS = {"md5": "md5", "sha1": "sha1", "sha256": "sha256", "sha512": "sha512"}


def matches(digest: str, content: bytes | memoryview) -> bool | None:
    """Whether a digest is that of the content; None where its algorithm is not known, so that nothing can be said."""
    name, _, value = digest.partition(":")
    algorithm = _ALGORITHMS.get(name.strip().lower().replace("-", ""))
    if algorithm is None:
        return None
    found = hashlib.new(algorithm, content, usedforsecurity=False).digest()
    return found in _readings(value.strip(), len(found))


def _readings(value: str, size_bytes: int) -> list[bytes]:
    """What a digest can stand for, given how many bytes it has."""
    readings = []
    bare = value.rstrip("=")
    try:
        if len(bare) == 2 * size_bytes:
            readings.append(bytes.fromhex(bare))
        if len(bare) == -(-size_bytes * 8 // 5):
            readings.append(base64.b32decode(bare.upper() + "=" * (-len(bare) % 8)))
        if len(bare) == -(-size_bytes * 4 // 3):
            readings.append(base64.b64decode(bare.translate(str.maketrans("-_", "+/")) + "=" * (-len(bare) % 4)))
    except (ValueError, binascii.Error):
        pass  # no digest at all: nothing equals it
    return readings
