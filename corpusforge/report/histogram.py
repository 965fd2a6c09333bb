"""Counting values in bins that fit them, and a bounded sample of a corpus that is too large to hold.

The sample takes a row when the fraction of its ordinal times the golden ratio is below a share that is halved whenever the
sample is full (Fibonacci hashing, Knuth TAOCP 6.4): it is even at every scale, falls into step with no period of the input,
and needs no random numbers, so the same build gives the same page.
"""

import math
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)

NUM_BINS = 40
_MAX_WHOLE_BINS = 50
_MAX_WHOLE = 1e15
_MAX_FLOAT = sys.float_info.max
_LEAST_WIDTH = 1e-300
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Bins:
    """Edges of bins, float64 [n + 1], ascending; bin i holds edges[i] <= x < edges[i + 1], the last one its end as well.

    Bins of whole numbers have their edges half-way between two of them. On a log axis zeros, if there are any, have the first
    bin for themselves, as wide as an average one.
    """

    edges: Floats
    is_log: bool = False
    is_whole: bool = False
    has_zeros: bool = False

    def __len__(self) -> int:
        """Number of bins."""
        return len(self.edges) - 1

    def counts(self, values: Floats) -> NDArray[np.int64]:
        """Values in each bin, int64 [n]; all of them must lie between the first and the last edge."""
        places = np.searchsorted(self.edges, values, side="right") - 1
        return np.bincount(np.minimum(places, len(self) - 1), minlength=len(self)).astype(np.int64)

    def position(self, value: float) -> float:
        """Where a value stands along the axis, 0 to 1; -1 and 2 for what lies outside."""
        if value < self.edges[0] or value > self.edges[-1]:
            return -1.0 if value < self.edges[0] else 2.0
        if not self.is_log:
            low, high = self.edges[0] / 2, self.edges[-1] / 2  # halves, since the width may be more than float64 holds
            return float((value / 2 - low) / (high - low))
        zeros = 1 / len(self) if self.has_zeros else 0.0
        first = self.edges[int(self.has_zeros)]
        if value < first:
            return 0.0 if value == self.edges[0] else zeros
        low, high = np.log(first), np.log(self.edges[-1])
        return zeros + (1 - zeros) * float((np.log(value) - low) / (high - low))

    def cut(self, threshold: float, keep: Literal[">=", "<="]) -> float:
        """Where to cut for a rule: at or just above its threshold, for whole numbers half-way between two."""
        if self.is_whole:
            return float(np.ceil(threshold) - 0.5 if keep == ">=" else np.floor(threshold) + 0.5)
        return threshold if keep == ">=" else math.nextafter(threshold, math.inf)

    def cut_at(self, cuts: Iterable[float]) -> "Bins":
        """These bins with the nearest inner edge moved to each cut, so that no bar stands on both sides of it.

        A cut at the very end of the axis, beside which no bar could be seen, is left out.
        """
        edges = self.edges.copy()
        first = 1 + int(self.has_zeros)
        room = 0.0 if self.is_whole else 0.25 / len(self)
        for cut in cuts:
            is_inside = self.position(edges[first - 1]) + room < self.position(cut) < 1 - room
            if len(edges) > first + 1 and is_inside:
                edges[first + int(np.argmin(np.abs(edges[first:-1] - cut)))] = cut
        return replace(self, edges=edges)


def bins_of(values: Floats) -> Bins:
    """Bins for one or more finite values, equally wide on a linear or a log axis, as far as whole numbers allow.

    A log axis is taken where no value is negative and the largest is more than twenty times the median of the positive ones.
    """
    low, high = float(values.min()), float(values.max())
    is_whole = low > -_MAX_WHOLE and high < _MAX_WHOLE and bool((values == np.floor(values)).all())
    is_long = not is_whole or high - low >= _MAX_WHOLE_BINS
    if is_long and low >= 0 and high / 20 > quantiles(values[values > 0])[2]:
        return _log_bins(float(values[values > 0].min()), high, is_whole=is_whole, has_zeros=low == 0)
    if is_whole:
        width = np.ceil((high - low + 1) / NUM_BINS) if is_long else 1.0
        return Bins(np.arange(low - 0.5, high + width, width), is_whole=True)
    return Bins(_linear_edges(low, high))


def _log_bins(least: float, high: float, *, is_whole: bool, has_zeros: bool) -> Bins:
    along = np.linspace(math.log(least), math.log(high), NUM_BINS + 1)
    edges = _distinct(np.concatenate([[least], np.exp(along[1:-1]), [high]]))
    if is_whole:
        edges[-1] += 1
        edges = _distinct(np.round(edges)) - 0.5
    if has_zeros:
        edges = np.append(-0.5 if is_whole else 0.0, edges)
    return Bins(edges, is_log=True, is_whole=is_whole, has_zeros=has_zeros)


def _linear_edges(low: float, high: float) -> Floats:
    if high / 2 - low / 2 < _LEAST_WIDTH:
        half = max(abs(low) / 2, _LEAST_WIDTH)
        return np.array([max(low - half, -_MAX_FLOAT), min(high + half, _MAX_FLOAT)])
    along = np.linspace(0, 1, NUM_BINS + 1)
    edges: Floats = low * (1 - along) + high * along  # high - low may be more than float64 holds
    edges[0], edges[-1] = low, high
    return _distinct(edges)


def _distinct(edges: Floats) -> Floats:
    """Ascending edges; fewer where float64 has no numbers in between."""
    return np.array(sorted(set(edges.tolist())))


def quantiles(values: Floats) -> list[float]:
    """The QUANTILES of finite values; values themselves, never means of two, so that whole numbers stay whole."""
    return [float(each) for each in np.quantile(values, QUANTILES, method="inverted_cdf")] if len(values) else []


@dataclass
class Sample:
    """Rows of `width` numbers, at most about `limit` of them. State: the rows taken so far, and the share that is taken."""

    width: int
    limit: int = 2**17
    num_seen: int = 0
    share: float = 1.0
    _rows: list[Floats] = field(default_factory=list)
    _keys: list[NDArray[np.uint64]] = field(default_factory=list)
    _num_held: int = 0

    def add(self, rows: Floats) -> None:
        """Look at rows, float64 [n, width], and keep a share of them."""
        keys = (np.arange(self.num_seen, self.num_seen + len(rows), dtype=np.uint64) + np.uint64(1)) * _GOLDEN
        self.num_seen += len(rows)
        self._take(rows, keys)
        while self._num_held > self.limit:
            self.share /= 2
            held, keys = np.concatenate(self._rows), np.concatenate(self._keys)
            self._rows, self._keys, self._num_held = [], [], 0
            self._take(held, keys)

    def _take(self, rows: Floats, keys: NDArray[np.uint64]) -> None:
        chosen = keys < np.uint64(self.share * 2**64) if self.share < 1 else np.ones(len(keys), np.bool_)
        self._rows.append(rows[chosen])
        self._keys.append(keys[chosen])
        self._num_held += int(chosen.sum())

    @property
    def rows(self) -> Floats:
        """What was kept, float64 [n, width], in the order of the corpus."""
        return np.concatenate([np.empty((0, self.width)), *self._rows])
