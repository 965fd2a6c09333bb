"""Run by an interpreter that has datatrove: python datatrove_signatures.py < documents.jsonl > signatures.jsonl

A line of input is {"text"}; one of output has the simplified text and, for each hash, the signature (null where there is none).
"""

import json
import sys
import tempfile

from datatrove.pipeline.dedup.minhash import MinhashConfig, MinhashDedupSignature
from datatrove.utils.hashing import HashConfig
from datatrove.utils.text import simplify_text
from loguru import logger

HASHES = {"xxhash64": ("xxhash", 64), "xxhash32": ("xxhash", 32), "sha1_64": ("sha1", 64), "sha1_32": ("sha1", 32)}


def signature(step: MinhashDedupSignature, text: str) -> list[int] | None:
    shingles = step.get_shingles(text)
    return [value for bucket in step.get_signature(shingles) for value in bucket] if shingles.size else None


if __name__ == "__main__":
    logger.remove()
    with tempfile.TemporaryDirectory() as folder:
        steps = {
            name: MinhashDedupSignature(folder, MinhashConfig(hash_config=HashConfig(precision, function)))
            for name, (function, precision) in HASHES.items()
        }
        for line in sys.stdin:
            text = json.loads(line)["text"]
            found = {name: signature(step, text) for name, step in steps.items()}
            sys.stdout.write(json.dumps({"simplified": simplify_text(text), **found}) + "\n")
