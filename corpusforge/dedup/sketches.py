"""What is kept of each document while near-duplicates are looked for, in files that every task of the step reads in place.

A document is named by its place: number of its part and its position among the documents of the part that were kept so far,
in one 64-bit number. Arrays lie as .npy files, mapped into memory, so a task holds only the rows that it looks at.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from corpusforge.text.shingles import Shingles

# Of each document, in the order of its part: row of the part, what decides who stays, the hash of its shingles, its id.
NODE = np.dtype(
    [
        ("row", "<i4"), ("source_rank", "<i4"), ("quality", "<f8"), ("size", "<i8"), ("shingles", "<u8", (2,)),
        ("id", ">u8", (2,)),
    ]
)  # fmt: skip

# Documents whose rows are looked at together, so that memory stays bounded.
CHUNK = 1 << 15

_POSITION = np.int64(32)


def places(part: int, positions: NDArray[np.int64]) -> NDArray[np.int64]:
    """Places of documents of a part: int64, those of earlier parts smaller."""
    return (np.int64(part) << _POSITION) + positions


def part_of(place: NDArray[np.int64]) -> NDArray[np.int64]:
    """Number of the part of each place."""
    return place >> _POSITION


def position_of(place: NDArray[np.int64]) -> NDArray[np.int64]:
    """Position of each place in its part."""
    return place & np.int64(0xFFFFFFFF)


def save(path: Path, array: np.ndarray) -> None:
    """Write an array whole or not at all."""
    with _published(path) as file:
        np.save(file, array, allow_pickle=False)


def save_bytes(path: Path, content: bytes) -> None:
    """Write a small file whole or not at all."""
    with _published(path) as file:
        file.write(content)


@contextmanager
def _published(path: Path) -> Iterator[IO[bytes]]:
    """Where to write; the file appears when the block ends well. It is not synced: it lasts only as long as its step runs."""
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    path.parent.mkdir(parents=True, exist_ok=True)
    with partial.open("wb") as file:
        yield file
    os.replace(partial, path)


def _mapped(path: Path) -> np.ndarray:
    """The array of a file, mapped as long as it is held: kept longer, the pages looked at would count as memory of the task."""
    array: np.ndarray = np.load(path, mmap_mode="r", allow_pickle=False)
    return array.view(np.ndarray)  # a memmap takes ten times as long to slice


def node_path(folder: Path, part: int) -> Path:
    """NODE of each document of a part."""
    return folder / f"{part:05d}.nodes.npy"


def signature_path(folder: Path, part: int) -> Path:
    """uint16[documents, permutations] of a part."""
    return folder / f"{part:05d}.signatures.npy"


def set_path(folder: Path, part: int, what: str) -> Path:
    """Sets of shingles of the documents of a part that are in a candidate pair: `positions`, `first` and `hashes`."""
    return folder / f"{part:05d}.sets-{what}.npy"


def nodes_at(folder: Path, wanted: NDArray[np.int64]) -> np.ndarray:
    """NODE of each place."""
    return _rows_at(folder, wanted, node_path, np.empty(0, NODE))


def signatures_at(folder: Path, wanted: NDArray[np.int64], permutations: int) -> NDArray[np.uint16]:
    """Sketch of each place: uint16[len(wanted), permutations]."""
    return _rows_at(folder, wanted, signature_path, np.empty((0, permutations), np.uint16))


def _rows_at(folder: Path, wanted: NDArray[np.int64], path_of: Callable[[Path, int], Path], empty: np.ndarray) -> np.ndarray:
    found = np.empty((len(wanted), *empty.shape[1:]), empty.dtype)
    order = np.argsort(wanted, kind="stable")
    parts = part_of(wanted[order])
    bounds = [0, *(np.flatnonzero(np.diff(parts)) + 1).tolist(), len(parts)]
    for begin, end in pairwise(bounds):
        here = order[begin:end]
        if len(here):
            found[here] = _mapped(path_of(folder, int(parts[begin])))[position_of(wanted[here])]
    return found


def sets_at(folder: Path, wanted: NDArray[np.int64]) -> Shingles:
    """Shingle hashes of each place, ascending without repeats; `wanted` is ascending."""
    parts = part_of(wanted)
    counts, hashes = [np.zeros(1, np.int64)], [np.empty(0, np.uint64)]
    for part in np.unique(parts).tolist():
        positions, first, held = (_mapped(set_path(folder, part, what)) for what in ("positions", "first", "hashes"))
        here = slice(*np.searchsorted(parts, [part, part + 1]).tolist())
        index = np.searchsorted(positions, position_of(wanted[here]))
        begins, ends = first[index], first[index + 1]
        counts.append(ends - begins)
        hashes += [held[begin:end] for begin, end in zip(begins.tolist(), ends.tolist(), strict=True)]
    return Shingles(np.cumsum(np.concatenate(counts)), np.concatenate(hashes))


def rank_order(nodes: np.ndarray) -> NDArray[np.int64]:
    """Who stays before whom: source priority, then quality, then length, then id; indices of `nodes`, the best first."""
    keys: Sequence[np.ndarray] = (
        nodes["id"][:, 1], nodes["id"][:, 0], -nodes["size"], -nodes["quality"], nodes["source_rank"],
    )  # fmt: skip
    return np.lexsort(keys)
