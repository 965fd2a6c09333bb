"""mix.json: what training reads of a build. Groups with their shards, stages with their rows, all that decides the order.

{"format": 2, "seed": 7, "layout": "packed", "seq_length": 2048,
 "groups": {"geo": {"num_documents": …, "num_sequences": …, "num_tokens": …, "shards": [{"name": "geo-00000", …}]}},
 "held_out": {"geo": {…}},
 "stages": [{"name": "main", "groups": {"geo": {"weight": 1.0, "first_row": 0, "num_rows": 90, "epochs": 1.0}}, …}]}
"""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from corpusforge.errors import InputError
from corpusforge.index.facts import Count, FileFacts
from corpusforge.index.format import Layout

MIX = "mix.json"
FORMAT = 2


class _Facts(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class MixShard(_Facts):
    """A shard: its name, its sequences, and its files by suffix."""

    name: str
    num_sequences: Count
    num_tokens: Count
    files: dict[str, FileFacts]


class MixGroup(_Facts):
    """What a group has for training, or what of it was held out; fill is not counted among the tokens."""

    num_documents: Count
    num_sequences: Count
    num_tokens: Count
    shards: tuple[MixShard, ...]


class GroupPlan(_Facts):
    """What a stage reads of a group.

    `weight` is its share of the stage's tokens as it was asked for, `share` as whole rows make it. Its rows, counted on from
    epoch to epoch, are first_row <= x < first_row + num_rows: a stage goes on where those before it stopped.
    """

    weight: float
    share: float
    first_row: Count
    num_rows: Count
    epochs: float


class StagePlan(_Facts):
    """A stage: its groups in the order of their names, and in which order they take turns.

    `notes` say where less is read than the recipe asked for. `before_blocks` are the rows that each group has had before every
    2^18th position (corpusforge.index.interleave).
    """

    name: str
    num_rows: Count
    num_tokens: Count
    groups: dict[str, GroupPlan]
    notes: tuple[str, ...]
    before_blocks: tuple[tuple[Count, ...], ...]


class Mix(_Facts):
    """The whole of mix.json. `held_out` are the slices that never enter training."""

    format: int
    seed: Count
    layout: Layout
    seq_length: Count
    groups: dict[str, MixGroup]
    held_out: dict[str, MixGroup]
    stages: tuple[StagePlan, ...]

    @classmethod
    def read(cls, build: Path) -> "Mix":
        """The mix of a finished build; raises InputError where there is none, or one of another version."""
        path = build / MIX
        try:
            content = path.read_bytes()
        except FileNotFoundError as error:
            raise InputError(f"{path}: no such file; give the output folder of a finished build") from error
        try:
            return cls.model_validate_json(content)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            raise InputError(f"{path}: {where}: {first['msg']}; run `corpusforge build` again, which writes it anew") from error

    def stage(self, name: str | None) -> StagePlan:
        """A stage by its name, None for the only one; raises InputError that lists what there is."""
        names = ", ".join(each.name for each in self.stages)
        if name is None and len(self.stages) > 1:
            raise InputError(f"the mix has several stages; name one of them: {names}")
        for each in self.stages:
            if name in (None, each.name):
                return each
        raise InputError(f"the mix has no stage {name!r}; it has: {names}")
