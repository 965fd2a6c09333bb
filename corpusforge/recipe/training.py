"""The `train:` block of a recipe: stages that continue pre-training and fine-tune a base checkpoint on the shards of a build.

A block of its own in the same file, since training reads finished shards and changes none: a build never looks at it, and
a recipe that only trains names its `build` and has no sources. Every setting that changes a weight is here. A preset gives a
published system's settings as data (presets/*.yaml); what the recipe says itself goes before it.
"""

import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from corpusforge.documented import Documented
from corpusforge.recipe.suggest import did_you_mean
from corpusforge.recipe.yaml import Tree, load_yaml
from corpusforge.settings import LocalPath, absolute

NAME = r"^[a-z0-9][a-z0-9_-]*$"
PRESETS = Path(__file__).with_name("presets")

Trains = Literal["full", "new_embeddings", "embeddings", "lora", "qlora"]
Share = Annotated[float, Field(ge=0, le=1)]


def _name_or_folder(value: Tree) -> Tree:
    """The name of a stage, or the path of a folder as an absolute one."""
    return value if not isinstance(value, str) or re.fullmatch(NAME, value) or not value else str(absolute(value))


class Schedule(Documented):
    """The learning rate over the steps of a stage, as a share of its peak."""

    shape: Literal["constant", "linear", "cosine", "wsd", "decay"] = "cosine"
    """wsd: warm-up, stable, decay over the last `decay_share`; decay: falls from the first step on, for a branch."""
    warmup_steps: int = Field(default=0, ge=0)
    """Steps of linear warm-up; the first step has a rate above zero already."""
    warmup_share: Share = 0.0
    """The same as a share of all steps; give one of the two."""
    warmup_from: Share = 0.0
    """Where the warm-up begins: 0 for a fresh optimizer, more to re-warm from the rate at which the base ended."""
    floor: Share = 0.0
    """What the rate falls towards, reached where another step would follow the last."""
    decay_share: Share = 0.1
    """Of wsd: the last part of the steps, in which the rate falls."""
    decay_shape: Literal["linear", "cosine", "sqrt"] = "linear"
    """Of wsd and decay: how it falls."""

    @model_validator(mode="after")
    def _one_warmup(self) -> Self:
        if self.warmup_steps and self.warmup_share:
            raise ValueError("warmup_steps and warmup_share say the same; give one of them")
        return self


class Lora(Documented):
    """Low-rank adapters."""

    rank: int = Field(default=16, ge=1)
    alpha: int = Field(default=32, ge=1)
    """Scale: what the adapter adds is multiplied by alpha / rank."""
    dropout: Share = 0.0
    targets: tuple[str, ...] = ()
    """Last names of the modules, such as q_proj; every linear layer but the head unless given."""
    embeddings: bool = False
    """Also train embeddings and head in full, which the adapter then holds."""


class Keep(Documented):
    """Which checkpoints stay; others are deleted after a newer one is whole."""

    last: int = Field(default=2, ge=1)
    """The newest ones."""
    best: bool = True
    """The one with the fewest bits per byte on the held-out slices."""
    milestones: int = Field(default=0, ge=0)
    """Every so many steps one that stays for good, to branch from; 0 is none."""


