"""base + scale * left @ right in blocks of rows, with the same bits on every machine and for any number of threads.

BLAS sums in an order that depends on the processor, so a merged checkpoint would have another digest elsewhere. Here the sum is
taken in float64, where a product of two float32 is exact, in the order of the ranks, and rounded to float32 once.
"""

import numpy as np
from numpy.typing import NDArray

from corpusforge.text.kernels import kernel
from corpusforge.weights.floats import Floats


def add_product(base: Floats, left: Floats, right: Floats, scale: float) -> Floats:
    """float32 [rows, columns] of base [rows, columns], left [rows, rank] and right [rank, columns]."""
    return _added(_flat(base), _flat(left), _flat(right), len(right), scale).reshape(base.shape)


def _flat(values: Floats) -> Floats:
    return np.ascontiguousarray(values, np.float32).reshape(-1)


@kernel
def _added(
    base: NDArray[np.float32], left: NDArray[np.float32], right: NDArray[np.float32], rank: int, scale: float
) -> NDArray[np.float32]:
    num_columns = len(right) // rank
    found = np.empty(len(base), np.float32)
    sums = np.empty(num_columns, np.float64)
    for row in range(len(left) // rank):
        sums[:] = 0.0
        for part in range(rank):
            weight = np.float64(left[row * rank + part])
            begin = part * num_columns
            for column in range(num_columns):
                sums[column] += weight * right[begin + column]
        begin = row * num_columns
        for column in range(num_columns):
            found[begin + column] = base[begin + column] + scale * sums[column]
    return found
