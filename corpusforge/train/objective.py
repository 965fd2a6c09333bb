"""A causal language model that answers with the sum of its losses on packed rows."""

from typing import Any

import torch
from torch import Tensor, nn

from corpusforge.errors import UserError
from corpusforge.train.loss import Chunks, LossHead, plain_loss, targets_of

# How far our loss may be from the model's own, relative, by precision of the weights.
_TOLERANCE = {torch.float32: 1e-4, torch.bfloat16: 3e-2, torch.float16: 1e-2}


class Objective(nn.Module):
    """The model with its head; its logits come in `chunks`, or all at once where there are none."""

    def __init__(self, model: Any, chunks: Chunks | None) -> None:
        """Wrap a model of transformers, also one into which adapters were put; raises UserError where chunks cannot be had."""
        super().__init__()
        self.model = model
        self.chunks = chunks
        if chunks:
            _make_loss_head(self.head)

    @property
    def head(self) -> Any:
        """The output embedding, of an adapter that trains it its trained copy."""
        head = self.model.get_output_embeddings()
        return head.modules_to_save["default"] if hasattr(head, "modules_to_save") else head

    def forward(self, tokens: Tensor, labels: Tensor, positions: Tensor, **attention: Any) -> Tensor:
        """Sum of the losses of all labels, fp32; all tensors are [rows, length].

        No mask and no cache, ever: with either, transformers lets documents of a row attend to each other.
        """
        given = {"input_ids": tokens, "position_ids": positions, "use_cache": False, **attention}
        if self.chunks is None:
            return plain_loss(self.model(**given).logits, labels)
        hidden = self.model.get_decoder()(**given).last_hidden_state
        loss = self.head(hidden.flatten(0, 1), targets_of(labels), self.chunks)
        assert isinstance(loss, Tensor)
        return loss


def _make_loss_head(head: Any) -> None:
    if type(head) is not nn.Linear or head.bias is not None:
        what = f"the head is {type(head).__name__}" + (" with a bias" if getattr(head, "bias", None) is not None else "")
        raise UserError(f"train: loss_chunk_tokens needs a plain linear head, and {what}; set loss_chunk_tokens: 0")
    head.__class__ = LossHead


@torch.no_grad()
def check_loss(objective: Objective) -> None:
    """Raise UserError where chunked losses are not the model's own: some scale or cap their logits behind the head."""
    if objective.chunks is None:
        return
    model = objective.model
    was_training = model.training
    model.eval()
    tokens = torch.arange(2, 18, device=model.device).remainder(model.get_input_embeddings().num_embeddings).unsqueeze(0)
    positions = torch.arange(16, device=model.device).unsqueeze(0)
    own = plain_loss(model(input_ids=tokens, position_ids=positions, use_cache=False).logits, tokens)
    ours = objective(tokens, tokens, positions)
    model.train(was_training)
    if not torch.allclose(own, ours, rtol=_TOLERANCE[model.dtype], equal_nan=True):
        raise UserError(
            f"train: the model's own loss is {own.item():.5f}, in chunks it is {ours.item():.5f}: it does more than a linear "
            "head; set loss_chunk_tokens: 0"
        )
