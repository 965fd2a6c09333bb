"""Who stays: a document goes only where one that stays is like it (greedy leader; no chain can carry it further).

Connected components, which most systems keep one document of, also remove documents that are like no kept one.
"""

import numpy as np
from numpy.typing import NDArray

from corpusforge.text.kernels import kernel


def leaders(
    num_nodes: int, better: NDArray[np.int64], worse: NDArray[np.int64], similarity: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """For each node the kept one it is most like, -1 where it is kept itself, and how like: int64, float64[num_nodes].

    Nodes are numbered by rank, the best 0; edges are pairs `better` < `worse` at or above the threshold.
    """
    order = np.lexsort((better, worse))
    first = np.searchsorted(worse[order], np.arange(num_nodes + 1))
    return _greedy(first, better[order], similarity[order])


@kernel
def _greedy(
    first: NDArray[np.int64], better: NDArray[np.int64], similarity: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    witness = np.full(len(first) - 1, -1, np.int64)
    likeness = np.zeros(len(first) - 1, np.float64)
    for node in range(len(first) - 1):
        for edge in range(first[node], first[node + 1]):
            if witness[better[edge]] < 0 and similarity[edge] > likeness[node]:
                witness[node], likeness[node] = better[edge], similarity[edge]
    return witness, likeness
