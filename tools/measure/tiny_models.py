"""Language models small enough to be trained on one core in minutes: to show what a vocabulary does to a model.

Bits per byte are what vocabularies can be compared by: bits of all tokens of a text over its bytes. Texts are cut into passages
before they are encoded, so that every model is asked for the same text after the same text.
"""

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from transformers import LlamaConfig, LlamaForCausalLM

from corpusforge.vocab.folder import TokenizerFiles

if TYPE_CHECKING:
    from transformers import PreTrainedModel

BOS, EOS = 1, 2

# Sums over two threads differ in their last bits, and on a busy machine two threads wait for each other.
torch.set_num_threads(1)


@dataclass(frozen=True)
class Size:
    """Of a model and of the steps that train it."""

    hidden: int = 128
    layers: int = 3
    window: int = 128
    batch: int = 8


def fresh_model(num_rows: int, size: Size, seed: int, *, is_tied: bool) -> LlamaForCausalLM:
    """A Llama with random weights."""
    torch.manual_seed(seed)
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=num_rows, hidden_size=size.hidden, intermediate_size=size.hidden * 8 // 3 // 16 * 16,
            num_hidden_layers=size.layers, num_attention_heads=size.hidden // 32, num_key_value_heads=size.hidden // 32,
            max_position_embeddings=4 * size.window, tie_word_embeddings=is_tied, bos_token_id=BOS, eos_token_id=EOS,
        )
    )  # fmt: skip


def tokenizer_of(folder: Path) -> Tokenizer:
    """The tokenizer of a folder, without BOS."""
    return TokenizerFiles.read(folder).loaded()


def stream(tokenizer: Tokenizer, texts: Sequence[str]) -> NDArray[np.int64]:
    """Ids of all texts, each between BOS and EOS."""
    encodings = tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
    return np.concatenate([np.array([BOS, *each.ids, EOS]) for each in encodings])


def train(model: "PreTrainedModel", ids: NDArray[np.int64], size: Size, *, steps: int, rate: float, seed: int) -> None:
    """AdamW over windows of `ids` in random order, learning rate warmed up and let down to a tenth; in place."""
    torch.manual_seed(seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, betas=(0.9, 0.95), weight_decay=0.01)
    warm = max(1, steps // 20)
    model.train()
    for step, ids_BT in zip(range(steps), _batches(ids, size, seed), strict=False):
        share = min((step + 1) / warm, 0.55 + 0.45 * math.cos(math.pi * step / steps))
        for group in optimizer.param_groups:
            group["lr"] = rate * share
        loss = model(input_ids=ids_BT, labels=ids_BT, use_cache=False).loss
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()


def _batches(ids: NDArray[np.int64], size: Size, seed: int) -> Iterator[torch.Tensor]:
    """Windows of `ids`, each once in every round over them."""
    rng = np.random.default_rng(seed)
    while True:
        first = int(rng.integers(size.window))
        windows = ids[first : first + (len(ids) - first) // size.window * size.window].reshape(-1, size.window)
        order = rng.permutation(len(windows))
        for begin in range(0, len(order) - size.batch + 1, size.batch):
            yield torch.from_numpy(windows[order[begin : begin + size.batch]])


def passages(texts: Sequence[str], *, num_chars: int, count: int, seed: int) -> list[str]:
    """`count` passages of about `num_chars` characters of texts."""
    cut = [text[begin : begin + num_chars] for text in texts for begin in range(0, len(text) - num_chars, num_chars)]
    return random.Random(seed).sample(cut, min(count, len(cut)))


@torch.no_grad()
def bits_per_byte(model: "PreTrainedModel", tokenizer: Tokenizer, texts: Sequence[str]) -> float:
    """Bits of all tokens of passages behind BOS, over their bytes of UTF-8."""
    model.eval()
    encoded = sorted(([BOS, *tokenizer.encode(text, add_special_tokens=False).ids] for text in texts), key=len)
    nats = 0.0
    for begin in range(0, len(encoded), 16):
        some = encoded[begin : begin + 16]
        longest = max(map(len, some))
        ids_BT = torch.tensor([[*ids, *[EOS] * (longest - len(ids))] for ids in some])
        logits_BTV = model(input_ids=ids_BT, use_cache=False).logits[:, :-1]
        losses_BT = torch.nn.functional.cross_entropy(logits_BTV.transpose(1, 2).float(), ids_BT[:, 1:], reduction="none")
        is_text = torch.arange(longest - 1) < torch.tensor([[len(ids) - 1] for ids in some])
        nats += float(losses_BT[is_text].sum())
    return nats / math.log(2) / sum(len(text.encode()) for text in texts)
