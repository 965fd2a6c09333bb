"""The sum of the losses of label tokens, with logits of a few tokens at a time.

With a vocabulary of 128,000 the logits of 16,000 tokens are 8 GB in fp32, twice that with their gradient. Here a chunk's
logits are made, turned into their own gradient and dropped: the gradient of a sum of losses needs nothing from behind it
but a factor. That costs no second product with the head, as recomputing would. Pure torch, held against plain cross entropy
in the tests.

Sums, not means: a step's losses are divided once, by the label tokens of the whole step over all processes, so that
neither accumulation nor the number of processes changes what a token counts.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, linear

NO_LABEL = -100


def chunk_loss(logits: Tensor, targets: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Sum of losses, fp32, and its gradient by the logits, in `dtype`; logits are [tokens, vocabulary]."""
    scores = logits.float()
    top = torch.logsumexp(scores, dim=-1, keepdim=True)
    counted = (targets != NO_LABEL).unsqueeze(-1)
    places = targets.clamp(min=0).unsqueeze(-1)
    losses = (top - scores.gather(-1, places)).masked_fill(~counted, 0.0)
    is_target = torch.arange(scores.shape[-1], device=scores.device) == places
    gradient = ((scores - top).exp() - is_target.float()) * counted
    return losses.sum(), gradient.to(dtype)


@dataclass(frozen=True)
class Chunks:
    """How a loss is computed."""

    tokens: int
    """Whose logits exist at a time."""
    is_compiled: bool = False
    wants_gradient: bool = True


@cache
def _compiled() -> Callable[[Tensor, Tensor, torch.dtype], tuple[Tensor, Tensor]]:
    """The same, one kernel for each pass over the logits."""
    return torch.compile(chunk_loss, dynamic=False)


class ChunkedLoss(torch.autograd.Function):
    """Sum of the losses of hidden states [tokens, width] under a head [vocabulary, width]."""

    @staticmethod
    def forward(ctx: Any, hidden: Tensor, weight: Tensor, targets: Tensor, how: "Chunks") -> Tensor:
        """Loss and gradients of every chunk in turn."""
        by_hidden = torch.empty_like(hidden) if how.wants_gradient and ctx.needs_input_grad[0] else None
        # fp32: a sum over many chunks in bf16 would lose the small ones.
        wants_weight = how.wants_gradient and ctx.needs_input_grad[1]
        by_weight = torch.zeros_like(weight, dtype=torch.float32) if wants_weight else None
        total = hidden.new_zeros((), dtype=torch.float32)
        one_chunk = _compiled() if how.is_compiled else chunk_loss
        for begin in range(0, len(hidden), how.tokens):
            states, wanted = hidden[begin : begin + how.tokens], targets[begin : begin + how.tokens]
            losses, by_logits = one_chunk(linear(states, weight), wanted, hidden.dtype)
            total += losses
            if by_hidden is not None:
                torch.mm(by_logits, weight, out=by_hidden[begin : begin + how.tokens])
            if by_weight is not None:
                by_weight += by_logits.T @ states
        ctx.save_for_backward(by_hidden, by_weight)
        ctx.weight_dtype = weight.dtype
        return total

    @staticmethod
    def backward(ctx: Any, factor: Tensor) -> tuple[Tensor | None, ...]:
        """The gradients that are there already, times the factor."""
        by_hidden, by_weight = ctx.saved_tensors
        if by_hidden is not None:
            by_hidden = by_hidden * factor.to(by_hidden.dtype)
        if by_weight is not None:
            # First the factor, then fewer bits: the sum over all tokens may be more than fp16 can hold.
            by_weight = torch.mul(by_weight, factor, out=torch.empty_like(by_weight, dtype=ctx.weight_dtype))
        return by_hidden, by_weight, None, None


class LossHead(nn.Linear):
    """A head that gives losses where it is given targets; what a model's own head becomes, weights untouched.

    Inside the module's forward, so that ZeRO-3 gathers the weight for it.
    """

    def forward(self, hidden: Tensor, targets: Tensor | None = None, chunks: Chunks | None = None) -> Tensor:
        """Logits, or with targets [tokens] the sum of losses."""
        if targets is None or chunks is None:
            return linear(hidden, self.weight, self.bias)
        how = replace(chunks, wants_gradient=torch.is_grad_enabled())
        apply: Callable[..., Tensor] = ChunkedLoss.apply
        return apply(hidden, self.weight, targets, how)


def plain_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Sum of losses of logits [rows, length, vocabulary] under labels [rows, length], each predicted by the token before it."""
    return cross_entropy(logits[:, :-1].float().flatten(0, 1), labels[:, 1:].flatten(), ignore_index=NO_LABEL, reduction="sum")


def targets_of(labels: Tensor) -> Tensor:
    """Labels moved to the token that predicts them, flat; the last of a row predicts nothing."""
    return nn.functional.pad(labels[:, 1:], (0, 1), value=NO_LABEL).flatten()
