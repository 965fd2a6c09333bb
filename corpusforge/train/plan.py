"""What a training is going to do, worked out from files alone: steps, tokens, memory, what is done already."""

from dataclasses import dataclass
from pathlib import Path

from corpusforge.engine.store import read_json
from corpusforge.errors import InputError, UserError
from corpusforge.recipe import Training
from corpusforge.recipe.suggest import did_you_mean
from corpusforge.recipe.training import TrainStage
from corpusforge.train.base import Base, check_vocabulary, read_base
from corpusforge.train.batches import Batches, batches
from corpusforge.train.checkpoints import checkpoints
from corpusforge.train.data import Samples
from corpusforge.train.memory import Memory, memory, num_training
from corpusforge.train.origin import CHECKPOINTS, FINAL
from corpusforge.weights.provenance import TRAINING_RECORD


@dataclass(frozen=True)
class StagePlan:
    """One stage."""

    stage: TrainStage
    num_rows: int
    batches: Batches
    num_weights: int
    num_training: int
    memory: Memory
    status: str
    """done, at step N, or to do."""

    @property
    def num_tokens(self) -> int:
        """That the stage reads."""
        return self.batches.num_steps * self.stage.global_batch_tokens

    @property
    def epochs(self) -> float:
        """Times that it goes through its rows."""
        return self.batches.num_steps * self.stage.batch_rows / self.num_rows


def chosen_stages(training: Training, only: str | None) -> tuple[TrainStage, ...]:
    """All stages, or the one of that name; raises UserError where there is none."""
    if only is None:
        return training.settings.stages
    names = [stage.name for stage in training.settings.stages]
    if only not in names:
        raise UserError(f"train: no stage {only!r}; {did_you_mean(only, names, 'stages')}")
    return (training.settings.stages[names.index(only)],)


def make_plan(training: Training, only: str | None, world: int) -> list[StagePlan]:
    """The plan of `world` processes; raises what training itself would raise for a recipe or build that does not fit."""
    base = read_base(training.settings.model)
    return [_plan(training, stage, base, world) for stage in chosen_stages(training, only)]


def _plan(training: Training, stage: TrainStage, base: Base, world: int) -> StagePlan:
    source = open_rows(training.build, stage)
    check_vocabulary(base, source.tokenizer, source.vocab_size)
    return StagePlan(
        stage, source.num_rows, batches(stage, source.num_rows, 0, world), base.num_weights, num_training(stage, base),
        memory(stage, base, world), status(training.out / stage.name),
    )  # fmt: skip


def open_rows(build: Path, stage: TrainStage) -> Samples:
    """The rows of a stage; raises InputError where they are of another length than the stage says."""
    source = Samples.open(build, stage.mix or None)
    if source.sequence_length != stage.sequence_length:
        raise InputError(
            f"train: stage {stage.name!r}: sequence_length {stage.sequence_length:,}, but the rows in {build} have "
            f"{source.sequence_length:,} tokens; set it to that, or build with seq_length {stage.sequence_length}"
        )
    return source


def status(folder: Path) -> str:
    """What is on disk of a stage."""
    if (folder / FINAL / TRAINING_RECORD).is_file():
        return f"done: {int(read_json(folder / FINAL / TRAINING_RECORD)['step']):,} steps"
    found = checkpoints(folder / CHECKPOINTS)
    return f"at step {int(found[0].name.rpartition('-')[2]):,}" if found else "to do"
