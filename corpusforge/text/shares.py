"""Shares of counts, document by document."""

import numpy as np
from numpy.typing import NDArray


def share(part: NDArray[np.int64], whole: NDArray[np.int64]) -> NDArray[np.float64]:
    """part / whole as float64; 0 where whole is 0."""
    return np.divide(part, whole, out=np.zeros(len(part), np.float64), where=whole > 0)
