"""Rows of packed shards in the order in which a stage of the mix reads them, straight from the memory maps.

The order is a function of a position alone: no state, no walk from the start, nothing of ranks or workers. A trainer keeps one
number and the fingerprint, and any split of the positions over processes reads the same rows.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

NO_LOSS = -100


@dataclass(frozen=True)
class Batch:
    """Rows of tokens; all arrays are int32 [rows, sequence_length].

    `labels` stand where their tokens stand (the model shifts) and are NO_LOSS at the first token of each segment, in the fill
    behind the last one, and where the shard's labels say so. `positions` count from 0 in each segment; `segments` numbers
    the segments of a row from 0. The fill is one segment of its own, the last.
    """

    tokens: NDArray[np.int32]
    labels: NDArray[np.int32]
    positions: NDArray[np.int32]
    segments: NDArray[np.int32]


class Samples:
    """The rows of one stage of a build's mix, or of a slice that was held out, by their position in the global order."""

    fingerprint: str
    """Digest of all that decides the rows: shards, groups, the stage, its seed. A resumed run must find the same."""
    stage: str
    sequence_length: int
    num_rows: int
    vocab_size: int
    eod: int
    tokenizer: Path
    """Folder for from_pretrained."""
    group_names: tuple[str, ...]
    """Groups that the stage reads."""
    held_out_groups: tuple[str, ...]
    """Groups of the build of which a slice was held out."""

    @classmethod
    def open(cls, build: Path, stage: str | None = None) -> "Samples":
        """The rows of a stage; None is the only one. Raises InputError where the build cannot be trained on."""
        raise NotImplementedError

    @classmethod
    def held_out(cls, build: Path, group: str) -> "Samples":
        """The rows of a group that never enter training, in the order of their shards."""
        raise NotImplementedError

    def rows(self, start: int, stop: int) -> Batch:
        """Positions start <= x < stop of the global order; raises IndexError outside 0..num_rows."""
        raise NotImplementedError

    def origins(self, start: int, stop: int) -> list[tuple[str, int]]:
        """(prefix of the shard, number of the sequence) of each position."""
        raise NotImplementedError
