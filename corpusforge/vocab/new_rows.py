"""Rows for new ids, from the rows of the ids that they consist of.

A row is a weighted mean of its constituents' rows. The mean of k rows that point different ways is 1/sqrt(k) as long as one of
them, a length that the model has not read; scaled to the length that rows of the base have, it is read better. In the output
matrix a longer row makes every new id more likely everywhere, which costs more than all else: stories260K with 100 new pieces
has 1.9 bits per byte with rows as they come, 1.7 with input rows scaled, 3.0 with output rows scaled. So a matrix that writes,
a tied one too, keeps lengths as they come unless told otherwise. Calculated in float32.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from corpusforge.errors import InputError
from corpusforge.vocab.constituents import Constituents, Ids
from corpusforge.weights.floats import Floats, widened

Method = Literal["mean", "weighted", "first"]
Norm = Literal["median", "none"]

# Values calculated with at a time: 8 MB in float32, and as much again for each constituent of a row.
_BLOCK_VALUES = 2**21


@dataclass(frozen=True)
class Matrix:
    """Bits of the rows of ids, mapped, and the format that they are in."""

    bits: NDArray[np.generic]
    dtype: str

    @property
    def block_rows(self) -> int:
        """Rows to take at a time."""
        return max(1, _BLOCK_VALUES // int(self.bits.shape[1]))

    def rows(self, ids: Ids) -> Floats:
        """Values of some rows."""
        return widened(self.bits[ids], self.dtype)


@dataclass(frozen=True)
class Middle:
    """What rows of a matrix have in common: their mean, and the median of their lengths."""

    mean: Floats
    length: float

    @classmethod
    def of(cls, matrix: Matrix, ids: Ids, origin: str) -> "Middle":
        """Of the rows of these ids; rows of zeros, which nothing was ever learned for, are left out.

        Raises InputError naming `origin` where a row is not finite.
        """
        sums, lengths = np.zeros(matrix.bits.shape[1]), []
        for begin in range(0, len(ids), matrix.block_rows):
            rows = matrix.rows(ids[begin : begin + matrix.block_rows]).astype(np.float64)
            sums += rows.sum(axis=0)
            lengths.append(np.sqrt((rows**2).sum(axis=1)))
        found = np.concatenate(lengths)
        if not np.isfinite(found).all():
            raise InputError(f"{origin}: row {ids[~np.isfinite(found)][0]} is not finite; give a checkpoint that is whole")
        used = found[found > 0]
        return cls((sums / max(len(used), 1)).astype(np.float32), float(np.median(used)) if len(used) else 0.0)


def last_heaviest(counts: Ids) -> Floats:
    """Weights of constituents for reading: each twice the one before it, 1 in sum (AdaptiVocab, arXiv:2503.19693)."""
    return _halving(_places_from_end(counts), counts)


def first_heaviest(counts: Ids) -> Floats:
    """Weights for writing: each half the one before it, as the first constituent is what the model would write next."""
    return _halving(_places(counts), counts)


def even(counts: Ids) -> Floats:
    """The same weight for all."""
    weights: Floats = (1 / np.repeat(counts, counts)).astype(np.float32)
    return weights


def only_first(counts: Ids) -> Floats:
    """All weight on the first (EEVE, arXiv:2402.14714)."""
    weights: Floats = (_places(counts) == 0).astype(np.float32)
    return weights


def new_rows(matrix: Matrix, found: Constituents, weights: Floats, middle: Middle, norm: Norm) -> Iterator[Floats]:
    """Rows of the new ids, in blocks; an id without constituents gets the mean of all rows."""
    for begin in range(0, len(found.ids), matrix.block_rows):
        counts = found.counts[begin : begin + matrix.block_rows]
        first, last = found.offsets[begin], found.offsets[begin + len(counts)]
        parts = matrix.rows(found.parts[first:last]) * weights[first:last, None]
        rows = np.repeat(middle.mean[None], len(counts), axis=0)
        has_parts = counts > 0
        if has_parts.any():
            starts = (found.offsets[begin : begin + len(counts)] - first)[has_parts]
            rows[has_parts] = np.add.reduceat(parts, starts, axis=0)
        if norm == "median":
            rows[has_parts] = _scaled(rows[has_parts], middle.length)
        yield rows


def lengths_of(rows: Floats) -> NDArray[np.float64]:
    """Length of each row."""
    found: NDArray[np.float64] = np.sqrt((rows.astype(np.float64) ** 2).sum(axis=1))
    return found


def _scaled(rows: Floats, length: float) -> Floats:
    """Rows of one length; those of zeros stay."""
    own = lengths_of(rows)
    scale = np.divide(length, own, out=np.ones_like(own), where=own > 0)
    return rows * scale.astype(np.float32)[:, None]


def _places(counts: Ids) -> Ids:
    """0, 1, ... within each id."""
    ends = np.cumsum(counts)
    found: Ids = np.arange(counts.sum()) - np.repeat(ends - counts, counts)
    return found


def _places_from_end(counts: Ids) -> Ids:
    return np.repeat(counts, counts) - 1 - _places(counts)


def _halving(places: Ids, counts: Ids) -> Floats:
    # 2 ** -n is 0 in float32 where n is large, which is what it means.
    sums = 2 - 2.0 ** (1 - np.repeat(counts, counts))
    return (2.0**-places / sums).astype(np.float32)