class TrainStage(Documented):
    """One run of the optimizer: a mix, a schedule, and what it trains."""

    name: str = Field(pattern=NAME)
    """Unique in the recipe, and the folder of the stage."""
    mix: str = ""
    """Stage of mix.json whose rows are read; the only one unless given."""
    sequence_length: int = Field(ge=2)
    """Tokens of a row; the rows of the build must have just that length."""
    global_batch_tokens: int = Field(ge=1)
    """Tokens of an optimizer step, over all processes: a multiple of the sequence length."""
    micro_batch_rows: int = Field(default=1, ge=1)
    """Rows that one process takes through the model at a time; changes memory and speed only."""
    steps: int | None = Field(default=None, ge=1)
    """Optimizer steps; give these or epochs."""
    epochs: float | None = Field(default=None, gt=0)
    """Times over the rows; a last step that is not full is left out."""
    learning_rate: float = Field(gt=0)
    """At its peak."""
    schedule: Schedule = Schedule()
    trains: Trains = "full"
    """full; new_embeddings: only the rows from `new_rows_from` on; embeddings: embeddings and head; lora; qlora."""
    new_rows_from: int | None = Field(default=None, ge=1)
    """Size of the vocabulary before it was extended."""
    lora: Lora = Lora()
    init_from: Annotated[str, BeforeValidator(_name_or_folder)] = ""
    """Weights to begin with, and a fresh optimizer: base, another stage, or a folder; the stage before unless given."""
    branch_from: str = Field(default="", pattern=r"^([a-z0-9][a-z0-9_-]*@[0-9]+)?$")
    """STAGE@STEP: go on from that checkpoint with its optimizer and its place in the data, under this schedule."""
    weight_decay: float = Field(default=0.1, ge=0)
    """Of matrices; vectors (norms, biases) have none, nor have embeddings of which only new rows are trained."""
    betas: tuple[float, float] = (0.9, 0.95)
    epsilon: float = Field(default=1e-8, gt=0)
    clip_norm: float = Field(default=1.0, ge=0)
    """Norm to which gradients are clipped; 0 is never."""
    precision: Literal["bf16", "fp16", "fp32"] = "bf16"
    zero: Literal[0, 1, 2, 3] = 2
    """What processes share out: 1 optimizer, 2 gradients too, 3 weights too."""
    offload: Literal["none", "optimizer", "optimizer_and_weights"] = "none"
    """What waits in the memory of the CPU; weights only with zero: 3."""
    activation_checkpointing: bool = False
    """Compute activations again instead of keeping them: a third more work, far less memory."""
    attention: Literal["auto", "sdpa", "flex", "varlen"] = "auto"
    """varlen: flash attention over each document; sdpa: a mask. auto takes varlen on a GPU in half precision, else sdpa."""
    compile: bool = False
    """Compile each layer; not with zero: 3."""
    loss_chunk_tokens: int = Field(default=2048, ge=0)
    """Tokens whose logits exist at a time; 0 takes all at once, as the model itself does."""
    deterministic: bool = True
    """On a GPU: the same losses bit for bit in every run, also after a kill; a CPU gives them anyway."""
    seed: int = Field(default=0, ge=0, lt=2**31)
    """Of dropout and of new adapters; the order of the data is in mix.json."""
    log_every: int = Field(default=10, ge=1)
    evaluate_every: int = Field(default=0, ge=0)
    """Steps between looks at the held-out slices; 0 looks at the beginning, at checkpoints and at the end."""
    evaluate_rows: int = Field(default=64, ge=1)
    """Rows of each held-out group, the first ones."""
    save_every: int = Field(default=500, ge=1)
    """Steps between checkpoints; the end of the stage is always one."""
    keep: Keep = Keep()

    @model_validator(mode="after")
    def _fits(self) -> Self:
        for problem in _problems(self):
            raise ValueError(problem)
        return self

    @property
    def batch_rows(self) -> int:
        """Rows of an optimizer step."""
        return self.global_batch_tokens // self.sequence_length


def _problems(stage: TrainStage) -> list[str]:
    """What does not fit together in a stage, each with the cure."""
    rows, rest = divmod(stage.global_batch_tokens, stage.sequence_length)
    near = " or ".join(str(each * stage.sequence_length) for each in (rows, rows + 1) if each)
    checks = [
        (rest > 0, f"global_batch_tokens {stage.global_batch_tokens} is no multiple of sequence_length; nearest are {near}"),
        ((stage.steps is None) == (stage.epochs is None), "give either steps or epochs"),
        (stage.trains == "new_embeddings" and stage.new_rows_from is None, "new_embeddings needs new_rows_from"),
        (stage.trains == "new_embeddings" and stage.zero == 3, "new_embeddings masks gradients of rows: take zero: 2 or less"),
        (stage.offload == "optimizer_and_weights" and stage.zero < 3, "offload of weights needs zero: 3"),
        (stage.offload == "optimizer" and stage.zero == 0, "offload of the optimizer needs zero: 1 or more"),
        (stage.precision != "fp32" and stage.zero == 0, "zero: 0 is for fp32, half precision needs zero: 1 or more"),
        (stage.compile and stage.zero == 3, "compile does not go with zero: 3, which gathers weights as modules run"),
        (bool(stage.branch_from and stage.init_from), "branch_from and init_from exclude each other"),
    ]  # fmt: skip
    return [text for is_wrong, text in checks if is_wrong]


