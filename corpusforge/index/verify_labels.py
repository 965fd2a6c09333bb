"""Do the labels of a shard stand beside their tokens, and say nothing else than they do?"""

from collections.abc import Iterator

import numpy as np

from corpusforge.errors import InputError
from corpusforge.index.facts import ShardFacts
from corpusforge.index.format import BIN, IDX, LABELS, NO_LOSS, shard_file
from corpusforge.index.reader import ShardReader
from corpusforge.index.verify_lineage import CHANGED, DEFECT, Runs


def has_labels(facts: ShardFacts) -> bool:
    """Whether a shard is one of fine-tuning rows."""
    return LABELS + BIN in facts.files


def label_problems(reader: ShardReader, runs: Runs) -> Iterator[str]:
    """Problems of .labels.bin and .idx, given the tokens and where the segments lie among them."""
    try:
        labels = ShardReader(shard_file(reader.prefix, LABELS))
    except InputError as error:
        yield str(error)
        return
    path = shard_file(labels.prefix, IDX)
    if labels.dtype.name != "int32":
        yield f"{path}: labels are {labels.dtype.name}, not int32; {CHANGED}"
        return
    if not np.array_equal(labels.lengths, reader.lengths):
        yield f"{path}: its sequences are not as long as those of {shard_file(reader.prefix, IDX).name}; {CHANGED}"
        return
    ids, known = reader.tokens(0, reader.num_tokens), labels.tokens(0, labels.num_tokens)
    path, bears = shard_file(labels.prefix, BIN), known != NO_LOSS
    for position in np.flatnonzero(bears & (known != ids))[:1].tolist():
        place = f"token {position} of the shard"
        yield f"{path}: {place}: label {known[position]} is neither {NO_LOSS} nor the token {ids[position]}; {CHANGED}"
    inside = np.zeros(len(ids) + 1, np.int64)
    np.add.at(inside, runs.starts, 1)
    np.add.at(inside, runs.starts + runs.lengths, -1)
    for position in np.flatnonzero(bears & (np.cumsum(inside)[:-1] == 0))[:1].tolist():
        yield f"{path}: token {position} of the shard: a label in the fill behind a row's segments; {DEFECT}"
    before = np.concatenate([[0], np.cumsum(bears)])
    for segment in np.flatnonzero(before[runs.starts + runs.lengths] == before[runs.starts])[:1].tolist():
        yield f"{path}: sequence {runs.sequence(segment)}: a segment has no label, so nothing is learned from it; {DEFECT}"
