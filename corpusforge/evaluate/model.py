"""A causal language model that is asked for likelihoods: the one file that loads torch and transformers.

Shapes: B sequences, T positions that are read, K positions that are asked at, V ids.
"""

import inspect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from corpusforge.errors import InputError, MissingExtra, UserError
from corpusforge.evaluate.encode import Scored
from corpusforge.weights.checkpoint import Checkpoint
from corpusforge.weights.provenance import digests

if TYPE_CHECKING:
    import torch

Format = Literal["auto", "float32", "bfloat16", "float16"]

# Logits in float32 at a time: 256 MB.
_MAX_LOGITS = 2**26


@dataclass(frozen=True)
class Answered:
    """Of one alternative: log-likelihood in nats, and how many of its ids were the likeliest."""

    nats: float
    num_top: int


class LanguageModel:
    """A loaded model. It holds torch objects, so it is no value; everything else here is."""

    def __init__(self, model: Any, folder: Path, files: dict[str, str]) -> None:
        self._model = model
        self._chooses_logits = "logits_to_keep" in inspect.signature(model.forward).parameters
        self.folder = folder
        self.num_rows = int(model.get_input_embeddings().num_embeddings)
        self.window = int(getattr(model.config.get_text_config(), "max_position_embeddings", 0) or 0)
        self.device = str(model.device)
        self.facts = {
            "files": files,
            "format": str(model.dtype).removeprefix("torch."),
            "device": self.device.partition(":")[0],
        }

    @classmethod
    def load(cls, folder: Path, *, dtype: Format = "auto", device: str = "auto") -> "LanguageModel":
        """Load a checkpoint; raises InputError where it cannot be, UserError where the device is not there."""
        checkpoint = Checkpoint.read(folder)
        try:
            import torch
            from transformers import AutoModelForCausalLM
        except ImportError as error:
            raise MissingExtra("evaluate", "torch and transformers", "train") from error

        if device == "auto":
            device = "cuda" if torch.cuda.is_available() else "cpu"
        try:
            model: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, local_files_only=True)
        except (OSError, ValueError, RuntimeError) as error:
            raise InputError(f"{folder}: transformers cannot load it ({error}); see that config.json is right") from error
        try:
            model = model.to(device)
        except (RuntimeError, AssertionError) as error:
            raise UserError(f"--device {device}: cannot be used ({error}); give cpu or another device") from error
        return cls(model.eval(), folder, digests({name: shard.path for name, shard in checkpoint.shards.items()}))

    def answers(self, asked: Sequence[Scored], batch_tokens: int) -> list[tuple[Answered, ...]]:
        """Likelihoods for every alternative of each sequence, in batches of like lengths; the order does not matter.

        Raises InputError where an id has no row.
        """
        import torch

        self._check_ids(asked)
        found: list[tuple[Answered, ...]] = [()] * len(asked)
        with torch.inference_mode():
            for batch in batches([len(each.ids) for each in asked], batch_tokens):
                for place, answered in zip(batch, self._batch([asked[place] for place in batch]), strict=True):
                    found[place] = answered
        return found

    def _check_ids(self, asked: Sequence[Scored]) -> None:
        largest = max((max(each.ids + sum(each.alternatives, ())) for each in asked), default=0)
        if largest >= self.num_rows:
            raise InputError(
                f"{self.folder}: the tokenizer gives the id {largest}, and the model has {self.num_rows} rows; give a model "
                "with the tokenizer that it was trained with"
            )

    def _batch(self, asked: Sequence[Scored]) -> Iterator[tuple[Answered, ...]]:
        """Right of each sequence is filled up, which no causal model sees: so it needs no mask, and attention is faster."""
        import torch

        longest = max(len(each.ids) for each in asked)
        ids_BT = torch.tensor([[*each.ids, *[0] * (longest - len(each.ids))] for each in asked], device=self.device)
        first = min(len(each.ids) - each.num_scored for each in asked)
        kept = {"logits_to_keep": longest - first} if self._chooses_logits else {}
        logits_BKV = self._model(input_ids=ids_BT, use_cache=False, **kept).logits
        shift = longest - logits_BKV.shape[1]
        for row, each in enumerate(asked):
            end = len(each.ids) - shift
            yield _answered(logits_BKV[row, end - each.num_scored : end], each)


def _answered(logits_KV: "torch.Tensor", asked: Scored) -> tuple[Answered, ...]:
    """In float32 whatever the model's format is, summed in float64."""
    import torch

    size = max(1, _MAX_LOGITS // logits_KV.shape[1])
    nats, tops = np.zeros(len(asked.alternatives)), np.zeros(len(asked.alternatives), np.int64)
    for begin in range(0, len(logits_KV), size):
        logs_KV = torch.log_softmax(logits_KV[begin : begin + size].float(), dim=-1)
        best_K = logs_KV.argmax(dim=-1)
        for place, alternative in enumerate(asked.alternatives):
            ids_K = torch.tensor(alternative[begin : begin + size], device=logs_KV.device)
            nats[place] += float(logs_KV.gather(1, ids_K[:, None]).double().sum())
            tops[place] += int((best_K == ids_K).sum())
    return tuple(Answered(float(each), int(top)) for each, top in zip(nats, tops, strict=True))


def batches(lengths: Sequence[int], batch_tokens: int) -> Iterator[list[int]]:
    """Places of sequences of like lengths, longest first, filled up to at most `batch_tokens` ids, or one alone."""
    order = sorted(range(len(lengths)), key=lambda place: (-lengths[place], place))
    begin = 0
    while begin < len(order):
        size = max(1, batch_tokens // max(1, lengths[order[begin]]))
        yield order[begin : begin + size]
        begin += size
