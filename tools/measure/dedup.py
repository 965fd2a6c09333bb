"""dedup.minhash beside rensa, datasketch and datatrove: how fast, and how right where every near-duplicate is known."""

import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
from measure.edits import NGRAM
from measure.minhash_build import deduplicated, run_stage
from measure.near_duplicates import various, write
from measure.steps import Lab
from measure.timing import PeerRun, Speed
from measure.truth import Pairs, judged, precision, recall, true_pairs

from corpusforge.text.minhash import signatures
from corpusforge.text.shingles import shingles
from corpusforge.text.view import TextView

PERMUTATIONS = 256
THRESHOLD = 0.8

_SKETCH_BYTES = 4_000_000
_DATATROVE_BYTES = 800_000
_ALL_BYTES = 2**63
_NUM_DOCUMENTS = 2000


class Claim(NamedTuple):
    """What a program took for near-duplicates, and which documents it removed."""

    program: str
    pairs: set[tuple[int, int]]
    removed: set[int]


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
        ours = max(ours, size / run_stage(lab.path, _empty(lab.scratch / "dedup")).seconds / 1e6)
        if lab.datatrove is not None:
            num_bytes, seconds = _answer(
                lab.datatrove.deduplicate(lab.path, lab.lang, _DATATROVE_BYTES, _empty(lab.scratch / "datatrove"))
            )
            theirs = max(theirs, num_bytes / seconds / 1e6)
    peer = "datatrove: signatures, buckets, clusters" if lab.datatrove else ""
    return Speed("dedup.minhash in a build", lab.lang, ours, peer, theirs or None)


def _empty(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    return folder


def _answer(found: dict[str, Any]) -> tuple[int, float]:
    return found["num_bytes"], found["seconds"]


def quality(labs: Sequence[Lab], data: Path, seed: int) -> str:
    """A table in Markdown: each program on generated near-duplicates, against the similarity of every pair."""
    columns = ("program", "text", "true pairs", "pairs", "precision", "recall", "removed", "like no kept one", "kept whole")
    lines = [
        "",
        f"{_NUM_DOCUMENTS:,} generated documents of each language, threshold {THRESHOLD}: the pairs that a program takes for",
        "alike, the documents that it removed, those of them that are like no kept one, and true pairs that are kept whole.",
        "The truth counts runs of five words as corpusforge has them; datatrove has other words of Chinese, and all digits",
        "are one to it.",
        "",
        f"| {' | '.join(columns)} |",
        "|---|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for lab in labs:
        documents = various(_NUM_DOCUMENTS, data, lab.lang, seed)
        truth = true_pairs([document.text for document in documents], THRESHOLD)
        path = lab.scratch / f"near-{lab.lang}.jsonl"
        write(path, documents)
        for claim in _claims(lab, path):
            lines.append(row(claim, lab.lang, truth))
            print(lines[-1], file=sys.stderr)
    return "\n".join(lines) + "\n"


def _claims(lab: Lab, path: Path) -> Iterator[Claim]:
    run_stage(path, _empty(lab.scratch / "near"), threshold=THRESHOLD, permutations=PERMUTATIONS)
    ours = deduplicated(lab.scratch / "near")
    yield Claim("dedup.minhash", set(ours.verified), set(ours.removed))
    if lab.datatrove is not None:
        yield _claim(
            "datatrove, 14 x 8", lab.datatrove.deduplicate(path, lab.lang, _ALL_BYTES, _empty(lab.scratch / "datatrove"))
        )
    if lab.sketches is not None:
        for program in ("rensa", "datasketch"):
            yield _claim(program, lab.sketches.deduplicate(program, path, lab.lang, PERMUTATIONS, THRESHOLD))


def _claim(program: str, answer: dict[str, Any]) -> Claim:
    return Claim(program, {(a, b) for a, b in answer["pairs"]}, set(answer["removed"]))


def row(claim: Claim, lang: str, truth: Pairs) -> str:
    """A program's line of the table."""
    found = judged(truth, claim.removed)
    return (
        f"| {claim.program} | {lang} | {found.num_pairs:,} | {len(claim.pairs):,} | {precision(truth, claim.pairs):.3f} | "
        f"{recall(truth, claim.pairs):.3f} | {found.num_removed:,} | {found.unfounded:,} | {found.missed:,} |"
    )
