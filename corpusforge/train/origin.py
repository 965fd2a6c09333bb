"""With which weights a stage begins: the base, what another stage left, or a checkpoint to branch from."""

from dataclasses import dataclass
from pathlib import Path

from corpusforge.engine.store import read_json
from corpusforge.errors import InputError, StoreDamaged
from corpusforge.recipe import Training
from corpusforge.recipe.training import TrainStage
from corpusforge.train.checkpoints import checkpoints, step_folder
from corpusforge.weights.provenance import TRAINING_RECORD, changed_files

CHECKPOINTS = "checkpoints"
FINAL = "final"


@dataclass(frozen=True)
class Origin:
    """A base checkpoint, an adapter to go on with, and a state to branch from, the latter two where there are."""

    base: Path
    adapter: Path | None = None
    branch: Path | None = None


def origin(training: Training, stage: TrainStage) -> Origin:
    """Where a stage begins; raises InputError where that is not there, or of another kind."""
    names = [each.name for each in training.settings.stages]
    if stage.branch_from:
        return _branch(training, stage, names)
    source = stage.init_from or (names[names.index(stage.name) - 1] if names.index(stage.name) else "base")
    if source == "base":
        return Origin(training.settings.model)
    found = _folder(training, stage, source, names)
    if not (found / "adapter_config.json").is_file():
        return Origin(found)
    if stage.trains not in ("lora", "qlora"):
        raise InputError(
            f"train: stage {stage.name!r}: {found} is an adapter, and trains: {stage.trains} needs a whole model; merge it "
            "first, or train an adapter on"
        )
    return Origin(_base_of(found, training), found)


def check_origin(start: Origin, stage: TrainStage) -> None:
    """Raise StoreDamaged where weights that a stage left are no longer the ones that it wrote: every byte is read.

    A base from elsewhere is taken as it is: its files are not ours to judge.
    """
    for folder in (start.base, *([start.adapter] if start.adapter else [])):
        record = folder / TRAINING_RECORD
        files = read_json(record).get("files", {}) if record.is_file() else {}
        for what in changed_files(folder, files, TRAINING_RECORD):
            raise StoreDamaged(
                f"train: stage {stage.name!r} begins with {what}; delete {folder}, and its stage writes it anew from the last "
                f"checkpoint, or, if the change is meant, give a copy without {TRAINING_RECORD} as init_from"
            )


def _branch(training: Training, stage: TrainStage, names: list[str]) -> Origin:
    name, _, step = stage.branch_from.partition("@")
    source = training.settings.stages[names.index(name)]
    folder = training.out / name / CHECKPOINTS
    checkpoint = step_folder(folder, int(step))
    if not checkpoint.is_dir():
        there = ", ".join(str(int(each.name.rpartition("-")[2])) for each in reversed(checkpoints(folder))) or "none"
        raise InputError(
            f"train: stage {stage.name!r}: no checkpoint after step {step} of stage {name!r}; there are: {there}; "
            "keep.milestones keeps some for good"
        )
    begun = origin(training, source)
    return Origin(begun.base, begun.adapter, checkpoint)


def _folder(training: Training, stage: TrainStage, source: str, names: list[str]) -> Path:
    """The folder of weights that `source` names."""
    if source in names:
        final = training.out / source / FINAL
        if not (final / TRAINING_RECORD).is_file():
            raise InputError(f"train: stage {stage.name!r} begins with the weights of stage {source!r}: train that one first")
        return final
    folder = Path(source)
    if not folder.is_absolute():
        raise InputError(
            f"train: stage {stage.name!r}: init_from: no stage {source!r}; give base, a stage ({', '.join(names)}) or a path "
            "with /"
        )
    if not folder.is_dir():
        raise InputError(f"train: stage {stage.name!r}: init_from: no folder {folder}; give a checkpoint's folder")
    return folder


def _base_of(adapter: Path, training: Training) -> Path:
    """The base that an adapter of ours was trained on; of another's it is the base of the recipe."""
    facts = adapter / TRAINING_RECORD
    return Path(read_json(facts)["base_folder"]) if facts.is_file() else training.settings.model
