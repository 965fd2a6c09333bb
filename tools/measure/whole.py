"""The whole of recipes/bench.yaml on the corpus, as a process of its own, beside datatrove's reader, chain and token writer."""

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import orjson
from measure.corpus import LANGUAGES
from measure.peers import Datatrove
from measure.steps import Lab, head
from measure.timing import Speed, child_seconds
from measure.verdicts import BENCH, ROOT

# Enough for datatrove to be over its start: its tokenizer takes 10,000 documents at once.
_PEER_BYTES = 2_000_000


def whole_build(corpus: Path, labs: list[Lab]) -> Iterator[Speed]:
    """Two builds of the corpus by one worker, the better one counts, with datatrove's between them.

    A small build first compiles the kernels, once for a machine. Child CPU time is that of all processes of the build.
    """
    lab = labs[0]
    _build(head(corpus / "en.jsonl", lab.scratch, 500_000), lab)
    size = sum(_text_bytes(corpus / f"{lang}.jsonl") for lang in LANGUAGES)
    best, theirs, wall = 0.0, 0.0, 0.0
    for _ in range(2):
        seconds, elapsed = _build(corpus, lab)
        if size / seconds / 1e6 > best:
            best, wall = size / seconds / 1e6, elapsed
        if lab.datatrove is not None:
            theirs = max(theirs, _by_datatrove(corpus, labs, lab.datatrove))
    note = f"{size / wall / 1e6:.1f} MB/s of wall time; {_summary(lab.scratch / 'build')}"
    peer = "datatrove: read, chain, tokens" if lab.datatrove else ""
    yield Speed("the whole of recipes/bench.yaml", "both", best, peer, theirs or None, note)


def _build(source: Path, lab: Lab) -> tuple[float, float]:
    out = lab.scratch / "build"
    shutil.rmtree(out, ignore_errors=True)
    command = [
        sys.executable, "-m", "corpusforge", "build", str(BENCH), "--out", str(out), "--workers", "1",
        "--set", f"variables.input={source}", "--set", f"variables.tokenizer={lab.tokenizer}",
    ]  # fmt: skip
    return child_seconds(command, {"PYTHONPATH": str(ROOT)})


def _by_datatrove(corpus: Path, labs: list[Lab], datatrove: Datatrove) -> float:
    """Megabytes of text per second of CPU time, on the first documents of each language."""
    size, seconds = 0, 0.0
    for lab in labs:
        sample = head(corpus / f"{lab.lang}.jsonl", lab.scratch, _PEER_BYTES)
        eod = json.loads((lab.tokenizer / "tokenizer_config.json").read_text())["eos_token"]
        out = lab.scratch / "datatrove"
        shutil.rmtree(out, ignore_errors=True)
        seconds += datatrove.build(sample, lab.lang, lab.tokenizer / "tokenizer.json", eod, out)["seconds"]
        size += _text_bytes(sample)
    return size / seconds / 1e6


def _text_bytes(path: Path) -> int:
    with path.open("rb") as lines:
        return sum(len(orjson.loads(line)["text"].encode()) for line in lines)


def _summary(out: Path) -> str:
    """How many documents were kept, and the share of time of each pass."""
    steps = orjson.loads((out / "manifest.json").read_bytes())["steps"]
    books = [entries for step in steps for entries in step["ledger"].values()]
    first, last = books[0][0]["in"], books[-1][-1]["kept"]
    passes = orjson.loads((out / "run.json").read_bytes())["seconds_of"]
    times = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in passes.items())
    return f"{last:,} of {first:,} documents kept; wall time: {times}"
