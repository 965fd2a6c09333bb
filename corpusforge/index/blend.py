"""From what a recipe asks of a mix and the rows that there are to the rows that each stage reads of each group.

Weights are shares of tokens, and what is read is rows, so a group whose rows hold more fill gets more of them. A stage that
would read a group more often than its cap allows becomes shorter as a whole: its weights are kept, and a note says so. All in
whole numbers and fractions: the same recipe gives the same rows on every machine.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import floor

import numpy as np
from pydantic import Field, model_validator

from corpusforge.documented import Documented
from corpusforge.errors import UserError
from corpusforge.index.interleave import MAX_ROWS, turns_before_blocks
from corpusforge.index.mix import GroupPlan, MixGroup, StagePlan

NAME = r"^[a-z0-9][a-z0-9_-]*$"

DEFAULT_STAGE = "main"


class StageSettings(Documented):
    """A stage of training, as a recipe asks for it."""

    name: str = Field(pattern=NAME)
    """Name of the stage."""
    weights: dict[str, float] = Field(min_length=1)
    """Groups and their weights by tokens: of what `replay` leaves, each gets its weight's share of their sum."""
    replay: dict[str, float] = Field(default_factory=dict)
    """Groups that are mixed in against forgetting, each with its share of all tokens of the stage, such as general: 0.05."""
    tokens: int | None = Field(default=None, gt=0)
    """Tokens of the whole stage; null reads as many as max_epochs allows."""
    max_epochs: float | dict[str, float] = 1.0
    """How often the stage may read a group, all of them or by group (once where it is not named)."""

    @model_validator(mode="after")
    def _shares_make_sense(self) -> "StageSettings":
        caps = self.max_epochs.values() if isinstance(self.max_epochs, dict) else [self.max_epochs]
        for name, value in [*self.weights.items(), *self.replay.items(), *(("max_epochs", cap) for cap in caps)]:
            if not 0 < value < float("inf"):
                raise ValueError(f"{name}: {value} is no weight; give numbers above 0, and leave out what is not read")
        if sum(self.replay.values()) >= 1:
            raise ValueError(f"replay: {sum(self.replay.values())} of the tokens leaves nothing for weights; give less than 1")
        both = sorted(set(self.weights) & set(self.replay))
        if both:
            raise ValueError(f"{both[0]}: stands in weights and in replay; put it in one of them")
        return self

    def shares(self) -> dict[str, Fraction]:
        """Each group's share of the stage's tokens."""
        replay = {name: Fraction(str(share)) for name, share in self.replay.items()}
        left, weights = 1 - sum(replay.values()), {name: Fraction(str(weight)) for name, weight in self.weights.items()}
        return {**{name: left * weight / sum(weights.values()) for name, weight in weights.items()}, **replay}

    def epochs(self, group: str) -> Fraction:
        """How often a group may be read."""
        return Fraction(str(self.max_epochs.get(group, 1.0) if isinstance(self.max_epochs, dict) else self.max_epochs))


class MixSettings(Documented):
    """What training reads in which stages, as a recipe asks for it."""

    seed: int | None = Field(default=None, ge=0, lt=2**63)
    """Decides the order of rows; that of the recipe unless given."""
    stages: list[StageSettings] = Field(min_length=1)
    """The stages in their order: each goes on in a group where those before it stopped, so that what is replayed is new."""

    def problems(self, groups: Sequence[str]) -> Iterator[str]:
        """A line for each stage that names a group which no source has, or that has another's name."""
        for index, stage in enumerate(self.stages):
            caps = self.stages[index].max_epochs
            for name in dict.fromkeys([*stage.weights, *stage.replay, *(caps if isinstance(caps, dict) else ())]):
                if name not in groups:
                    yield f"mix.stages.{index}: no source has group {name!r}; groups are: {', '.join(sorted(set(groups)))}"
            if stage.name in [other.name for other in self.stages[:index]]:
                yield f"mix.stages.{index}: a second stage is named {stage.name!r}; give it a name of its own"


@dataclass(frozen=True)
class _Asked:
    """A stage's groups that have rows, with their shares of its tokens, which sum to 1, and what they hold."""

    shares: Mapping[str, Fraction]
    groups: Mapping[str, MixGroup]

    def tokens_per_row(self, name: str) -> Fraction:
        return Fraction(self.groups[name].num_tokens, self.groups[name].num_sequences)

    def rows(self, num_tokens: Fraction) -> dict[str, Fraction]:
        return {name: num_tokens * share / self.tokens_per_row(name) for name, share in self.shares.items()}


