"""Builds to be disturbed, as people run them: the command line in a process of its own; and what has to hold afterwards."""

import gzip
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

from corpusforge.engine.run import build
from corpusforge.recipe import load_recipe

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "recipes/samples"
DATA = ROOT.parent / "shared/data"

# Of the machine and the moment: another build may have other bytes there.
NOT_REPEATED = ("run.json", ".lock", ".digests.json", "report.html")

RECIPE = f"""\
version: 1
name: small
seed: 3
sources:
  - name: notes
    use: source.jsonl
    path: notes
    license: cc0-1.0
    group: geo
    pipeline: [{{use: filter.length, min_words: 3}}]
  - name: files
    use: source.files
    path: files
    group: files
    pipeline: [{{use: extract.markup}}]
stages:
  - {{use: dedup.exact}}
  - {{use: vocab.encode, tokenizer: {SAMPLES / "tokenizer"}}}
  - {{use: split.greedy, max_tokens: 24}}
sink: {{use: index.megatron, layout: pieces, num_shards: 2}}
"""


def note(number: int) -> str:
    return f"Sample {number} is a basalt with olivine. 第{number}号样品是橄榄玄武岩。 It was taken at {number} m."


def small_recipe(folder: Path, num_notes: int = 8) -> Path:
    """A recipe over three files of notes, each a task of its own, and two other files."""
    (folder / "notes").mkdir(parents=True)
    (folder / "files").mkdir()
    for part in range(3):
        lines = [orjson.dumps({"text": note(num_notes * part + i)}) for i in range(num_notes)] + [b'{"text": null}']
        (folder / f"notes/{part}.jsonl.gz").write_bytes(gzip.compress(b"\n".join(lines) + b"\n", mtime=0))
    (folder / "files/a.md").write_text("# Granite\n\nGranite holds quartz, feldspar and mica.\n")
    (folder / "files/b.txt").write_bytes(b"bad \xff bytes")
    path = folder / "small.yaml"
    path.write_text(RECIPE, encoding="utf-8")
    return path


def command(recipe: Path, out: Path, *options: str, workers: int = 2) -> list[str]:
    return [sys.executable, "-m", "corpusforge", "build", str(recipe), "--out", str(out), "--workers", str(workers), *options]


def run(
    recipe: Path, out: Path, *options: str, workers: int = 2, environment: Mapping[str, str] | None = None, **how: Any
) -> "subprocess.CompletedProcess[str]":
    """A build to its end; `how` goes to subprocess.run."""
    return subprocess.run(
        command(recipe, out, *options, workers=workers),
        capture_output=True, text=True, check=False, timeout=300, env={**os.environ, **(environment or {})}, **how,
    )  # fmt: skip


def finished(recipe: Path, out: Path, *options: str) -> dict[str, bytes]:
    """The outputs of a build that has to succeed."""
    done = run(recipe, out, *options)
    assert done.returncode == 0, done.stderr
    return outputs(out)


def reference(recipe: Path, out: Path, *overrides: str) -> dict[str, bytes]:
    """The outputs of an undisturbed build, made in this process."""
    build(load_recipe(recipe, overrides), out)
    return outputs(out)


def files_in(folder: Path) -> Iterator[Path]:
    """Files below a folder, also while it changes."""
    for parent, _, names in os.walk(folder):
        yield from (Path(parent) / name for name in names)


def outputs(out: Path) -> dict[str, bytes]:
    """Everything that a build has to repeat byte for byte, by relative path."""
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in files_in(out) if path.name not in NOT_REPEATED}


def snapshot(folder: Path) -> dict[str, tuple[int, int, int]]:
    """Inode, size and time of each file, also while they change."""
    found = {}
    for path in files_in(folder):
        try:
            facts = path.stat()
        except FileNotFoundError:
            continue
        found[str(path)] = (facts.st_ino, facts.st_size, facts.st_mtime_ns)
    return found


def leftovers(out: Path) -> list[str]:
    """What a finished build must not leave."""
    patterns = ("*.partial", "*.task.json", "*.shard.json", "scratch", "*.scratch")
    return sorted(str(path.relative_to(out)) for pattern in patterns for path in out.rglob(pattern))


def books_that_do_not_add_up(out: Path) -> list[dict[str, Any]]:
    """Entries of all reports in which a document was lost or came twice."""
    reports = [orjson.loads(path.read_bytes()) for path in out.glob("*/report.json")]
    assert reports
    entries = [each for report in reports for books in report["ledger"].values() for each in books]
    return [each for each in entries if each["in"] != each["kept"] + sum(each["rejected"].values()) + each["failed"]]


def ledger(out: Path, step: str) -> dict[str, Any]:
    """The books of a step, by source."""
    (path,) = out.glob(f"[0-9]*-{step}-*/report.json")
    books: dict[str, Any] = orjson.loads(path.read_bytes())["ledger"]
    return books


def descendants(process: int) -> list[int]:
    """Processes that `process` started, directly or not, and that live."""
    parents: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        fields = _fields(path)
        if fields and fields[0] != "Z":
            parents.setdefault(int(fields[1]), []).append(int(path.parent.name))
    found, new = [], [process]
    while new:
        new = [child for each in new for child in parents.get(each, [])]
        found += new
    return found


def workers_of(process: int) -> list[int]:
    """Those of the descendants that do tasks: not the process that multiprocessing keeps to clean up."""
    return [each for each in descendants(process) if b"spawn_main" in _command_line(each)]


def lives(process: int) -> bool:
    """Whether a process is there and no zombie."""
    return (_fields(Path(f"/proc/{process}/stat")) or ["Z"])[0] != "Z"


def _fields(path: Path) -> list[str]:
    """State, parent and so on, after the name in parentheses."""
    try:
        return path.read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def _command_line(process: int) -> bytes:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""
