"""How like documents were to those that stay in their place, from the verdicts of stages that find them by bands."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow.compute as pc

from corpusforge.report.histogram import Floats, Sample
from corpusforge.report.rows import PartRows


@dataclass
class Likeness:
    """State: by stage the similarities seen so far, a sample where there are very many; the facts of its step's report."""

    samples: dict[str, Sample] = field(default_factory=dict)
    facts: dict[str, Mapping[str, float]] = field(default_factory=dict)

    def add(self, rows: PartRows) -> None:
        """Look at a part."""
        for index, step in enumerate(rows.steps):
            facts = step.report.get("facts", {})
            if "bands" in facts:
                verdicts = rows.verdicts[index]
                similar = verdicts.filter(pc.and_(pc.is_valid(verdicts["witness"]), pc.is_valid(verdicts["value"])))
                stage = step.books[rows.source][0].stage
                self.facts[stage] = facts
                values: Floats = similar["value"].to_numpy().astype(np.float64)
                self.samples.setdefault(stage, Sample(1)).add(values[:, None])
