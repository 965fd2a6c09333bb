"""Which rows a step takes, and which of them a process: arithmetic on positions, the same for any number of processes.

Step k takes rows k * batch to (k + 1) * batch of the global order; process r of w takes the r-th of w equal runs of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from corpusforge.errors import UserError
from corpusforge.recipe.training import TrainStage


@dataclass(frozen=True)
class Batches:
    """Rows of the steps of a stage, for one process."""

    batch_rows: int
    micro_rows: int
    num_steps: int
    rank: int
    world: int
    first_row: int = 0
    """Where the stage begins in the order of its mix: beyond 0 only for a branch."""

    @property
    def own_rows(self) -> int:
        """Rows of a step that this process takes."""
        return self.batch_rows // self.world

    @property
    def accumulation(self) -> int:
        """Times that the process runs the model in a step."""
        return self.own_rows // self.micro_rows

    def of_step(self, step: int) -> tuple[int, int]:
        """Rows start <= x < stop of this process."""
        start = self.first_row + step * self.batch_rows + self.rank * self.own_rows
        return start, start + self.own_rows

    def consumed(self, step: int) -> int:
        """Rows of the order that are behind the training before step `step`."""
        return self.first_row + step * self.batch_rows


def batches(stage: TrainStage, num_rows: int, rank: int, world: int, first_row: int = 0) -> Batches:
    """The batches of a stage; raises UserError where the processes cannot share a batch, or the rows give no step."""
    rows, micro = stage.batch_rows, stage.micro_batch_rows
    if rows % (micro * world):
        raise UserError(f"train: stage {stage.name!r}: {_unshared(stage, world)}")
    steps = num_steps(stage, num_rows, first_row)
    return Batches(rows, micro, steps, rank, world, first_row)


def num_steps(stage: TrainStage, num_rows: int, first_row: int = 0) -> int:
    """Optimizer steps of a stage; raises UserError where the rows give fewer.

    With `epochs` the order is gone through again from its beginning; `steps` never read a row twice.
    """
    there = (num_rows - first_row) // stage.batch_rows
    wanted = stage.steps if stage.steps is not None else int(num_rows * (stage.epochs or 0)) // stage.batch_rows
    if wanted and (stage.epochs is not None or wanted <= there):
        return wanted
    tokens = f"{num_rows - first_row:,} rows of {stage.sequence_length:,} tokens"
    has = f"{tokens} are there, {there:,} steps of {stage.batch_rows:,} rows"
    raise UserError(
        f"train: stage {stage.name!r}: {wanted:,} steps are wanted, of the mix {stage.mix!r} {has}; "
        "lower steps or global_batch_tokens, give epochs instead of steps, or let the mix repeat its groups"
    )


def pieces(start: int, stop: int, num_rows: int) -> Iterator[tuple[int, int]]:
    """The rows start <= x < stop of an order that begins anew after `num_rows`, as runs inside it."""
    while start < stop:
        begin = start % num_rows
        end = min(num_rows, begin + stop - start)
        yield begin, end
        start += end - begin


def _unshared(stage: TrainStage, world: int) -> str:
    """What is wrong with a batch, and the nearest that would do."""
    rows, micro, length = stage.batch_rows, stage.micro_batch_rows, stage.sequence_length
    unit = micro * world
    near = sorted({each * unit * length for each in (rows // unit, rows // unit + 1) if each})
    tokens = " or ".join(f"{each:,}" for each in near)
    smaller = [each for each in range(micro - 1, 0, -1) if rows % (each * world) == 0]
    other = f", or micro_batch_rows {smaller[0]}" if smaller else ""
    return (
        f"global_batch_tokens {stage.global_batch_tokens:,} are {rows:,} rows, which {world} processes with "
        f"micro_batch_rows {micro} cannot share evenly; nearest are global_batch_tokens {tokens}{other}"
    )