class Train(Documented):
    """Training on the shards of a build, in stages."""

    build: LocalPath | None = None
    """Output folder of the finished build; out/<name> unless given."""
    out: LocalPath | None = None
    """Folder of the training; out/<name>-train unless given."""
    model: LocalPath
    """Base checkpoint: a folder with config.json and safetensors, its vocabulary that of the build's tokenizer."""
    preset: str = ""
    """A published system whose settings stages of the same name begin with: jiuzhou, k2, knowlm, literary-alpaca2, mozi."""
    stages: tuple[TrainStage, ...] = Field(min_length=1)
    """In order; each begins with the weights of the one before unless it says otherwise."""
    tensorboard: bool = True
    """Write curves for TensorBoard beside metrics.jsonl."""

    @model_validator(mode="before")
    @classmethod
    def _with_preset(cls, tree: Tree) -> Tree:
        if not isinstance(tree, dict) or not isinstance(tree.get("preset"), str) or not tree["preset"]:
            return tree
        return {**tree, "stages": merged(read_preset(tree["preset"])["stages"], tree.get("stages", []))}

    @model_validator(mode="after")
    def _names(self) -> Self:
        names = [stage.name for stage in self.stages]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two stages are named {name!r}; give each its own name")
        for index, stage in enumerate(self.stages):
            source = stage.branch_from.partition("@")[0]
            if source and source not in names[:index]:
                raise ValueError(f"stage {stage.name!r} branches from {source!r}, which is no stage before it")
        return self


def read_preset(name: str) -> dict[str, Tree]:
    """A preset as a tree; raises ValueError with the names there are."""
    names = [path.stem for path in sorted(PRESETS.glob("*.yaml"))]
    if name not in names:
        raise ValueError(f"no preset {name!r}; {did_you_mean(name, names, 'presets')}")
    return load_yaml(PRESETS / f"{name}.yaml")


def merged(preset: list[dict[str, Tree]], stages: Tree) -> Tree:
    """The stages of a preset with those of a recipe put over them by name; nested settings are merged, others appended."""
    if not isinstance(stages, list) or not all(isinstance(each, dict) for each in stages):
        return stages
    own = {each.get("name"): each for each in stages}
    names = [each["name"] for each in preset]
    return [_over(each, own.get(each["name"], {})) for each in preset] + [
        each for each in stages if each.get("name") not in names
    ]


def _over(below: dict[str, Tree], above: dict[str, Tree]) -> dict[str, Tree]:
    clashing = {"steps": "epochs", "epochs": "steps"}  # one stands for the other
    kept = {key: value for key, value in below.items() if clashing.get(key) not in above}
    nested = {key: {**kept[key], **value} for key, value in above.items() if _both_mappings(kept.get(key), value)}
    return {**kept, **above, **nested}


def _both_mappings(*values: Tree) -> bool:
    return all(isinstance(value, dict) for value in values)


class TrainingHeader(Documented):
    """The top level of a recipe file that only trains."""

    model_config = ConfigDict(title="CorpusForge training recipe")

    version: Literal[1]
    """Version of the recipe language."""
    name: str = Field(pattern=NAME)
    """Name of the training; the default folder is out/<name>-train."""
    description: str = ""
    """For people."""
    variables: dict[str, Any] = Field(default_factory=dict)
    """Values used below as ${name}; --set variables.name=value replaces them."""
    train: Train
    """The training."""