def plan_stages(settings: MixSettings | None, groups: Mapping[str, MixGroup]) -> tuple[StagePlan, ...]:
    """The stages over the groups of a build; without settings one, `main`, that reads every row once."""
    if settings is None:
        every = {name: Fraction(group.num_tokens) for name, group in groups.items()}
        return (_plan(DEFAULT_STAGE, every, {}, None, groups, dict.fromkeys(groups, 0)),)
    plans: list[StagePlan] = []
    for stage in settings.stages:
        first = {name: sum(plan.groups[name].num_rows for plan in plans if name in plan.groups) for name in groups}
        caps = {name: stage.epochs(name) for name in groups}
        plans.append(_plan(stage.name, stage.shares(), caps, stage.tokens, groups, first))
    return tuple(plans)


def _plan(
    name: str, shares: Mapping[str, Fraction], caps: Mapping[str, Fraction], tokens: int | None,
    groups: Mapping[str, MixGroup], first: Mapping[str, int],
) -> StagePlan:  # fmt: skip
    there = {group: share for group, share in sorted(shares.items()) if group in groups and groups[group].num_sequences}
    notes = [f"group {group} has no rows; the others take its share" for group in sorted(set(shares) - set(there))]
    if not there:
        return StagePlan(name=name, num_rows=0, num_tokens=0, groups={}, notes=tuple(notes), before_blocks=())
    asked = _Asked({group: share / sum(there.values()) for group, share in there.items()}, groups)
    most = {group: caps.get(group, Fraction(1)) * groups[group].num_tokens / share for group, share in asked.shares.items()}
    scarce = min(most, key=lambda group: (most[group], group))
    num_tokens = most[scarce] if tokens is None else min(Fraction(tokens), most[scarce])
    if tokens is not None and num_tokens < tokens:
        notes.append(
            f"{tokens:,} tokens asked for, {floor(num_tokens):,} planned: group {scarce} has {groups[scarce].num_tokens:,} and "
            f"may be read {float(caps.get(scarce, 1)):g} times; raise max_epochs, or lower tokens or its weight"
        )
    rows = _whole(
        asked.rows(num_tokens), {group: caps.get(group, Fraction(1)) * groups[group].num_sequences for group in there}
    )
    if sum(rows.values()) >= MAX_ROWS:
        raise UserError(
            f"mix: stage {name} has {sum(rows.values()):,} rows, at most {MAX_ROWS - 1:,} can be read; lower tokens"
        )
    return _planned(name, rows, asked, first, notes)


def _whole(rows: Mapping[str, Fraction], most: Mapping[str, Fraction]) -> dict[str, int]:
    """Whole numbers of rows that sum to the whole of the sum: rounded down, and up, below `most`, where most was cut off."""
    whole = {name: floor(each) for name, each in rows.items()}
    missing = floor(sum(rows.values())) - sum(whole.values())
    may_grow = [name for name in rows if whole[name] + 1 <= most[name]]
    for name in sorted(may_grow, key=lambda name: (whole[name] - rows[name], name))[:missing]:
        whole[name] += 1
    return {name: each for name, each in whole.items() if each}


def _planned(name: str, rows: Mapping[str, int], asked: _Asked, first: Mapping[str, int], notes: Sequence[str]) -> StagePlan:
    tokens = {group: num_rows * asked.tokens_per_row(group) for group, num_rows in rows.items()}
    total = sum(tokens.values())
    plans = {
        group: GroupPlan(
            weight=float(asked.shares[group]), share=float(tokens[group] / total), first_row=first[group], num_rows=num_rows,
            epochs=num_rows / asked.groups[group].num_sequences,
        )
        for group, num_rows in rows.items()
    }  # fmt: skip
    before = turns_before_blocks(np.array(list(rows.values()), np.int64)) if rows else np.zeros((0, 0), np.int64)
    return StagePlan(
        name=name, num_rows=sum(rows.values()), num_tokens=floor(total), groups=plans, notes=tuple(notes),
        before_blocks=tuple(tuple(each) for each in before.tolist()),
    )  # fmt: skip
