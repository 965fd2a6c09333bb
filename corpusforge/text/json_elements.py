"""Where the elements of a JSON array lie: between its brackets and the commas that are in no string and no inner value.

Whether a comma parts elements depends on all that lies before it, so this is one pass with a state that is carried from block
to block. Nothing is parsed here: what an element is worth is its reader's to say.
"""

import numpy as np
from numpy.typing import NDArray

from corpusforge.text.kernels import kernel

# State of the reading: values that are open, times PLACES, and where in them it stands.
PLACES = 3
OUTSIDE, IN_STRING, ESCAPED = range(PLACES)

_QUOTE, _BACKSLASH, _COMMA, _OPEN, _CLOSE, _OPEN_OBJECT, _CLOSE_OBJECT = b'"\\,[]{}'


@kernel
def element_ends(block: NDArray[np.uint8], state: int) -> tuple[NDArray[np.int64], int]:
    """Offsets behind the outer brackets and the commas between elements, and the state behind the block; it begins as 0."""
    ends = np.empty(block.size, np.int64)
    count, depth, place = 0, state // PLACES, state % PLACES
    for position in range(block.size):
        byte = block[position]
        if place == ESCAPED:
            place = IN_STRING
        elif place == IN_STRING:
            if byte == _QUOTE:
                place = OUTSIDE
            elif byte == _BACKSLASH:
                place = ESCAPED
        elif byte == _QUOTE:
            place = IN_STRING
        else:
            is_open, is_close = byte in (_OPEN, _OPEN_OBJECT), byte in (_CLOSE, _CLOSE_OBJECT)
            if (byte == _OPEN and depth == 0) or (byte in (_COMMA, _CLOSE) and depth == 1):
                ends[count] = position + 1
                count += 1
            depth = max(depth + is_open - is_close, 0)
    return ends[:count].copy(), depth * PLACES + place
