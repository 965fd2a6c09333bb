"""Which words loss falls on, read back from a shard of fine-tuning rows and from nothing else."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from corpusforge.index.format import IDX, LABELS, NO_LOSS, shard_file
from corpusforge.index.reader import ShardReader, read_lineage

if TYPE_CHECKING:
    from tokenizers import Tokenizer

# As SentencePiece spells a space, so that it does not come back as what it was.
_SPACE = "\N{LOWER ONE EIGHTH BLOCK}"


@dataclass(frozen=True)
class Answer:
    """Tokens begin <= x < end of a sequence that bear loss, and what they spell."""

    begin: int
    end: int
    text: str


def has_labels(prefix: Path) -> bool:
    """Whether a shard is one of fine-tuning rows."""
    return shard_file(prefix, LABELS + IDX).exists()


def answers_in(prefix: Path, sequence: int, start: int, length: int, tokenizer: "Tokenizer") -> tuple[Answer, ...]:
    """What is learned of a segment of a shard with labels: `length` tokens of a sequence from `start` on."""
    labels = ShardReader(shard_file(prefix, LABELS))[sequence][start : start + length]
    return tuple(
        Answer(start + begin, start + end, tokenizer.decode(labels[begin:end].tolist(), skip_special_tokens=False))
        for begin, end in label_runs(labels)
    )


def label_runs(labels: npt.NDArray[np.integer]) -> list[tuple[int, int]]:
    """Runs of labels other than NO_LOSS: begin <= x < end."""
    edges = np.diff((labels != NO_LOSS).astype(np.int8), prepend=0, append=0)
    return list(zip(np.flatnonzero(edges > 0).tolist(), np.flatnonzero(edges < 0).tolist(), strict=True))


@dataclass(frozen=True)
class Learned:
    """A document and the runs of its tokens that bear loss; `is_everything` where that is its first token and all others."""

    document: bytes
    runs: tuple[npt.NDArray[np.integer], ...]
    is_everything: bool

    def is_answers_of(self, text: str, turns: Sequence[Mapping[str, Any]], tokenizer: "Tokenizer") -> bool:
        """Whether the runs spell the last answers of a conversation, one token behind each and only blanks around it.

        Loss on everything has to hold the last answer.
        """
        data = text.encode()
        answers = [data[turn["begin"] : turn["end"]].decode() for turn in turns if turn["role"] == "assistant"]
        expected = [_spelled(tokenizer.encode(answer, add_special_tokens=False).ids, tokenizer) for answer in answers]
        found = [_spelled(run[:-1].tolist(), tokenizer) for run in self.runs]
        if self.is_everything:
            return expected[-1] in found[0]
        return bool(found) and found == expected[-len(found) :]


def learned(prefix: Path) -> Iterator[Learned]:
    """What is learned of each row of a shard."""
    labels, lineage = ShardReader(shard_file(prefix, LABELS)), read_lineage(prefix, ["sequence", "start", "length", "document"])
    for row in lineage.to_pylist():
        own = labels[row["sequence"]][row["start"] : row["start"] + row["length"]]
        runs = label_runs(own)
        yield Learned(row["document"], tuple(own[begin:end] for begin, end in runs), runs == [(0, len(own))])


def _spelled(ids: Sequence[int], tokenizer: "Tokenizer") -> str:
    return tokenizer.decode(ids, skip_special_tokens=False).replace(_SPACE, " ").strip()
