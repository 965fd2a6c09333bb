"""What a stage begins with, opened and checked before anything is loaded: base, rows, batches, the checkpoint to go on from."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from torch import distributed

from corpusforge.engine.store import file_digest
from corpusforge.recipe import Training
from corpusforge.recipe.training import TrainStage
from corpusforge.train.base import Base, check_vocabulary, read_base
from corpusforge.train.batches import Batches, batches
from corpusforge.train.checkpoints import Facts, Manifest, check_facts, newest_whole, read_manifest
from corpusforge.train.data import Samples
from corpusforge.train.origin import CHECKPOINTS, Origin, check_origin, origin
from corpusforge.train.plan import open_rows

# Settings that change how fast or where a stage runs, or what is told of it, and not what it trains.
_FREE = {
    "activation_checkpointing", "attention", "compile", "deterministic", "evaluate_every", "evaluate_rows", "keep", "log_every",
    "loss_chunk_tokens", "micro_batch_rows", "offload", "save_every",
}  # fmt: skip


@dataclass(frozen=True)
class Begin:
    """What a stage begins with, opened and checked."""

    origin: Origin
    base: Base
    source: Samples
    batches: Batches
    facts: Facts
    resumed: Manifest | None
    """Of the checkpoint that the stage goes on from."""
    checkpoint: Path | None

    @property
    def first_step(self) -> int:
        """Steps that are done already; a branch begins at none of its own."""
        return 0 if self.resumed is None or self.checkpoint == self.origin.branch else self.resumed.step

    @property
    def changes_world(self) -> bool:
        """Whether the checkpoint belongs to another number of processes; without ZeRO it belongs to any."""
        return self.resumed is not None and self.resumed.world != self.batches.world and self.facts.settings["zero"] > 0


def begin_stage(training: Training, stage: TrainStage, folder: Path) -> Begin:
    """Open and check everything that a stage needs; the slow digests are process 0's, which tells the others."""
    start = origin(training, stage)
    base = read_base(start.base)
    source = open_rows(training.build, stage)
    check_vocabulary(base, source.tokenizer, source.vocab_size)
    found: list[Any] = [None]
    if distributed.get_rank() == 0:
        found = [_told(lambda: _looked_at(start, base, stage, folder / CHECKPOINTS))]
    distributed.broadcast_object_list(found)
    if isinstance(found[0], Exception):
        raise found[0]
    digest, own = found[0]
    wanted = Facts(stage.name, source.fingerprint, file_digest(source.tokenizer / "tokenizer.json"), digest, identity(stage))
    checkpoint = own or start.branch
    resumed = read_manifest(checkpoint) if checkpoint else None
    if resumed is not None and checkpoint is not None:
        there = resumed.facts if own else replace(resumed.facts, stage=stage.name, settings=wanted.settings)
        check_facts(checkpoint, there, wanted)
    first_row = read_manifest(start.branch).rows if start.branch else 0
    shared = batches(stage, source.num_rows, distributed.get_rank(), distributed.get_world_size(), first_row)
    return Begin(start, base, source, shared, wanted, resumed, checkpoint)


def _told(work: Callable[[], Any]) -> Any:
    """What `work` gives, or the error it raises, to be told to other processes."""
    try:
        return work()
    except Exception as error:
        return error


def _looked_at(start: Origin, base: Base, stage: TrainStage, folder: Path) -> tuple[str, Path | None]:
    """Digest of what the stage begins with, and the checkpoint to go on from, whose facts have that digest, too."""
    own = newest_whole(folder)
    if own is None:
        check_origin(start, stage)
    return _base_digest(start, base), own


def _base_digest(start: Origin, base: Base) -> str:
    adapter = [file_digest(path) for path in sorted(start.adapter.glob("*.safetensors"))] if start.adapter else []
    return "-".join([base.digest(), *adapter])


def identity(stage: TrainStage) -> dict[str, Any]:
    """The settings of a stage that decide its weights."""
    return {name: value for name, value in stage.model_dump(mode="json").items() if name not in _FREE}
