"""What dedup.minhash takes on very many documents: time, memory of its process, bytes on disk; with hot buckets and without.

python -m measure.dedup_scale JSONL OUT builds one file and prints what that took; `scale` makes the files and starts that for
each, so that the memory measured is that of a build alone.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from measure.edits import EDITS
from measure.minhash_build import Cost, run_stage
from measure.near_duplicates import Mixture, chance_of, made_up, near_duplicates, write

from corpusforge.engine.executor import prepare_process

NUM_DOCUMENTS = 1_000_000

# Documents that are made up have no sentences.
_WORD_EDITS = {kind: EDITS[kind] for kind in ("replaced words", "dropped words", "inserted words", "typing errors", "scan")}

# What a document leaves whether it is like another or not.
_OF_EVERY_DOCUMENT = ("signatures.npy", "nodes.npy", "sign")


@dataclass(frozen=True)
class Case:
    """A corpus by name."""

    name: str
    mixture: Mixture


def cases(num_documents: int) -> tuple[Case, ...]:
    """No document like another, a fifth copies of others, and that with a tenth of the documents in one bucket."""
    tenth = num_documents // 10
    return (
        Case("all unlike", Mixture(0, 0, 0)),
        Case("a fifth copies", Mixture(0.15, 0.05, 0)),
        Case("and a tenth equal", Mixture(0.15, 0.05, 0, num_equal=tenth)),
        Case("and a tenth alike", Mixture(0.15, 0.05, 0, num_alike=tenth)),
        Case("and a tenth letters", Mixture(0.15, 0.05, 0.1)),
    )


def scale(num_documents: int, data: Path, seed: int, scratch: Path) -> str:
    """A table in Markdown: each case in a process of its own."""
    lines = [
        "",
        f"{num_documents:,} short documents through dedup.minhash, one worker; bytes are those of its working files.",
        "",
        "| documents | text, MB | CPU, s | wall, s | MB/s per core | peak memory, MB | bytes a document | of an unlike one |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    first = None
    for case in cases(num_documents):
        size, cost = _measured(case, num_documents, data, seed, scratch)
        first = first or cost
        lines.append(row(case.name, num_documents, size, cost))
        print(lines[-1], json.dumps(cost.disk_bytes), file=sys.stderr)
    assert first is not None
    return "\n".join([*lines, "", *extrapolated(first, num_documents)]) + "\n"


def _measured(case: Case, num_documents: int, data: Path, seed: int, scratch: Path) -> tuple[int, Cost]:
    path, out = scratch / "scale.jsonl", scratch / "scale"
    chance = chance_of(data, "en", seed)
    size = write(path, near_duplicates(num_documents, made_up(chance), chance, _WORD_EDITS, case.mixture))
    ended = subprocess.run(
        [sys.executable, "-m", "measure.dedup_scale", path, out],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    shutil.rmtree(out)
    return size, Cost(**json.loads(ended.stdout))


def row(name: str, num_documents: int, size: int, cost: Cost) -> str:
    """A case's line of the table."""
    every = sum(cost.disk_bytes.get(kind, 0) for kind in _OF_EVERY_DOCUMENT) / num_documents
    of_disk = sum(cost.disk_bytes.values()) / num_documents
    return (
        f"| {name} | {size / 1e6:,.0f} | {cost.seconds:.1f} | {cost.wall_seconds:.1f} | {size / cost.seconds / 1e6:.1f} | "
        f"{cost.peak_bytes / 1e6:,.0f} | {of_disk:,.0f} | {every:,.0f} |"
    )


def extrapolated(cost: Cost, num_documents: int) -> Iterator[str]:
    """What documents of which none is like another leave on disk, for larger corpora."""
    each: Mapping[str, float] = {kind: cost.disk_bytes.get(kind, 0) / num_documents for kind in _OF_EVERY_DOCUMENT}
    parts = ", ".join(f"{kind} {size:,.0f}" for kind, size in each.items())
    yield f"Bytes of every document: {parts}."
    for count in (10**7, 10**8, 10**9):
        yield f"{count:,} documents: {sum(each.values()) * count / 1e9:,.0f} GB."


def main() -> None:
    """Build the file, print the cost as JSON."""
    prepare_process()
    path, out = map(Path, sys.argv[1:])
    print(json.dumps(asdict(run_stage(path, out))))


if __name__ == "__main__":
    main()
