r"""Where the records of CSV end: at each newline that is not inside quotes.

A quote opens a quoted field only where the field begins, and a doubled one inside stands for itself, as in RFC 4180; so an
inch mark in the middle of a field (5" pipe) is a character like others. Whether a newline ends a record depends on all that
lies before it, so this is one pass with a state that is carried from block to block.
"""

import numpy as np
from numpy.typing import NDArray

from corpusforge.text.kernels import kernel

# Where the reading stands: a field begins; inside one without quotes; inside quotes; behind a quote that closes the field,
# unless another one follows.
BEGINS, PLAIN, QUOTED, CLOSED = range(4)

_NEWLINE = 10


@kernel
def record_ends(block: NDArray[np.uint8], state: int, delimiter: int, quote: int) -> tuple[NDArray[np.int64], int]:
    """Offsets behind the newlines that end records, and the state behind the block; a `quote` of -1 is none."""
    ends = np.empty((block == _NEWLINE).sum(), np.int64)
    count = 0
    for position in range(block.size):
        byte = block[position]
        if state == QUOTED:
            if byte == quote:
                state = CLOSED
        elif state == CLOSED and byte == quote:
            state = QUOTED
        elif byte == _NEWLINE:
            ends[count] = position + 1
            count += 1
            state = BEGINS
        elif byte == delimiter:
            state = BEGINS
        elif state == BEGINS and byte == quote:
            state = QUOTED
        else:
            state = PLAIN
    return ends[:count], state
