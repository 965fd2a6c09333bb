"""How much of a GPU's arithmetic training uses (MFU), with the formula and the peak named, since both are often wrong.

Floating point operations of a step, none counted twice for recomputing:
    6 P per token, 4 P where the weights themselves are frozen (adapters): no gradients of weights are computed;
    12 L d per pair of a token and one that it attends to, in its own document: 2 L d for scores, 2 L d for values, times 3.
P are the weights of matrix products (head included, input embedding not), L layers, d = heads * head size.
OLMo-core takes the A100's peak for any GPU it does not know; here an unknown one has none, and no MFU is printed.
"""

from dataclasses import dataclass

# Dense bf16 operations a second, from the vendors' data sheets (without sparsity).
_PEAKS = {"H200": 989e12, "H100 PCIe": 756e12, "H100 NVL": 835e12, "H100": 989e12, "A100": 312e12, "B200": 2250e12}


@dataclass(frozen=True)
class Work:
    """What a model does for a token, from its shape."""

    matrix_weights: int
    num_layers: int
    attention_width: int
    weights_train: bool
    """False where only adapters do."""

    def flops(self, num_tokens: int, num_pairs: int) -> float:
        """Of a step over so many tokens, with so many pairs of tokens that attend."""
        per_token = (6 if self.weights_train else 4) * self.matrix_weights
        return per_token * num_tokens + 12 * self.num_layers * self.attention_width * num_pairs


def peak_flops(device_name: str) -> float | None:
    """Dense bf16 peak of a device such as "NVIDIA H200"; None where it is not known, as of a CPU."""
    return next((peak for name, peak in _PEAKS.items() if name in device_name), None)
