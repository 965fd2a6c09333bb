"""How right dedup.minhash, rensa, datasketch and datatrove are, on documents of which every pair's similarity is known."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from measure.dedup import PERMUTATIONS, empty
from measure.minhash_build import deduplicated, run_stage
from measure.near_duplicates import planted, various, write
from measure.steps import Lab
from measure.texts import GENERAL, Document
from measure.truth import Pairs, judged, precision, recall, true_pairs

THRESHOLDS = (0.6, 0.7, 0.8, 0.9)

_NUM_GENERATED = 2000
_ALL_BYTES = 2**63
_COLUMNS = (
    "documents", "threshold", "true pairs", "program", "pairs", "precision", "recall", "removed", "like no kept one",
    "kept whole",
)  # fmt: skip


@dataclass(frozen=True)
class Gold:
    """Documents of one language, by name."""

    name: str
    lang: str
    documents: Sequence[Document]


class Claim(NamedTuple):
    """What a program took for near-duplicates, and which documents it removed."""

    program: str
    pairs: set[tuple[int, int]]
    removed: set[int]


def quality(labs: Sequence[Lab], data: Path, seed: int) -> str:
    """A table in Markdown: each program on each set at each threshold."""
    lines = [
        "",
        "The pairs that a program takes for near-duplicates, the documents that it removed, those of them that are like no",
        "kept one, and true pairs that are kept whole. The truth counts runs of five words as corpusforge has them; datatrove,",
        "which knows no threshold, has other words of Chinese, and all digits are one to it.",
        "",
        f"| {' | '.join(_COLUMNS)} |",
        "|---|--:|--:|---|--:|--:|--:|--:|--:|--:|",
    ]
    lab_of = {lab.lang: lab for lab in labs}
    for gold in sets(data, seed):
        for line in _judged(gold, lab_of[gold.lang]):
            lines.append(line)
            print(line, file=sys.stderr)
    return "\n".join(lines) + "\n"


def sets(data: Path, seed: int) -> Iterator[Gold]:
    """Generated near-duplicates, and the collections of real ones that are below `data`."""
    for lang in ("en", "zh"):
        yield Gold(f"generated, {lang}", lang, various(_NUM_GENERATED, data, lang, seed))
    if (data / "dup_articles").is_dir():
        yield Gold("articles, en", "en", planted(data))
    if (data / "dup_laws").is_dir():
        yield Gold("laws, zh", "zh", list(GENERAL["laws"]("laws", data)))


def _judged(gold: Gold, lab: Lab) -> Iterator[str]:
    path = lab.scratch / f"{gold.name.replace(', ', '-')}.jsonl"
    write(path, gold.documents)
    pairs = true_pairs([document.text for document in gold.documents], min(THRESHOLDS))
    fixed = _by_datatrove(path, lab)
    for threshold in THRESHOLDS:
        truth = {pair: like for pair, like in pairs.items() if like >= threshold}
        for claim in (_ours(path, lab, threshold), *fixed, *_by_sketches(path, lab, threshold)):
            yield row(gold.name, threshold, truth, claim)


def _ours(path: Path, lab: Lab, threshold: float) -> Claim:
    run_stage(path, empty(lab.scratch / "gold"), threshold=threshold, permutations=PERMUTATIONS)
    found = deduplicated(lab.scratch / "gold")
    return Claim("dedup.minhash", set(found.verified), set(found.removed))


def _by_datatrove(path: Path, lab: Lab) -> list[Claim]:
    if lab.datatrove is None:
        return []
    answer = lab.datatrove.deduplicate(path, lab.lang, _ALL_BYTES, empty(lab.scratch / "datatrove"))
    return [_claim("datatrove, 14 x 8", answer)]


def _by_sketches(path: Path, lab: Lab, threshold: float) -> Iterator[Claim]:
    if lab.sketches is not None:
        for program in ("rensa", "datasketch"):
            yield _claim(program, lab.sketches.deduplicate(program, path, lab.lang, PERMUTATIONS, threshold))


def _claim(program: str, answer: dict[str, Any]) -> Claim:
    return Claim(program, {(a, b) for a, b in answer["pairs"]}, set(answer["removed"]))


def row(name: str, threshold: float, truth: Pairs, claim: Claim) -> str:
    """A program's line of the table."""
    found = judged(truth, claim.removed)
    return (
        f"| {name} | {threshold} | {found.num_pairs:,} | {claim.program} | {len(claim.pairs):,} | "
        f"{precision(truth, claim.pairs):.3f} | {recall(truth, claim.pairs):.3f} | {found.num_removed:,} | "
        f"{found.unfounded:,} | {found.missed:,} |"
    )
