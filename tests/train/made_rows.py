"""Rows made of nothing: documents of random tokens that follow each other by a rule, so that a model can learn them."""

import os
import time
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer, models
from transformers import LlamaConfig, LlamaForCausalLM

from corpusforge.train.data import NO_LOSS, Batch

EOD = 0


class MadeRows:
    """A fake of train.data.Samples over `num_rows` rows; each is a function of its number alone."""

    def __init__(self, folder: Path, num_rows: int = 64, length: int = 32, vocab_size: int = 64) -> None:
        self.fingerprint = f"made-{num_rows}-{length}-{vocab_size}"
        self.num_rows, self.sequence_length, self.vocab_size, self.eod = num_rows, length, vocab_size, EOD
        self.tokenizer = folder / "tokenizer"
        self.held_out_groups: tuple[str, ...] = ()

    @classmethod
    def open(cls, build: Path, stage: str | None = None) -> "MadeRows":
        return cls(build)

    def rows(self, start: int, stop: int) -> Batch:
        if not 0 <= start <= stop <= self.num_rows:
            raise IndexError((start, stop))
        while stop > int(os.environ.get("MADE_ROWS_STALL_AT", self.num_rows)):
            time.sleep(60)  # a test is going to end this process
        return stacked([self._row(number) for number in range(start, stop)])

    def origins(self, start: int, stop: int) -> list[tuple[str, int]]:
        return [("made-00000", number) for number in range(start, stop)]

    def _row(self, number: int) -> list[list[int]]:
        random = np.random.default_rng(number)
        lengths: list[int] = []
        while sum(lengths) < self.sequence_length - 4:
            lengths.append(int(random.integers(2, 2 + self.sequence_length // 2)))
        lengths = [*lengths[:-1], max(2, self.sequence_length - 3 - sum(lengths[:-1]))]
        documents = []
        for each in lengths:
            first, step = random.integers(1, self.vocab_size), int(random.integers(1, 4))
            documents.append([*(1 + (int(first) + step * at) % (self.vocab_size - 1) for at in range(each - 1)), EOD])
        return [documents, self.sequence_length]  # type: ignore[list-item]


def stacked(rows: list[list]) -> Batch:
    """Rows of documents, filled up behind the last."""
    tokens, labels, positions, segments = [], [], [], []
    for documents, length in rows:
        flat = [token for document in documents for token in document][:length]
        places = [at for document in documents for at in range(len(document))][:length]
        numbers = [index for index, document in enumerate(documents) for _ in document][:length]
        fill = length - len(flat)
        tokens.append(flat + [EOD] * fill)
        labels.append([NO_LOSS if at == 0 else token for token, at in zip(flat, places, strict=True)] + [NO_LOSS] * fill)
        positions.append(places + list(range(fill)))
        segments.append(numbers + [len(documents)] * fill)
    return Batch(*(np.array(each, np.int32) for each in (tokens, labels, positions, segments)))


def make_base(folder: Path, vocab_size: int = 64, tied: bool = False) -> Path:
    """A tiny Llama with random weights, and a tokenizer of as many tokens beside it."""
    config = LlamaConfig(
        vocab_size=vocab_size, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=128, tie_word_embeddings=tied, bos_token_id=None, eos_token_id=EOD,
    )  # fmt: skip
    import torch

    torch.manual_seed(11)
    LlamaForCausalLM(config).save_pretrained(folder)
    return folder


def make_build(folder: Path, vocab_size: int = 64) -> Path:
    """A folder that MadeRows opens."""
    (folder / "tokenizer").mkdir(parents=True)
    vocabulary = {f"t{index}": index for index in range(vocab_size)}
    Tokenizer(models.WordLevel(vocabulary, unk_token="t0")).save(str(folder / "tokenizer" / "tokenizer.json"))
    return folder
