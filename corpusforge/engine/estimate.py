"""How much disk a build will take, before it starts: from the size of the input, or of the text where that is read already.

Measured on English and Chinese text of 10 MB to 1 GB with a vocabulary of 16,000: stored text takes 0.4 of its UTF-8 bytes
(zstd, level 1), tokens with their widths 0.6 to 0.7, shards with their lineage 0.6 (int16 ids). Signals, verdicts and the
exchange are counted by document. Taken a little high, since a full disk costs more than a free one.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from corpusforge.core import InputFile, writes_text
from corpusforge.engine.plan import Plan, Step
from corpusforge.engine.store import read_json

# Bytes on disk for a byte of text.
_STORED_TEXT, _TOKENS, _SHARDS = 0.45, 0.7, 0.7

# Bytes on disk for a document, in a step that measures, decides or exchanges; and text of an average document.
_PER_DOCUMENT, _MEAN_DOCUMENT_BYTES = 64, 4_000

# Bytes of text for a byte of input.
_UNPACKED = {".gz": 3.5, ".zst": 3.5, ".zstd": 3.5, ".parquet": 2.5}


@dataclass(frozen=True)
class Estimate:
    """Bytes that the steps still to run will take at their peak, about, and bytes free where they go."""

    needed_bytes: int
    free_bytes: int

    @property
    def fits(self) -> bool:
        """Whether the disk holds it."""
        return self.needed_bytes <= self.free_bytes


def estimate(plan: Plan) -> Estimate:
    """What the steps of `plan` that are not done will take in its output folder."""
    text = {name: _text_bytes(plan, name) for name in plan.chains}
    needed = sum(_step_bytes(step, text[name]) for name, chain in plan.chains.items() for step in chain if not step.is_done)
    needed += sum(_step_bytes(step, sum(text.values())) for step in plan.joined if not step.is_done)
    return Estimate(int(needed), shutil.disk_usage(_existing(plan.out)).free)


def _text_bytes(plan: Plan, name: str) -> float:
    """Text of a source: what its read step wrote, or what its files may hold."""
    read = plan.chains[name][0]
    if read.is_done:
        return float(sum(part["text_bytes"] for part in read_json(read.report)["parts"]))
    chain = next(each for each in plan.recipe.sources if each.name == name)
    found = _unpacked(plan.inputs[name]) * chain.sample
    return found if chain.limit is None else min(found, chain.limit * _MEAN_DOCUMENT_BYTES)


def _unpacked(files: Sequence[InputFile]) -> float:
    return sum(file.size_bytes * _UNPACKED.get(Path(file.relative).suffix.lower(), 1.0) for file in files)


def _step_bytes(step: Step, text: float) -> float:
    stage = step.stages[0].stage
    if step.kind == "sink":
        return _SHARDS * text
    if step.kind == "read" or writes_text(stage):
        return _STORED_TEXT * text
    if "ids" in stage.adds:
        return _TOKENS * text
    return _PER_DOCUMENT * text / _MEAN_DOCUMENT_BYTES


def _existing(folder: Path) -> Path:
    """The folder itself, or the nearest one above it that is there."""
    return next(each for each in (folder, *folder.parents) if each.exists())
