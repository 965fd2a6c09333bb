"""Rows of packed shards in the order in which a stage of the mix reads them, straight from the memory maps.

The order is a function of a position alone: no state, no walk from the start, nothing of ranks or workers. A trainer keeps one
number and the fingerprint, and any split of the positions over processes reads the same rows. In each epoch of a group its
rows come in another order, each once; groups take turns so that at every position each has had its share to within a row.
"""

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import orjson
from numpy.typing import NDArray

from corpusforge.errors import InputError
from corpusforge.index.format import NO_LOSS
from corpusforge.index.mix import Mix, MixGroup
from corpusforge.tokens import TokenFacts
from corpusforge.train.order import StageOrder
from corpusforge.train.rows import Batch, RowReader

__all__ = ["NO_LOSS", "Batch", "Samples"]


class Samples:
    """The rows of one stage of a build's mix, or of a slice that was held out, by their position in the global order.

    Opening costs a look at the size of each file; a shard is mapped when a row of it is read. Pickles as its arguments.
    """

    def __init__(
        self,
        build: Path,
        mix: Mix,
        groups: Mapping[str, MixGroup],
        order: Callable[[int, int], NDArray[np.int64]],
        num_rows: int,
    ) -> None:
        self._reader = RowReader(build / "shards", [each for group in groups.values() for each in group.shards], mix.seq_length)
        self._order = order
        facts = TokenFacts.read(build / "tokenizer")
        self.build = build
        self.tokenizer = build / "tokenizer"
        """Folder for from_pretrained."""
        self.vocab_size, self.eod = facts.vocab_size, facts.eod_id
        self.sequence_length = mix.seq_length
        self.num_rows = num_rows
        """Rows in all."""
        self.group_names = tuple(groups)
        """The groups that are read."""
        self.held_out_groups = tuple(sorted(mix.held_out))
        """Groups of the build of which a slice was held out."""
        self.stage: str | None = None
        self.fingerprint = ""
        """Digest of all that decides the rows: shards, tokenizer, stage, seed. A resumed run must find the same."""

    @classmethod
    def open(cls, build: Path, stage: str | None = None) -> "Samples":
        """The rows of a stage; None is the only one. Raises InputError where the build cannot be trained on."""
        mix = _packed_mix(build)
        plan = mix.stage(stage)
        if not plan.num_rows:
            raise InputError(f"{build}: stage {plan.name} has no rows: {'; '.join(plan.notes)}")
        groups = {name: mix.groups[name] for name in plan.groups}
        samples = cls(build, mix, groups, StageOrder(plan, groups, mix.seed).rows, plan.num_rows)
        samples.stage = plan.name
        samples.fingerprint = _fingerprint(
            build, groups, {"stage": plan.model_dump(mode="json", exclude={"notes"}), "seed": mix.seed}
        )
        return samples

    @classmethod
    def held_out(cls, build: Path, group: str) -> "Samples":
        """The rows of a group that never enter training, in the order of their shards."""
        mix = _packed_mix(build)
        if group not in mix.held_out:
            there = ", ".join(sorted(mix.held_out)) or "none; set held_out in the recipe's sink"
            raise InputError(f"{build}: nothing of group {group!r} was held out; groups with held-out rows: {there}")
        groups = {group: mix.held_out[group]}
        samples = cls(build, mix, groups, np.arange, groups[group].num_sequences)
        samples.fingerprint = _fingerprint(build, groups, {"held_out": group})
        return samples

    def __reduce__(self) -> tuple[Callable[..., "Samples"], tuple[Path, str]]:
        if self.stage is None:
            return Samples.held_out, (self.build, self.group_names[0])
        return Samples.open, (self.build, self.stage)

    def rows(self, start: int, stop: int) -> Batch:
        """Positions start <= x < stop of the global order; raises IndexError outside 0..num_rows."""
        return self._reader.read(self._rows(start, stop))

    def origins(self, start: int, stop: int) -> list[tuple[str, int]]:
        """(prefix of the shard, number of the sequence) of each position."""
        shards, sequences = self._reader.find(self._rows(start, stop))
        prefixes = {which: str(self._reader.prefix(which)) for which in np.unique(shards).tolist()}
        return [(prefixes[which], sequence) for which, sequence in zip(shards.tolist(), sequences.tolist(), strict=True)]

    def _rows(self, start: int, stop: int) -> NDArray[np.int64]:
        if not 0 <= start <= stop <= self.num_rows:
            raise IndexError(f"{self.build}: rows {start} to {stop} are not inside 0 to {self.num_rows}")
        return self._order(start, stop)


def _packed_mix(build: Path) -> Mix:
    mix = Mix.read(build)
    if not (build / "manifest.json").is_file():
        raise InputError(f"{build}: no manifest.json, so the build is not finished; run `corpusforge build` again")
    if mix.layout != "packed":
        cure = "set `layout: packed` and `seq_length` in the recipe's sink and build again, which repeats only the sink"
        raise InputError(f"{build}: its shards have layout {mix.layout}, training reads packed rows; {cure}")
    return mix


def _fingerprint(build: Path, groups: Mapping[str, MixGroup], order: Mapping[str, object]) -> str:
    facts = {
        "tokenizer": TokenFacts.read(build / "tokenizer").digest,
        "groups": {name: group.model_dump(mode="json") for name, group in groups.items()},
        **order,
    }
    return hashlib.sha256(orjson.dumps(facts, option=orjson.OPT_SORT_KEYS)).hexdigest()
