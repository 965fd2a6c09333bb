"""Other programs in a virtual environment of their own, and processes there that answer requests.

Of their own, since their pins are not ours; a process that stays, so that a peer is measured between two of our runs without
paying for its imports.
"""

import json
import os
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

_HERE = Path(__file__).parent
_PINS = _HERE / "peers.txt"

CHAIN = {
    "en": ("gopher_repetition", "gopher_quality", "c4", "fineweb"),
    "zh": ("gopher_repetition", "gopher_quality", "fineweb"),
}


def peer_folder() -> Path:
    """Where the virtual environment lies unless somebody says otherwise."""
    return cache_folder() / "peers"


def cache_folder() -> Path:
    """Where tools keep what is made once for a machine."""
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "corpusforge-bench"


def peer_python(folder: Path) -> Path:
    """The interpreter of the virtual environment in `folder`, made with what peers.txt pins where it is not there."""
    python, pins = folder / "bin/python", folder / "pins.txt"
    if not pins.is_file() or pins.read_text() != _PINS.read_text():
        print(f"installing {', '.join(_PINS.read_text().split())} in {folder}", file=sys.stderr)
        venv.create(folder, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--requirement", _PINS], check=True)
        pins.write_text(_PINS.read_text())
    return python


class Peer:
    """A process that runs a script beside this one. State: the process, whose memory keeps what it has loaded.

    It also keeps the texts of files, by path: a path must not get another content.
    """

    def __init__(self, python: Path, script: str) -> None:
        """Start it."""
        self._script = script
        self._process = subprocess.Popen(
            [python, _HERE / script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._process.communicate()

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"{self._script} ended (exit code {self._process.wait()}) on {request}")
        found: dict[str, Any] = json.loads(answer)
        return found


class Datatrove(Peer):
    """Stock datatrove."""

    def __init__(self, python: Path) -> None:
        """Start it."""
        super().__init__(python, "peer_datatrove.py")

    def judge(self, path: Path, lang: str, filters: Sequence[str], max_bytes: int) -> dict[str, Any]:
        """Verdicts of filters on the first `max_bytes` of text in a JSONL file: seconds, num_bytes, reasons."""
        return self._ask({"job": "judge", "path": str(path), "lang": lang, "filters": [*filters], "max_bytes": max_bytes})

    def read(self, path: Path) -> dict[str, Any]:
        """Read a JSONL file: seconds, num_bytes."""
        return self._ask({"job": "read", "path": str(path)})

    def build(self, path: Path, lang: str, tokenizer: Path, eod: str, out: Path) -> dict[str, Any]:
        """JSONL through FineWeb's chain to tokens on disk: seconds."""
        request = {"job": "build", "path": str(path), "lang": lang, "tokenizer": str(tokenizer), "eod": eod, "out": str(out)}
        return self._ask(request)

    def sign(self, path: Path, lang: str, max_bytes: int, out: Path) -> dict[str, Any]:
        """MinHash signatures of the first `max_bytes` of text in a JSONL file, written to `out`: seconds, num_bytes."""
        return self._ask({"job": "sign", "path": str(path), "lang": lang, "max_bytes": max_bytes, "out": str(out)})

    def deduplicate(self, path: Path, lang: str, max_bytes: int, out: Path) -> dict[str, Any]:
        """Near-duplicates in the first `max_bytes` of text, by 14 buckets of 8: seconds, num_bytes, removed lines, pairs."""
        return self._ask({"job": "deduplicate", "path": str(path), "lang": lang, "max_bytes": max_bytes, "out": str(out)})


class Sketches(Peer):
    """Stock rensa and datasketch; `program` is one of these names."""

    def __init__(self, python: Path) -> None:
        """Start it."""
        super().__init__(python, "peer_sketches.py")

    def sign(self, program: str, path: Path, lang: str, permutations: int, max_bytes: int) -> dict[str, Any]:
        """Signatures of the first `max_bytes` of text in a JSONL file: seconds, num_bytes."""
        return self._ask({
            "job": "sign", "program": program, "path": str(path), "lang": lang, "permutations": permutations,
            "max_bytes": max_bytes,
        })  # fmt: skip

    def deduplicate(self, program: str, path: Path, lang: str, permutations: int, threshold: float) -> dict[str, Any]:
        """Near-duplicates of a JSONL file: seconds, lines removed, pairs of lines."""
        return self._ask({
            "job": "deduplicate", "program": program, "path": str(path), "lang": lang, "permutations": permutations,
            "threshold": threshold,
        })  # fmt: skip
