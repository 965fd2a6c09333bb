"""How fast dedup.minhash is, beside rensa, datasketch and datatrove."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
from measure.edits import NGRAM
from measure.minhash_build import run_stage
from measure.steps import Lab
from measure.timing import PeerRun, Speed

from corpusforge.text.minhash import signatures
from corpusforge.text.shingles import shingles
from corpusforge.text.view import TextView

PERMUTATIONS = 256

_SKETCH_BYTES = 4_000_000
_DATATROVE_BYTES = 800_000


def dedup_step(lab: Lab) -> Iterator[Speed]:
    """Signatures alone beside each peer's, then the whole stage in a build beside datatrove's stages."""

    def sign(batch: pa.RecordBatch) -> None:
        signatures(shingles(TextView(batch["text"]), NGRAM), PERMUTATIONS)

    peers: list[PeerRun | None] = [*_signers(lab)] or [None]
    for peer in peers:
        yield lab.measured(f"{PERMUTATIONS} permutations: text to signatures", sign, lab.batches, peer)
    yield _whole_stage(lab)


def _signers(lab: Lab) -> list[PeerRun]:
    """rensa and datasketch with as many permutations, datatrove with the 112 that it has."""
    if lab.sketches is None or lab.datatrove is None:
        return []
    sketches, datatrove = lab.sketches, lab.datatrove
    return [
        PeerRun("rensa", lambda: _answer(sketches.sign("rensa", lab.path, lab.lang, PERMUTATIONS, _SKETCH_BYTES))),
        PeerRun("datasketch", lambda: _answer(sketches.sign("datasketch", lab.path, lab.lang, PERMUTATIONS, _SKETCH_BYTES))),
        PeerRun(
            "datatrove, 14 x 8", lambda: _answer(datatrove.sign(lab.path, lab.lang, _DATATROVE_BYTES, lab.scratch / "signed"))
        ),
    ]


def _whole_stage(lab: Lab) -> Speed:
    """From documents on disk to verdicts on disk, by one worker."""
    size = sum(num_bytes for _, num_bytes in lab.batches)
    ours, theirs = 0.0, 0.0
    for _ in range(lab.rounds):
        ours = max(ours, size / run_stage(lab.path, empty(lab.scratch / "dedup")).seconds / 1e6)
        if lab.datatrove is not None:
            num_bytes, seconds = _answer(
                lab.datatrove.deduplicate(lab.path, lab.lang, _DATATROVE_BYTES, empty(lab.scratch / "datatrove"))
            )
            theirs = max(theirs, num_bytes / seconds / 1e6)
    peer = "datatrove: signatures, buckets, clusters" if lab.datatrove else ""
    return Speed("dedup.minhash in a build", lab.lang, ours, peer, theirs or None)


def empty(folder: Path) -> Path:
    """The folder, of which nothing is left."""
    shutil.rmtree(folder, ignore_errors=True)
    return folder


def _answer(found: dict[str, Any]) -> tuple[int, float]:
    return found["num_bytes"], found["seconds"]
