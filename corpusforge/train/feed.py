"""The rows of each step, read one step ahead on a thread, so that the model rarely waits for them."""

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from corpusforge.train.batches import Batches, pieces
from corpusforge.train.data import NO_LOSS, Batch


class Rows(Protocol):
    """What training asks of its data: `train.data.Samples`, or a fake of it."""

    fingerprint: str
    sequence_length: int
    num_rows: int
    vocab_size: int

    def rows(self, start: int, stop: int) -> Batch:
        """Rows of the global order."""

    def origins(self, start: int, stop: int) -> list[tuple[str, int]]:
        """(shard, sequence) of each."""


@dataclass(frozen=True)
class Share:
    """What a process takes in a step, with what its rows count."""

    start: int
    stop: int
    batch: Batch
    num_labels: int
    num_tokens: int
    """Without the fill at the ends of rows."""
    num_pairs: int
    """Of a token and one that it attends to."""
    waited_seconds: float = 0.0
    """How long the model waited for it."""

    @property
    def counts(self) -> list[float]:
        """To be summed over processes."""
        return [self.num_labels, self.num_tokens, self.num_pairs]


def read_rows(source: Rows, start: int, stop: int) -> Batch:
    """Rows of an order that begins anew behind its end."""
    parts = [source.rows(*piece) for piece in pieces(start, stop, source.num_rows)]
    if len(parts) == 1:
        return parts[0]
    names = ("tokens", "labels", "positions", "segments")
    return Batch(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def read_share(source: Rows, start: int, stop: int) -> Share:
    """The rows with their counts."""
    batch = read_rows(source, start, stop)
    filled = _filled(batch.labels)
    num_pairs = int((batch.positions + 1).sum(where=filled, dtype=np.int64))
    return Share(start, stop, batch, int((batch.labels[:, 1:] != NO_LOSS).sum()), int(filled.sum()), num_pairs)


def _filled(labels: NDArray[np.int32]) -> NDArray[np.bool_]:
    """True up to the last label of each row: behind it there is nothing but fill."""
    length = labels.shape[1]
    last = length - np.argmax((labels != NO_LOSS)[:, ::-1], axis=1)
    last[(labels == NO_LOSS).all(axis=1)] = 0
    filled: NDArray[np.bool_] = np.arange(length) < last[:, None]
    return filled


def shares(source: Rows, batches: Batches, first_step: int) -> Iterator[Share]:
    """The shares of the steps from `first_step` on; raises what reading them raises."""
    with ThreadPoolExecutor(1) as pool:
        ahead = _ahead(pool, source, batches, first_step)
        for step in range(first_step, batches.num_steps):
            assert ahead is not None
            begun = time.perf_counter()
            share = ahead.result()
            waited = time.perf_counter() - begun
            ahead = _ahead(pool, source, batches, step + 1)
            yield replace(share, waited_seconds=waited)


def _ahead(pool: ThreadPoolExecutor, source: Rows, batches: Batches, step: int) -> "Future[Share] | None":
    return pool.submit(read_share, source, *batches.of_step(step)) if step < batches.num_steps else None
