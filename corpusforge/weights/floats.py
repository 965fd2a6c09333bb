"""Floating point formats of weights, as bits: numpy knows no bfloat16, and calculating is done in float32."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

# Format in a safetensors header -> numpy type that holds its bits.
STORED: dict[str, np.dtype[Any]] = {"F32": np.dtype("<f4"), "F16": np.dtype("<f2"), "BF16": np.dtype("<u2")}

Floats = NDArray[np.float32]


def widened(bits: NDArray[np.generic], name: str) -> Floats:
    """Values of stored bits: exact, as float32 holds all of them."""
    if name != "BF16":
        return bits.astype(np.float32)
    return (bits.astype(np.uint32) << 16).view(np.float32)


def narrowed(values: Floats, name: str) -> NDArray[np.generic]:
    """Bits to store, rounded to the nearest value, ties to even; what is too large becomes infinite."""
    if name != "BF16":
        with np.errstate(over="ignore"):
            rounded: NDArray[np.generic] = values.astype(STORED[name])
            return rounded
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
    up = bits + (0x7FFF + (bits >> 16 & 1))
    # A NaN must not round to infinity, nor wrap to zero.
    return np.where(np.isnan(values), bits >> 16 | 0x40, up >> 16).astype("<u2")
