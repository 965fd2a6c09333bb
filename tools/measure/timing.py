"""Speeds in megabytes of UTF-8 text per second of CPU time, best of several rounds, a peer's run between two of ours.

CPU time, since a machine shared with others gives wall times that say nothing; the best round, since what disturbs a run
only ever makes it slower.
"""

import os
import resource
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

Input = TypeVar("Input")

# A round of a step takes about so long, on as much of the corpus as that needs.
ROUND_SECONDS = 2.0


@dataclass(frozen=True)
class Speed:
    """What one step reached; `peer` names another program's run on the same text, None where there is none."""

    step: str
    lang: str
    megabytes_per_second: float
    peer: str = ""
    peer_megabytes_per_second: float | None = None
    note: str = ""


@dataclass(frozen=True)
class PeerRun:
    """A peer: its name, and what runs it once and gives (bytes of text, seconds of CPU time)."""

    name: str
    run: Callable[[], tuple[int, float]]


def speed(
    step: str,
    lang: str,
    work: Callable[[Input], object],
    inputs: Sequence[tuple[Input, int]],
    rounds: int,
    peer: PeerRun | None = None,
) -> Speed:
    """Speed of `work` on inputs, each with its bytes of text."""
    work(inputs[0][0])  # compiles and loads what is used for the first time
    seconds = _cpu_seconds(work, inputs[:1])
    count = max(1, min(len(inputs), round(ROUND_SECONDS / max(seconds, 1e-6))))
    chosen = inputs[:count]
    num_bytes = sum(size for _, size in chosen)
    ours, theirs = 0.0, 0.0
    for _ in range(rounds):
        ours = max(ours, num_bytes / _cpu_seconds(work, chosen) / 1e6)
        if peer is not None:
            peer_bytes, peer_seconds = peer.run()
            theirs = max(theirs, peer_bytes / peer_seconds / 1e6)
    return Speed(step, lang, ours, peer.name if peer else "", theirs if peer else None)


def _cpu_seconds(work: Callable[[Input], object], inputs: Sequence[tuple[Input, int]]) -> float:
    began = time.process_time()
    for each, _ in inputs:
        work(each)
    return time.process_time() - began


def child_seconds(command: Sequence[str], environment: Mapping[str, str]) -> tuple[float, float]:
    """(CPU seconds, wall seconds) of a command and all processes it waited for; raises RuntimeError where it fails."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    ended = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=False)
    wall, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if ended.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {ended.returncode}: {ended.stderr[-2000:]}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall
