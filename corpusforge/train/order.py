"""Which row of which group comes at a position of a stage: groups take turns, and each is read in another order every epoch."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from corpusforge.index.interleave import Interleaving
from corpusforge.index.mix import MixGroup, StagePlan
from corpusforge.index.shuffle import shuffled

Ints = NDArray[np.int64]


class StageOrder:
    """Positions of a stage as rows of its groups, whose rows are numbered through, one group behind the other."""

    def __init__(self, stage: StagePlan, groups: Mapping[str, MixGroup], seed: int) -> None:
        self._names, self._plans, self._seed = tuple(stage.groups), tuple(stage.groups.values()), seed
        self._sizes = [groups[name].num_sequences for name in self._names]
        counts = np.array([plan.num_rows for plan in self._plans], np.int64)
        self._turns = Interleaving(counts, np.array(stage.before_blocks, np.int64).reshape(-1, len(counts)))

    def rows(self, start: int, stop: int) -> Ints:
        """The rows at positions start <= x < stop."""
        turns, ordinals = self._turns.turns(start, stop)
        rows = np.empty(len(turns), np.int64)
        before = 0
        for group, plan in enumerate(self._plans):
            is_its = turns == group
            rows[is_its] = before + self._of_group(group, plan.first_row + ordinals[is_its])
            before += self._sizes[group]
        return rows

    def _of_group(self, group: int, ordinals: Ints) -> Ints:
        """Rows of a group, from how manieth they are since the beginning of its first epoch."""
        epochs, places = np.divmod(ordinals, self._sizes[group])
        for epoch in np.unique(epochs).tolist():
            is_its = epochs == epoch
            key = f"{self._seed}:{self._names[group]}:{epoch}"
            places[is_its] = shuffled(places[is_its], self._sizes[group], key)
        return places
